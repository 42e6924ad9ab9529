/// Builds the snapshots of one scope: finds the processes, measures them in the given mode, and computes the totals.
///
/// The state that is kept from one snapshot to the next narrows the bounds or saves reads. A single snapshot does not
/// need it.
struct SnapshotBuilder: ~Copyable {
    private(set) var scope: ProcessScope
    private(set) var mode: MemoryMode
    let detail: MemoryDetail
    let limits: SearchLimits
    let root: SystemRoot
    /// The figures of earlier snapshots; `nil` in modes without a budget.
    private var figures: BudgetedFigures?
    /// The baseline from the last snapshot of a tree, which bounds the next one.
    private var baseline: FaultBaseline?
    private let hugePages: HugePageHistory

    /// - Parameter maximumAge: The age up to which a figure of an earlier snapshot is used.
    init(
        of scope: ProcessScope,
        mode: MemoryMode,
        detail: MemoryDetail = .standard,
        limits: SearchLimits,
        maximumAge: Duration = .seconds(60),
        in root: SystemRoot
    ) {
        self.scope = scope
        self.mode = mode
        self.detail = detail
        self.limits = limits
        self.root = root
        hugePages = HugePageHistory(in: root)
        if case .within = mode {
            figures = BudgetedFigures(maximumAge: maximumAge, pageSizeBytes: root.pageSizeBytes)
        }
    }

    /// Changes the scope. Figures of earlier snapshots are dropped: what they say of several processes together does not
    /// apply to others.
    mutating func change(to scope: ProcessScope) {
        self.scope = scope
        figures?.forget()
        baseline = nil
    }

    /// Changes the time of a pass in the mode ``MemoryMode/within(_:)``; without effect in other modes.
    mutating func setBudget(_ budget: Duration) {
        if case .within = mode { mode = .within(budget) }
    }

    /// The number of processes in the cache.
    var rememberedCount: Int { figures?.rememberedCount ?? 0 }

    /// Finds the processes and reads the mode's file of each.
    ///
    /// - Parameter isConcurrent: Whether several threads may read. A new thread takes a pid, so a caller that detects
    ///   forks by the newest pid must not start one.
    borrowing func findProcesses(
        of scope: ProcessScope? = nil,
        isConcurrent: Bool
    ) throws(ProcMemError) -> (ProcessCensus, AddressSpaceSharing) {
        let scope = scope ?? self.scope
        var census = try ProcessCensus(
            of: scope,
            mode: mode,
            detail: detail,
            limits: limits,
            isConcurrent: isConcurrent,
            in: root
        )
        // The memory of all processes is that of the system, which `/proc/meminfo` reports.
        if scope.kind != .all {
            // The search for it, and the check that follows the pass, begin no list after a tenth of a budget each.
            let maximumDuration = if case .within(let budget) = mode { budget / 10 } else { limits.maximumDuration }
            census.findFilledCgroup(within: maximumDuration, in: root)
        }
        return (census, AddressSpaceSharing(of: census.members, mode, in: root))
    }

