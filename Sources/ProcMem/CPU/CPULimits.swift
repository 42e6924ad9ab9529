/// Returns the number of CPUs that the calling process may actually use: the size for a thread pool.
///
/// The result is the number of CPUs in the affinity mask, or the number of CPUs of the tightest CPU quota of its
/// cgroups if that is smaller, but at least 1. In a container with 1.5 CPUs on a machine of 96, it is 2. ``CPULimits``
/// explains the number.
///
/// Every call reads the files that ``CPULimits/current(in:)`` names again. A file that is missing, unreadable or
/// malformed counts as no limit. No environment variable is read. No privileges are required.
///
/// - Parameters:
///   - rounding: How a fraction of a CPU is rounded.
///   - minimum: The smallest result; values below 1 count as 1. It is meant for pools of threads that block, and for
///     programs that do not work with one thread. If it exceeds the limit that the kernel enforces, the additional
///     threads do not run in parallel: they wait for each other, or the whole process is throttled.
///   - root: The directory that contains the kernel's files.
/// - Returns: The number of CPUs, at least 1.
public func effectiveCPUCount(rounding: CPULimits.Rounding = .up, minimum: Int = 1, in root: SystemRoot = .live) -> Int
{
    guard let limits = try? CPULimits(of: .current, in: root, .countAlone) else { return max(1, minimum) }
    return limits.effectiveCPUCount(rounding: rounding, minimum: minimum)
}

/// The number of CPUs that a process may use, and the limits that determine it.
///
/// A process is limited by its affinity mask, to which the kernel has already applied cpusets, and by the quotas of its
/// cgroup and of every cgroup above it. The smallest of these limits determines the number:
///
///     mask  = the number of CPUs in the affinity mask
///     quota = the smallest quota ÷ period of all levels, rounded
///     count = the smaller of mask and quota, at least 1
///
/// Weights (`cpu.weight`, `cpu.shares`) distribute CPU time under load and are not limits. `cpu.max.burst` does not
/// change the average CPU time. Environment variables are not read.
public struct CPULimits: Sendable, Hashable {
    /// The CPUs in the affinity mask, from `sched_getaffinity(2)` on the main thread.
    public let affinity: CPUSet
    /// The number of CPUs of the machine that are online, from `/sys/devices/system/cpu/online`; `nil` if that file
    /// cannot be read.
    ///
    /// A program that uses the number of the machine's CPUs would use this number. It does not affect the count. If the
    /// affinity mask has more CPUs, a file system such as lxcfs covers the file, and ``warnings`` says so.
    public let onlineCount: Int?
    /// The CPUs in the affinity mask that are isolated, from `/sys/devices/system/cpu/isolated`; `nil` if there are none
    /// or the file cannot be read. The scheduler does not balance threads on isolated CPUs: each thread stays on the CPU
    /// on which it started, unless it is pinned to another one.
    ///
    /// Isolated CPUs are set by `isolcpus` on the kernel's command line. Requires Linux 4.2.
    public let isolatedCPUs: CPUSet?
    /// The CPUs on which another thread of the process may run, if the mask of the main thread, ``affinity``, lacks some
    /// of them; otherwise `nil`. A library that pins the thread in which it is initialized causes the difference.
    ///
    /// At most 32 threads are examined, and only if the main thread's mask lacks a CPU that is online, or if the kernel's
    /// list of these CPUs is missing or covered.
    public let otherThreadsAffinity: CPUSet?
    /// The scheduling policy of the main thread; `nil` if it cannot be read.
    public let policy: SchedulingPolicy?
    /// Every level that was read: the process's own cgroup first, the mount's root last.
    public let levels: [Level]
    /// The tightest quota and its level; `nil` if no visible level has a quota.
    public let binding: BindingQuota?
    /// Whether every level from the process's own cgroup up to the mount's root is visible and can be read.
    ///
    /// Levels above the mount's root are never visible in a container and do not count here: see
    /// ``hasHiddenAncestors``.
    public let isComplete: Bool
    /// Whether there are cgroups above the mount's root, hidden by a cgroup namespace or by the mount.
    ///
    /// Their quotas apply, but cannot be read. ``CPUThrottling`` can reveal them. They are detected by a file that
    /// exists only in the root cgroup (`release_agent`, v1) or only in other cgroups (`cgroup.events`, v2).
    public let hasHiddenAncestors: Bool
    /// Unexpected findings: the file, and what was found there.
    public let warnings: [String]
    /// Whether a limit could not be read for lack of descriptors or memory, which says nothing about the limit.
    let isOutOfResources: Bool
}

