/// What looks are likely to cost.
///
/// What once took long may have been held up by others. So of what a measured time has above what is expected less is
/// believed by the minute: a process is not given up for a single look.
struct ReadCosts: Sendable {
    /// What an accurate look at a process took, and how much it held then.
    struct Measured: Sendable {
        let duration: Duration
        let rssBytes: Int
        let taken: ContinuousClock.Instant
    }

    /// An accurate look at a process: as the last one, in proportion to its RSS where that has shrunk; 45 ns for each page
    /// that has come since, and for each page where there was none.
    static func accurate(
        rssBytes: Int,
        last: Measured? = nil,
        at now: ContinuousClock.Instant = .now,
        pageSizeBytes: Int
    ) -> Duration {
        let expected = fixed + perPage * (rssBytes / pageSizeBytes)
        guard let last else { return expected }
        // What does not depend on the RSS must not grow with it: a small process may become a large one.
        let likely =
            rssBytes < last.rssBytes
            ? last.duration * max(0.1, Double(rssBytes) / Double(last.rssBytes))
            : last.duration + perPage * ((rssBytes - last.rssBytes) / pageSizeBytes)
        return believed(likely, expected: expected, since: last.taken, at: now)
    }

    private static func believed(
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

    /// How many samples of a process fit into a time; `nil` where too few do.
    static func reads(within budget: Duration) -> Int? {
        guard budget > .microseconds(300) else { return nil }
        return Int(min(256, (budget - .microseconds(200)) / .microseconds(4)))
    }

    /// What the samples of one process take before that is known. Samples stop where time is up, so that a guess which is
    /// too low costs no more; one that is too high would keep them from ever being tried.
    private static var samplesGuess: Duration { .microseconds(150) }

    private var samplesOfOne: (duration: Duration, taken: ContinuousClock.Instant)?

    /// What samples of so many processes take.
    func samples(of count: Int, at now: ContinuousClock.Instant) -> Duration {
        guard let (duration, taken) = samplesOfOne else { return Self.samplesGuess * count }
        return Self.believed(duration, expected: Self.samplesGuess, since: taken, at: now) * count
    }

    mutating func learn(samplesOf count: Int, took duration: Duration, at now: ContinuousClock.Instant) {
        guard count > 0 else { return }
        samplesOfOne = (duration / count, now)
    }
}
