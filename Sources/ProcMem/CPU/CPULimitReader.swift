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
    private let root: KernelRoot
    private var kept: KeptLevels
    /// Who opened the files.
    private var openerPID: Int32
    private var lastLook: Int
    private var lastResolution: Int

    private static var millisecondsBetweenLooks: Int { 100 }
    private static var millisecondsBetweenResolutions: Int { 1000 }

    /// Finds and opens the limit files of the calling process.
    ///
    /// - Parameter root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` where no source tells the CPUs, as ``CPULimits/current(in:)`` does.
    public init(in root: KernelRoot = .live) throws(ProcMemError) {
        try self.init(process: .current, root: root)
    }

    /// Finds and opens the limit files of another process.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` where there is none.
    public init(of processID: Int32, in root: KernelRoot = .live) throws(ProcMemError) {
        try self.init(process: ProcessSelector(validating: processID, in: root), root: root)
    }

    private init(process: ProcessSelector, root: KernelRoot) throws(ProcMemError) {
        self.process = process
        self.root = root
        kept = KeptLevels(of: process, in: root)
        openerPID = Syscalls.processID
        lastLook = Syscalls.coarseMilliseconds
        lastResolution = lastLook
        _ = try affinityCount()
    }

    /// What the limits are now.
    ///
    /// - Throws: ``ProcMemError`` with `noSuchProcess` where the process has ended.
    public mutating func read() throws(ProcMemError) -> Reading {
        let affinityCount = try affinityCount()
        let policy = AffinityLookup.policy(of: process, in: root)
        lookAround()
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
            complete: isComplete && kept.isComplete
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
    private mutating func lookAround() {
        let now = Syscalls.coarseMilliseconds
        if Syscalls.processID != openerPID || now - lastResolution >= Self.millisecondsBetweenResolutions {
            resolve()
        } else if now - lastLook >= Self.millisecondsBetweenLooks {
            lastLook = now
            if !kept.isMembershipUnchanged() { resolve() }
        }
    }

    private mutating func resolve() {
        kept = KeptLevels(of: process, in: root)
        openerPID = Syscalls.processID
        lastLook = Syscalls.coarseMilliseconds
        lastResolution = lastLook
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
        public let complete: Bool

        private var rule: CPURule {
            CPURule(affinityCount: affinityCount, quota: isQuotaEnforced ? quota : nil)
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
        public func effectiveCPUCount(rounding: Rounding = .up, minimum: Int = 1) -> Int {
            max(minimum, rule.effectiveCPUCount(rounding: rounding))
        }
    }
}

extension Span<UInt64> {
    fileprivate var setBitCount: Int {
        indices.reduce(0) { $0 + self[$1].nonzeroBitCount }
    }
}