    /// Builds the snapshot of the processes that were found.
    ///
    /// - Parameters:
    ///   - found: The processes with the figures from their counters.
    ///   - sharing: The processes that share an address space.
    ///   - start: The time at which the pass began.
    mutating func snapshot(
        of found: ProcessCensus,
        _ sharing: AddressSpaceSharing,
        since start: ContinuousClock.Instant
    ) -> MemorySnapshot {
        var census = found
        // That of the beginning: a process that started afterwards is a new one for the next snapshot too.
        let elapsedSeconds = Double(start.duration(to: .now).wholeNanoseconds) / 1e9
        let uptimeTicks = uptimeSeconds(in: root).map {
            Int(saturating: ($0 - elapsedSeconds) * Double(ticksPerSecond))
        }
        let features = KernelPageFeatures(in: root, hugePages: hugePages)
        let groupFigures = improve(&census, sharing, features, since: start)
        if detail == .all {
            for (index, member) in found.members.enumerated() {
                if let counted = member.value { census.members[index].value?.fill(from: counted) }
            }
        }
        for index in census.members.indices where census.members[index].value?.unavailable == .exited {
            if let again = census.members[index].readAgain(mode, detail, in: root) { census.members[index] = again }
        }
        let processes = census.members.map { ProcessMemory($0, sharing) }
        if !census.isWholeTree { baseline = nil }
        var inputs = DistinctMemoryInputs(
            processes: processes,
            stats: census.members.map(\.stat),
            includesDescendants: census.isWholeTree,
            group: groupFigures,
            areAddressSpacesCompared: sharing.isThorough,
            pageSizeBytes: root.pageSizeBytes,
            features: features
        )
        inputs.gaps = census.gaps
        let root = root
        let charge = census.cgroup.map { cgroup in
            (
                path: root.text(cgroup.path + [0]),
                usage: CgroupMemoryUsage(CgroupMemoryFiles(of: cgroup, in: root), .charge)
            )
        }
        inputs.charge = census.filled?.charge(knowing: charge?.usage, features, in: root)
        // Without a process that was found, processes may be missing.
        var distinct =
            processes.isEmpty && !census.gaps.isEmpty ? .unknown : DistinctMemory(inputs, baseline: &baseline)
        // A list that was cut short says nothing of the rest. The charge of a cgroup includes all processes, also the caller.
        if !scope.excludesCaller, let usage = charge?.usage, !census.gaps.isDisjoint(with: [.timeLimit, .countLimit]) {
            distinct = distinct.extended(by: DistinctMemory(chargedTo: usage, features))
        }
        if !census.isWholeTree { baseline = nil }
        return MemorySnapshot(
            mode: mode,
            elapsed: start.duration(to: .now),
            processes: processes,
            total: MemoryTotal(processes, holding: distinct),
            cgroupCharge: charge.map { CgroupCharge(path: $0.path, $0.usage, holding: distinct) },
            search: census.search,
            gaps: census.gaps,
            times: ProcessTimesReading(
                processes: census.members.map { ProcessTimes(pid: $0.pid, $0.stat) },
                isComplete: census.gaps.isEmpty,
                instant: start,
                uptimeTicks: uptimeTicks,
                coverage: scope.coverage
            )
        )
    }

    /// Adds the figures of the modes that read more than one file.
    private mutating func improve(
        _ census: inout ProcessCensus,
        _ sharing: AddressSpaceSharing,
        _ features: KernelPageFeatures,
        since start: ContinuousClock.Instant
    ) -> GroupFigures {
        let root = root
        let includesDescendants = census.isWholeTree
        func sample(
            _ members: [ProcessCensus.Member],
            reads: Int,
            isWithinBudget: Bool = false,
            _ mayListOn: () -> Bool,
            _ mayGoOn: () -> Bool
        ) -> BudgetedFigures.Sampled? {
            var members = members
            let sampled = SampledMembers(
                members,
                isCounted: { sharing.certain[$0] == nil },
                knowsChildren: includesDescendants,
                in: root
            )
            // The members are not named, so that no failure is thrown.
            guard
                let memory = try? sampled.sample(
                    &members,
                    reads: reads,
                    isClosed: includesDescendants,
                    estimatesShares: isWithinBudget,
                    generator: isWithinBudget ? SampleGenerator(for: members) : SampleGenerator(),
                    mayListOn: mayListOn,
                    mayGoOn: mayGoOn,
                    features,
                    in: root
                )
            else { return nil }
            return BudgetedFigures.Sampled(
                members: members,
                distinct: memory.distinct,
                parts: sampled.parts(of: memory, members)
            )
        }
        switch mode {
        case .cheap, .accurate: return GroupFigures()
        case .sampled(let reads):
            guard let sampled = sample(census.members, reads: reads, { true }, { true }) else {
                return GroupFigures()
            }
            census.members = sampled.members
            // Pages of hugetlbfs are in no sample. If the system has none, no process has any.
            for index in census.members.indices {
                if features.systemMemory?.hugetlbBytes == 0 {
                    census.members[index].value?.fillHugetlbOfSystemWithout()
                } else {
                    census.members[index].addHugetlb(in: root)
                }
            }
            return GroupFigures(distinct: sampled.distinct, parts: sampled.parts)
        case .within:
            guard let deadline = mode.deadline(from: start) else { return GroupFigures() }
            let baseline = baseline
            let probes = BudgetedFigures.Probes(
                now: { .now },
                read: { $0.readAccurately(in: root) },
                countMappings: { member, maximum, mayGoOn in member.mappingCount(upTo: maximum, mayGoOn, in: root) },
                sample: { members, reads, mayListOn, mayGoOn in
                    sample(members, reads: reads, isWithinBudget: true, mayListOn, mayGoOn)
                },
                outlook: { members, figures in
                    let inputs = DistinctMemoryInputs(
                        processes: members.map { ProcessMemory($0, sharing) },
                        stats: members.map(\.stat),
                        includesDescendants: includesDescendants,
                        group: figures,
                        areAddressSpacesCompared: sharing.isThorough,
                        pageSizeBytes: root.pageSizeBytes,
                        features: features
                    )
                    return BudgetedFigures.Outlook(inputs, baseline: baseline)
                },
                sharer: { sharing.certain[$0] }
            )
            return figures?.improve(&census.members, until: deadline, probes) ?? GroupFigures()
        }
    }
}

