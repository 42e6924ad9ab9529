/// Measures several processes as accurately as possible before a deadline.
///
/// There are two steps, and each concerns all processes: samples of all of them, and accurate reads of those that have
/// no accurate figures. An accurate read of one member of a family narrows nothing as long as the others are not read,
/// because the pages that it shares with them are counted in parts. The step that is predicted to cost less comes first.
/// If it does not fit, neither does the other one. A longer time therefore allows the same reads and further ones, never
/// others.
///
/// Figures in the cache that are still valid are used. Accurate reads that do not fit into one pass are distributed over
/// several passes only if nothing changes, if they can be completed before the first of them is too old, and if they
/// are likely to halve the width of the bounds that samples give. A process that cannot be read accurately is not tried again before the age limit.
struct BudgetedFigures: Sendable {
    /// The functions that measure processes and read the clock. Tests replace them.
    struct Probes {
        let now: () -> ContinuousClock.Instant
        let read: (ProcessCensus.Member) throws(FileReadError) -> MemoryUsage
        /// Counts the mappings of a process while the function in the last argument returns `true`; `nil` if there are
        /// more than the number in the second argument, or if it was stopped or failed.
        let countMappings: (ProcessCensus.Member, Int, () -> Bool) throws(FileReadError) -> Int?
        /// Samples all members while the functions return `true`, the first of them while mappings are listed; `nil` if
        /// it was stopped.
        let sample: ([ProcessCensus.Member], () -> Bool, () -> Bool) throws(FileReadError) -> Sampled?
        /// Computes the bounds from what is known so far.
        let outlook: ([ProcessCensus.Member], GroupFigures) -> Outlook
    }

    /// The result of sampling.
    struct Sampled {
        let members: [ProcessCensus.Member]
        let distinct: SampledMemory.Distinct?
    }

    /// The bounds before further reads.
    struct Outlook {
        let bounds: DistinctMemory
        /// The width of the bounds that accurate reads of all processes are likely to give; `nil` if they would not lower
        /// the upper bound.
        let widthIfAllAreRead: Int?

        /// The distance between the bounds.
        var width: Int { (bounds.upper ?? .max) - bounds.lower }
        /// Whether samples are worth their cost after all processes were read accurately.
        var isWide: Bool { !bounds.isProven && width > (bounds.upper ?? .max) / 32 }
    }

    private var cache: FigureCache
    private var costs: ReadCosts
    /// The start of the last pass, and the state of the processes in it.
    private var last: (start: ContinuousClock.Instant, scene: Int)?
    /// The last pass that found nothing worth reading.
    private var settled: Settled?

    init(maximumAge: Duration, pageSizeBytes: Int) {
        cache = FigureCache(maximumAge: maximumAge)
        costs = ReadCosts(pageSizeBytes: pageSizeBytes)
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
    ) throws(FileReadError) -> GroupFigures {
        let fingerprints = ProcessFingerprint.fingerprints(of: members)
        let keys = members.map { FigureCache.Key(pid: $0.pid, startTimeTicks: $0.stat?.startTimeTicks ?? 0) }
        cache.keepOnly(keys)
        var pass = Pass(
            start: probes.now(),
            end: deadline,
            fingerprints: fingerprints,
            keys: keys,
            scene: fingerprints.scene(of: keys)
        )
        defer { last = (pass.start, pass.scene) }
        useCache(&members, &pass, probes)
        let isComplete = pass.waiting.isEmpty && (pass.result.distinct != nil || pass.sampledCount == 0)
        guard !isComplete, probes.now() < deadline, !isSettled(pass) else { return pass.result }
        let outlook = probes.outlook(members, pass.result)
        // The bounds are computed once more at the end of the pass, and the snapshot is built from them.
        pass.end = deadline - pass.start.duration(to: probes.now()) * 2
        var isRead = false
        let whole = wholeCost(of: pass, at: probes.now())
        let areSamplesFirst = costs.samples(of: pass.sampledCount, at: probes.now()) < whole
        if pass.result.distinct == nil, areSamplesFirst {
            isRead = try sample(&members, &pass, probes)
            guard pass.result.distinct != nil else { return settle(pass, isRead) }
        }
        if probes.now() + wholeCost(of: pass, at: probes.now()) <= pass.end {
            isRead = isRead || !pass.waiting.isEmpty
            try read(&members, &pass, probes)
            if pass.waiting.isEmpty, pass.result.distinct == nil, probes.outlook(members, pass.result).isWide {
                let isSampled = try sample(&members, &pass, probes)
                isRead = isRead || isSampled
            }
        } else if canCompleteLater(pass, at: probes.now()) {
            let outlook = isRead ? probes.outlook(members, pass.result) : outlook
            // Reads that were begun are completed: otherwise those that were made would be of no use.
            if let width = outlook.widthIfAllAreRead, pass.hasAccurate || width < outlook.width / 2 {
                isRead = true
                try read(&members, &pass, probes)
            }
        }
        return settle(pass, isRead)
    }

