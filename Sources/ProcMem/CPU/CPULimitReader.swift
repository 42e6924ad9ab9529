/// Repeatedly reads the number of CPUs that a process may use, with the limit files kept open.
///
/// ```swift
/// var reader = try CPULimitReader()
/// let threads = try reader.read().effectiveCPUCount()
/// ```
///
/// Each reading obtains the affinity mask and the scheduling policy with one system call each, and reads `cpu.max` (v2)
/// or `cpu.cfs_quota_us` (v1, and `cpu.cfs_period_us` if a quota is set) of every level. The cost grows with the number
/// of levels. A reading does not allocate.
///
/// Changes that do not appear in the open files are checked periodically: a move of the process to another cgroup is
/// detected within 100 ms; a new limit file of a level or a new mount of a hierarchy within a second. The removal of a
/// cgroup is detected immediately. After a `fork`, the reader in the child detects that its files are those of the
/// parent, and opens the child's.
///
/// A reader of another process keeps its `/proc/PID/stat` open, and reads it in each reading: another process may be given
/// the pid. A reader keeps one more descriptor for `/proc/PID/cgroup` and one or two for each level. If no descriptor is left
/// when the files are opened again, the reader keeps the earlier ones. If these cannot be read any more, the last quota
/// remains. In both cases ``Reading/isComplete`` is `false`. ``CPULimits`` explains the number.
public struct CPULimitReader: ~Copyable {
    private let process: ProcessSelector
    private let root: SystemRoot
    private var kept: OpenLimitFiles
    private let lifetime: ProcessLifetime
    private var schedule = MembershipSchedule()
    /// Whether the files could not be opened again for lack of descriptors or memory.
    private var isStale = false
    /// The last values that could be read.
    private var last: (affinityCount: Int, policy: SchedulingPolicy?, quota: CPUQuota?)

    /// Finds and opens the limit files of the calling process.
    ///
    /// - Parameter root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` if no source reports the CPUs, as ``CPULimits/current(in:)`` does.
    public init(in root: SystemRoot = .live) throws(ProcMemError) {
        try self.init(process: .current, root: root)
    }

    /// Finds and opens the limit files of another process.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace.
    ///   - root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` if no process has the id,
    ///   `outOfResources` if no descriptor is left.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        try self.init(process: ProcessSelector(validating: pid, in: root), root: root)
    }

    private init(process: ProcessSelector, root: SystemRoot) throws(ProcMemError) {
        // First: what is opened and read afterwards belongs to the process as long as it exists.
        let lifetime = try ProcessLifetime(of: process, in: root)
        let affinity = try Self.affinity(of: process, in: root)
        self.process = process
        self.root = root
        self.lifetime = lifetime
        kept = OpenLimitFiles(of: process, in: root)
        last = (affinity.count, nil, nil)
    }

    /// Reads the current limits.
    ///
    /// - Throws: ``ProcMemError`` with `noSuchProcess` if the process has exited, even if another one has its pid by then.
    public mutating func read() throws(ProcMemError) -> Reading {
        var isKnown = true
        do throws(ProcMemError) {
            let affinity = try Self.affinity(of: process, in: root)
            isKnown = affinity.isKnown
            // A lack of descriptors never makes an answer larger: the last mask remains.
            if !affinity.isOutOfResources { last.affinityCount = affinity.count }
        } catch {
            guard error.code == .outOfResources else { throw error }
            isKnown = false
        }
        var isOutOfResources = false
        let policy = AffinityLookup.policy(of: process, in: root, isOutOfResources: &isOutOfResources)
        if isOutOfResources { isKnown = false } else { last.policy = policy }
        refreshIfDue()
        if !readQuota(isKnown: &isKnown) {
            // A file cannot be read any more: its cgroup has been removed, and the process is in another one.
            resolve()
            // The last quota remains, and the files are opened again at the next reading.
            if !readQuota(isKnown: &isKnown) { isKnown = false }
        }
        do throws(ProcMemError) {
            // Everything above was read by the pid.
            try lifetime.validate()
        } catch {
            guard error.code == .outOfResources else { throw error }
            isKnown = false
        }
        return Reading(
            affinityCount: last.affinityCount,
            quota: last.quota,
            isQuotaEnforced: last.policy?.isBoundByQuota ?? true,
            isComplete: isKnown && kept.isComplete && !isStale
        )
    }

    /// Reads the tightest quota; returns `false` if a file cannot be read any more.
    private mutating func readQuota(isKnown: inout Bool) -> Bool {
        guard let tightest = try? kept.tightestQuota() else { return false }
        last.quota = tightest.quota
        if !tightest.isComplete { isKnown = false }
        return true
    }

    /// Returns the number of CPUs in the mask, whether it comes from the first source rather than from a substitute, and
    /// whether a source could not be read for lack of descriptors or memory.
    private static func affinity(
        of process: ProcessSelector,
        in root: SystemRoot
    ) throws(ProcMemError) -> (count: Int, isKnown: Bool, isOutOfResources: Bool) {
        if root.isLive, let count = try? Syscalls.withAffinityMask(of: process.threadID, { $0.setBitCount }), count > 0
        {
            return (count, true, false)
        }
        var warnings: [String] = []
        var isOutOfResources = false
        let count = try AffinityLookup.affinity(
            of: process,
            in: root,
            warnings: &warnings,
            isOutOfResources: &isOutOfResources
        ).cpus.count
        return (count, warnings.isEmpty && !isOutOfResources, isOutOfResources)
    }

    private mutating func refreshIfDue() {
        switch schedule.nextStep() {
        case .none: return
        case .compare: if !kept.isMembershipUnchanged() { resolve() }
        case .resolve: resolve()
        }
    }

    private mutating func resolve() {
        let files = OpenLimitFiles(of: process, in: root)
        // A lack of descriptors never makes an answer larger: the earlier files remain.
        isStale = files.isOutOfResources
        if !isStale { kept = files }
        schedule.restart()
    }
}

