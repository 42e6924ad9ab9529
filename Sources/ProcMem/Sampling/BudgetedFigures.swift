/// The best figures that can be had of several processes until a time.
///
/// Nothing is begun that does not fit. What is known and holds is taken; of the rest all are read accurately where that
/// fits. Where it does not, samples of all tell what they hold together, and what time is left goes to accurate looks, those
/// first that have waited longest: so in the end each has had its turn. A process that cannot be read waits for its next
/// turn like any other.
struct BudgetedFigures: Sendable {
    /// How the processes are looked at; tests put their own in its place.
    struct Looks {
        let now: () -> ContinuousClock.Instant
        let read: (ProcessCensus.Member) throws(ReadFailure) -> MemoryUsage
        /// Samples all members, for as long as it may go on; `nil` where it might not.
        let sample: ([ProcessCensus.Member], () -> Bool) throws(ReadFailure) -> Sampled?
    }

    /// What samples brought.
    struct Sampled {
        let members: [ProcessCensus.Member]
        let distinct: SampledMemory.Distinct?
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
    ///
    /// - Returns: What they hold together by samples; `nil` where no samples were taken.
    mutating func improve(
        _ members: inout [ProcessCensus.Member],
        until deadline: ContinuousClock.Instant,
        _ looks: Looks
    ) throws(ReadFailure) -> SampledMemory.Distinct? {
        let witnesses = FigureWitness.witnesses(of: members)
        let keys = members.map { FigureCache.Key(pid: $0.pid, startTimeTicks: $0.stat?.startTimeTicks ?? 0) }
        cache.keepOnly(keys)
        var waiting: [Waiting] = []
        for number in members.indices {
            guard let witness = witnesses[number] else { continue }
            if let known = cache.figures(of: keys[number], witness, at: looks.now()) {
                members[number].value = known
                continue
            }
            let entry = cache.entries[keys[number]]
            waiting.append(
                Waiting(
                    number: number,
                    key: keys[number],
                    witness: witness,
                    since: entry?.lastAttempt,
                    cost: ReadCosts.accurate(
                        rssBytes: witness.rssBytes,
                        last: entry?.cost,
                        pageSizeBytes: pageSizeBytes
                    )
                )
            )
        }
        guard !waiting.isEmpty else { return nil }
        var distinct: SampledMemory.Distinct?
        let whole = waiting.reduce(Duration.zero) { $0 + $1.cost }
        if let (samples, age) = cache.samples(of: witnesses, at: looks.now()) {
            for number in waiting.map(\.number) {
                if let usage = samples.usages[keys[number]] { members[number].value = usage.cached(for: age) }
            }
            distinct = samples.distinct
        } else if looks.now() + whole > deadline {
            distinct = try sample(&members, witnesses, keys, waiting.map(\.number), until: deadline, looks)
        }
        try read(&members, waiting, until: deadline, looks)
        return distinct
    }

    /// A process that has no accurate figures.
    private struct Waiting {
        let number: Int
        let key: FigureCache.Key
        let witness: FigureWitness
        /// When an accurate look was tried last; `nil` for never.
        let since: ContinuousClock.Instant?
        let cost: Duration

        /// Who has waited longer. Of those who never had a look the smaller is first: there are more of them.
        func precedes(_ other: Waiting) -> Bool {
            switch (since, other.since) {
            case (let own?, let others?): own < others
            case (nil, _?): true
            case (_?, nil): false
            case (nil, nil): (cost, key.pid) < (other.cost, other.key.pid)
            }
        }
    }

    private mutating func sample(
        _ members: inout [ProcessCensus.Member],
        _ witnesses: [FigureWitness?],
        _ keys: [FigureCache.Key],
        _ waiting: [Int],
        until deadline: ContinuousClock.Instant,
        _ looks: Looks
    ) throws(ReadFailure) -> SampledMemory.Distinct? {
        let start = looks.now()
        let count = witnesses.count { $0 != nil }
        guard start + costs.samples(of: count) <= deadline else {
            costs.relaxSamples()
            return nil
        }
        let sampled = try looks.sample(members) { looks.now() < deadline }
        let end = looks.now()
        // Who was not reached would have taken as much again, at the least.
        costs.learn(samplesOf: count, took: start.duration(to: end) * (sampled == nil ? 2 : 1))
        guard let sampled else { return nil }
        var usages: [FigureCache.Key: MemoryUsage] = [:]
        for number in members.indices { usages[keys[number]] = sampled.members[number].value }
        for number in waiting { members[number].value = sampled.members[number].value }
        cache.keep(
            FigureCache.Samples(usages: usages, distinct: sampled.distinct, taken: end, witnesses: witnesses)
        )
        return sampled.distinct
    }

    private mutating func read(
        _ members: inout [ProcessCensus.Member],
        _ waiting: [Waiting],
        until deadline: ContinuousClock.Instant,
        _ looks: Looks
    ) throws(ReadFailure) {
        for candidate in waiting.sorted(by: { $0.precedes($1) }) {
            let start = looks.now()
            guard start + candidate.cost <= deadline else {
                cache.relaxCost(of: candidate.key)
                continue
            }
            let usage = try looks.read(members[candidate.number])
            let end = looks.now()
            cache.record(usage, of: candidate.key, candidate.witness, at: end, took: start.duration(to: end))
            // Without PSS, what there is already tells as much.
            if usage.pssBytes != nil {
                members[candidate.number].value = usage
            } else if let value = members[candidate.number].value, let reason = usage.unavailable {
                members[candidate.number].value = MemoryUsage(value, source: value.source, unavailable: reason)
            }
        }
    }
}
