import Testing

@testable import ProcMem

/// Parsing of `cpu.max`, `cpu.cfs_quota_us` and `cpu.cfs_period_us`.
@Suite struct CFSLimitTests {
    @Test(
        arguments: [
            ("200000 100000\n", 200_000, 100_000), ("200000 100000", 200_000, 100_000), ("1 1", 1, 1),
            ("200000\t100000\n", 200_000, 100_000), (" 200000 \u{0B}\u{0C} 100000 \r\n", 200_000, 100_000),
            ("200000\n100000", 200_000, 100_000), ("0000200000 00100000", 200_000, 100_000),
            ("9223372036854775807 9223372036854775807", .max, .max),
        ] as [(String, Int, Int)]
    )
    func twoNumbersAreALimit(_ text: String, _ quota: Int, _ period: Int) throws {
        let limit = try KernelText.parse(text) { try CFSLimit(parsing: $0) }
        #expect(limit.quota == CPUQuota(quotaMicroseconds: quota, periodMicroseconds: period))
        #expect(limit.quota != nil)
    }

    @Test(arguments: ["max 100000\n", "max 1", "max\n", "\tmax\t7 ", "max 0", "max junk"])
    func maxIsNoLimit(_ text: String) throws {
        #expect(try KernelText.parse(text) { try CFSLimit(parsing: $0) }.quota == nil)
    }

    @Test(arguments: [
        "", "\n", " \t ", "200000", "200000\n", "100000 0", "0 100000", "0 0", "-1 100000", "100000 -1", "-1 -1",
        "-200000 -100000", "+2 1", "1 2 3", "max 100000 1", "100000 max", "MAX 100000", "Max 1", "ma 1", "maxx 1",
        "0x30d40 100000", "2e5 1e5", "1.5 1", "1,5 1", "200_000 100000", "9223372036854775808 100000",
        "100000 9223372036854775808", "18446744073709551617 1", "200000 100000\0", "\0", "200000;100000",
        "２０００００ 100000", "\u{FEFF}200000 100000", "200000\u{A0}100000", "junk", "null", "-1", "unlimited 100000",
    ])
    func anythingElseIsMalformed(_ text: String) {
        #expect(throws: ParseError("\"QUOTA PERIOD\" or \"max PERIOD\" in microseconds")) {
            try KernelText.parse(text) { try CFSLimit(parsing: $0) }
        }
    }

    @Test(
        arguments: [
            ("200000\n", 200_000), ("1", 1), (" 1000\r\n", 1000), ("-1\n", nil), ("\t-1", nil),
            ("9223372036854775807", .max),
        ] as [(String, Int?)]
    )
    func aV1QuotaIsANumberOrMinusOne(_ text: String, _ expected: Int?) throws {
        #expect(try KernelText.parse(text) { try CFSQuota(parsing: $0) }.quotaMicroseconds == expected)
    }

    @Test(arguments: [
        "", "\n", "0", "00", "-0", "-2", "-10", "-1x", "-01", "--1", "- 1", "-", "+1", "max", "1 1", "-1 -1", "1\n1",
        "1.0",
        "9223372036854775808", "-9223372036854775808", "0x1", "1\0", "−1",
    ])
    func anyOtherV1QuotaIsMalformed(_ text: String) {
        #expect(throws: ParseError("a number of microseconds, or -1")) {
            try KernelText.parse(text) { try CFSQuota(parsing: $0) }
        }
    }

    @Test(arguments: [("100000\n", 100_000), ("1", 1), (" 1000000\t", 1_000_000)] as [(String, Int)])
    func aV1PeriodIsANumber(_ text: String, _ expected: Int) throws {
        #expect(try KernelText.parse(text) { try CFSPeriod(parsing: $0) }.periodMicroseconds == expected)
    }

    @Test(arguments: ["", "\n", "0", "-1", "+1", "max", "1 1", "1.5", "9223372036854775808", "junk", "1\0"])
    func anyOtherV1PeriodIsMalformed(_ text: String) {
        #expect(throws: ParseError("a number of microseconds")) {
            try KernelText.parse(text) { try CFSPeriod(parsing: $0) }
        }
    }

    @Test(
        arguments: [
            (SchedulingPolicy.other, 0, true), (.fifo, 1, false), (.roundRobin, 2, false), (.batch, 3, true),
            (.idle, 5, true), (.deadline, 6, false), (SchedulingPolicy(rawValue: 7), 7, true),
            (SchedulingPolicy(rawValue: -1), -1, true), (SchedulingPolicy(rawValue: .max), .max, true),
        ] as [(SchedulingPolicy, Int, Bool)]
    )
    func quotasBindTheFairClassAndWhatIsUnknown(_ policy: SchedulingPolicy, _ number: Int, _ isBound: Bool) {
        #expect(policy.rawValue == number)
        #expect(policy.isBoundByQuota == isBound)
    }
}
