import Testing

@testable import ProcMem

@Suite struct CPUQuotaTests {
    private func quota(_ quotaMicroseconds: Int, _ periodMicroseconds: Int) throws -> CPUQuota {
        try #require(CPUQuota(quotaMicroseconds: quotaMicroseconds, periodMicroseconds: periodMicroseconds))
    }

    @Test(arguments: [(0, 1), (1, 0), (-1, 1), (1, -1), (0, 0), (.min, .min), (.min, .max)] as [(Int, Int)])
    func bothNumbersArePositive(_ quota: Int, _ period: Int) {
        #expect(CPUQuota(quotaMicroseconds: quota, periodMicroseconds: period) == nil)
    }

    @Test(
        arguments: [
            (100_000, 100_000, 1, 1, 1), (150_000, 100_000, 2, 1, 2), (149_999, 100_000, 2, 1, 1),
            (100_001, 100_000, 2, 1, 1), (199_999, 100_000, 2, 1, 2), (200_000, 100_000, 2, 2, 2),
            (50_000, 100_000, 1, 0, 1), (49_999, 100_000, 1, 0, 0), (1, 1_000_000, 1, 0, 0), (1, 2, 1, 0, 1),
            (3, 2, 2, 1, 2), (4, 3, 2, 1, 1), (5, 3, 2, 1, 2), (1, 3, 1, 0, 0), (2, 3, 1, 0, 1),
            (.max, 1, .max, .max, .max), (.max, 2, 1 << 62, (1 << 62) - 1, 1 << 62), (.max, .max, 1, 1, 1),
            (.max - 1, .max, 1, 0, 1), (1, .max, 1, 0, 0), (.max / 2, .max, 1, 0, 0), (.max / 2 + 1, .max, 1, 0, 1),
        ] as [(Int, Int, Int, Int, Int)]
    )
    func fractionsAreRoundedExactly(_ micros: Int, _ period: Int, _ up: Int, _ down: Int, _ nearest: Int) throws {
        let quota = try quota(micros, period)
        #expect(quota.cpuCount(rounding: .up) == up)
        #expect(quota.cpuCount(rounding: .down) == down)
        #expect(quota.cpuCount(rounding: .nearest) == nearest)
    }

    @Test(
        arguments: [
            (150_000, 100_000, 1.5), (1, 3, 1.0 / 3), (.max, .max, 1), (.max, 1, 9.223372036854775807e18),
        ] as [(Int, Int, Double)]
    )
    func theFractionIsTheQuotient(_ micros: Int, _ period: Int, _ cpus: Double) throws {
        #expect(try quota(micros, period).cpus == cpus)
    }

    @Test(
        arguments: [
            // Equal as floating-point numbers, but not as fractions.
            (.max, .max - 1, .max - 1, .max - 2),
            (.max - 1, .max, .max, .max), (1, .max, 1, .max - 1), (.max - 1, 1, .max, 1),
            (100_000, 100_001, 100_000, 100_000), (300_000, 100_000, 200_000, 50_000),
            // The larger quota allows less.
            (900_000, 1_000_000, 100_000, 100_000),
        ] as [(Int, Int, Int, Int)]
    )
    func quotasAreComparedByWhatTheyAllow(_ less: Int, _ lessPeriod: Int, _ more: Int, _ morePeriod: Int) throws {
        let (tight, loose) = (try quota(less, lessPeriod), try quota(more, morePeriod))
        #expect(tight.isTighter(than: loose))
        #expect(!loose.isTighter(than: tight))
        #expect(!tight.isTighter(than: tight))
    }

    @Test func equalFractionsAreNotTighterThanEachOther() throws {
        let (small, large) = (try quota(1, 3), try quota(.max / 3, .max / 3 * 3))
        #expect(!small.isTighter(than: large))
        #expect(!large.isTighter(than: small))
        #expect(small != large)
    }

    private func randomNumber(_ generator: inout SampleGenerator) -> Int {
        // Every order of magnitude is equally likely, and the edges are frequent.
        let number = Int(truncatingIfNeeded: generator.next() >> UInt64.random(in: 1...63, using: &generator))
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return .max - number % 3
        case 1: return number % 3 + 1
        default: return max(1, number)
        }
    }

    @Test func comparisonAndRoundingAgreeWithWiderIntegers() throws {
        var generator = SampleGenerator(seed: 1)
        for _ in 0..<5000 {
            let numbers = (0..<4).map { _ in randomNumber(&generator) }
            let (first, second) = (try quota(numbers[0], numbers[1]), try quota(numbers[2], numbers[3]))
            let isTighter = UInt128(numbers[0]) * UInt128(numbers[3]) < UInt128(numbers[2]) * UInt128(numbers[1])
            #expect(first.isTighter(than: second) == isTighter, "\(numbers)")

            let count = randomNumber(&generator)
            #expect(first.isTighter(than: count) == (UInt128(numbers[0]) < UInt128(count) * UInt128(numbers[1])))

            let (micros, period) = (UInt128(numbers[0]), UInt128(numbers[1]))
            #expect(first.cpuCount(rounding: .up) == Int((micros + period - 1) / period))
            #expect(first.cpuCount(rounding: .down) == Int(micros / period))
            #expect(first.cpuCount(rounding: .nearest) == Int((2 * micros + period) / (2 * period)))
        }
    }
}