extension CPULimitReader {
    /// The limits at the time of one reading.
    public struct Reading: Sendable, Hashable {
        /// The number of CPUs in the affinity mask.
        public let affinityCount: Int
        /// The tightest quota; `nil` if no visible level has one.
        public let quota: CPUQuota?
        /// Whether the kernel enforces the quota on the process; `false` under a real-time policy.
        public let isQuotaEnforced: Bool
        /// Whether the affinity mask and every level from the process's own cgroup up to the mount's root could be read
        /// and parsed, and whether the files could be opened again when that was necessary.
        public let isComplete: Bool

        private var rule: EffectiveCPUs {
            EffectiveCPUs(affinityCount: affinityCount, quota: isQuotaEnforced ? quota : nil)
        }

        /// The limit that determines the number of CPUs.
        public var limitedBy: CPULimits.Limit { rule.limitedBy }

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
}

/// The open limit files of every level above a process.
struct OpenLimitFiles: ~Copyable {
    private var files = OpenFiles()
    private var levels: [Level] = []
    private let version: CgroupVersion
    /// Whether every level from the process's own cgroup up to the mount's root was visible when the files were opened.
    private(set) var isComplete: Bool
    /// Whether a file could not be opened for lack of descriptors or memory.
    private(set) var isOutOfResources = false
    private var membership: OpenMembership?

    private struct Level {
        let quotaFile: Int
        /// The file with the period, v1 only.
        let periodFile: Int?
    }

    init(of process: ProcessSelector, in root: SystemRoot) {
        do throws(FileReadError) {
            membership = try OpenMembership(of: process, keptIn: &files, in: root)
        } catch {
            isOutOfResources = error.isLackOfResources
        }
        let lookup = CgroupHierarchy.find(.cpu, of: process, in: root)
        isComplete = lookup.isComplete
        isOutOfResources = isOutOfResources || lookup.isOutOfResources
        version = lookup.hierarchy?.version ?? .v2
        guard let hierarchy = lookup.hierarchy else { return }
        for number in 0..<hierarchy.levelCount {
            let reading = CPULimits.read(level: number, of: hierarchy, in: root)
            isComplete = isComplete && reading.isVisible
            isOutOfResources = isOutOfResources || reading.isOutOfResources
            let quotaName: StaticString = version == .v2 ? "cpu.max" : "cpu.cfs_quota_us"
            let path = hierarchy.path(of: quotaName, atLevel: number)
            // If the level does not have this file, a child cgroup may have its name.
            guard (try? root.open(path.span, as: .directory)) == nil, let quotaFile = keep(path, in: root) else {
                continue
            }
            let periodFile =
                version == .v1 ? keep(hierarchy.path(of: "cpu.cfs_period_us", atLevel: number), in: root) : nil
            levels.append(Level(quotaFile: quotaFile, periodFile: periodFile))
        }
    }

    /// Opens a file and keeps it; `nil` if it does not exist or cannot be opened.
    private mutating func keep(_ path: [UInt8], in root: SystemRoot) -> Int? {
        do throws(FileReadError) {
            return files.keep(try root.open(path.span))
        } catch {
            // A level without the controller lacks its files. Any other failure says nothing about the limit.
            if !error.isMissingPath { isComplete = false }
            if error.isLackOfResources { isOutOfResources = true }
            return nil
        }
    }

    /// Returns whether the process is still in the same cgroups.
    borrowing func isMembershipUnchanged() -> Bool { membership?.isUnchanged(in: files) ?? false }

    /// Returns the tightest quota of the levels, and whether all of them could be parsed. A malformed level counts as
    /// having no quota.
    ///
    /// - Throws: ``FileReadError/system(_:)`` if a file cannot be read any more.
    borrowing func tightestQuota() throws(FileReadError) -> (quota: CPUQuota?, isComplete: Bool) {
        var tightest: CPUQuota?
        var isComplete = true
        for level in levels {
            do throws(FileReadError) {
                guard let quota = try quota(of: level) else { continue }
                if let known = tightest, !quota.isTighter(than: known) { continue }
                tightest = quota
            } catch .malformed, .tooLarge {
                isComplete = false
            }
        }
        return (tightest, isComplete)
    }

    private borrowing func quota(of level: Level) throws(FileReadError) -> CPUQuota? {
        if version == .v2 {
            return try files.read(level.quotaFile, CFSLimit.init(parsing:)).quota
        }
        let quota = try files.read(level.quotaFile, CFSQuota.init(parsing:))
        guard let quotaMicroseconds = quota.quotaMicroseconds else { return nil }
        guard let periodFile = level.periodFile else { throw .malformed(ParseError("a period"), found: "no file") }
        let period = try files.read(periodFile, CFSPeriod.init(parsing:))
        return CPUQuota(quotaMicroseconds: quotaMicroseconds, periodMicroseconds: period.periodMicroseconds)
    }
}
