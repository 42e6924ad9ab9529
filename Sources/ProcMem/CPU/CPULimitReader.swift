/// Asks again and again how many CPUs a process may use, with the limit files kept open.
///
/// ```swift
/// var reader = try CPULimitReader()
/// let threads = try reader.read().effectiveCPUCount()
/// ```
///
/// A reading asks the kernel for the mask and the policy, and reads `cpu.max` (v2) or `cpu.cfs_quota_us` (v1, and
/// `cpu.cfs_period_us` where there is a quota) of every level. It costs about 4 µs at four levels and does not allocate.
///
/// What the reading does not show by itself is looked at from time to time: within 100 ms it is noticed that the process
/// has been moved to another cgroup, within a second that a level has got a limit file or that a hierarchy has been mounted
/// elsewhere. A cgroup that was removed is noticed at once. After a `fork` the child's reader finds out for itself that the
/// files which it inherited are its parent's.
///
/// A reader keeps one descriptor for `/proc/PID/cgroup` and one or two for each level. ``CPULimits`` explains the number.
public struct CPULimitReader: ~Copyable {
    private let process: ProcessSelector
    private let root: SystemRoot
    private var kept: OpenLimitFiles
    /// Who opened the files.
    private var openerPID: Int32
    private var lastCheck: Int
    private var lastResolution: Int

    private static var millisecondsBetweenChecks: Int { 100 }
    private static var millisecondsBetweenResolutions: Int { 1000 }

    /// Finds and opens the limit files of the calling process.
    ///
    /// - Parameter root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` where no source tells the CPUs, as ``CPULimits/current(in:)`` does.
    public init(in root: SystemRoot = .live) throws(ProcMemError) {
        try self.init(process: .current, root: root)
    }

    /// Finds and opens the limit files of another process.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` where there is none.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        try self.init(process: ProcessSelector(validating: pid, in: root), root: root)
    }

    private init(process: ProcessSelector, root: SystemRoot) throws(ProcMemError) {
        self.process = process
        self.root = root
        kept = OpenLimitFiles(of: process, in: root)
        openerPID = Syscalls.pid
        lastCheck = Syscalls.coarseMilliseconds
        lastResolution = lastCheck
        _ = try affinityCount()
    }

    /// What the limits are now.
    ///
    /// - Throws: ``ProcMemError`` with `noSuchProcess` where the process has ended.
    public mutating func read() throws(ProcMemError) -> Reading {
        let affinityCount = try affinityCount()
        let policy = AffinityLookup.policy(of: process, in: root)
        refreshIfStale()
        var quota: CPUQuota?
        var isComplete = true
        do {
            quota = try kept.tightestQuota()
        } catch {
            // A file does not answer any more: its cgroup has been removed, and the process is in another one.
            resolve()
            do { quota = try kept.tightestQuota() } catch { isComplete = false }
        }
        return Reading(
            affinityCount: affinityCount,
            quota: quota,
            isQuotaEnforced: policy?.isBoundByQuota ?? true,
            isComplete: isComplete && kept.isComplete
        )
    }

    private func affinityCount() throws(ProcMemError) -> Int {
        if root.isLive, let count = try? Syscalls.withAffinityMask(of: process.threadID, { $0.setBitCount }), count > 0
        {
            return count
        }
        var warnings: [String] = []
        return try AffinityLookup.affinity(of: process, in: root, warnings: &warnings).count
    }

    /// Looks at what shows in no limit file: who asks, and which cgroup the process is in.
    private mutating func refreshIfStale() {
        let now = Syscalls.coarseMilliseconds
        if Syscalls.pid != openerPID || now - lastResolution >= Self.millisecondsBetweenResolutions {
            resolve()
        } else if now - lastCheck >= Self.millisecondsBetweenChecks {
            lastCheck = now
            if !kept.isMembershipUnchanged() { resolve() }
        }
    }

    private mutating func resolve() {
        kept = OpenLimitFiles(of: process, in: root)
        openerPID = Syscalls.pid
        lastCheck = Syscalls.coarseMilliseconds
        lastResolution = lastCheck
    }
}

