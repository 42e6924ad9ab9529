/// A mount of a cgroup hierarchy, from `/proc/PID/mountinfo`.
struct CgroupMount: Hashable, Sendable {
    /// The cgroup that the mount point shows, as a path of the hierarchy: `/`, or a container's own cgroup.
    let root: [UInt8]
    /// Where it is mounted.
    let mountPoint: [UInt8]
}