extension CPULimits {
    /// One cgroup between a process and the mount's root.
    public struct Level: Sendable, Hashable {
        /// The cgroup, as `/proc/PID/cgroup` names it.
        public let cgroup: String
        /// The path of the file that contains the quota: `cpu.max` (v2) or `cpu.cfs_quota_us` (v1).
        public let path: String
        /// The quota; `nil` if the level has none, or if it could not be read, in which case ``CPULimits/warnings`` has
        /// the reason.
        public let quota: CPUQuota?
        /// Whether the quota is known. If it is, `nil` in ``quota`` means that the level has none.
        public internal(set) var isKnown = true
    }
}

extension CPULimits {
    /// The quota that binds, and the cgroup that sets it.
    public struct BindingQuota: Sendable, Hashable {
        /// The quota and its period.
        public let quota: CPUQuota
        /// The cgroup that sets it, as `/proc/PID/cgroup` names it.
        public let cgroup: String
        /// The version of the cgroup interface that sets it.
        public let cgroupVersion: CgroupVersion
        /// Whether the kernel enforces it on this process: `false` under a real-time policy.
        public let isEnforced: Bool
    }
}

extension CPULimits {
    /// The limit that determines the number of CPUs.
    public enum Limit: String, Sendable, Hashable {
        /// The quota of a cgroup, which allows fewer CPUs than the affinity mask.
        case quota
        /// The affinity mask, which allows at most as many CPUs as the quota.
        case affinity
    }

    private var rule: EffectiveCPUs {
        EffectiveCPUs(affinityCount: affinity.count, quota: binding.flatMap { $0.isEnforced ? $0.quota : nil })
    }

    /// The limit that determines the number of CPUs.
    public var limitedBy: Limit { rule.limitedBy }

    /// The exact number of CPUs, such as 1.5: that of the quota, at most the number in the affinity mask.
    public var effectiveCPUs: Double { rule.effectiveCPUs }

    /// Returns the number of CPUs that the process can use, at least 1.
    ///
    /// - Parameters:
    ///   - rounding: How a fraction of a CPU is rounded.
    ///   - minimum: The smallest result, as ``ProcMem/effectiveCPUCount(rounding:minimum:in:)`` explains.
    public func effectiveCPUCount(rounding: CPULimits.Rounding = .up, minimum: Int = 1) -> Int {
        max(minimum, rule.effectiveCPUCount(rounding: rounding))
    }
}

extension CPULimits {
    /// How a fraction of a CPU is rounded to a number of threads.
    public enum Rounding: Sendable, Hashable, CaseIterable {
        /// 1.1 CPUs become 2. A quota limits CPU time, not the number of CPUs: one additional thread uses the fraction.
        case up
        /// 1.9 CPUs become 1: the pool never exhausts its quota and is not throttled.
        case down
        /// 1.5 CPUs become 2, 1.4 become 1.
        case nearest
    }
}

/// The rule that determines the number of CPUs from the affinity mask and the quota.
struct EffectiveCPUs {
    let affinityCount: Int
    /// The tightest quota; `nil` if there is none or it is not enforced.
    let quota: CPUQuota?

    var limitedBy: CPULimits.Limit {
        quota.map { $0.isTighter(than: affinityCount) } == true ? .quota : .affinity
    }

    var effectiveCPUs: Double {
        min(quota?.cpus ?? .infinity, Double(affinityCount))
    }

    func effectiveCPUCount(rounding: CPULimits.Rounding) -> Int {
        max(1, min(affinityCount, quota?.cpuCount(rounding: rounding) ?? .max))
    }
}

extension CPULimits {
    /// Returns whether two values are equal except for the warnings, which quote the contents that were found.
    func isEquivalent(to other: CPULimits) -> Bool {
        affinity == other.affinity && binding == other.binding && levels == other.levels && policy == other.policy
            && onlineCount == other.onlineCount && isComplete == other.isComplete
            && hasHiddenAncestors == other.hasHiddenAncestors && isolatedCPUs == other.isolatedCPUs
    }
}

