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
///
/// Nor is a process that has changed read again before the age limit if that cannot narrow the bounds. Until then, its row
/// has its cheap or sampled figures.
struct BudgetedFigures: Sendable {
    /// The functions that measure processes and read the clock. Tests replace them.
    struct Probes {
        let now: () -> ContinuousClock.Instant
        let read: (ProcessCensus.Member) -> MemoryUsage
        /// Counts the mappings of a process while the function in the last argument returns `true`; `nil` if there are
        /// more than the number in the second argument, or if it was stopped or failed.
        let countMappings: (ProcessCensus.Member, Int, () -> Bool) -> Int?
        /// Samples all members, with a number of reads in each, while the functions return `true`, the first of them while
        /// mappings are listed; `nil` if it was stopped.
        let sample: ([ProcessCensus.Member], Int, () -> Bool, () -> Bool) -> Sampled?
        /// Computes the bounds from what is known so far.
        let outlook: ([ProcessCensus.Member], GroupFigures) -> Outlook
        /// Returns the process that is counted for the address space of another one; `nil` if that is the process itself.
        var sharer: (Int32) -> Int32? = { _ in nil }
    }

    /// The result of sampling.
    struct Sampled {
        let members: [ProcessCensus.Member]
        let distinct: SampledMemory.Distinct?
        var parts: SampledParts?
    }

    /// The bounds before further reads.
    struct Outlook {
        let bounds: DistinctMemory
        /// The width of the bounds that accurate reads of all processes are likely to give; `nil` if they would not lower
        /// the upper bound.
        let widthIfAllAreRead: Int?
        /// The members of which accurate reads would show the memory of all; `nil` if samples leave nothing open, or
        /// accurate reads would not show it.
        var draws: DrawnMembers?
        /// The part of the distance between the bounds that more samples would make smaller.
        var widthOfSamplingError = 0

        /// The distance between the bounds.
        var width: Int { (bounds.upper ?? .max) - bounds.lower }

        /// Returns whether accurate reads of all processes are likely to narrow the bounds noticeably, if the sum of PSS is the
        /// one given: it is a lower bound.
        func canNarrow(byReadingShares shareBytes: Int) -> Bool {
            guard width > 0 else { return false }
            if let widthIfAllAreRead, widthIfAllAreRead < width - width / 32 { return true }
            return shareBytes > bounds.lower.saturatingAdding(bounds.lower / 32)
        }

        /// Whether samples are worth their cost after all processes were read accurately.
        var isWide: Bool { !bounds.isProven && width > (bounds.upper ?? .max) / 32 }
        /// Whether more samples would make the bounds much narrower.
        var needsSamples: Bool { isWide && widthOfSamplingError >= width / 2 }
    }

    var cache: FigureCache
    var costs: ReadCosts
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

