import Testing

@testable import ProcMem

/// The choice of the blocks of pages that are read, and the weight of each block.
@Suite struct SamplePlanTests {
    private func plan(_ ranges: [Range<Int>], present: Int? = nil, count: Int, seed: UInt64 = 1) -> SamplePlan {
        SamplePlan(
            of: ranges,
            presentCount: present ?? ranges.pageCount,
            count: count,
            generator: SampleGenerator(seed: seed)
        )
    }

    /// Mappings as in real processes: many small ones, some large ones, and a huge one.
    private static let usual: [Range<Int>] = {
        var ranges: [Range<Int>] = []
        var end = 0
        for size in Array(repeating: 3, count: 40) + [7, 16, 17, 100, 2000, 2047, 30000, 500_000] {
            ranges.append(end + 10..<end + 10 + size)
            end += 10 + size
        }
        return ranges
    }()

    @Test(arguments: [1, 2, 7, 64, 300, 5000, 1 << 20])
    func everyBlockBelongsToOneSpan(_ count: Int) {
        for ranges in [Self.usual, [0..<1], [5..<21], [0..<1 << 20], [0..<1, 2..<3, 4..<5]] {
            let plan = plan(ranges, count: count)
            #expect(!plan.spans.isEmpty)
            for (_, spans) in Dictionary(grouping: plan.spans, by: \.stratum) {
                #expect(spans.first?.blocks.lowerBound == 0)
                #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.blocks.upperBound == $1.blocks.lowerBound })
            }
            #expect(plan.spans.allSatisfy { $0.blocks.contains($0.sample) && $0.weight >= 1 })
            let samples = plan.spans.map { plan.pages(of: $0) }.sorted { $0.lowerBound < $1.lowerBound }
            #expect(samples.allSatisfy { sample in ranges.contains { $0.clamped(to: sample) == sample } })
            #expect(samples.allSatisfy { !$0.isEmpty && $0.count <= 512 })
            #expect(zip(samples, samples.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound })
        }
    }

