/// How many CPUs a process may use, and why.
///
/// A process is limited by its affinity mask, into which the kernel folds cpusets, and by the quota of its cgroup and of
/// every cgroup above it. The smallest of them decides:
///
///     count = max(1, min(CPUs in the mask, round(min over the levels of quota ÷ period)))
///
/// Weights (`cpu.weight`, `cpu.shares`) divide what is left over under load and are no limit; `cpu.max.burst` changes
/// nothing in the long run; environment variables are not read.
public struct CPULimits: Sendable, Hashable {
    /// The CPUs in the affinity mask, from `sched_getaffinity(2)` on the main thread.
    public let affinity: CPUSet
    /// How many CPUs the machine has online, from `/sys/devices/system/cpu/online`; `nil` where that cannot be read.
    ///
    /// This is what the process would use if it asked for the machine's CPUs. It plays no part in the count.
    public let onlineCount: Int?
    /// The scheduling policy of the main thread; `nil` where it cannot be read.
    public let policy: SchedulingPolicy?
    /// Every level that was looked at, the process's own cgroup first, the root of what is mounted last.
    public let levels: [Level]
    /// The level whose quota allows least; `nil` when no visible level has one.
    public let quota: Level.Quota?
    /// Whether every level from the process's own cgroup up to the mount's root could be seen.
    ///
    /// Levels above the mount's root are out of sight for a process in a container, and are not meant here.
    public let complete: Bool
    /// What was odd: the file, and what was found there.
    public let warnings: [String]
}

extension CPULimits {
    /// One cgroup on the way from a process to the root of what is mounted.
    public struct Level: Sendable, Hashable {
        /// The cgroup, as `/proc/PID/cgroup` names it.
        public let cgroup: String
        /// The file that tells the quota: `cpu.max` (v2) or `cpu.cfs_quota_us` (v1).
        public let path: String
        /// The quota; `nil` where the level has none or it cannot be known, which ``CPULimits/warnings`` then tells.
        public let quota: CPUQuota?
        /// Whether the quota is known, `nil` then meaning that the level has none.
        public internal(set) var isKnown = true
    }
}

extension CPULimits.Level {
    /// The quota that binds, and where it is set.
    public struct Quota: Sendable, Hashable {
        /// The numbers.
        public let quota: CPUQuota
        /// The cgroup that sets it, as `/proc/PID/cgroup` names it.
        public let cgroup: String
        /// The interface that the cgroup belongs to.
        public let cgroupVersion: CgroupVersion
        /// Whether the kernel enforces it on this process: `false` under a real-time policy.
        public let isEnforced: Bool
    }
}

extension CPULimits {
    /// What decides about the number of CPUs.
    public enum Limit: String, Sendable, Hashable {
        /// A cgroup's quota is worth less than the CPUs in the affinity mask.
        case quota
        /// The affinity mask allows no more than the quota does.
        case affinity
    }

    private var rule: CPURule {
        CPURule(affinityCount: affinity.count, quota: quota.flatMap { $0.isEnforced ? $0.quota : nil })
    }

    /// What decides about the number of CPUs.
    public var limitedBy: Limit { rule.limitedBy }

    /// The exact number of CPUs, such as 1.5: the quota's worth, at most the CPUs in the affinity mask.
    public var effectiveCPUs: Double { rule.effectiveCPUs }

    /// The number of CPUs to count on, at least 1.
    ///
    /// - Parameters:
    ///   - rounding: What a fraction of a CPU counts as.
    ///   - minimum: The answer is not below it, as ``ProcMem/effectiveCPUCount(rounding:minimum:in:)`` explains.
    public func effectiveCPUCount(rounding: Rounding = .up, minimum: Int = 1) -> Int {
        max(minimum, rule.effectiveCPUCount(rounding: rounding))
    }
}