    /// Drops all figures. The costs of reads remain known.
    mutating func forget() {
        cache = FigureCache(maximumAge: cache.maximumAge)
        last = nil
        settled = nil
    }

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
    ) -> GroupFigures {
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
        defer { Self.shareFigures(&members, probes) }
        let areSamplesComplete = pass.result.distinct == nil ? pass.sampledCount == 0 : pass.nextReads == nil
        let isComplete = pass.waiting.isEmpty && areSamplesComplete
        guard !isComplete, probes.now() < deadline, !isSettled(pass) else { return pass.result }
        let outlook = probes.outlook(members, pass.result)
        omitReads(from: &pass, members, outlook)
        // The bounds are computed once more at the end of the pass, and the snapshot is built from them.
        pass.end = deadline - pass.start.duration(to: probes.now()) * 2
        var isRead = false
        let whole = wholeCost(of: pass, at: probes.now())
        let areSamplesFirst = costs.samples(of: pass.sampledCount, at: probes.now()) < whole
        if pass.result.distinct == nil, areSamplesFirst {
            isRead = sample(&members, &pass, probes)
            guard pass.result.distinct != nil else { return settle(pass, isRead) }
        }
        if readAll(&members, &pass, probes) { isRead = true }
        guard !pass.waiting.isEmpty, pass.result.distinct != nil else { return settle(pass, isRead) }
        if readSome(&members, &pass, probes) { isRead = true }
        if canCompleteLater(pass, at: probes.now()) {
            let outlook = isRead ? probes.outlook(members, pass.result) : outlook
            // Reads that were begun are completed: all together give narrow bounds.
            // More samples than the first ones do not make accurate reads less worthwhile.
            let worthwhile = pass.sampleReads > Pass.fewestReads ? outlook.width : outlook.width / 2
            if let width = outlook.widthIfAllAreRead, pass.hasAccurate || width < worthwhile {
                isRead = true
                pass.sort(by: outlook.draws)
                read(&members, &pass, probes)
            }
        }
        return settle(pass, isRead)
    }

    // MARK: One pass

    /// The state of one pass.
    struct Pass {
        let start: ContinuousClock.Instant
        /// The time at which reading must end.
        var end: ContinuousClock.Instant
        let fingerprints: [ProcessFingerprint?]
        let keys: [FigureCache.Key]
        /// A hash of all fingerprints.
        let scene: Int
        /// The processes that have no accurate figures, in the order in which they are read.
        var waiting: [Waiting] = []
        /// The number of processes that have changed since they were read, and are not read again in this pass.
        var omittedCount = 0
        /// Whether a process could not be read accurately.
        var hasUnreadable = false
        /// Whether a process has accurate figures that were read in an earlier pass.
        var hasAccurate = false
        /// The number of reads of the samples in each process.
        var sampleReads = 0
        var result = GroupFigures()

        /// The number of processes that have no accurate figures.
        var unreadCount: Int { waiting.count + omittedCount }

        /// The number of processes that can be sampled.
        var sampledCount: Int { fingerprints.count { $0 != nil } }

        /// The number of reads of the first samples.
        static var fewestReads: Int { 64 }
        /// The number of reads with which the processes may be sampled again; `nil` if there were enough.
        var nextReads: Int? { sampleReads < 1024 ? max(sampleReads, Self.fewestReads) * 4 : nil }

        /// Sorts the processes that wait in the order in which they are drawn: then those that were read are of use
        /// before all of them are.
        mutating func sort(by draws: DrawnMembers?) {
            guard let draws else { return }
            let ranks = Dictionary(draws.members.enumerated().map { ($1.pid, $0) }) { first, _ in first }
            waiting = waiting.map { ($0, ranks[$0.key.pid] ?? .max) }.sorted { left, right in
                (left.0.since, left.1) == (right.0.since, right.1)
                    ? left.0.precedes(right.0) : (left.0.since, left.1) < (right.0.since, right.1)
            }.map(\.0)
        }
    }

    /// A process that has no accurate figures.
    struct Waiting {
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
        let unreadCount: Int
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
            // An address space is read once.
            if probes.sharer(key.pid) != nil { continue }
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
            pass.result.parts = samples.samples.parts
            pass.result.areSamplesCached = true
            pass.sampleReads = samples.samples.reads
        }
    }

    /// Lets the processes that were read before the age limit not wait for another read, if accurate reads of all that wait
    /// cannot narrow the bounds.
    private func omitReads(from pass: inout Pass, _ members: [ProcessCensus.Member], _ outlook: Outlook) {
        let start = pass.start
        let isRecent = { (candidate: Waiting) in
            cache.entries[candidate.key]?.lastAttempt.map { $0.duration(to: start) <= cache.maximumAge } ?? false
        }
        guard pass.waiting.contains(where: isRecent) else { return }
        var shares = members.compactMap { $0.value?.pssBytes }.saturatingSum ?? 0
        for candidate in pass.waiting {
            let likely = cache.entries[candidate.key]?.likelyShareBytes(candidate.fingerprint)
            shares = shares.saturatingAdding(likely ?? candidate.fingerprint.rssBytes)
        }
        guard !outlook.canNarrow(byReadingShares: shares) else { return }
        let count = pass.waiting.count
        pass.waiting.removeAll(where: isRecent)
        pass.omittedCount = count - pass.waiting.count
    }

    func cost(
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
    func wholeCost(of pass: Pass, at now: ContinuousClock.Instant) -> Duration {
        pass.waiting.reduce(.zero) { $0 + cost(of: $1.fingerprint, cache.entries[$1.key], at: now) }
    }

    /// Whether an earlier pass over the same processes, with as much time, found nothing worth reading.
    private func isSettled(_ pass: Pass) -> Bool {
        guard let settled, settled.scene == pass.scene, settled.unreadCount == pass.unreadCount,
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
                unreadCount: pass.unreadCount,
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
}
