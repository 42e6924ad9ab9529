/// What looks are likely to cost.
struct ReadCosts: Sendable {
    /// What an accurate look at a process took, and how much it held then.
    struct Measured: Sendable {
        let duration: Duration
        let rssBytes: Int
    }

    /// An accurate look at a process: as the last one, by its RSS; where there was none, 45 ns for each page.
    static func accurate(rssBytes: Int, last: Measured?, pageSizeBytes: Int) -> Duration {
        let expected = fixed + perPage * (rssBytes / pageSizeBytes)
        guard let last else { return expected }
        guard last.rssBytes > 0 else { return max(last.duration, expected) }
        return last.duration * max(0.1, Double(rssBytes) / Double(last.rssBytes))
    }

    private static var fixed: Duration { .microseconds(50) }
    private static var perPage: Duration { .nanoseconds(45) }

    /// How many samples of a process fit into a time; `nil` where too few do.
    static func reads(within budget: Duration) -> Int? {
        guard budget > .microseconds(300) else { return nil }
        return Int(min(256, (budget - .microseconds(200)) / .microseconds(4)))
    }

    /// What the samples of one process take; at first a guess that is rather too high.
    private(set) var samplesOfOne: Duration = .microseconds(400)

    /// What samples of so many processes take.
    func samples(of count: Int) -> Duration { samplesOfOne * count }

    /// Trusts a measurement less with each time that it has kept from a look: the machine may have been busy.
    static func relaxed(_ duration: Duration) -> Duration { duration * 0.9 }

    mutating func relaxSamples() { samplesOfOne = Self.relaxed(samplesOfOne) }

    mutating func learn(samplesOf count: Int, took duration: Duration) {
        guard count > 0 else { return }
        samplesOfOne = duration / count
    }
}
