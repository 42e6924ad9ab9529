import Synchronization

/// The predicted durations of accurate reads and of samples, learned from those that were measured.
///
/// The kernel walks each page and each mapping of a process for an accurate read. The cost of either depends on the
/// machine, so each measured read corrects it. A slow read may be an outlier: the excess over the expected cost decays
/// over minutes, so that one slow read does not exclude a process for good.
///
/// A caller that measures a process only now and then has nothing to learn from in one call: it begins with what the program
/// has learned before (``LearnedCosts``).
struct ReadCosts: Sendable {
    /// The duration of an accurate read of a process, and the RSS of the process at that time.
    struct Measured: Sendable {
        let duration: Duration
        let rssBytes: Int
        let taken: ContinuousClock.Instant
    }

    private let pageSizeBytes: Int
    fileprivate var perPage = Self.usualPerPage
    fileprivate var perMapping = Self.usualPerMapping
    private var samplesOfOne: (duration: Duration, taken: ContinuousClock.Instant)?

    init(pageSizeBytes: Int) { self.pageSizeBytes = pageSizeBytes }

    private static var fixed: Duration { .microseconds(50) }
    private static var usualPerPage: Duration { .nanoseconds(45) }
    private static var usualPerMapping: Duration { .nanoseconds(700) }
    /// The assumed number of mappings where it is not known.
    private static var usualMappingCount: Int { 64 }
    /// The largest number of mappings of a process: the default of `vm.max_map_count`.
    private static var maximumMappingCount: Int { 65_530 }

    // MARK: Accurate reads

    /// Returns the predicted duration of an accurate read of a process.
    ///
    /// The prediction is the duration of the last read. If RSS has shrunk since, it is scaled down in proportion; if
    /// RSS has grown, each added page adds a constant cost. Without an earlier read, it is a constant, a cost for each
    /// page, and a cost for each mapping.
    ///
    /// - Parameters:
    ///   - rssBytes: The RSS of the process.
    ///   - mappingCount: The number of its mappings; `nil` if it is not known.
    ///   - last: The last read of the process.
    ///   - now: The present time.
    func accurate(
        rssBytes: Int,
        mappingCount: Int? = nil,
        last: Measured? = nil,
        at now: ContinuousClock.Instant = .now
    ) -> Duration {
        let expected =
            Self.fixed + perPage * (rssBytes / pageSizeBytes) + perMapping * (mappingCount ?? Self.usualMappingCount)
        guard let last else { return expected }
        // Only the cost of the added pages is added: the part of the last duration that does not depend on RSS must not
        // be multiplied when a small process becomes a large one.
        let likely =
            rssBytes < last.rssBytes
            ? last.duration * max(0.1, Double(rssBytes) / Double(last.rssBytes))
            : last.duration + perPage * ((rssBytes - last.rssBytes) / pageSizeBytes)
        return Self.withDecayingExcess(likely, expected: expected, since: last.taken, at: now)
    }

    /// Returns the duration that an accurate read of a process has at most if its mappings were not counted: each page
    /// of its address space may be a mapping of its own.
    func longestAccurate(rssBytes: Int, virtualBytes: Int?) -> Duration {
        let mappingCount = min(virtualBytes.map { $0 / pageSizeBytes } ?? .max, Self.maximumMappingCount)
        return accurate(rssBytes: rssBytes, mappingCount: mappingCount)
    }

    /// Returns the number of mappings with which an accurate read of a process still fits into a time; `nil` if it does
    /// not fit with any number.
    func mappingCount(within time: Duration, rssBytes: Int) -> Int? {
        let rest = time - accurate(rssBytes: rssBytes, mappingCount: 0)
        guard rest >= .zero else { return nil }
        return Int(min(Double(Self.maximumMappingCount), rest / perMapping))
    }

