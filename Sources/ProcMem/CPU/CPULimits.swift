/// How many CPUs this process may really use: the size for a thread pool.
///
/// The CPUs in the affinity mask, or what the tightest CPU quota of its cgroups is worth if that is less; at least 1.
/// In a container with 1.5 CPUs on a machine of 96 this is 2. ``CPULimits`` explains the number.
///
/// Read anew at each call, from the files that ``CPULimits/current(in:)`` names. A file that is missing, unreadable or
/// malformed counts as no limit. Nothing is read from the environment. No privileges are needed.
///
/// - Parameters:
///   - rounding: What a fraction of a CPU counts as.
///   - minimum: The answer is not below it; values below 1 count as 1. It is for pools whose threads block, and for
///     programs that cannot do with one thread. Where it lies above what the kernel enforces, the threads beyond that do
///     not run in parallel: they wait for each other, or the whole process is throttled.
///   - root: Where the kernel's files are.
/// - Returns: The number of CPUs, at least 1.
public func effectiveCPUCount(rounding: CPULimits.Rounding = .up, minimum: Int = 1, in root: SystemRoot = .live) -> Int
{
    guard let limits = try? CPULimits(of: .current, in: root, countsOnline: false) else { return max(1, minimum) }
    return limits.effectiveCPUCount(rounding: rounding, minimum: minimum)
}

/// How many CPUs a process may use, and why.
///
/// A process is limited by its affinity mask, into which the kernel folds cpusets, and by the quota of its cgroup and of
/// every cgroup above it. The smallest of them decides:
///
///     mask  = the number of CPUs in the affinity mask
///     quota = the smallest quota ÷ period of all levels, rounded
///     count = the smaller of mask and quota, at least 1
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
    public let binding: BindingQuota?
    /// Whether every level from the process's own cgroup up to the mount's root could be seen.
    ///
    /// Levels above the mount's root are out of sight for a process in a container, and are not meant here.
    public let isComplete: Bool
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

extension CPULimits {
    /// The quota that binds, and where it is set.
    public struct BindingQuota: Sendable, Hashable {
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

    private var rule: EffectiveCPUs {
        EffectiveCPUs(affinityCount: affinity.count, quota: binding.flatMap { $0.isEnforced ? $0.quota : nil })
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
    public func effectiveCPUCount(rounding: CPULimits.Rounding = .up, minimum: Int = 1) -> Int {
        max(minimum, rule.effectiveCPUCount(rounding: rounding))
    }
}

extension CPULimits {
    /// How a fraction of CPUs becomes a number of threads.
    public enum Rounding: Sendable, Hashable, CaseIterable {
        /// 1.1 CPUs become 2. A quota is CPU time, not CPUs: a thread more than the whole CPUs uses the fraction.
        case up
        /// 1.9 CPUs become 1. No thread is throttled for the sake of another.
        case down
        /// 1.5 CPUs become 2, 1.4 become 1.
        case nearest
    }
}

/// The rule by which the affinity mask and the quota become a number of CPUs.
struct EffectiveCPUs {
    let affinityCount: Int
    /// The tightest quota; `nil` where there is none, or it is not enforced.
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
    /// Whether two answers allow and explain the same. The warnings may differ: their text quotes what was found.
    func isEquivalent(to other: CPULimits) -> Bool {
        affinity == other.affinity && binding == other.binding && levels == other.levels && policy == other.policy
            && onlineCount == other.onlineCount && isComplete == other.isComplete
    }
}

extension CPULimits {
    /// The limits of the calling process.
    ///
    /// Read anew at each call: a container's limits can change while it runs. The files are `/proc/self/cgroup`, `cpu.max`
    /// (v2) or `cpu.cfs_quota_us` and `cpu.cfs_period_us` (v1) of every level, and `/sys/devices/system/cpu/online`; before
    /// Linux 6.11, and where the hierarchy is not whole at its usual place, `/proc/self/mountinfo` too. What cannot be read
    /// is left out of the answer, `isComplete` is then `false`, and `warnings` tells why.
    ///
    /// The cost is three system calls for each file and four more. It grows with the number of levels, and with that of
    /// mounts where these are read. No privileges are needed.
    ///
    /// - Parameter root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` only where no source tells the CPUs, which happens below a directory that has neither
    ///   `proc/self/status` nor `sys/devices/system/cpu/online`.
    public static func current(in root: SystemRoot = .live) throws(ProcMemError) -> CPULimits {
        try CPULimits(of: .current, in: root, countsOnline: true)
    }

    /// The limits of another process, as ``current(in:)`` tells those of the caller.
    ///
    /// All of the answer is about one process, also where the id passes to another one meanwhile. A thread's id gives the
    /// mask of that thread. A zombie answers with the mask that it had and the cgroup that it was in; on v1 the kernel names
    /// the root for it, unless other threads of it run on: they tell. The cost is that of ``current(in:)`` and eight system
    /// calls. No privileges are needed unless `/proc` hides the process.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` where there is none, `exited` where
    ///   it ended meanwhile, `permissionDenied` for one that `/proc` hides, `procUnavailable` without `/proc`,
    ///   `outOfResources` without descriptors; below a directory also what ``current(in:)`` throws.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: pid, in: root)
        self = try ProcessIdentity.withStableIdentity(process, in: root) { () throws(ProcMemError) in
            try CPULimits(of: process, in: root, countsOnline: true)
        }
    }

