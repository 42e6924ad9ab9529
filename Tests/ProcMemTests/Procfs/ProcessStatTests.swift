import TestSupport
import Testing

@testable import ProcMem

@Suite struct ProcessStatTests {
    /// A line as the kernel writes it, with a given command, and with the fields that are given by their numbers.
    static func line(_ command: String = "x", _ fields: [Int: String] = [:], count: Int = 52) -> String {
        let usual = [
            3: "S", 4: "1", 7: "-1", 8: "-1", 9: "4194560", 18: "-20", 19: "-11", 20: "3", 22: "812345", 41: "0",
        ]
        let rest = (3...count).map { fields[$0] ?? usual[$0] ?? "7" }
        return "\(fields[1] ?? "4242") (\(command)) " + rest.joined(separator: " ") + "\n"
    }

    private func parsed(_ text: String) -> ProcessStat? {
        try? KernelText.parse(text) { try ProcessStat(parsing: $0) }
    }

    @Test func theFieldsAreCountedFromOne() throws {
        let fields = [1: "17", 3: "R", 4: "16", 9: "2097216", 20: "5", 22: "99", 41: "2"]
        let stat = try #require(parsed(Self.line("cat", fields)))
        #expect(stat.pid == 17)
        #expect(stat.command == "cat")
        #expect(stat.state == UInt8(ascii: "R"))
        #expect(stat.parentPID == 16)
        #expect(stat.flags == 2_097_216)
        #expect(stat.threadCount == 5)
        #expect(stat.startTimeTicks == 99)
        #expect(stat.policy == .roundRobin)
        let times = try #require(parsed(Self.line("x", [14: "1", 15: "2", 16: "3", 17: "4", 33: "5"])))
        #expect(times.userTicks == 1 && times.systemTicks == 2 && times.childUserTicks == 3)
        #expect(times.childSystemTicks == 4 && times.ignoredSignals == 5)
        // A figure that is no number is unknown, and the others are read.
        let overflow = try #require(parsed(Self.line("x", [14: "18446744073709551615", 33: "-"])))
        #expect(overflow.userTicks == nil && overflow.ignoredSignals == nil && overflow.systemTicks == 7)
    }

    @Test(arguments: [
        "", " ", "a b", "(", ")", "()", ") R 1 (", "x) S 1 2 3 4 5 6 7 8 9 (", "a\nb", "\n", "4242 (x) S 1", "((((",
        "))))",
        "ä", "\u{202E}", "kworker/u8:3-events_unbound",
    ])
    func theCommandMayBeAnything(_ command: String) throws {
        let stat = try #require(parsed(Self.line(command)))
        #expect(stat.command == command)
        #expect(stat.pid == 4242)
        #expect(stat.state == UInt8(ascii: "S"))
        #expect(stat.startTimeTicks == 812_345)
    }

    @Test func aCommandThatIsNotUTF8IsReplaced() throws {
        let bytes = Array(Self.line("@").utf8).flatMap { $0 == UInt8(ascii: "@") ? [0xFF, 0x29, 0x80] : [$0] }
        let stat = try KernelText.parse(bytes) { try ProcessStat(parsing: $0) }
        #expect(stat.command == "\u{FFFD})\u{FFFD}")
        #expect(stat.threadCount == 3)
    }

    /// Signed fields, numbers of any size, and words in fields that no code reads.
    @Test(
        arguments: [
            [5: "-1", 6: "-1", 7: "-1", 8: "-1"], [18: "-100", 19: "-20", 39: "-1", 44: "-5"],
            [24: "99999999999999999999", 25: "18446744073709551615", 34: "18446744073709551615"],
            [21: "x", 24: "-", 52: "?"],
        ] as [[Int: String]]
    )
    func fieldsThatAreNotUsedDoNotMatter(_ fields: [Int: String]) throws {
        #expect(parsed(Self.line("x", fields)) == parsed(Self.line("x")))
    }

    @Test func theProgramsLayout() throws {
        let addresses = [26: "1000", 27: "2000", 28: "9000", 45: "3000", 46: "4000", 47: "5000"]
        let stat = try #require(parsed(Self.line("x", addresses.merging([23: "65536"]) { $1 })))
        #expect(stat.virtualBytes == 65536)
        let layout = try #require(stat.layout)
        #expect(layout.startCode == 1000 && layout.endCode == 2000 && layout.startStack == 9000)
        #expect(layout.startData == 3000 && layout.endData == 4000 && layout.startBreak == 5000)
        #expect(try #require(parsed(Self.line("x", addresses))).layout == layout)
        #expect(try #require(parsed(Self.line("x", addresses.merging([47: "5001"]) { $1 }))).layout != layout)
    }

    /// Zeros if the reader may not trace the process, 1 for a kernel thread, and a line of Linux 3.2.
    @Test(
        arguments: [
            [26: "0", 27: "0", 28: "0"], [26: "1", 27: "1", 28: "0"], [28: "x"], [45: "-1"],
        ] as [[Int: String]]
    )
    func anUnknownLayout(_ fields: [Int: String]) throws {
        #expect(try #require(parsed(Self.line("x", fields))).layout == nil)
        #expect(try #require(parsed(Self.line("x", count: 44))).layout == nil)
    }

    @Test(
        arguments: [
            ([10: "3", 11: "5", 12: "40", 13: "600"], 43, 605), ([10: "0", 12: "0"], 0, 14), ([10: "x"], nil, 14),
            ([10: "9223372036854775807", 12: "1"], nil, 14), ([13: "18446744073709551615"], 14, nil),
        ] as [([Int: String], Int?, Int?)]
    )
    func pageFaults(_ fields: [Int: String], _ own: Int?, _ ofChildren: Int?) throws {
        let stat = try #require(parsed(Self.line("x", fields)))
        #expect(stat.faultCount == own)
        #expect(stat.childFaultCount == ofChildren)
    }

