/// `/proc/PID/cgroup`: which cgroup a process is in, of the hierarchies that matter for one controller.
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
            guard let line = CgroupLine(bytes, in: line) else { continue }
            isEmpty = false
            if line.controllers.isEmpty, bytes.equals("0", in: line.hierarchyID) {
                v2Path = v2Path ?? bytes.bytes(in: line.path)
            } else if bytes.list(in: line.controllers, contains: controller.name) {
                v1Path = v1Path ?? bytes.bytes(in: line.path)
            }
        }
        self.v1Path = v1Path
        self.v2Path = v2Path
        self.isEmpty = isEmpty
    }
}
