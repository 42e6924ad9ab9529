import TestSupport
import Testing

@testable import ProcMem

/// Cases in which an earlier snapshot proves nothing.
@Suite struct FaultBaselineProofTests {
    private func line(
        _ pid: Int,
        _ parent: Int,
        isForked: Bool = false,
        faults: Int,
        ofChildren: Int = 0,
        stack: Int = 7
    ) -> String {
        ProcessStatTests.line(
            "x",
            [
                1: "\(pid)", 4: "\(parent)", 9: isForked ? "64" : "0", 10: "\(faults)", 11: "\(ofChildren)", 12: "0",
                13: "0", 20: "1", 28: "\(stack)",
            ]
        )
    }

    /// The parent of the new process may have faulted in pages and exited, or may be outside of the scope: for example
    /// the caller, which was excluded, or a process that ignores SIGCHLD, so that no counter has the faults of its
    /// children.
    @Test func aNewProcessMustBeAFork() throws {
        func stat(_ line: String) throws -> ProcessStat { try ProcessStat(parsing: Array(line.utf8).span) }
        let old = try stat(line(1, 0, faults: 5000))
        let history = try #require(FaultBaseline(upperBytes: 100 * 4096, [old]))
        func upper(_ new: String) throws -> Int? { try history.upperBytes(now: [old, stat(new)], pageSizeBytes: 4096) }
        #expect(try upper(line(2, 1, isForked: true, faults: 3)) == 103 * 4096)
        // Forked by a process that is not in the scope.
        #expect(try upper(line(2, 9, isForked: true, faults: 3)) == nil)
        // Adopted: its program is not the one that its parent runs.
        #expect(try upper(line(2, 1, isForked: true, faults: 3, stack: 8)) == nil)
        // Its program is unknown.
        #expect(try upper(line(2, 1, isForked: true, faults: 3, stack: 0)) == nil)
        // A process that has executed a program has faulted in all of its pages itself.
        #expect(try upper(line(2, 9, faults: 3, stack: 8)) == 103 * 4096)
    }

    private func tree(_ processes: (stat: String, statm: Int, children: String)...) throws -> FixtureTree {
        let tree = try FixtureTree([
            "/proc/vmstat": "thp_fault_alloc 0\nthp_collapse_alloc 0\n", "/proc/sys/kernel/osrelease": "6.18.0\n",
            "/proc/meminfo": "AnonPages: 99999999 kB\nMapped: 99999999 kB\n", "/sys/devices/system/cpu/online": "0-3\n",
        ])
        for process in processes { try add(process.stat, process.statm, process.children, to: tree) }
        return tree
    }

    private func add(_ stat: String, _ pages: Int, _ children: String, to tree: FixtureTree) throws {
        let pid = stat.prefix { $0 != " " }
        try tree.write(stat, to: "/proc/\(pid)/stat")
        try tree.write("5000 \(pages) 0 0 0 0 0\n", to: "/proc/\(pid)/statm")
        try tree.write(children, to: "/proc/\(pid)/task/\(pid)/children")
    }

    private func pass(_ root: SystemRoot) -> PassRunner {
        PassRunner(of: .tree(root: 10), mode: .cheap, limits: SearchLimits(), in: root)
    }

    /// A bound that was not proven does not become proven by faults that are added to it.
    @Test func whatBeganUnprovenStaysSo() throws {
        // 10 and its fork 11 are bounded by their faults, and a child of 10 has exited. 20 is a separate program.
        let tree = try tree(
            (line(10, 1, faults: 1000, ofChildren: 5), 1000, "11 20 "),
            (line(11, 10, isForked: true, faults: 7), 1000, ""),
            (line(20, 10, faults: 9000, stack: 8), 1000, "")
        )
        let root = tree.root(pageSizeBytes: 4096)
        var pass = pass(root)
        let before = try pass.run().total.distinctBytes
        #expect(before.upper == 2012 * 4096 && !before.isProven)
        // 20 forks: the bound from the faults since then is lower than the sum.
        try add(line(20, 10, faults: 9000, stack: 8), 1000, "21 ", to: tree)
        try add(line(21, 20, isForked: true, faults: 7, stack: 8), 1000, "", to: tree)
        let after = try pass.run().total.distinctBytes
        #expect(after.upper == 2019 * 4096)
        #expect(!after.isProven)
    }

    /// A process without figures may have had any amount of memory.
    @Test func aProcessWithoutFiguresLeavesNoBaseline() throws {
        let tree = try tree(
            (line(10, 1, faults: 9000), 100, "11 "),
            (line(11, 10, faults: 9000, stack: 8), 1000, "")
        )
        try tree.write("0 0 0 0 0 0 0\n", to: "/proc/11/statm")
        var pass = pass(tree.root(pageSizeBytes: 4096))
        _ = try pass.run()
        try tree.write("5000 1000 0 0 0 0 0\n", to: "/proc/11/statm")
        let after = try pass.run().total.distinctBytes
        #expect(after.upper == 1100 * 4096)
    }
}