    /// - Parameter countsOnline: Whether to ask for the online CPUs, which the count itself does not need.
    init(of process: ProcessSelector, in root: SystemRoot, countsOnline: Bool) throws(ProcMemError) {
        var warnings: [String] = []
        affinity = try AffinityLookup.affinity(of: process, in: root, warnings: &warnings)
        let policy = AffinityLookup.policy(of: process, in: root)
        self.policy = policy
        onlineCount = countsOnline ? (try? CPUSet.online(in: root))?.count : nil

        let lookup = CgroupHierarchy.find(.cpu, of: process, in: root)
        warnings += lookup.warnings
        var isComplete = lookup.isComplete
        var levels: [Level] = []
        var binding: BindingQuota?
        if let hierarchy = lookup.hierarchy {
            for number in 0..<hierarchy.levelCount {
                let reading = Self.read(level: number, of: hierarchy, in: root)
                warnings += reading.warnings
                isComplete = isComplete && reading.isVisible
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
        self.warnings = warnings
    }
}

extension CPULimits {
    /// One level, read: what it says, whether it is visible, and what was odd.
    typealias LevelReading = (level: Level, isVisible: Bool, warnings: [String])

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
                let warning = period.warning ?? "\(period.path): is missing beside a quota of \(quota) microseconds"
                return reading(file, quota: nil, [warning], isVisible: period.isVisible)
            }
            let limit = CPUQuota(quotaMicroseconds: quota, periodMicroseconds: periodMicroseconds)
            return reading(file, quota: limit, [])
        }
    }

    private static func reading<Value>(
        _ file: CgroupLevelFile<Value>,
        quota: CPUQuota?,
        _ warnings: [String?],
        isVisible: Bool? = nil
    ) -> LevelReading {
        let warnings = warnings.compactMap(\.self)
        let level = Level(cgroup: file.cgroup, path: file.path, quota: quota, isKnown: warnings.isEmpty)
        return (level, isVisible ?? file.isVisible, warnings)
    }
}

/// Which CPUs a process may run on, from the first source that tells.
enum AffinityLookup {
    /// The affinity mask: from the system call on the running system, else `Cpus_allowed` in `/proc/PID/status`, else
    /// the CPUs that are online.
    ///
    /// The system call leaves out CPUs that are offline. `status` does not: a virtual machine with 4 CPUs that may be
    /// given 128 shows 128 there. Where all CPUs of a sleeping process's mask have gone offline the call shows none (seen on
    /// 6.1), and `status` what the process had; the kernel widens the mask when the process wakes.
    static func affinity(
        of process: ProcessSelector,
        in root: SystemRoot,
        warnings: inout [String]
    ) throws(ProcMemError) -> CPUSet {
        if root.isLive {
            do {
                let mask = try Syscalls.withAffinityMask(of: process.threadID) { CPUSet(words: $0) }
                if mask.count > 0 { return mask }
                warnings.append("sched_getaffinity: no CPU of the mask is online; awake it gets others")
            } catch {
                let error = FileReadError.system(error)
                guard !error.isAbsence else { throw ProcMemError(error, path: "/proc/\(process.threadID)") }
                warnings.append("sched_getaffinity: \(error.summary)")
            }
        }
        let statusPath = ProcPath(process, "status")
        do {
            let status = try root.read(statusPath, ProcessStatus.readOptions, ProcessStatus.init(parsing:))
            if let allowed = status.allowedCPUs {
                let usable = (try? CPUSet.online(in: root)).map { allowed.intersection($0) }
                return usable.flatMap { $0.count > 0 ? $0 : nil } ?? allowed
            }
            warnings.append("\(root.text(statusPath)): has no Cpus_allowed")
        } catch {
            let directory = ProcPath(directoryOf: process)
            if error.isAbsence, case .id = process, (try? root.open(directory, as: .directory)) == nil {
                throw ProcMemError(error, path: root.text(directory))
            }
            warnings.append("\(root.text(statusPath)): \(error.summary)")
        }
        do {
            return try CPUSet.online(in: root)
        } catch {
            let detail = "nothing tells the CPUs: neither this file nor \(root.text(CPUSet.onlinePath)) can be read"
            throw ProcMemError(.unsupported, path: root.text(statusPath), detail: detail)
        }
    }

    /// The scheduling policy of the main thread.
    static func policy(of process: ProcessSelector, in root: SystemRoot) -> SchedulingPolicy? {
        if root.isLive {
            guard let number = try? Syscalls.schedulingPolicy(of: process.threadID) else { return nil }
            return SchedulingPolicy(rawValue: Int(number))
        }
        let stat = try? root.read(ProcPath(process, "stat"), ProcessStat.readOptions, ProcessStat.init(parsing:))
        return stat?.policy
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
        try names.encode(binding, forKey: "quota")
        try names.encode(levels, forKey: "levels")
        try names.encode(isComplete, forKey: "complete")
        try names.encode(warnings, forKey: "warnings")
    }
}

extension CPULimits.Level: Encodable {
    /// Encodes every figure under the name of its property, `null` where it is not known.
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
    /// Encodes every figure under the name of its property, `null` where it is not known.
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
