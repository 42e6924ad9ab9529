/// The two interfaces of the kernel's control groups.
public enum CgroupVersion: Int, Sendable, Hashable {
    /// One hierarchy for each controller or group of controllers; limits in files such as `cpu.cfs_quota_us`.
    case v1 = 1
    /// One hierarchy for all controllers; limits in files such as `cpu.max`. Since Linux 4.5, the `cpu` controller since
    /// 4.15.
    case v2 = 2
}