extension ProcessCensus.Member {
    /// Adds the number of pages of hugetlbfs, if the pid still names the same process.
    fileprivate mutating func addHugetlb(in root: SystemRoot) {
        guard var usage = value, usage.mayHoldMemory, usage.hugetlbBytes == nil,
            let directory = try? ProcessDirectory(.id(pid), in: root), let stat = try? directory.stat(),
            stat.startTimeTicks == self.stat?.startTimeTicks
        else { return }
        directory.addHugetlb(to: &usage, stat)
        value = usage
    }

    /// Reads the process accurately, if the pid still names the same process.
    fileprivate func readAccurately(in root: SystemRoot) -> MemoryUsage {
        do throws(FileReadError) {
            let directory = try ProcessDirectory(.id(pid), in: root)
            let stat = try directory.stat()
            guard stat.startTimeTicks == self.stat?.startTimeTicks else {
                return MemoryUsage(unavailable: .exited)
            }
            do throws(FileReadError) {
                return try directory.memoryUsage(stat, mode: .accurate, pageSizeBytes: root.pageSizeBytes)
            } catch {
                return MemoryUsage(unavailable: directory.unavailableReason(ofOneAmongSeveral: error))
            }
        } catch {
            return MemoryUsage(unavailable: error.isExit ? .exited : UnavailableReason(ofOneAmongSeveral: error))
        }
    }

    /// Reads a process again that seemed to have exited; `nil` if it has.
    ///
    /// An exec during the read has the same effect as an exit, and so has the end of the main thread while other threads go
    /// on.
    fileprivate func readAgain(
        _ mode: MemoryMode,
        _ detail: MemoryDetail,
        in root: SystemRoot
    ) -> ProcessCensus.Member? {
        do throws(FileReadError) {
            let directory = try ProcessDirectory(.id(pid), in: root)
            var mode = mode
            // The budget is spent.
            if case .within = mode { mode = .cheap }
            var stat: ProcessStat
            var usage: MemoryUsage
            var attempts = 0
            repeat {
                stat = try directory.stat()
                // Other threads may go on after the main thread.
                guard stat.startTimeTicks == self.stat?.startTimeTicks,
                    stat.threadCount > 1 || !(stat.isZombie || stat.isExiting)
                else { return nil }
                usage = try directory.memoryUsage(stat, mode: mode, in: root)
                attempts += 1
            } while usage.unavailable == .exited && attempts < ProcessDirectory.maximumAttempts
            // A zombie whose last thread has ended meanwhile has no memory either.
            guard usage.unavailable != .zombie else { return nil }
            if usage.unavailable == .exited { usage = MemoryUsage(unavailable: .executing) }
            if detail == .all { directory.addStatus(to: &usage, stat) }
            return ProcessCensus.Member(pid: pid, depth: depth, stat: stat, value: usage)
        } catch {
            guard !error.isExit else { return nil }
            let usage = MemoryUsage(unavailable: UnavailableReason(ofOneAmongSeveral: error))
            return ProcessCensus.Member(pid: pid, depth: depth, stat: stat, value: usage)
        }
    }
}

extension ProcessCensus.Member {
    /// Counts the mappings of the process; `nil` if there are more than a number, or if they cannot be counted.
    fileprivate func mappingCount(
        upTo maximum: Int,
        _ mayGoOn: () -> Bool,
        in root: SystemRoot
    ) -> Int? {
        do throws(FileReadError) {
            return try ProcessDirectory(.id(pid), in: root).mappingCount(upTo: maximum, mayGoOn)
        } catch {
            // A process that cannot be read costs little.
            return 0
        }
    }
}

extension SampleGenerator {
    /// Creates a generator whose numbers depend on the state of the processes only.
    ///
    /// As long as no process has changed, the same blocks are read again: a larger budget then never gives wider bounds
    /// by chance.
    fileprivate init(for members: [ProcessCensus.Member]) {
        var seed: UInt64 = 0
        for member in members {
            let figures = [
                Int(member.pid), member.stat?.startTimeTicks, member.stat?.faultCount, member.value?.rssBytes,
            ]
            var state: UInt64 = 0
            for figure in figures {
                var generator = SampleGenerator(seed: state ^ UInt64(truncatingIfNeeded: figure ?? -1))
                state = generator.next()
            }
            // The order in which the processes were found has no effect.
            seed &+= state
        }
        self.init(seed: seed)
    }
}