extension CPULimits {
    /// Reads the limits of the calling process.
    ///
    /// Every call reads the files again, because a container's limits can change while it runs. The files are
    /// `/proc/self/cgroup`, `cpu.max` (v2) or `cpu.cfs_quota_us` and `cpu.cfs_period_us` (v1) of every level, and
    /// `online` and `isolated` in `/sys/devices/system/cpu`. `/proc/self/mountinfo` is read too before Linux 6.11 (on v1;
    /// before 6.8 on v2), if the conventional mount point does not show the whole hierarchy, and if the calling thread is
    /// under a seccomp filter. A limit that cannot be read is omitted; ``isComplete`` is then `false`, and ``warnings``
    /// has the reason.
    ///
    /// The cost is three system calls for each file and five more. It grows with the number of levels, and with the
    /// number of mounts if `mountinfo` is read. If the mask lacks a CPU that is online, the masks of at most 32 threads
    /// are read too. No privileges are required.
    ///
    /// - Parameter root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` only if no source reports the CPUs, which happens with a root directory that has
    ///   neither `proc/self/status` nor `sys/devices/system/cpu/online`.
    public static func current(in root: SystemRoot = .live) throws(ProcMemError) -> CPULimits {
        try CPULimits(of: .current, in: root, .all)
    }

    /// Reads the limits of another process, as ``current(in:)`` does for the calling process.
    ///
    /// The whole result applies to one process, even if the kernel reuses the id during the call. A thread's id gives
    /// the mask of that thread. For a zombie, the result has the mask and the cgroup that it had before it exited. On
    /// v1 the kernel reports the root cgroup for a zombie. If other threads of the process still run, the result has
    /// the cgroup of these threads. The cost is that of ``current(in:)`` plus eight system calls. No privileges are
    /// required unless `/proc` hides the process.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace.
    ///   - root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` if no process has the id,
    ///   `exited` if the process exits during the call, `permissionDenied` for a process that `/proc` hides,
    ///   `procUnavailable` if `/proc` is missing, `outOfResources` if no descriptor is left; with a root directory also
    ///   the errors of ``current(in:)``.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: pid, in: root)
        self = try ProcessIdentity.withStableIdentity(process, in: root) { () throws(ProcMemError) in
            try CPULimits(of: process, in: root, .all)
        }
    }

    enum Detail {
        /// What the count requires.
        case countAlone
        /// The count, and what explains it: the CPUs that are online and isolated, other threads, hidden cgroups.
        case all
    }

    init(of process: ProcessSelector, in root: SystemRoot, _ detail: Detail) throws(ProcMemError) {
        var warnings: [String] = []
        var isOutOfResources = false
        let mask = try AffinityLookup.affinity(
            of: process,
            in: root,
            warnings: &warnings,
            isOutOfResources: &isOutOfResources
        )
        affinity = mask.cpus
        let policy = AffinityLookup.policy(of: process, in: root, isOutOfResources: &isOutOfResources)
        self.policy = policy

        let lookup = CgroupHierarchy.find(.cpu, of: process, in: root)
        warnings += lookup.warnings
        var isComplete = lookup.isComplete
        isOutOfResources = isOutOfResources || lookup.isOutOfResources
        var levels: [Level] = []
        var binding: BindingQuota?
        if let hierarchy = lookup.hierarchy {
            for number in 0..<hierarchy.levelCount {
                let reading = Self.read(level: number, of: hierarchy, in: root)
                warnings += reading.warnings
                isComplete = isComplete && reading.isVisible
                isOutOfResources = isOutOfResources || reading.isOutOfResources
                levels.append(reading.level)
                guard let quota = reading.level.quota else { continue }
                if let known = binding, !quota.isTighter(than: known.quota) { continue }
                binding = BindingQuota(
                    quota: quota,
                    cgroup: reading.level.cgroup,
                    cgroupVersion: hierarchy.version,
                    isEnforced: policy?.isBoundByQuota ?? true
                )
            }
        }
        self.levels = levels
        self.binding = binding
        self.isComplete = isComplete
        let ancestors = detail == .all ? lookup.hierarchy?.hiddenAncestors(in: root) : nil
        let isHidden = ancestors?.mayExist ?? false
        hasHiddenAncestors = isHidden
        let machine =
            detail == .all
            ? MachineCPUs(of: process, with: mask, quota: binding?.quota, hasHiddenAncestors: isHidden, in: root) : nil
        onlineCount = machine?.onlineCount
        isolatedCPUs = machine?.isolated
        otherThreadsAffinity = machine?.otherThreads
        self.isOutOfResources =
            isOutOfResources || ancestors?.isOutOfResources == true || machine?.isOutOfResources == true
        warnings += machine?.warnings ?? []
        self.warnings = warnings
    }
}

