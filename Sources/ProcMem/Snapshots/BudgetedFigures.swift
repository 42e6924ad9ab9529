/// The best figures that can be had of several processes until a time.
///
/// Nothing is begun that does not fit. What is known and holds is taken; of the rest all are read accurately where that
/// fits. Where it does not, samples of all tell what they hold together, and what time is left goes to accurate looks, those
/// first that have waited longest: so in the end each has had its turn. A process that cannot be read waits for its next
/// turn like any other.
struct BudgetedFigures: Sendable {
    /// How the processes are looked at; tests put their own in its place.
    struct Probes {
        let now: () -> ContinuousClock.Instant
        let read: (ProcessCensus.Member) throws(FileReadError) -> MemoryUsage
        /// Samples all members, for as long as it may go on; `nil` where it might not.
        let sample: ([ProcessCensus.Member], () -> Bool) throws(FileReadError) -> Sampled?
    }

    /// What samples brought.
    struct Sampled {
        let members: [ProcessCensus.Member]
        let distinct: SampledMemory.Distinct?
    }

    /// What there is to say of the members together.
    struct GroupResult {
        /// What they hold by samples; `nil` where no samples were taken.
        var distinct: SampledMemory.Distinct?
        /// Whether nothing has moved from the first of the accurate figures to the last.
        var isConsistent = true
    }

    private var cache: FigureCache
    private var costs = ReadCosts()
    private let pageSizeBytes: Int

    init(maximumAge: Duration, pageSizeBytes: Int) {
        cache = FigureCache(maximumAge: maximumAge)
        self.pageSizeBytes = pageSizeBytes
    }

    /// Of how many processes something is remembered.
    var rememberedCount: Int { cache.entries.count }

    /// Gives the members, who have their cheap figures, better ones.
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
        for number in members.indices {
            guard let fingerprint = fingerprints[number] else { continue }
            if let known = cache.figures(of: keys[number], fingerprint, at: probes.now()) {
                members[number].value = known
                if cache.entries[keys[number]]?.figures?.scene != scene { groupResult.isConsistent = false }
                continue
            }
            let entry = cache.entry(of: keys[number], at: start)
            waiting.append(
                Waiting(
                    number: number,
                    key: keys[number],
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
            for number in waiting.map(\.number) {
                guard let usage = samples.usages[keys[number]], let value = members[number].value else { continue }
                members[number].value =
                    usage.source.isSampled
                    ? usage.cached(for: age) : MemoryUsage(value, source: value.source, unavailable: usage.unavailable)
            }
            groupResult.distinct = samples.distinct
        } else if probes.now() + whole > deadline, !isOverdue(waiting[0], fingerprints, until: deadline, probes) {
            groupResult.distinct = try sample(
                &members,
                fingerprints,
                keys,
                waiting.map(\.number),
                until: deadline,
                probes
            )
        }
        try read(&members, waiting, scene, until: deadline, probes)
        return groupResult
    }

    /// A process that has no accurate figures.
    private struct Waiting {
        let number: Int
        let key: FigureCache.Key
        let fingerprint: ProcessFingerprint
        /// When an accurate look was tried last, or the process was met.
        let since: ContinuousClock.Instant
        let cost: Duration

        /// Who has waited longer. Of those who were met together the smaller is first: there are more of them. Who is new
        /// comes last: where processes come all the time, the others would wait for ever.
        func precedes(_ other: Waiting) -> Bool {
            (since, cost, key.pid) < (other.since, other.cost, other.key.pid)
        }
    }

    /// Whether the process that has waited longest fits now, would not fit behind samples, and has missed its turn so for a
    /// minute.
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
        // Who was not reached would have taken as much again, at the least.
        costs.learn(samplesOf: count, took: start.duration(to: end) * (sampled == nil ? 2 : 1), at: end)
        guard let sampled else { return nil }
        var usages: [FigureCache.Key: MemoryUsage] = [:]
        // What was taken over itself says how old it is, and does not become young again.
        for number in waiting where sampled.members[number].value?.source.age == nil {
            usages[keys[number]] = sampled.members[number].value
        }
        for number in waiting { members[number].value = sampled.members[number].value }
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
            let usage = try probes.read(members[candidate.number])
            let end = probes.now()
            cache.record(
                usage,
                of: candidate.key,
                candidate.fingerprint,
                scene: scene,
                at: end,
                took: start.duration(to: end)
            )
            // Without PSS, what there is already tells as much.
            if usage.pssBytes != nil {
                members[candidate.number].value = usage
            } else if !usage.mayHoldMemory {
                // What a process had that has ended is held no longer.
                members[candidate.number].value = usage
            } else if let value = members[candidate.number].value, let reason = usage.unavailable {
                members[candidate.number].value = MemoryUsage(value, source: value.source, unavailable: reason)
            }
        }
    }
}
