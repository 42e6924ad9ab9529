import Testing

@testable import ProcMem

/// Parsing of `cpu.stat` and `cpu.stat.local`.
@Suite struct CPUStatTests {
    private func parse(_ text: String) throws -> CPUStat {
        let bytes = Array(text.utf8)
        let stat = try CPUStat(parsing: bytes.span)
        return stat
    }

    @Test func version2() throws {
        let stat = try parse(
            """
            usage_usec 1500
            user_usec 1000
            system_usec 500
            nice_usec 0
            core_sched.force_idle_usec 0
            nr_periods 12
            nr_throttled 7
            throttled_usec 345678
            nr_bursts 0
            burst_usec 0

            """
        )
        #expect(stat.periods == 12)
        #expect(stat.throttledPeriods == 7)
        #expect(stat.throttledMicroseconds == 345_678)
    }

    @Test func version1CountsInNanoseconds() throws {
        let stat = try parse("nr_periods 5\nnr_throttled 4\nthrottled_time 311248192\nnr_bursts 0\nburst_time 0\n")
        #expect(stat.periods == 5)
        #expect(stat.throttledPeriods == 4)
        #expect(stat.throttledMicroseconds == 311_248)
    }

    @Test(arguments: [("throttled_usec 9\n", 9), ("throttled_time 9999\n", 9), ("throttled_usec 0", 0)])
    func local(_ text: String, _ microseconds: Int) throws {
        let stat = try parse(text)
        #expect(stat.throttledMicroseconds == microseconds)
        #expect(stat.periods == nil && stat.throttledPeriods == nil)
    }

    /// A cgroup without the controller, and the root cgroup of v2.
    @Test(arguments: ["", "\n", "usage_usec 1\nuser_usec 1\nsystem_usec 0\n", "nr_periods2 1\nx\n \n"])
    func withoutThrottling(_ text: String) throws {
        let stat = try parse(text)
        #expect(stat.isEmpty)
    }

    @Test(arguments: [
        "nr_periods", "nr_periods\n12\n", "nr_periods -1\n", "nr_periods x\n", "nr_throttled 0x1\n",
        "throttled_usec 9223372036854775808\n", "nr_periods 1\nthrottled_time +5\n",
    ])
    func junk(_ text: String) {
        let error = #expect(throws: ParseError.self) { try parse(text) }
        #expect(error?.expected.hasPrefix("a number after ") == true)
    }
}