extension CPULimits {
    /// The result of reading one level: its quota, whether it is visible, the warnings, and whether a file could not be
    /// read for lack of descriptors or memory.
    typealias LevelReading = (level: Level, isVisible: Bool, warnings: [String], isOutOfResources: Bool)

    static func read(level: Int, of hierarchy: CgroupHierarchy, in root: SystemRoot) -> LevelReading {
        switch hierarchy.version {
        case .v2:
            let file = CgroupLevelFile("cpu.max", level: level, of: hierarchy, in: root, CFSLimit.init(parsing:))
            return reading(file, quota: file.value?.quota, [file.warning])
        case .v1:
            let file = CgroupLevelFile(
                "cpu.cfs_quota_us",
                level: level,
                of: hierarchy,
                in: root,
                CFSQuota.init(parsing:)
            )
            guard let quota = file.value?.quotaMicroseconds else { return reading(file, quota: nil, [file.warning]) }
            let period = CgroupLevelFile(
                "cpu.cfs_period_us",
                level: level,
                of: hierarchy,
                in: root,
                CFSPeriod.init(parsing:)
            )
            guard let periodMicroseconds = period.value?.periodMicroseconds else {
                let warning =
                    period.warning ?? "\(period.path): is missing, although a quota of \(quota) microseconds is set"
                return reading(file, quota: nil, [warning], period)
            }
            let limit = CPUQuota(quotaMicroseconds: quota, periodMicroseconds: periodMicroseconds)
            return reading(file, quota: limit, [])
        }
    }

    private static func reading<Value>(
        _ file: CgroupLevelFile<Value>,
        quota: CPUQuota?,
        _ warnings: [String?],
        _ period: CgroupLevelFile<CFSPeriod>? = nil
    ) -> LevelReading {
        let warnings = warnings.compactMap(\.self)
        return (
            level: Level(cgroup: file.cgroup, path: file.path, quota: quota, isKnown: warnings.isEmpty),
            isVisible: period?.isVisible ?? file.isVisible,
            warnings: warnings,
            isOutOfResources: file.isOutOfResources || period?.isOutOfResources == true
        )
    }
}

extension CPULimits: Encodable {
    /// Encodes the JSON of `procmem cpu`, with the count rounded up.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(effectiveCPUCount(), forKey: "effectiveCPUCount")
        try names.encode(effectiveCPUs, forKey: "effectiveCPUs")
        try names.encode(limitedBy.rawValue, forKey: "limitedBy")
        try names.encode(affinity, forKey: "affinity")
        try names.encode(onlineCount, forKey: "onlineCount")
        try names.encode(isolatedCPUs?.description, forKey: "isolatedCPUs")
        try names.encode(binding, forKey: "quota")
        try names.encode(levels, forKey: "levels")
        try names.encode(hasHiddenAncestors, forKey: "hiddenAncestors")
        try names.encode(isComplete, forKey: "complete")
        try names.encode(warnings, forKey: "warnings")
    }
}

extension CPULimits.Level: Encodable {
    /// Encodes every figure under the name of its property, and `null` for an unknown figure.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(cgroup, forKey: "cgroup")
        try names.encode(path, forKey: "path")
        try names.encode(quota?.quotaMicroseconds, forKey: "quotaMicroseconds")
        try names.encode(quota?.periodMicroseconds, forKey: "periodMicroseconds")
        try names.encode(quota?.cpus, forKey: "cpus")
        try names.encode(isKnown, forKey: "known")
    }
}

extension CPULimits.BindingQuota: Encodable {
    /// Encodes every figure under the name of its property, and `null` for an unknown figure.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(quota.cpus, forKey: "cpus")
        try names.encode(quota.quotaMicroseconds, forKey: "quotaMicroseconds")
        try names.encode(quota.periodMicroseconds, forKey: "periodMicroseconds")
        try names.encode(cgroup, forKey: "cgroup")
        try names.encode(cgroupVersion.rawValue, forKey: "cgroupVersion")
        try names.encode(isEnforced, forKey: "enforced")
    }
}
