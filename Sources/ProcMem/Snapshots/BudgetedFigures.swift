/// Measures several processes as accurately as possible before a deadline.
///
/// A read starts only if it is predicted to finish before the deadline. Figures in the cache that are still valid are
/// used. The other processes are read accurately if the reads of all of them are predicted to fit. Otherwise all
/// processes are sampled together, and the remaining time is used for accurate reads. The process that has waited
/// longest is read first, so that each one gets its turn in a later pass. A process that cannot be read waits for its
/// next turn like the others.
struct BudgetedFigures: Sendable {
    /// The functions that measure processes and read the clock. Tests replace them.
    struct Probes {
        let now: () -> ContinuousClock.Instant
        let read: (ProcessCensus.Member) throws(FileReadError) -> MemoryUsage
        /// Samples all members while the function in the second argument returns `true`; `nil` if it was stopped.
        let sample: ([ProcessCensus.Member], () -> Bool) throws(FileReadError) -> Sampled?
    }

    /// The result of sampling.
    struct Sampled {
        let members: [ProcessCensus.Member]
        let distinct: SampledMemory.Distinct?
    }

    /// The results that concern all members together.
    struct GroupResult {
        /// The distinct memory, estimated from samples; `nil` if no samples were taken.
        var distinct: SampledMemory.Distinct?
        /// Whether all accurate figures belong to the same state of all processes: no process has changed between the
        /// first of the figures and the last.
        var isConsistent = true
    }

    private var cache: FigureCache
    private var costs = ReadCosts()
    private let pageSizeBytes: Int

    init(maximumAge: Duration, pageSizeBytes: Int) {
        cache = FigureCache(maximumAge: maximumAge)
        self.pageSizeBytes = pageSizeBytes
    }

    /// The number of processes in the cache.
    var rememberedCount: Int { cache.entries.count }

    /// Replaces the cheap figures of the members by better ones, as far as the time allows.
    ///
    /// - Parameters:
    ///   - members: The processes, with their cheap figures.
    ///   - deadline: The time at which reading must end.
    ///   - probes: The functions that measure processes.
    /// - Returns: The results for all members together.
    mutating func improve(
        _ members: inout [ProcessCensus.Member],
        until deadline: ContinuousClock.Instant,
        _ probes: Probes
    ) throws(FileReadError) -> GroupResult {
        let fingerprints = ProcessFingerprint.fingerprints(of: members)
        let keys = members.map { FigureCache.Key(pid: $0.pid, startTimeTicks: $0.stat?.startTimeTicks ?? 0) }
        let scene = fingerprints.scene(of: keys)
        cache.keepOnly(keys)
        let start = probes.now()
        var groupResult = GroupResult()
        var waiting: [Waiting] = []
        for index in members.indices {
            guard let fingerprint = fingerprints[index] else { continue }
            if let known = cache.figures(of: keys[index], fingerprint, at: probes.now()) {
                members[index].value = known
                if cache.entries[keys[index]]?.figures?.scene != scene { groupResult.isConsistent = false }
                continue
            }
            let entry = cache.entry(of: keys[index], at: start)
            waiting.append(
                Waiting(
                    index: index,
                    key: keys[index],
                    fingerprint: fingerprint,
                    since: entry.since,
                    cost: ReadCosts.accurate(
                        rssBytes: fingerprint.rssBytes,
                        last: entry.cost,
                        at: start,
                        pageSizeBytes: pageSizeBytes
                    )
                )
            )
        }
        guard !waiting.isEmpty else { return groupResult }
        waiting.sort { $0.precedes($1) }
        let whole = waiting.reduce(Duration.zero) { $0 + $1.cost }
        if let (samples, age) = cache.samples(of: fingerprints, at: probes.now()) {
            for index in waiting.map(\.index) {
                guard let usage = samples.usages[keys[index]], let value = members[index].value else { continue }
                members[index].value =
                    usage.source.isSampled
                    ? usage.cached(for: age) : MemoryUsage(value, source: value.source, unavailable: usage.unavailable)
            }
            groupResult.distinct = samples.distinct
        } else if probes.now() + whole > deadline, !isOverdue(waiting[0], fingerprints, until: deadline, probes) {
            groupResult.distinct = try sample(
                &members,
                fingerprints,
                keys,
                waiting.map(\.index),
                until: deadline,
                probes
            )
        }
        try read(&members, waiting, scene, until: deadline, probes)
        return groupResult
    }

