import TestSupport
import Testing

@testable import ProcMem

/// Bounds that an earlier snapshot of the same tree narrows.
@Suite struct FaultBaselineTests {
    private func stat(_ pid: Int, faults: Int, ofChildren: Int = 0, start: Int = 50) throws -> ProcessStat {
        let line = ProcessStatTests.line(
            "x",
            [
                1: "\(pid)", 10: "\(faults)", 11: "\(ofChildren)", 12: "0", 13: "0", 22: "\(start)",
            ]
        )
        return try ProcessStat(parsing: Array(line.utf8).span)
    }

    @Test func aPageForEachFaultSince() throws {
        let history = try #require(
            FaultBaseline(upperBytes: 100 * 4096, [stat(1, faults: 5000), stat(2, faults: 10)])
        )
        func upper(_ stats: ProcessStat?...) -> Int? { history.upperBytes(now: stats, pageSizeBytes: 4096) }
        #expect(try upper(stat(1, faults: 5000), stat(2, faults: 10)) == 100 * 4096)
        #expect(try upper(stat(2, faults: 13), stat(1, faults: 5004)) == 107 * 4096)
        // A new process, with all of its faults.
        #expect(try upper(stat(1, faults: 5000), stat(2, faults: 10), stat(3, faults: 20)) == 120 * 4096)
        // A process has exited; its pid is another process's; a child has exited; the figures of one are missing.
        #expect(try upper(stat(1, faults: 5000)) == nil)
        #expect(try upper(stat(1, faults: 5000), stat(2, faults: 10, start: 51)) == nil)
        #expect(try upper(stat(1, faults: 5000, ofChildren: 1), stat(2, faults: 10)) == nil)
        #expect(try upper(stat(1, faults: 5000), stat(2, faults: 10), stat(3, faults: 20, ofChildren: 1)) == nil)
        #expect(try upper(stat(1, faults: 5000), stat(2, faults: 10), nil) == nil)
        #expect(try upper(stat(1, faults: 5000), stat(2, faults: 9)) == nil)
        let unknownStats: [ProcessStat?] = [nil]
        let isKnown = FaultBaseline(upperBytes: 1, unknownStats) != nil
        #expect(!isKnown)
    }

    /// A process that allocated and freed memory before it forked has more faults than pages. A snapshot from before
    /// the fork gives a lower bound.
    @Test(.pageFrames)
    func aParentThatChurnedBeforeItForked() throws {
        let size = 48 << 20
        let child = try ChildProcess(state: "forks-later", 4, size)
        var pass = PassRunner(of: .tree(root: child.pid), mode: .cheap, limits: SearchLimits(), in: .live)
        let before = try pass.run().total.distinctBytes
        child.send(line: "")
        #expect(child.line().hasPrefix("ready"))
        let after = try pass.run()
        let first = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap).total.distinctBytes
        #expect(after.processes.count == 5)
        let truth = try PageFrames.distinctBytes(of: after.processes.map(\.pid))
        let upper = try #require(after.total.distinctBytes.upper)
        #expect(after.total.distinctBytes.lower <= truth && truth <= upper)
        // Two hundred faults for each fork, the file pages that the system maps, and its huge pages.
        let upperBefore = try #require(before.upper)
        let upperWithoutBaseline = try #require(first.upper)
        let huge = try MemInfo.ofMachine(in: .live)?.anonymousHugeBytes ?? 0
        #expect(upper <= upperBefore + huge + 40 << 20)
        #expect(upper <= upperWithoutBaseline)
    }

    /// The same where only faults give a bound.
    @Test func narrowsWhatFaultsAloneLeaveOpen() throws {
        func line(_ pid: Int, _ parent: Int, _ flags: Int, faults: Int) -> String {
            ProcessStatTests.line(
                "x",
                [
                    1: "\(pid)", 4: "\(parent)", 9: "\(flags)", 10: "\(faults)", 11: "0", 12: "0", 13: "0", 20: "1",
                ]
            )
        }
        let tree = try FixtureTree([
            "/proc/vmstat": "thp_fault_alloc 0\nthp_collapse_alloc 0\n", "/proc/sys/kernel/osrelease": "6.18.0\n",
            "/proc/meminfo": "AnonPages: 99999999 kB\nMapped: 99999999 kB\n", "/sys/devices/system/cpu/online": "0-3\n",
            "/proc/10/stat": line(10, 1, 0, faults: 50_000), "/proc/10/statm": "5000 1000 0 0 0 0 0\n",
            "/proc/10/task/10/children": "",
        ])
        let root = tree.root(pageSizeBytes: 4096)
        var pass = PassRunner(of: .tree(root: 10), mode: .cheap, limits: SearchLimits(), in: root)
        let alone = try pass.run().total.distinctBytes
        #expect(alone.upper == 1000 * 4096)
        try tree.write("11 12 ", to: "/proc/10/task/10/children")
        for pid in [11, 12] {
            try tree.write(line(pid, 10, 0x40, faults: 7), to: "/proc/\(pid)/stat")
            try tree.write("5000 \(1010 - pid) 0 0 0 0 0\n", to: "/proc/\(pid)/statm")
            try tree.write("", to: "/proc/\(pid)/task/\(pid)/children")
        }
        let distinct = try pass.run().total.distinctBytes
        #expect(distinct.upper == 1014 * 4096)
        #expect(distinct.assumptions.contains(.faultsAreComplete))
        // Without an earlier snapshot the bound is the sum.
        #expect(
            try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: root).total.distinctBytes.upper == (3000 - 3)
                * 4096
        )
    }
}