extension CPULimitReader {
    /// What one look showed.
    public struct Reading: Sendable, Hashable {
        /// How many CPUs there are in the affinity mask.
        public let affinityCount: Int
        /// The quota that allows least; `nil` when no visible level has one.
        public let quota: CPUQuota?
        /// Whether the kernel enforces the quota on the process: not under a real-time policy.
        public let isQuotaEnforced: Bool
        /// Whether every level from the process's own cgroup up to the mount's root could be read.
        public let isComplete: Bool

        private var rule: EffectiveCPUs {
            EffectiveCPUs(affinityCount: affinityCount, quota: isQuotaEnforced ? quota : nil)
        }

        /// What decides about the number of CPUs.
        public var limitedBy: CPULimits.Limit { rule.limitedBy }

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
}

/// The limit files of every level above a process, open.
struct OpenLimitFiles: ~Copyable {
    private var files = OpenFiles()
    private var levels: [Level] = []
    private let version: CgroupVersion
    /// Whether every level from the own cgroup up to the mount's root was there when the files were opened.
    private(set) var isComplete: Bool
    /// `/proc/PID/cgroup`, and what it said.
    private var membershipFile: Int?
    private var membership: [UInt8] = []

    private struct Level {
        let quotaFile: Int
        /// v1 has the period in a file of its own.
        let periodFile: Int?
    }

    init(of process: ProcessSelector, in root: SystemRoot) {
        // Before the lookup: a move between the two then shows as a change.
        if let file = try? root.open(ProcPath(process, "cgroup")) {
            membership = (try? file.withContents(CgroupMembership.readOptions) { $0.bytes(in: 0..<$0.count) }) ?? []
            membershipFile = files.keep(file)
        }
        let lookup = CgroupHierarchy.find(.cpu, of: process, in: root)
        isComplete = lookup.isComplete
        version = lookup.hierarchy?.version ?? .v2
        guard let hierarchy = lookup.hierarchy else { return }
        for number in 0..<hierarchy.levelCount {
            let reading = CPULimits.read(level: number, of: hierarchy, in: root)
            isComplete = isComplete && reading.isVisible
            let quotaName: StaticString = version == .v2 ? "cpu.max" : "cpu.cfs_quota_us"
            let path = hierarchy.path(of: quotaName, atLevel: number)
            // A child cgroup may bear the file's name where the level has no such file.
            guard (try? root.open(path.span, as: .directory)) == nil, let quota = try? root.open(path.span) else {
                continue
            }
            let quotaFile = files.keep(quota)
            var periodFile: Int?
            if version == .v1,
                let period = try? root.open(hierarchy.path(of: "cpu.cfs_period_us", atLevel: number).span)
            {
                periodFile = files.keep(period)
            }
            levels.append(Level(quotaFile: quotaFile, periodFile: periodFile))
        }
    }

    /// Whether `/proc/PID/cgroup` says what it said when the files were opened.
    borrowing func isMembershipUnchanged() -> Bool {
        guard let membershipFile else { return false }
        return (try? files.contents(of: membershipFile, equal: membership)) == true
    }

    /// The tightest of the levels' quotas; a level that is malformed counts as having none.
    ///
    /// - Throws: ``FileReadError/system(_:)`` where a file does not answer any more.
    borrowing func tightestQuota() throws(FileReadError) -> CPUQuota? {
        var tightest: CPUQuota?
        for level in levels {
            do throws(FileReadError) {
                guard let quota = try quota(of: level) else { continue }
                if let known = tightest, !quota.isTighter(than: known) { continue }
                tightest = quota
            } catch .malformed, .tooLarge {
                continue
            }
        }
        return tightest
    }

    private borrowing func quota(of level: Level) throws(FileReadError) -> CPUQuota? {
        if version == .v2 {
            return try files.read(level.quotaFile, CFSLimit.init(parsing:)).quota
        }
        let quota = try files.read(level.quotaFile, CFSQuota.init(parsing:))
        guard let quotaMicroseconds = quota.quotaMicroseconds, let periodFile = level.periodFile else { return nil }
        let period = try files.read(periodFile, CFSPeriod.init(parsing:))
        return CPUQuota(quotaMicroseconds: quotaMicroseconds, periodMicroseconds: period.periodMicroseconds)
    }
}
