/// `/proc/PID/cgroup`: which cgroup of each hierarchy a process is in.
///
/// A line is `ID:CONTROLLERS:PATH`. The path is raw: it may hold spaces, colons and backslashes, but no newline, which
/// the kernel refuses in a cgroup's name.
struct CgroupMembership: Hashable, Sendable {
    /// The path in the v1 hierarchy that carries the controller.
    let v1Path: [UInt8]?
    /// The path in the v2 hierarchy.
    let v2Path: [UInt8]?
    /// Whether the file named any hierarchy at all.
    let isEmpty: Bool

    static let shape = FileShape(expectedBytes: 4096, limitBytes: 1 << 20)

    init(parsing bytes: Span<UInt8>, controller: CgroupController) {
        var v1Path: [UInt8]?
        var v2Path: [UInt8]?
        var isEmpty = true
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            guard let firstColon = bytes.firstIndex(of: 0x3A, in: line),
                let secondColon = bytes.firstIndex(of: 0x3A, in: firstColon + 1..<line.upperBound)
            else { continue }
            isEmpty = false
            let controllers = firstColon + 1..<secondColon
            let path = secondColon + 1..<line.upperBound
            if controllers.isEmpty, bytes.equals("0", in: line.lowerBound..<firstColon) {
                v2Path = v2Path ?? bytes.bytes(in: path)
            } else if bytes.list(in: controllers, contains: controller.name) {
                v1Path = v1Path ?? bytes.bytes(in: path)
            }
        }
        self.v1Path = v1Path
        self.v2Path = v2Path
        self.isEmpty = isEmpty
    }
}
