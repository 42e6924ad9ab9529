/// A controller whose limits ProcMem reads.
struct CgroupController: Sendable {
    /// The name in `/proc/PID/cgroup` and among a v1 mount's options.
    let name: StaticString
    /// Where its v1 hierarchy is by convention, tried in this order when the mounts cannot be read.
    let conventionalV1MountPoints: [StaticString]

    static var cpu: CgroupController {
        CgroupController(name: "cpu", conventionalV1MountPoints: ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"])
    }

    static var memory: CgroupController {
        CgroupController(name: "memory", conventionalV1MountPoints: ["/sys/fs/cgroup/memory"])
    }

    static var conventionalV2MountPoint: StaticString { "/sys/fs/cgroup" }
}