    @Test(arguments: [0, 1, 3, 64, 256]) func noMoreThanWasAskedFor(_ count: Int) {
        let plan = plan(Self.usual, count: count)
        #expect(plan.spans.count <= count)
        #expect(plan.isComplete == false)
        // With two samples or more for each stratum, every stratum has some.
        if count >= 64 { #expect(Set(plan.spans.map(\.stratum)).count == 6) }
    }

    /// A process that the samples cover completely is read in few large blocks.
    @Test func whatFitsIsReadWhole() {
        let whole = plan(Self.usual, count: 20000)
        #expect(whole.isComplete)
        #expect(whole.spans.reduce(0) { $0 + whole.pages(of: $1).count } == Self.usual.pageCount)
        #expect(whole.spans.allSatisfy { $0.weight == 1 })
        let small = plan([0..<2000], count: 64)
        #expect(small.isComplete && small.spans.count == 4)
        #expect(plan([], count: 0).isComplete && plan([], count: 64).spans.isEmpty)
    }

    /// If a small part of a large range is resident, a block has more pages.
    @Test func sparseMemoryIsReadInLargerBlocks() {
        func pages(_ present: Int) -> Int {
            let plan = plan([0..<1 << 24], present: present, count: 64)
            return plan.spans.map { plan.pages(of: $0).count }.max() ?? 0
        }
        #expect(pages(1 << 24) == 16)
        #expect(pages(1 << 22) == 16)
        #expect(pages(1 << 20) == 64)
        #expect(pages(0) == 512)
    }

    /// Numbers that no kernel writes, but that a file may contain.
    @Test(arguments: [0, 1, 2, 64, 1 << 16] as [Int]) func hugeRanges(_ count: Int) {
        for end in [1 << 35, 1 << 45, 1 << 60, 1 << 61] {
            for present in [0, 1, .max] {
                let plan = plan([0..<5, 7..<end / 2, end / 2 + 1..<end], present: present, count: count)
                #expect(plan.spans.count <= count && plan.spans.isEmpty == (count == 0))
                #expect(plan.spans.allSatisfy { $0.blocks.contains($0.sample) })
                #expect(plan.spans.allSatisfy { plan.pages(of: $0).upperBound <= end })
            }
        }
    }

    /// Over many seeds each page is sampled as often as its weight requires: the estimator is unbiased.
    @Test func whatIsEstimatedIsRightOnTheAverage() {
        // A value that differs from page to page, and is large in some ranges.
        func value(_ page: Int) -> Double {
            Double(page % 97) + (page < 300 ? 1000 : 0) + ((200_000..<230_000).contains(page) ? 500 : 0)
        }
        let truth = Self.usual.reduce(0.0) { $0 + $1.reduce(0.0) { $0 + value($1) } }
        var estimates: [Double] = []
        for seed in 0..<500 {
            let plan = plan(Self.usual, count: 60, seed: UInt64(seed))
            estimates.append(
                plan.spans.reduce(0.0) { sum, span in
                    sum + Double(span.weight) * plan.pages(of: span).reduce(0.0) { $0 + value($1) }
                }
            )
        }
        let mean = estimates.reduce(0, +) / Double(estimates.count)
        let variance = estimates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(estimates.count - 1)
        #expect(abs(mean - truth) < 4 * (variance / Double(estimates.count)).squareRoot())
        #expect(abs(mean - truth) < truth / 20)
    }

    @Test func theSameSeedDrawsTheSame() {
        func samples(_ seed: UInt64) -> [Int] { plan(Self.usual, count: 60, seed: seed).spans.map(\.sample) }
        #expect(samples(5) == samples(5))
        #expect(samples(5) != samples(6))
    }
}

@Suite struct SampleStratumTests {
    /// Blocks at the ends of mappings are smaller than the others. What every page has is estimated without an error.
    @Test func blocksOfDifferentSizes() {
        let ranges = (0..<400).map { $0 * 100..<$0 * 100 + 1 + $0 * 7 % 40 }
        for seed in 0..<20 {
            let plan = SamplePlan(
                of: ranges,
                presentCount: ranges.pageCount,
                count: 40,
                generator: SampleGenerator(seed: UInt64(seed))
            )
            let total = plan.spans.reduce(0.0) { $0 + $1.weight * Double(plan.pages(of: $1).count) }
            #expect(abs(total - Double(ranges.pageCount)) < 0.001)
            #expect(plan.spans.allSatisfy { $0.samplePageCount == plan.pages(of: $0).count })
            // The spans of a stratum have about the same number of pages: they differ by the blocks at their ends.
            for spans in Dictionary(grouping: plan.spans, by: \.stratum).values {
                let average = Double(spans.reduce(0) { $0 + $1.pageCount }) / Double(spans.count)
                #expect(spans.allSatisfy { abs(Double($0.pageCount) - average) <= 32 })
            }
        }
    }

    @Test func blocksCoverTheRanges() {
        let stratum = SampleStratum([10..<50, 60..<61, 100..<132], blockPages: 16)
        #expect(stratum.blockCount == 6)
        #expect(stratum.pageCount == 73)
        #expect((0..<6).map(stratum.pages) == [10..<26, 26..<42, 42..<50, 60..<61, 100..<116, 116..<132])
    }

    /// Within one stratum no range is more than eight times as large as another.
    @Test func rangesOfLikeSize() {
        let ranges = [1, 7, 8, 63, 64, 511, 512, 1 << 45, .max].map { 0..<$0 } + [3..<3]
        let strata = SampleStratum.strata(of: ranges, blockPages: 16)
        #expect(strata.map(\.pageCount) == [8, 71, 575, 512, 1 << 45, .max])
        #expect(SampleStratum.strata(of: [], blockPages: 16).isEmpty)
    }
}
