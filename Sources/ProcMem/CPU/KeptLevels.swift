/// The limit files of every level above a process, open.
struct KeptLevels: ~Copyable {
    private var files = KeptFiles()
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

    init(of process: ProcessSelector, in root: KernelRoot) {
        // Before the lookup: a move between the two then shows as a change.
        if let file = try? root.open(ProcPath(process, "cgroup")) {
            membership = (try? file.withContents(CgroupMembership.shape) { $0.bytes(in: 0..<$0.count) }) ?? []
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
        return (try? files.says(membership, membershipFile)) == true
    }

    /// The tightest of the levels' quotas; a level that is malformed counts as having none.
    ///
    /// - Throws: ``ReadFailure/system(_:)`` where a file does not answer any more.
    borrowing func tightestQuota() throws(ReadFailure) -> CPUQuota? {
        var tightest: CPUQuota?
        for level in levels {
            do throws(ReadFailure) {
                guard let quota = try quota(of: level) else { continue }
                if let known = tightest, !quota.isTighter(than: known) { continue }
                tightest = quota
            } catch .malformed, .tooLarge {
                continue
            }
        }
        return tightest
    }

    private borrowing func quota(of level: Level) throws(ReadFailure) -> CPUQuota? {
        if version == .v2 {
            return try files.read(level.quotaFile, CFSLimit.init(parsing:)).quota
        }
        let quota = try files.read(level.quotaFile, CFSQuota.init(parsing:))
        guard let quotaMicroseconds = quota.quotaMicroseconds, let periodFile = level.periodFile else { return nil }
        let period = try files.read(periodFile, CFSPeriod.init(parsing:))
        return CPUQuota(quotaMicroseconds: quotaMicroseconds, periodMicroseconds: period.periodMicroseconds)
    }
}