    /// Corrects the cost of a page or of a mapping, whichever caused most of the predicted duration.
    ///
    /// A cost that was too low is replaced at once. A cost that was too high is lowered gradually, because a read may
    /// have been fast for a reason that another process does not have, such as huge pages.
    mutating func learn(accurate duration: Duration, rssBytes: Int, mappingCount: Int?) {
        let ofPages = perPage * (rssBytes / pageSizeBytes)
        let ofMappings = perMapping * (mappingCount ?? Self.usualMappingCount)
        let predicted = Self.fixed + ofPages + ofMappings
        if ofPages > predicted / 2 {
            perPage = Self.corrected(perPage, part: ofPages, by: duration - predicted, usual: Self.usualPerPage)
        } else if mappingCount != nil, ofMappings > predicted / 2 {
            perMapping = Self.corrected(
                perMapping,
                part: ofMappings,
                by: duration - predicted,
                usual: Self.usualPerMapping
            )
        }
    }

    private static func corrected(
        _ cost: Duration,
        part: Duration,
        by difference: Duration,
        usual: Duration
    ) -> Duration {
        let factor = max(0, 1 + difference / part)
        let corrected = cost * (factor > 1 ? factor : 0.75 + 0.25 * factor)
        return min(max(corrected, usual / 16), usual * 64)
    }

    /// Returns a measured duration, whose excess over the expected one shrinks with time.
    private static func withDecayingExcess(
        _ measured: Duration,
        expected: Duration,
        since taken: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) -> Duration {
        guard measured > expected else { return measured }
        return expected + (measured - expected) * (1 / (1 + max(0, taken.duration(to: now) / .seconds(60))))
    }

    // MARK: Samples

    /// Returns the number of samples of one process that fit into a budget; `nil` if they are too few.
    static func reads(within budget: Duration) -> Int? {
        guard budget > .microseconds(300) else { return nil }
        return Int(min(256, (budget - .microseconds(200)) / .microseconds(4)))
    }

    /// The assumed duration of sampling one process before it has been measured. A value that is too low does no harm,
    /// because sampling stops at the deadline. With a value that is too high, sampling might never be tried.
    private static var samplesGuess: Duration { .microseconds(400) }

    /// Returns the predicted duration of sampling several processes.
    func samples(of count: Int, at now: ContinuousClock.Instant) -> Duration {
        guard let (duration, taken) = samplesOfOne else { return Self.samplesGuess * count }
        return Self.withDecayingExcess(duration, expected: Self.samplesGuess, since: taken, at: now) * count
    }

    /// Records the duration of sampling several processes.
    mutating func learn(samplesOf count: Int, took duration: Duration, at now: ContinuousClock.Instant) {
        guard count > 0 else { return }
        samplesOfOne = (duration / count, now)
    }
}

/// The costs that measurements of single processes have learned, for those that follow. Threads may share it.
struct LearnedCosts: ~Copyable, Sendable {
    /// Those of the whole program.
    static let ofProgram = LearnedCosts()

    /// In picoseconds; 0 before the first measurement. The two are independent of each other.
    private let perPage = Atomic(0)
    private let perMapping = Atomic(0)

    /// Returns the costs that earlier measurements have learned, or the usual ones.
    borrowing func costs(pageSizeBytes: Int) -> ReadCosts {
        var costs = ReadCosts(pageSizeBytes: pageSizeBytes)
        costs.perPage = Self.duration(perPage.load(ordering: .relaxed)) ?? costs.perPage
        costs.perMapping = Self.duration(perMapping.load(ordering: .relaxed)) ?? costs.perMapping
        return costs
    }

    /// Keeps costs for later measurements.
    borrowing func keep(_ costs: ReadCosts) {
        perPage.store(Self.picoseconds(costs.perPage), ordering: .relaxed)
        perMapping.store(Self.picoseconds(costs.perMapping), ordering: .relaxed)
    }

    private static func duration(_ picoseconds: Int) -> Duration? {
        picoseconds > 0 ? Duration(secondsComponent: 0, attosecondsComponent: Int64(picoseconds) * 1_000_000) : nil
    }

    /// A cost is at most 64 times the usual one, which is less than a millisecond.
    private static func picoseconds(_ cost: Duration) -> Int { Int(cost.components.attoseconds / 1_000_000) }
}

extension MemoryMode {
    /// Returns the time at which a pass must end; `nil` if the mode has no budget.
    func deadline(from start: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard case .within(let budget) = self else { return nil }
        // A larger budget could overflow the instant.
        let century = Duration.seconds(100 * 366 * 86400)
        return start + min(max(.zero, budget), century)
    }
}