    // MARK: One pass

    /// The state of one pass.
    private struct Pass {
        let start: ContinuousClock.Instant
        /// The time at which reading must end.
        var end: ContinuousClock.Instant
        let fingerprints: [ProcessFingerprint?]
        let keys: [FigureCache.Key]
        /// A hash of all fingerprints.
        let scene: Int
        /// The processes that have no accurate figures, in the order in which they are read.
        var waiting: [Waiting] = []
        /// Whether a process could not be read accurately.
        var hasUnreadable = false
        /// Whether a process has accurate figures that were read in an earlier pass.
        var hasAccurate = false
        var result = GroupFigures()

        /// The number of processes that can be sampled.
        var sampledCount: Int { fingerprints.count { $0 != nil } }
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

        /// Orders by waiting time, then by predicted cost, then by pid.
        func precedes(_ other: Waiting) -> Bool {
            (since, cost, key.pid) < (other.since, other.cost, other.key.pid)
        }
    }

    /// What a pass without reads depended on.
    private struct Settled: Sendable {
        let scene: Int
        let waitingCount: Int
        let hasSamples: Bool
        let at: ContinuousClock.Instant
        let time: Duration
    }

    /// Sets the figures of earlier passes that are still valid, and finds the processes that have none.
    private mutating func useCache(
        _ members: inout [ProcessCensus.Member],
        _ pass: inout Pass,
        _ probes: Probes
    ) {
        let samples = cache.samples(of: pass.fingerprints, at: pass.start)
        for index in members.indices {
            guard let fingerprint = pass.fingerprints[index] else { continue }
            let key = pass.keys[index]
            if let known = cache.figures(of: key, fingerprint, at: pass.start) {
                members[index].value = known
                pass.hasAccurate = true
                if cache.entries[key]?.figures?.scene != pass.scene { pass.result.isConsistent = false }
                continue
            }
            if let samples, let usage = samples.samples.usages[key], let value = members[index].value {
                members[index].value =
                    usage.source.isSampled
                    ? usage.cached(for: samples.age)
                    : MemoryUsage(value, source: value.source, unavailable: usage.unavailable)
            }
            if let reason = cache.refusal(of: key, fingerprint, at: pass.start) {
                pass.hasUnreadable = true
                if let value = members[index].value {
                    members[index].value = MemoryUsage(value, source: value.source, unavailable: reason)
                }
                continue
            }
            let entry = cache.entry(of: key, at: pass.start)
            pass.waiting.append(
                Waiting(
                    index: index,
                    key: key,
                    fingerprint: fingerprint,
                    since: entry.since,
                    cost: cost(of: fingerprint, entry, at: pass.start)
                )
            )
        }
        pass.waiting.sort { $0.precedes($1) }
        if let samples {
            pass.result.distinct = samples.samples.distinct
            pass.result.areSamplesCached = true
        }
    }

    private func cost(
        of fingerprint: ProcessFingerprint,
        _ entry: FigureCache.Entry?,
        at now: ContinuousClock.Instant
    ) -> Duration {
        costs.accurate(
            rssBytes: fingerprint.rssBytes,
            mappingCount: entry?.mappingCount(fingerprint),
            last: entry?.cost,
            at: now
        )
    }

    /// Returns the predicted duration of accurate reads of all processes that wait for one.
    private func wholeCost(of pass: Pass, at now: ContinuousClock.Instant) -> Duration {
        pass.waiting.reduce(.zero) { $0 + cost(of: $1.fingerprint, cache.entries[$1.key], at: now) }
    }

    /// Whether an earlier pass over the same processes, with as much time, found nothing worth reading.
    private func isSettled(_ pass: Pass) -> Bool {
        guard let settled, settled.scene == pass.scene, settled.waitingCount == pass.waiting.count,
            settled.hasSamples == (pass.result.distinct != nil)
        else { return false }
        return pass.start.duration(to: pass.end) <= settled.time * 1.05
            && settled.at.duration(to: pass.start) <= cache.maximumAge
    }

    private mutating func settle(_ pass: Pass, _ isRead: Bool) -> GroupFigures {
        if isRead {
            settled = nil
        } else if last?.scene == pass.scene {
            settled = Settled(
                scene: pass.scene,
                waitingCount: pass.waiting.count,
                hasSamples: pass.result.distinct != nil,
                at: pass.start,
                time: pass.start.duration(to: pass.end)
            )
        }
        return pass.result
    }

