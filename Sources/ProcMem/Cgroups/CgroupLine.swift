/// A line of `/proc/PID/cgroup`, `ID:CONTROLLERS:PATH`, as places in the file.
///
/// The path is raw: it may hold spaces, colons and backslashes, but no newline, which the kernel refuses in a cgroup's
/// name.
struct CgroupLine {
    let hierarchyID: Range<Int>
    let controllers: Range<Int>
    let path: Range<Int>

    /// `nil` where it is no such line.
    init?(_ bytes: Span<UInt8>, in line: Range<Int>) {
        guard let firstColon = bytes.firstIndex(of: 0x3A, in: line),
            let secondColon = bytes.firstIndex(of: 0x3A, in: firstColon + 1..<line.upperBound)
        else { return nil }
        hierarchyID = line.lowerBound..<firstColon
        controllers = firstColon + 1..<secondColon
        path = secondColon + 1..<line.upperBound
    }
}
