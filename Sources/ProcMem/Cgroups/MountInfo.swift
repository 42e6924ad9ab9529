/// `/proc/PID/mountinfo`, for the mounts of one hierarchy.
///
/// A line is `ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG…] - TYPE SOURCE SUPEROPTIONS`. Space, tab, newline and
/// backslash in the paths are written as a backslash and three octal digits.
enum MountInfo {
    static let shape = FileShape(expectedBytes: 16384, limitBytes: 64 << 20)

    /// How many mounts are tried: a table in which more are out of reach was written to be slow.
    private static let maximumAttempts = 64

    /// The mount through which most of the levels above a cgroup are visible, or, where none shows the cgroup, the one
    /// that is most likely the container's own. Mounts out of reach do not count.
    ///
    /// - Parameter cgroup: The cgroup as `/proc/PID/cgroup` names it.
    static func mount(
        of controller: CgroupController,
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
            let usual = Array(CgroupController.conventionalV2MountPoint.description.utf8)
            rank = (
                CgroupHierarchy.relativePath(of: cgroup, below: mount.root)?.count ?? -1,
                CgroupHierarchy.relativePath(of: mount.mountPoint, below: usual) == nil ? 0 : 1,
                line
            )
        }
    }
}