    /// Returns whether accurate reads that do not fit into this pass can be completed by later ones, before the first of
    /// them is too old.
    private func canCompleteLater(_ pass: Pass, at now: ContinuousClock.Instant) -> Bool {
        // A process that changes in every pass would have to be read in every pass.
        // Without samples, a smaller budget could distribute reads that a larger one finds unnecessary.
        guard let last, last.scene == pass.scene, !pass.hasUnreadable, pass.result.distinct != nil else { return false }
        let time = now.duration(to: pass.end)
        let longest = pass.waiting.map { cost(of: $0.fingerprint, cache.entries[$0.key], at: now) }.max() ?? .zero
        guard longest <= time else { return false }
        let all = pass.fingerprints.indices.reduce(Duration.zero) { sum, index in
            guard let fingerprint = pass.fingerprints[index] else { return sum }
            return sum + cost(of: fingerprint, cache.entries[pass.keys[index]], at: now)
        }
        let passes = cache.maximumAge / max(.microseconds(1), last.start.duration(to: pass.start))
        // Half of the passes: a read may take longer than predicted, and the figures are to be of use for some time.
        return all / time <= passes / 2
    }

    // MARK: Reading

    /// Samples all processes, if that fits.
    ///
    /// - Returns: Whether sampling was started.
    private mutating func sample(
        _ members: inout [ProcessCensus.Member],
        _ pass: inout Pass,
        _ probes: Probes
    ) throws(FileReadError) -> Bool {
        let start = probes.now()
        let count = pass.sampledCount
        let time = start.duration(to: pass.end)
        guard count > 0, costs.samples(of: count, at: start) <= time else { return false }
        // What follows the lists and the reads takes time in proportion to them, and is not interrupted.
        let (listEnd, readEnd) = (start + time * 0.6, start + time * 0.9)
        let sampled = try probes.sample(members, { probes.now() < listEnd }, { probes.now() < readEnd })
        let end = probes.now()
        let took = start.duration(to: end)
        // Sampling that was stopped would not have fitted into this time.
        costs.learn(samplesOf: count, took: sampled == nil ? max(took * 2, time * 1.5) : took, at: end)
        guard let sampled else { return true }
        var usages: [FigureCache.Key: MemoryUsage] = [:]
        for waiting in pass.waiting {
            let value = sampled.members[waiting.index].value
            members[waiting.index].value = value
            // A figure from the cache is not stored as a new one: it keeps its age.
            if value?.source.age == nil { usages[waiting.key] = value }
        }
        cache.keep(
            FigureCache.Samples(usages: usages, distinct: sampled.distinct, taken: end, fingerprints: pass.fingerprints)
        )
        pass.result.distinct = sampled.distinct
        pass.result.areSamplesCached = false
        return true
    }

    /// Reads the processes that wait, until one does not fit.
    private mutating func read(
        _ members: inout [ProcessCensus.Member],
        _ pass: inout Pass,
        _ probes: Probes
    ) throws(FileReadError) {
        var readCount = 0
        defer { pass.waiting.removeFirst(readCount) }
        for candidate in pass.waiting {
            guard try fits(candidate, members[candidate.index], until: pass.end, probes) else { return }
            let start = probes.now()
            let usage = try probes.read(members[candidate.index])
            let end = probes.now()
            let took = start.duration(to: end)
            if usage.pssBytes != nil {
                costs.learn(
                    accurate: took,
                    rssBytes: candidate.fingerprint.rssBytes,
                    mappingCount: cache.entries[candidate.key]?.mappingCount(candidate.fingerprint)
                )
            } else {
                pass.hasUnreadable = true
            }
            cache.record(usage, of: candidate.key, candidate.fingerprint, scene: pass.scene, at: end, took: took)
            readCount += 1
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

    /// Returns whether an accurate read of a process fits. Its mappings are counted if that is not certain.
    private mutating func fits(
        _ candidate: Waiting,
        _ member: ProcessCensus.Member,
        until end: ContinuousClock.Instant,
        _ probes: Probes
    ) throws(FileReadError) -> Bool {
        let now = probes.now()
        let fingerprint = candidate.fingerprint
        let entry = cache.entries[candidate.key]
        guard now + cost(of: fingerprint, entry, at: now) <= end else { return false }
        let longest = costs.longestAccurate(rssBytes: fingerprint.rssBytes, virtualBytes: fingerprint.virtualBytes)
        let isCounted = entry?.mappingCount(fingerprint) != nil && entry?.areMappingsCounted == true
        if entry?.cost != nil || isCounted || now + longest <= end { return true }
        guard let maximum = costs.mappingCount(within: now.duration(to: end), rssBytes: fingerprint.rssBytes) else {
            return false
        }
        let count = try probes.countMappings(member, maximum) { probes.now() < end }
        cache.recordMappings(
            // If there are more, a quarter more are assumed, so that they are not counted in each pass.
            count ?? maximum + maximum / 4 + 16,
            isExact: count != nil,
            of: candidate.key,
            fingerprint,
            at: now
        )
        let after = probes.now()
        return after + cost(of: fingerprint, cache.entries[candidate.key], at: after) <= end
    }
}