extension BudgetedFigures.Outlook {
    init(_ inputs: DistinctMemoryInputs, baseline: FaultBaseline?) {
        let counters = CounterBounds(inputs, earlier: baseline)
        self.init(
            bounds: DistinctMemory(inputs, counters),
            widthIfAllAreRead: inputs.widthIfAllAreRead(counters),
            draws: inputs.drawnMembers(counters),
            widthOfSamplingError: inputs.widthOfSamplingError(counters)
        )
    }
}

extension AddressSpaceSharing {
    fileprivate init(of members: [ProcessCensus.Member], _ mode: MemoryMode, in root: SystemRoot) {
        let candidates = members.compactMap { member in
            member.stat.flatMap { stat in member.value.flatMap { Candidate(member.pid, stat, $0) } }
        }
        let comparer = MemoryMapComparer(root: root)
        self.init(candidates, Thoroughness(in: mode, processCount: candidates.count)) { comparer.compare($0, $1) }
    }
}

extension ProcessMemory {
    fileprivate init(_ member: ProcessCensus.Member, _ sharing: AddressSpaceSharing) {
        pid = member.pid
        parentPID = member.stat?.parentPID
        command = member.stat?.command
        startTimeTicks = member.stat?.startTimeTicks
        userTicks = member.stat?.withTimes?.userTicks
        systemTicks = member.stat?.withTimes?.systemTicks
        depth = member.depth
        usage = member.value ?? MemoryUsage(unavailable: member.unavailableReason ?? .permissionDenied)
        sharesMemoryWith = sharing.certain[member.pid]
        mayShareMemoryWith = sharing.possible[member.pid]
    }
}

extension MemoryMode {
    /// Whether a measurement begins with `stat` and `statm` of each process.
    var readsCountersFirst: Bool { self != .accurate }
}

/// The processes of a scope, with the figures from their counters.
struct ProcessCensus: Sendable {
    typealias Member = ProcessWalk<MemoryUsage>.Member

    var members: [Member]
    let search: DiscoveryMethod
    let gaps: Set<ProcessGap>
    /// The cgroup of the scope; `nil` if the scope is not a cgroup.
    let cgroup: CgroupDirectory?
    /// The cgroup that the processes fill; `nil` if they fill none, or this was not found out.
    var filled: FilledCgroup?

    /// Whether no process is missing, and each new member was forked from another member.
    var isWholeTree: Bool { gaps.isEmpty && (search == .childrenFiles || search == .scan) }

    /// Finds the processes of a scope and reads the mode's file of each.
    ///
    /// - Parameters:
    ///   - scope: The processes to find.
    ///   - mode: The mode, which determines the file.
    ///   - detail: Whether `status` is read too.
    ///   - limits: The limits of the search, also bounded by the mode's budget.
    ///   - isConcurrent: Whether several threads may read. A new thread takes a pid, so a caller that detects forks by
    ///     the newest pid must not start one.
    ///   - root: The directory below which the kernel's files are read.
    init(
        of scope: ProcessScope,
        mode: MemoryMode,
        detail: MemoryDetail = .standard,
        limits: SearchLimits,
        isConcurrent: Bool,
        in root: SystemRoot
    ) throws(ProcMemError) {
        var limits = limits
        if case .within(let budget) = mode {
            // The charge of a cgroup is read even if the time is too short for its processes.
            let reserve = scope.isCgroup ? min(budget / 2, .microseconds(200)) : .zero
            limits.maximumDuration = min(limits.maximumDuration, budget - reserve)
        }
        var walk = ProcessWalk(in: root, budget: SearchBudget(limits), isConcurrent: isConcurrent && mode != .accurate)
        {
            (directory, stat) -> MemoryUsage in
            do throws(FileReadError) {
                var usage = try directory.memoryUsage(stat, mode: mode, pageSizeBytes: root.pageSizeBytes)
                if detail == .all { directory.addStatus(to: &usage, stat) }
                return usage
            } catch {
                return MemoryUsage(unavailable: directory.unavailableReason(ofOneAmongSeveral: error))
            }
        }
        try walk.visit(scope)
        self.init(members: walk.members, search: walk.search, gaps: walk.gaps, cgroup: walk.cgroup)
    }

    init(members: [Member], search: DiscoveryMethod, gaps: Set<ProcessGap>, cgroup: CgroupDirectory?) {
        self.members = members
        self.search = search
        self.gaps = gaps
        self.cgroup = cgroup
    }
}
