/// `/proc/PID/mountinfo`, for the mounts of one hierarchy.
///
/// A line is `ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG…] - TYPE SOURCE SUPEROPTIONS`. Space, tab, newline and
/// backslash in the paths are written as a backslash and three octal digits.
enum MountInfo {
    static let shape = FileShape(expectedBytes: 16384, limitBytes: 64 << 20)

    /// How many mounts of one hierarchy are looked at: of a table with more, written to be slow, the last count.
    private static let maximumCandidates = 32

    /// The mounts of the hierarchy that can be reached, in the file's order.
    ///
    /// A mount is out of reach when a later one lies on it, or on a folder above it.
    static func mounts(
        of controller: CgroupController,
        _ version: CgroupVersion,
        parsing bytes: Span<UInt8>
    ) -> [CgroupMount] {
        var candidates: [MountLine] = []
        var index = 0
        while let range = bytes.nextLine(at: &index) {
            guard let line = MountLine(parsing: bytes, in: range),
                line.carries(controller, version, in: bytes)
            else { continue }
            if candidates.count == maximumCandidates { candidates.removeFirst() }
            candidates.append(line)
        }
        return candidates.filter { !$0.isCovered(in: bytes) }.map {
            CgroupMount(
                root: bytes.unescapedOctal(in: $0.root),
                mountPoint: bytes.unescapedOctal(in: $0.mountPoint)
            )
        }
    }
}