    /// A process that has no accurate figures.
    private struct Waiting {
        let index: Int
        let key: FigureCache.Key
        let fingerprint: ProcessFingerprint
        /// The time of the last attempt at an accurate read, or the time at which the process was found first.
        let since: ContinuousClock.Instant
        /// The predicted duration of an accurate read.
        let cost: Duration

        /// Orders by waiting time, then by predicted cost, then by pid. New processes go last, so that a stream of them
        /// cannot starve the others. Among processes that were found together, the small ones go first, because more of
        /// them fit.
        func precedes(_ other: Waiting) -> Bool {
            (since, cost, key.pid) < (other.since, other.cost, other.key.pid)
        }
    }

    /// Returns whether the process that has waited longest is read instead of sampling all processes.
    ///
    /// This is the case if its accurate read fits before the deadline, would not fit after sampling, and was last
    /// attempted more than a minute ago.
    private func isOverdue(
        _ first: Waiting,
        _ fingerprints: [ProcessFingerprint?],
        until deadline: ContinuousClock.Instant,
        _ probes: Probes
    ) -> Bool {
        let now = probes.now()
        let samples = costs.samples(of: fingerprints.count { $0 != nil }, at: now)
        return first.since.duration(to: now) > .seconds(60) && now + first.cost <= deadline
            && now + samples + first.cost > deadline
    }

    private mutating func sample(
        _ members: inout [ProcessCensus.Member],
        _ fingerprints: [ProcessFingerprint?],
        _ keys: [FigureCache.Key],
        _ waiting: [Int],
        until deadline: ContinuousClock.Instant,
        _ probes: Probes
    ) throws(FileReadError) -> SampledMemory.Distinct? {
        let start = probes.now()
        let count = fingerprints.count { $0 != nil }
        guard start + costs.samples(of: count, at: start) <= deadline else { return nil }
        let sampled = try probes.sample(members) { probes.now() < deadline }
        let end = probes.now()
        // If sampling was stopped, the remaining processes are assumed to take as long again, which is the least.
        costs.learn(samplesOf: count, took: start.duration(to: end) * (sampled == nil ? 2 : 1), at: end)
        guard let sampled else { return nil }
        var usages: [FigureCache.Key: MemoryUsage] = [:]
        // A figure from the cache is not stored as a new one: it keeps its age.
        for index in waiting where sampled.members[index].value?.source.age == nil {
            usages[keys[index]] = sampled.members[index].value
        }
        for index in waiting { members[index].value = sampled.members[index].value }
        cache.keep(
            FigureCache.Samples(usages: usages, distinct: sampled.distinct, taken: end, fingerprints: fingerprints)
        )
        return sampled.distinct
    }

    private mutating func read(
        _ members: inout [ProcessCensus.Member],
        _ waiting: [Waiting],
        _ scene: Int,
        until deadline: ContinuousClock.Instant,
        _ probes: Probes
    ) throws(FileReadError) {
        for candidate in waiting {
            let start = probes.now()
            guard start + candidate.cost <= deadline else { continue }
            let usage = try probes.read(members[candidate.index])
            let end = probes.now()
            cache.record(
                usage,
                of: candidate.key,
                candidate.fingerprint,
                scene: scene,
                at: end,
                took: start.duration(to: end)
            )
            if usage.pssBytes != nil {
                members[candidate.index].value = usage
            } else if !usage.mayHoldMemory {
                // The process has exited: its earlier figures no longer count.
                members[candidate.index].value = usage
            } else if let value = members[candidate.index].value, let reason = usage.unavailable {
                // A result without PSS is no better than the earlier figures: only the reason is new.
                members[candidate.index].value = MemoryUsage(value, source: value.source, unavailable: reason)
            }
        }
    }
}
