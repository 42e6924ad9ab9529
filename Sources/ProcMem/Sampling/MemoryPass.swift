/// Looks at the processes of a scope, again and again, and remembers what saves time the next time.
struct MemoryPass: ~Copyable {
    private let scope: ProcessScope
    private let mode: MemoryMode
    private let limits: WalkLimits
    private let root: KernelRoot
    private let maximumAge: Duration
    private let keepsFiles: Bool
    private var figures: BudgetedFigures
    /// The processes of the last look, where they were the same for two looks in a row, and who has whose memory.
    private var kept: KeptCensus?
    private var keptSharing: MemorySharing?
    /// What was known of the anonymous memory of a tree.
    private var history: AnonymousHistory?
    private var lastWalk: (newest: Int?, at: ContinuousClock.Instant)?

    /// - Parameters:
    ///   - maximumAge: How old a figure may be that is taken over from an earlier look.
    ///   - keepsFiles: Whether there will be other looks.
    init(
        of scope: ProcessScope,
        mode: MemoryMode,
        limits: WalkLimits,
        maximumAge: Duration = .seconds(60),
        keepsFiles: Bool = false,
        in root: KernelRoot
    ) {
        self.maximumAge = maximumAge
        self.keepsFiles = keepsFiles
        self.scope = scope
        self.mode = mode
        self.limits = limits
        self.root = root
        figures = BudgetedFigures(maximumAge: maximumAge, pageSizeBytes: root.pageSizeBytes)
    }

    /// Of how many processes something is remembered.
    var rememberedCount: Int { figures.rememberedCount }

    mutating func run() throws(ProcMemError) -> MemorySnapshot {
        let start = ContinuousClock.now
        var (census, sharing) = try look(at: start)
        let together: BudgetedFigures.Together
        do throws(ReadFailure) {
            together = try improve(&census, sharing, since: start)
        } catch {
            throw ProcMemError(error, path: root.text(.processes))
        }
        let processes = census.members.map { ProcessMemory($0, sharing) }
        if !census.isWholeTree { history = nil }
        // Of nobody who was seen nothing is known, where somebody may be there.
        let physical =
            processes.isEmpty && !census.gaps.isEmpty
            ? PhysicalMemory(estimate: nil, lower: 0, upper: nil, proven: false)
            : PhysicalMemory(
                processes,
                census.members.map(\.stat),
                knowsChildren: census.knowsChildren,
                sampled: together.distinct,
                isOfOneScene: together.isOfOneScene,
                history: &history,
                in: root
            )
        if !census.isWholeTree { history = nil }
        let total = MemoryTotal(processes, holding: physical)
        return MemorySnapshot(
            mode: mode,
            elapsed: start.duration(to: .now),
            processes: processes,
            total: total,
            cgroupCharge: census.cgroup.map { CgroupCharge(of: $0, holding: total.physicalBytes, in: root) },
            search: census.search,
            gaps: census.gaps
        )
    }

    /// Finds the processes again, or looks at those of before where nobody has come or gone.
    private mutating func look(
        at start: ContinuousClock.Instant
    ) throws(ProcMemError) -> (ProcessCensus, MemorySharing) {
        // Asked before: who is forked during the walk shows the next time.
        let newest = keepsFiles && mode.looksAtCountersFirst ? KeptCensus.newestProcessID(in: root) : nil
        if let sharing = keptSharing, let last = lastWalk, last.at.duration(to: start) <= maximumAge,
            let census = kept?.look(newest: newest)
        {
            return (census, sharing)
        }
        kept = nil
        keptSharing = nil
        let deadline = mode.deadline(from: start)
        let census = try ProcessCensus(of: scope, mode: mode, limits: limits, isConcurrent: !keepsFiles, in: root)
        let sharing = MemorySharing(of: census.members, mode, in: root)
        // Where processes come and go all the time, opening their files would be in vain.
        if let newest, lastWalk?.newest == newest {
            // Opening them is left for a pass that has the time.
            kept = KeptCensus.keeping(census, newest: newest, in: root) { deadline.map { .now < $0 } ?? true }
            keptSharing = sharing
        }
        lastWalk = (newest, start)
        return (census, sharing)
    }