    @Test(arguments: [("99999999999999999999", nil), ("x", nil), ("0", 0)] as [(String, Int?)])
    func virtualMemoryThatIsNoNumberIsNotKnown(_ text: String, _ bytes: Int?) throws {
        #expect(try #require(parsed(Self.line("x", [23: text]))).virtualBytes == bytes)
    }

    @Test(arguments: [("64", true), ("4194368", true), ("4194304", false), ("0", false)])
    func whetherAForkedProcessHasExecuted(_ flags: String, _ hasNot: Bool) throws {
        #expect(try #require(parsed(Self.line("x", [9: flags]))).isForkWithoutExec == hasNot)
    }

    @Test func aForkedProcessHasItsParentsLayout() throws {
        let child = try ChildProcess(state: "nested", 4096)
        let stats = try ([child.pid] + child.ids).map { pid in try ProcessDirectory(.id(pid), in: .live).stat() }
        #expect(stats.map(\.isForkWithoutExec) == [false, true, true])
        #expect(stats[0].layout != nil && Set(stats.map(\.layout)).count == 1)
    }

    @Test(arguments: [22, 30, 40]) func aLineOfAnOldKernelHasNoPolicy(_ count: Int) throws {
        let stat = try #require(parsed(Self.line("x", count: count)))
        #expect(stat.policy == nil)
        #expect(stat.startTimeTicks == 812_345)
    }

    @Test(arguments: [41, 44, 52, 60]) func aLineOfANewKernelHasAPolicy(_ count: Int) throws {
        #expect(parsed(Self.line("x", count: count))?.policy == .other)
    }

    @Test(arguments: ["-1", "x", "9223372036854775808"]) func aPolicyThatIsNoNumberIsNotKnown(_ text: String) throws {
        let stat = try #require(parsed(Self.line("x", [41: text])))
        #expect(stat.policy == nil)
    }

    @Test(
        arguments: [
            ("", "PID (COMMAND) and more fields"), ("4242", "PID (COMMAND) and more fields"),
            ("4242 (x", "PID (COMMAND) and more fields"), ("4242 x) S 1", "PID (COMMAND) and more fields"),
            (") 4242 (", "PID (COMMAND) and more fields"), ("\n", "PID (COMMAND) and more fields"),
            ("(x) S 1", "a process id in field 1"), ("x (x) S 1", "a process id in field 1"),
            ("-1 (x) S 1", "a process id in field 1"), ("4242(x) S 1", "a process id in field 1"),
            ("2147483648 (x) S 1", "a process id in field 1"),
            ("99999999999999999999 (x) S", "a process id in field 1"),
            ("4242 (x)", "a state letter in field 3"), ("4242 (x) ", "a state letter in field 3"),
            ("4242 (x) SS 1", "a state letter in field 3"), ("4242 (x) S", "a number in field 4"),
            ("4242 (x) S -1", "a number in field 4"), ("4242 (x) S 2147483648", "a process id in field 4"),
        ] as [(String, String)]
    )
    func aLineThatIsNoneIsRefused(_ text: String, _ expected: String) {
        #expect(throws: ParseError(expected: expected)) {
            try KernelText.parse(text) { try ProcessStat(parsing: $0) }
        }
    }

    @Test(arguments: [3, 8, 9, 19, 20, 21]) func aLineThatEndsTooSoonIsRefused(_ count: Int) {
        #expect(parsed(Self.line("x", count: count)) == nil)
    }

    @Test(arguments: [4, 9, 20, 22], ["-1", "x", "", "9223372036854775808", "1.5"])
    func aFieldThatIsUsedMustBeANumber(_ number: Int, _ text: String) {
        // An empty field does not count as a field: the next one is read in its place, and is refused as well.
        let fields = text.isEmpty ? [number: "-", number + 1: "-"] : [number: text]
        #expect(parsed(Self.line("x", fields)) == nil)
    }

    @Test(arguments: [("Z", true), ("X", true), ("x", true), ("S", false), ("R", false), ("D", false), ("I", false)])
    func whatHasEndedHasItsState(_ state: String, _ isZombie: Bool) throws {
        #expect(try #require(parsed(Self.line("x", [3: state]))).isZombie == isZombie)
    }

    @Test(arguments: [("2097152", true), ("2097153", true), ("4194304", false), ("0", false)])
    func aKernelThreadHasItsFlag(_ flags: String, _ isKernelThread: Bool) throws {
        #expect(try #require(parsed(Self.line("x", [9: flags]))).isKernelThread == isKernelThread)
    }

    @Test(arguments: [") R 1 (", "a b", "x\ny", "()"]) func aLiveProcessMayCallItselfThat(_ name: String) throws {
        let child = try ChildProcess(state: "name", name)
        let directory = try ProcessDirectory(.id(child.pid), in: .live)
        let stat = try directory.stat()
        #expect(stat.command == name)
        #expect(stat.pid == child.pid)
        #expect(stat.parentPID == Syscalls.pid)
        #expect(stat.threadCount == 1)
        #expect(stat.policy == .other)
        #expect(!stat.isZombie)
    }

    @Test(arguments: [("0", false), ("4", true), ("4194372", true), ("64", false)])
    func anExitingThread(_ flags: String, _ isExiting: Bool) throws {
        let stat = try KernelText.parse(Self.line("x", [9: flags])) { try ProcessStat(parsing: $0) }
        #expect(stat.isExiting == isExiting)
    }
}
