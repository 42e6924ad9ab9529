import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The figures for memory that the kernel has moved to other addresses.
@Suite struct MovedPagesTests {
    private func lowerOfShared(_ figures: [SampleEstimator.SharedPages]) -> Double {
        MovedPages([], members: Array(figures.indices)) { figures[$0] }.lowerOfShared
    }

    /// The largest of many noisy figures is larger than the truth.
    @Test(arguments: [1, 8, 300]) func aBoundFromNoisyFigures(_ members: Int) {
        var generator = SampleGenerator(seed: 7)
        var tooHigh = 0
        for _ in 0..<200 {
            let figures = (0..<members).map { _ in
                // The sum of twelve uniform numbers has nearly a normal distribution, with a variance of 1.
                let noise = (0..<12).reduce(-6.0) { sum, _ in sum + Double.random(in: 0..<1, using: &generator) }
                return SampleEstimator.SharedPages(pages: 1000 + 50 * noise, standardError: 50, scale: 1)
            }
            let lower = lowerOfShared(figures)
            if lower > 1000 { tooHigh += 1 }
            #expect(lower > 700)
        }
        #expect(tooHigh <= 10, "\(tooHigh) of 200")
    }

    /// What is known exactly is not reduced.
    @Test func aBoundFromExactFigures() {
        let exact = [1000.0, 400, 0].map { SampleEstimator.SharedPages(pages: $0, standardError: 0, scale: 1) }
        #expect(lowerOfShared(exact) == 1000)
        #expect(lowerOfShared([]) == 0)
    }

    /// Each of four workers has moved what it inherited. The time ends before the numbers of mappings are read: what may be
    /// the same page at another address is not in the lower bound.
    @Test func noTimeForTheNumbersOfMappings() throws {
        let size = 8000
        let present = (0..<size).map { SyntheticMemory.Page.present | UInt64($0 + 1) }
        let memory = try SyntheticMemory(
            (0...4).map { index in
                SyntheticMemory.Process(
                    pid: Int32(10 + index),
                    parent: index == 0 ? 1 : 10,
                    isForkWithoutExec: index > 0,
                    mappings: [.init(start: index * 2 * size + 16, entries: present)]
                )
            }
        )
        let counts = [UInt64](repeating: 5, count: size + 1)
        try memory.tree.write(counts.withUnsafeBytes { Data($0) }, to: "/proc/kpagecount")
        for seed in 0..<10 {
            var calls = 0
            let distinct = try #require(
                try memory.sampled(reads: 64, seed: UInt64(seed)) {
                    calls += 1
                    return calls <= 5
                }.distinct
            )
            // Once for each process, then before each number.
            #expect(calls > 5)
            #expect(distinct.lower <= Double(size * 4096) && distinct.upper >= Double(5 * size * 4096))
        }
    }
}