    /// Looks again by the modes that need more than one file.
    private mutating func improve(
        _ census: inout ProcessCensus,
        _ sharing: MemorySharing,
        since start: ContinuousClock.Instant
    ) throws(ReadFailure) -> BudgetedFigures.Together {
        let root = root
        let knowsChildren = census.knowsChildren
        func sample(
            _ members: [ProcessCensus.Member],
            reads: Int,
            _ mayGoOn: () -> Bool
        ) throws(ReadFailure) -> BudgetedFigures.Sampled? {
            var members = members
            let sampled = SampledMembers(
                members,
                isCounted: { sharing.certain[$0] == nil },
                knowsChildren: knowsChildren,
                in: root
            )
            guard
                let memory = try sampled.sample(
                    &members,
                    reads: reads,
                    isClosed: knowsChildren,
                    mayGoOn: mayGoOn,
                    in: root
                )
            else { return nil }
            return BudgetedFigures.Sampled(members: members, distinct: memory.distinct)
        }
        switch mode {
        case .cheap, .accurate: return BudgetedFigures.Together()
        case .sampled(let reads):
            guard let sampled = try sample(census.members, reads: reads, { true }) else {
                return BudgetedFigures.Together()
            }
            census.members = sampled.members
            return BudgetedFigures.Together(distinct: sampled.distinct)
        case .bounded:
            guard let deadline = mode.deadline(from: start) else { return BudgetedFigures.Together() }
            let looks = BudgetedFigures.Looks(
                now: { .now },
                read: { (member) throws(ReadFailure) in try member.readAccurately(in: root) },
                sample: { (members, mayGoOn) throws(ReadFailure) in try sample(members, reads: 64, mayGoOn) }
            )
            return try figures.improve(&census.members, until: deadline, looks)
        }
    }
}

extension ProcessCensus.Member {
    /// Looks at the process again, if it is still the same one.
    fileprivate func readAccurately(in root: KernelRoot) throws(ReadFailure) -> MemoryUsage {
        do throws(ReadFailure) {
            let directory = try ProcessDirectory(.id(pid), in: root)
            let stat = try directory.stat()
            guard stat.startTimeTicks == self.stat?.startTimeTicks else {
                return MemoryUsage(unavailable: .exited)
            }
            return try directory.memoryUsage(stat, mode: .accurate, pageSizeBytes: root.pageSizeBytes)
        } catch {
            return MemoryUsage(unavailable: try UnavailableReason(error))
        }
    }
}

extension MemorySharing {
    fileprivate init(of members: [ProcessCensus.Member], _ mode: MemoryMode, in root: KernelRoot) {
        let candidates = members.compactMap { member in
            member.stat.flatMap { stat in member.value.flatMap { Candidate(member.pid, stat, $0) } }
        }
        let question = MemoryMapQuestion(root: root)
        self.init(candidates, mode == .accurate ? .all : .likely) { question.compare($0, $1) }
    }
}

extension ProcessMemory {
    fileprivate init(_ member: ProcessCensus.Member, _ sharing: MemorySharing) {
        pid = member.pid
        parentPID = member.stat?.parentID
        command = member.stat?.command
        startTimeTicks = member.stat?.startTimeTicks
        depth = member.depth
        usage = member.value ?? MemoryUsage(unavailable: member.obstacle ?? .permissionDenied)
        sharesMemoryWith = sharing.certain[member.pid]
        mayShareMemoryWith = sharing.possible[member.pid]
    }
}

extension MemoryMode {
    /// Whether a look begins with `stat` and `statm` of each process.
    fileprivate var looksAtCountersFirst: Bool { self != .accurate }

    /// When a pass is to be over that begins now; `nil` where it takes as long as it takes.
    func deadline(from start: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard case .bounded(let budget) = self else { return nil }
        // Times that nobody lives to see would not fit into an instant.
        let century = Duration.seconds(100 * 366 * 86400)
        return start + min(max(.zero, budget), century)
    }
}
