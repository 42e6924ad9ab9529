/// The two interfaces of the kernel's control groups.
public enum CgroupVersion: Int, Sendable, Hashable {
    /// One hierarchy for each controller or group of controllers; limits in files such as `cpu.cfs_quota_us`.
    case v1 = 1
    /// One hierarchy for all controllers; limits in files such as `cpu.max`. Since Linux 4.5, the `cpu` controller since
    /// 4.15.
    case v2 = 2
}

/// A controller whose limits ProcMem reads.
struct CgroupController: Sendable {
    /// The name in `/proc/PID/cgroup` and among a v1 mount's options.
    let name: StaticString
    private let conventionalV1MountPoints: [StaticString]

    static var cpu: CgroupController {
        CgroupController(name: "cpu", conventionalV1MountPoints: ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"])
    }

    static var memory: CgroupController {
        CgroupController(name: "memory", conventionalV1MountPoints: ["/sys/fs/cgroup/memory"])
    }

    /// Below this everything is mounted by convention.
    static var conventionalMountPoint: StaticString { "/sys/fs/cgroup" }

    /// Where the controller's hierarchy is by convention, the most likely place first.
    func conventionalMountPoints(_ version: CgroupVersion) -> [StaticString] {
        version == .v1 ? conventionalV1MountPoints : [Self.conventionalMountPoint]
    }
}

/// `/proc/PID/cgroup`: which cgroup a process is in, of the hierarchies that matter for one controller.
struct CgroupMembership: Hashable, Sendable {
    /// The path in the v1 hierarchy that carries the controller.
    let v1Path: [UInt8]?
    /// The path in the v2 hierarchy.
    let v2Path: [UInt8]?
    /// Whether the file named any hierarchy at all.
    let isEmpty: Bool

    static let readOptions = FileReadOptions(expectedBytes: 4096, limitBytes: 1 << 20)

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
        guard let firstColon = bytes.firstIndex(of: UInt8(ascii: ":"), in: line),
            let secondColon = bytes.firstIndex(of: UInt8(ascii: ":"), in: firstColon + 1..<line.upperBound)
        else { return nil }
        hierarchyID = line.lowerBound..<firstColon
        controllers = firstColon + 1..<secondColon
        path = secondColon + 1..<line.upperBound
    }
}
