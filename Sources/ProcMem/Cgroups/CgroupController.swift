/// A controller whose limits ProcMem reads.
struct CgroupController: Sendable {
    /// The name in `/proc/PID/cgroup` and among a v1 mount's options.
    let name: StaticString
    private let usualV1MountPoints: [StaticString]

    static var cpu: CgroupController {
        CgroupController(name: "cpu", usualV1MountPoints: ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"])
    }

    static var memory: CgroupController {
        CgroupController(name: "memory", usualV1MountPoints: ["/sys/fs/cgroup/memory"])
    }

    /// Below this everything is mounted by convention.
    static var usualMountPoint: StaticString { "/sys/fs/cgroup" }

    /// Where the controller's hierarchy is by convention, the most likely place first.
    func usualMountPoints(_ version: CgroupVersion) -> [StaticString] {
        version == .v1 ? usualV1MountPoints : [Self.usualMountPoint]
    }
}
