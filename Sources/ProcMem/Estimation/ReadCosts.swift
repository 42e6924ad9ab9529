/// The predicted durations of accurate reads and of samples.
///
/// A slow read may be an outlier: the excess over the expected cost decays over minutes, so that one slow read does not
/// exclude a process for good.
struct ReadCosts: Sendable {
    /// The duration of an accurate read of a process, and the RSS of the process at that time.
    struct Measured: Sendable {
        let duration: Duration
        let rssBytes: Int
        let taken: ContinuousClock.Instant
    }

    /// Returns the predicted duration of an accurate read of a process.
    ///
    /// The prediction is the duration of the last read. If RSS has shrunk since, it is scaled down in proportion; if
    /// RSS has grown, each added page adds a constant cost. Without an earlier read, it is a constant and a cost for
    /// each page.
    static func accurate(
        rssBytes: Int,
        last: Measured? = nil,
        at now: ContinuousClock.Instant = .now,
        pageSizeBytes: Int
    ) -> Duration {
        let expected = fixed + perPage * (rssBytes / pageSizeBytes)
        guard let last else { return expected }
        // Only the cost of the added pages is added: the part of the last duration that does not depend on RSS must not
        // be multiplied when a small process becomes a large one.
        let likely =
            rssBytes < last.rssBytes
            ? last.duration * max(0.1, Double(rssBytes) / Double(last.rssBytes))
            : last.duration + perPage * ((rssBytes - last.rssBytes) / pageSizeBytes)
        return withDecayingExcess(likely, expected: expected, since: last.taken, at: now)
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

    private static var fixed: Duration { .microseconds(50) }
    private static var perPage: Duration { .nanoseconds(45) }

    /// Returns the number of samples of one process that fit into a budget; `nil` if they are too few.
    static func reads(within budget: Duration) -> Int? {
        guard budget > .microseconds(300) else { return nil }
        return Int(min(256, (budget - .microseconds(200)) / .microseconds(4)))
    }

    /// The assumed duration of sampling one process before it has been measured. A value that is too low does no harm,
    /// because sampling stops at the deadline. With a value that is too high, sampling might never be tried.
    private static var samplesGuess: Duration { .microseconds(150) }

    private var samplesOfOne: (duration: Duration, taken: ContinuousClock.Instant)?

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
