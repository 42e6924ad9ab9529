import Testing

@testable import ProcMem

/// The predicted cost of readings.
@Suite struct ReadCostsTests {
    private let now = ContinuousClock.now

    private func cost(pages: Int, last: (Duration, pages: Int)? = nil, after: Duration = .zero) -> Duration {
        ReadCosts(pageSizeBytes: 4096).accurate(
            rssBytes: pages * 4096,
            last: last.map { ReadCosts.Measured(duration: $0.0, rssBytes: $0.pages * 4096, taken: now) },
            at: now + after,
            pageSizeBytes: 4096
        )
    }

    @Test func aFirstReading() {
        #expect(cost(pages: 0) == .microseconds(50))
        #expect(cost(pages: 1_000_000) == .microseconds(45_050))
    }

    /// The fixed part of the cost does not grow with the process. Otherwise a process that was small once would never
    /// fit into a budget again.
    @Test func aProcessThatWasSmallIsNotOverrated() {
        #expect(cost(pages: 262_144, last: (.microseconds(60), pages: 10)) < .milliseconds(13))
        #expect(cost(pages: 262_144, last: (.microseconds(60), pages: 0)) < .milliseconds(13))
    }

    @Test func aSmallerProcessCostsLess() {
        #expect(cost(pages: 500_000, last: (.milliseconds(40), pages: 1_000_000)) == .milliseconds(20))
        #expect(cost(pages: 0, last: (.microseconds(400), pages: 1_000_000)) == .microseconds(40))
    }

    @Test func whatTookLongOnceIsNotBelievedForEver() {
        let slow = (Duration.seconds(1), pages: 1000)
        #expect(cost(pages: 1000, last: slow) == .seconds(1))
        #expect(cost(pages: 1000, last: slow, after: .seconds(60)) < .milliseconds(501))
        #expect(cost(pages: 1000, last: slow, after: .seconds(3600)) < .milliseconds(20))
        // A reading that was faster than predicted keeps its prediction.
        let fast = (Duration.microseconds(20), pages: 1000)
        #expect(cost(pages: 1000, last: fast, after: .seconds(3600)) == .microseconds(20))
    }

    @Test func samplesAreTriedAgain() {
        var costs = ReadCosts()
        costs.learn(samplesOf: 10, took: .seconds(1), at: now)
        #expect(costs.samples(of: 10, at: now) == .seconds(1))
        #expect(costs.samples(of: 10, at: now + .seconds(3600)) < .milliseconds(20))
    }

    /// Any duration can be given.
    @Test(arguments: [Duration.zero, .seconds(-5), .seconds(Int64.min), .seconds(Int64.max), .seconds(1.7e20)])
    func anyBudgetEnds(_ budget: Duration) {
        let deadline = MemoryMode.within(budget).deadline(from: now)
        #expect(deadline.map { $0 >= now } ?? false)
        let reads = ReadCosts.reads(within: budget)
        #expect(reads == nil || reads == 256)
    }
}
