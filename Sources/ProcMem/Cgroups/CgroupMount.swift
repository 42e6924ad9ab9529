/// A mount of a cgroup hierarchy, from `/proc/PID/mountinfo`.
struct CgroupMount: Hashable, Sendable {
    /// The cgroup that the mount point shows, as a path of the hierarchy: `/`, or a container's own cgroup.
    let root: [UInt8]
    /// Where it is mounted.
    let mountPoint: [UInt8]
}

/// The mount of a hierarchy at its usual place, asked of the kernel by `statmount(2)`.
///
/// `mountinfo` costs 30 µs for 20 mounts and grows with them, most of what a count of CPUs costs. Where the usual place
/// shows the whole hierarchy, no other mount can show more, and the table need not be read. `statmount` is there since
/// Linux 6.8, with a mount's options since 6.11; where it is missing or forbidden, the table answers.
enum ConventionalMount {
    /// The mount, if it shows its hierarchy from the root of the caller's cgroup namespace on.
    static func mount(of controller: CgroupController, _ version: CgroupVersion) -> CgroupMount? {
        for place in controller.conventionalMountPoints(version) {
            let path = Array(place.description.utf8)
            guard let mount = try? Syscalls.mount(at: (path + [0]).span) else { continue }
            let type = mount.type.span
            let options = mount.options.span
            let isMount =
                switch version {
                case .v1:
                    type.equals("cgroup", in: 0..<type.count)
                        && options.list(in: 0..<options.count, contains: controller.name)
                case .v2: type.equals("cgroup2", in: 0..<type.count)
                }
            // Another root shows a part: then the table tells whether another mount shows more.
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
    /// How many mounts are tried: a table in which more are out of reach was written to be slow.
    private static let maximumAttempts = 64

    /// The mount through which most of the levels above a cgroup are visible, or, where none shows the cgroup, the one
    /// that is most likely the container's own. Mounts out of reach do not count.
    ///
    /// - Parameter cgroup: The cgroup as `/proc/PID/cgroup` names it.
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
        /// First the levels that are visible, then the usual place; at equal places the later mount is the one on top.
        let rank: (Int, Int, Int)

        init(_ mount: CgroupMount, line: Int, cgroup: [UInt8]) {
            self.mount = mount
            self.line = line
            let usual = Array(CgroupController.conventionalMountPoint.description.utf8)
            rank = (
                CgroupHierarchy.relativePath(of: cgroup, below: mount.root)?.count ?? -1,
                CgroupHierarchy.relativePath(of: mount.mountPoint, below: usual) == nil ? 0 : 1,
                line
            )
        }
    }
}
