import Testing

@testable import ProcMem

/// The predicted cost of reads.
@Suite struct ReadCostsTests {
    private let now = ContinuousClock.now

    private func cost(pages: Int, last: (Duration, pages: Int)? = nil, after: Duration = .zero) -> Duration {
        ReadCosts(pageSizeBytes: 4096).accurate(
            rssBytes: pages * 4096,
            mappingCount: 0,
            last: last.map { ReadCosts.Measured(duration: $0.0, rssBytes: $0.pages * 4096, taken: now) },
            at: now + after
        )
    }

    @Test func theFirstRead() {
        #expect(cost(pages: 0) == .microseconds(50))
        #expect(cost(pages: 1_000_000) == .microseconds(45_050))
    }

    /// The fixed part of the cost does not grow with the process; otherwise a process that was small would never fit again.
    @Test func aSmallProcessIsNotOverrated() {
        #expect(cost(pages: 262_144, last: (.microseconds(60), pages: 10)) < .milliseconds(13))
        #expect(cost(pages: 262_144, last: (.microseconds(60), pages: 0)) < .milliseconds(13))
    }

    @Test func aProcessThatShrankCostsLess() {
        #expect(cost(pages: 500_000, last: (.milliseconds(40), pages: 1_000_000)) == .milliseconds(20))
        #expect(cost(pages: 0, last: (.microseconds(400), pages: 1_000_000)) == .microseconds(40))
    }

    @Test func whatTookLongOnceIsNotBelievedForEver() {
        let slow = (Duration.seconds(1), pages: 1000)
        #expect(cost(pages: 1000, last: slow) == .seconds(1))
        #expect(cost(pages: 1000, last: slow, after: .seconds(60)) < .milliseconds(501))
        #expect(cost(pages: 1000, last: slow, after: .seconds(3600)) < .milliseconds(20))
        // What took less than is expected does.
        let fast = (Duration.microseconds(20), pages: 1000)
        #expect(cost(pages: 1000, last: fast, after: .seconds(3600)) == .microseconds(20))
    }

    @Test func samplesAreTriedAgain() {
        var costs = ReadCosts(pageSizeBytes: 4096)
        costs.learn(samplesOf: 10, took: .seconds(1), at: now)
        #expect(costs.samples(of: 10, at: now) == .seconds(1))
        #expect(costs.samples(of: 10, at: now + .seconds(3600)) < .milliseconds(25))
    }

    /// 60,000 mappings cost more than the pages in them.
    @Test func mappingsCost() {
        let costs = ReadCosts(pageSizeBytes: 4096)
        let few = costs.accurate(rssBytes: 60_000 * 4096, mappingCount: 50)
        #expect(costs.accurate(rssBytes: 60_000 * 4096, mappingCount: 60_000) > few * 10)
        #expect(costs.longestAccurate(rssBytes: 4096, virtualBytes: 60_000 * 4096) > .milliseconds(20))
        #expect(costs.longestAccurate(rssBytes: 4096, virtualBytes: 100 * 4096) < .milliseconds(1))
        let maximum = costs.mappingCount(within: .milliseconds(5), rssBytes: 4096)
        #expect(maximum.map { costs.accurate(rssBytes: 4096, mappingCount: $0) <= .milliseconds(5) } ?? false)
        #expect(costs.mappingCount(within: .microseconds(10), rssBytes: 4096) == nil)
    }

    /// The costs of a page and of a mapping are those of this machine, which may be slower or faster than usual.
    @Test(arguments: [0.5, 3.0]) func costsAreLearned(_ factor: Double) {
        for (pages, mappings) in [(200_000, 10), (100, 50_000)] {
            var costs = ReadCosts(pageSizeBytes: 4096)
            let usual = costs.accurate(rssBytes: pages * 4096, mappingCount: mappings)
            for _ in 0..<20 {
                costs.learn(accurate: usual * factor, rssBytes: pages * 4096, mappingCount: mappings)
            }
            let learned = costs.accurate(rssBytes: pages * 4096, mappingCount: mappings)
            #expect(abs(learned / (usual * factor) - 1) < 0.05)
        }
    }

    /// Any time can be asked for.
    @Test(arguments: [Duration.zero, .seconds(-5), .seconds(Int64.min), .seconds(Int64.max), .seconds(1.7e20)])
    func anyBudgetEnds(_ budget: Duration) {
        let deadline = MemoryMode.within(budget).deadline(from: now)
        #expect(deadline.map { $0 >= now } ?? false)
        let reads = ReadCosts.reads(within: budget)
        #expect(reads == nil || reads == 256)
    }

    /// Single measurements begin with the cost that earlier ones of the program have found.
    @Test func whatOneCallLearnsServesTheNext() {
        let learned = LearnedCosts()
        let rssBytes = 500_000 * 4096
        let usual = ReadCosts(pageSizeBytes: 4096).accurate(rssBytes: rssBytes)
        #expect(learned.costs(pageSizeBytes: 4096).accurate(rssBytes: rssBytes) == usual)
        var costs = learned.costs(pageSizeBytes: 4096)
        costs.learn(accurate: .milliseconds(90), rssBytes: 1_000_000 * 4096, mappingCount: 10)
        learned.keep(costs)
        let later = learned.costs(pageSizeBytes: 4096).accurate(rssBytes: rssBytes)
        #expect(later > usual * 1.5 && later <= costs.accurate(rssBytes: rssBytes))
    }
}
