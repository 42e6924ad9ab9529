/// A mount of a cgroup hierarchy, from `/proc/PID/mountinfo`.
struct CgroupMount: Hashable, Sendable {
    /// The cgroup that appears at the mount point, as a path in the hierarchy: `/`, or a container's own cgroup.
    let root: [UInt8]
    /// The path of the mount point.
    let mountPoint: [UInt8]
}

/// The mount of a hierarchy at its conventional mount point, queried with `statmount(2)`.
///
/// Reading `mountinfo` takes time linear in the number of mounts, and this is most of the cost of a CPU count. If the
/// conventional mount shows the whole hierarchy, no other mount can show more, and the table need not be read.
/// `statmount` requires Linux 6.8, and 6.11 for the mount options. If it is missing, or the calling thread is under a
/// seccomp filter, the table is read.
enum ConventionalMount {
    /// Returns the mount if it shows its hierarchy from the root of the caller's cgroup namespace.
    static func mount(of controller: CgroupController, _ version: CgroupVersion) -> CgroupMount? {
        for mountPoint in controller.conventionalMountPoints(version) {
            let path = Array(mountPoint.description.utf8)
            guard let mount = try? Syscalls.mount(at: (path + [0]).span) else { continue }
            let type = mount.type.span
            // Without options, the table decides which controllers a v1 mount has.
            let optionBytes = mount.options ?? []
            let options = optionBytes.span
            let isMount =
                switch version {
                case .v1:
                    type.equals("cgroup", in: 0..<type.count)
                        && options.list(in: 0..<options.count, contains: controller.name)
                case .v2: type.equals("cgroup2", in: 0..<type.count)
                }
            // A mount with another root shows only a part; the table then shows whether another mount shows more.
            guard isMount, mount.root == [UInt8(ascii: "/")] else { continue }
            return CgroupMount(root: mount.root, mountPoint: path)
        }
        return nil
    }
}

extension MountLine {
    func carries(_ controller: CgroupController, _ version: CgroupVersion, in bytes: Span<UInt8>) -> Bool {
        switch version {
        case .v1: bytes.equals("cgroup", in: type) && bytes.list(in: superOptions, contains: controller.name)
        case .v2: bytes.equals("cgroup2", in: type)
        }
    }
}

extension CgroupMount {
    /// The maximum number of mounts that are examined. A table with more unreachable mounts was written to make the
    /// lookup slow.
    private static let maximumAttempts = 64

    /// Returns the mount that shows most of the levels above a cgroup. If no mount shows the cgroup, this is the mount
    /// that is most likely the container's own. Mounts that cannot be reached are ignored.
    ///
    /// - Parameter cgroup: The cgroup as written in `/proc/PID/cgroup`.
    static func find(
        _ controller: CgroupController,
        _ version: CgroupVersion,
        showing cgroup: [UInt8],
        parsing bytes: Span<UInt8>
    ) -> CgroupMount? {
        var lines: [MountLine] = []
        var candidates: [Candidate] = []
        var index = 0
        while let range = bytes.nextLine(at: &index) {
            guard let line = MountLine(parsing: bytes, in: range) else { continue }
            if line.carries(controller, version, in: bytes) {
                let mount = CgroupMount(
                    root: bytes.unescapedOctal(in: line.root),
                    mountPoint: bytes.unescapedOctal(in: line.mountPoint)
                )
                candidates.append(Candidate(mount, line: lines.count, cgroup: cgroup))
            }
            lines.append(line)
        }
        for _ in 0..<maximumAttempts {
            guard let best = candidates.indices.max(by: { candidates[$0].rank < candidates[$1].rank }) else { break }
            if !lines[candidates[best].line].isCovered(at: candidates[best].line, of: lines, in: bytes) {
                return candidates[best].mount
            }
            candidates.remove(at: best)
        }
        return nil
    }

    private struct Candidate {
        let mount: CgroupMount
        let line: Int
        /// Orders by the length of the visible path, then prefers the conventional mount point. If both are equal, the
        /// later mount covers the earlier one.
        let rank: (Int, Int, Int)

        init(_ mount: CgroupMount, line: Int, cgroup: [UInt8]) {
            self.mount = mount
            self.line = line
            let conventional = Array(CgroupController.conventionalMountPoint.description.utf8)
            rank = (
                CgroupHierarchy.relativePath(of: cgroup, below: mount.root)?.count ?? -1,
                CgroupHierarchy.relativePath(of: mount.mountPoint, below: conventional) == nil ? 0 : 1,
                line
            )
        }
    }
}
