/// The two versions of the kernel's control group (cgroup) interface.
public enum CgroupVersion: Int, Sendable, Hashable {
    /// One hierarchy for each controller or group of controllers. The limits are in files like `cpu.cfs_quota_us`.
    case v1 = 1
    /// One hierarchy for all controllers. The limits are in files like `cpu.max`. Requires Linux 4.5; the `cpu`
    /// controller requires 4.15.
    case v2 = 2
}

/// A controller whose limits ProcMem reads.
struct CgroupController: Sendable {
    /// The name in `/proc/PID/cgroup` and in the options of a v1 mount.
    let name: StaticString
    private let conventionalV1MountPoints: [StaticString]

    static var cpu: CgroupController {
        CgroupController(name: "cpu", conventionalV1MountPoints: ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"])
    }

    /// The controller that counts the CPU time on v1. On v2, every cgroup counts it.
    static var cpuAccounting: CgroupController {
        CgroupController(
            name: "cpuacct",
            conventionalV1MountPoints: ["/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/cpu,cpuacct"]
        )
    }

    static var memory: CgroupController {
        CgroupController(name: "memory", conventionalV1MountPoints: ["/sys/fs/cgroup/memory"])
    }

    /// The directory below which cgroup hierarchies are mounted by convention.
    static var conventionalMountPoint: StaticString { "/sys/fs/cgroup" }

    /// Returns the conventional mount points of the controller's hierarchy, the most likely one first.
    func conventionalMountPoints(_ version: CgroupVersion) -> [StaticString] {
        version == .v1 ? conventionalV1MountPoints : [Self.conventionalMountPoint]
    }
}

/// The cgroups of a process according to `/proc/PID/cgroup`, in the hierarchies that may have one controller.
struct CgroupMembership: Hashable, Sendable {
    /// The path in the v1 hierarchy that has the controller.
    let v1Path: [UInt8]?
    /// The path in the v2 hierarchy.
    let v2Path: [UInt8]?
    /// Whether the file contained no hierarchy at all.
    let isEmpty: Bool

    static let readOptions = FileReadOptions(expectedBytes: 4096, limitBytes: 1 << 20, isOnePiece: true)

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

/// A line of `/proc/PID/cgroup`, `ID:CONTROLLERS:PATH`, as ranges of the file's bytes.
///
/// The path is not escaped: it may contain spaces, colons and backslashes. It does not contain a newline, which the
/// kernel rejects in the name of a cgroup.
struct CgroupLine {
    let hierarchyID: Range<Int>
    let controllers: Range<Int>
    let path: Range<Int>

    /// Returns `nil` if the line does not have this form.
    init?(_ bytes: Span<UInt8>, in line: Range<Int>) {
        guard let firstColon = bytes.firstIndex(of: UInt8(ascii: ":"), in: line),
            let secondColon = bytes.firstIndex(of: UInt8(ascii: ":"), in: firstColon + 1..<line.upperBound)
        else { return nil }
        hierarchyID = line.lowerBound..<firstColon
        controllers = firstColon + 1..<secondColon
        path = secondColon + 1..<line.upperBound
    }
}
