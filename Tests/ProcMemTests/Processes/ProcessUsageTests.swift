import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The CPU time, the threads and the open files of processes.
@Suite struct ProcessUsageTests {
    private func tree(_ files: [String: String] = [:], stat: [Int: String] = [:]) throws -> FixtureTree {
        let fields = [1: "17", 14: "250", 15: "50", 16: "7", 17: "3", 20: "4", 22: "600", 33: "0"].merging(stat) { $1 }
        let limits = """
            Limit                     Soft Limit           Hard Limit           Units
            Max file locks            unlimited            unlimited            locks
            Max open files            1024                 524288               files

            """
        let usual = [
            "/proc/17/stat": ProcessStatTests.line("worker", fields), "/proc/17/limits": limits,
            "/proc/uptime": "9.50 7.25\n",
        ]
        return try FixtureTree(usual.merging(files) { $1 })
    }

    private func usage(_ tree: FixtureTree, openFiles: Bool = true) throws -> ProcessUsage {
        defer { withExtendedLifetime(tree) {} }
        let snapshot = try processUsage(of: .process(17), includingOpenFiles: openFiles, in: tree.root())
        return try #require(snapshot.processes.first)
    }

    @Test func theFieldsOfStat() throws {
        let tree = try tree()
        let snapshot = try processUsage(of: .process(17), in: tree.root())
        let process = try #require(snapshot.processes.first)
        #expect(process.pid == 17 && process.command == "worker" && process.threadCount == 4)
        #expect(process.userTicks == 250 && process.systemTicks == 50 && process.cpuTicks == 300)
        #expect(process.childUserTicks == 7 && process.childSystemTicks == 3)
        #expect(process.startSecondsSinceBoot == 600 / Double(ticksPerSecond))
        #expect(!process.ignoresExitsOfChildren && process.unavailable == nil)
        // They were not requested.
        #expect(process.openFileCount == nil && process.openFileLimit == nil)
        #expect(snapshot.uptimeTicks == Int(9.5 * Double(ticksPerSecond)) && snapshot.bootSecondsSince1970 == nil)
        #expect(snapshot.userTicks == 250 && snapshot.systemTicks == 50 && snapshot.threadCount == 4)
        #expect(snapshot.openFileCount == nil && snapshot.isComplete)
    }

    @Test func openFiles() throws {
        let tree = try tree(["/proc/17/fd/0": "", "/proc/17/fd/1": "", "/proc/17/fd/255": ""])
        let process = try usage(tree)
        #expect(process.openFileCount == 3 && process.openFileLimit == 1024 && process.unavailable == nil)
    }

    /// One figure that cannot be read does not prevent the others.
    @Test func figuresThatAreMissing() throws {
        let withoutDirectory = try usage(tree())
        #expect(withoutDirectory.openFileLimit == 1024 && withoutDirectory.openFileCount == nil)
        #expect(withoutDirectory.unavailable == .unsupported && withoutDirectory.userTicks == 250)
        let limits = "Max open files            many\n"
        let malformed = try usage(tree(["/proc/17/limits": limits, "/proc/17/fd/0": ""]))
        #expect(malformed.openFileLimit == nil && malformed.openFileCount == 1 && malformed.unavailable == .malformed)
        let negative = try usage(tree(stat: [14: "-1"]), openFiles: false)
        #expect(negative.userTicks == nil && negative.cpuTicks == nil && negative.systemTicks == 50)
        #expect(negative.unavailable == .malformed)
        // The kernel writes 0 for times and threads of a process that is being removed.
        let removed = try usage(tree(stat: [3: "X", 14: "0", 15: "0", 20: "0"]), openFiles: false)
        #expect(removed.cpuTicks == nil && removed.threadCount == nil && removed.unavailable == .exited)
        // A zombie has its times, and no open files.
        let zombie = try usage(tree(["/proc/17/fd/0": ""], stat: [3: "Z", 20: "1"]))
        #expect(zombie.cpuTicks == 300 && zombie.openFileCount == nil && zombie.unavailable == .zombie)
        let malformedUptime = try tree(["/proc/uptime": "x"])
        #expect(try processUsage(of: .process(17), in: malformedUptime.root()).uptimeTicks == nil)
    }

    /// `SIGCHLD` is signal 17.
    @Test(arguments: [("0", false), ("65536", true), ("65535", false), ("2147483647", true), ("x", true)])
    func whetherExitsOfChildrenAreIgnored(_ signals: String, _ ignores: Bool) throws {
        #expect(try usage(tree(stat: [33: signals])).ignoresExitsOfChildren == ignores)
    }

    @Test func theEncodingHasEveryName() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(usage(tree(["/proc/17/fd/0": ""]))), as: UTF8.self)
        #expect(
            text == """
                {"childSystemTicks":3,"childUserTicks":7,"command":"worker","depth":0,"openFileLimit":1024,"openFiles":1,\
                "parentPID":1,"pid":17,"startTimeTicks":600,"systemTicks":50,"threads":4,"unavailable":null,"userTicks":250}
                """
        )
    }
}

/// Live processes, compared with figures from elsewhere.
@Suite struct ProcessUsageLiveTests {
    /// A shell that does some work in children for which it waits, and prints what `times` reports of them: a line of its
    /// own times and one of its children's.
    private static let worker = """
        echo ready
        while read line; do
            for i in 1 2 3; do ( n=0; while [ $n -lt 150000 ]; do n=$((n + 1)); done ); done
            times
        done
        """

    private func childSeconds(_ child: ChildProcess) throws -> Double {
        _ = child.line()
        return try child.line().split(separator: " ").reduce(0) { sum, word in
            let parts = word.dropLast().split(separator: "m").compactMap { Double($0) }
            try #require(parts.count == 2, "\(word)")
            return sum + parts[0] * 60 + parts[1]
        }
    }

    /// The time of children that started and exited in between, and of those that had run before.
    @Test func exitedChildren() throws {
        let child = try ChildProcess(running: "/bin/sh", ["-c", Self.worker])
        #expect(child.line() == "ready")
        child.send(line: "work")
        let before = try childSeconds(child)
        let earlier = try processUsage(of: .tree(root: child.pid))
        child.send(line: "work")
        let used = try childSeconds(child) - before
        let later = try processUsage(of: .tree(root: child.pid))
        let time = later.cpuTime(since: earlier)
        let own = try #require(time.ticksByPID[child.pid])
        // Both are rounded down, for user and kernel mode.
        #expect(abs(time.seconds - Double(own) / Double(ticksPerSecond) - used) <= 0.05, "\(time), \(used) s")
        #expect(used > 0.02 && !time.isLowerBound)
        #expect(time.elapsed > .zero && time.utilization > 0)
    }

    /// The scheduler's own count of a process with one thread.
    @Test func theTimeOfOneProcess() throws {
        let script = "echo ready; read line; n=0; while [ $n -lt 400000 ]; do n=$((n + 1)); done; echo done; read line"
        let child = try ChildProcess(running: "/bin/sh", ["-c", script])
        #expect(child.line() == "ready")
        let earlier = try processUsage(of: .process(child.pid))
        child.send(line: "work")
        #expect(child.line() == "done")
        try ChildProcess.waitUntilStill([child.pid])
        let time = try processUsage(of: .process(child.pid)).cpuTime(since: earlier)
        let schedstat = ProcessFiles(pid: child.pid).text("schedstat").split(separator: " ")
        let nanoseconds = try #require(schedstat.first.flatMap { Double($0) })
        // `earlier` was read when the process had used next to nothing.
        #expect(abs(time.seconds - nanoseconds / 1e9) <= 0.05, "\(time), \(nanoseconds / 1e9) s")
        #expect(time.ticks > 0 && time.ticksByPID == [child.pid: time.ticks] && !time.isLowerBound)
    }

    @Test func openFilesAndTheirLimit() throws {
        let script = "ulimit -S -n 77; exec 5</dev/null 6</dev/null 9</dev/null; echo ready; read line"
        let child = try ChildProcess(running: "/bin/sh", ["-c", script])
        #expect(child.line() == "ready")
        let snapshot = try processUsage(of: .process(child.pid), includingOpenFiles: true)
        let process = try #require(snapshot.processes.first)
        let listed = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.pid)/fd")
        #expect(process.openFileCount == listed.count && process.openFileLimit == 77)
        #expect(snapshot.openFileCount == listed.count)
        // The wall-clock time of the start is that of a moment ago.
        let start = try #require(snapshot.bootSecondsSince1970) + (process.startSecondsSinceBoot ?? 0)
        #expect(abs(Date.now.timeIntervalSince1970 - start) < 60)
    }

    /// The main thread has exited, and the other one has the open files.
    @Test func aProcessWhoseMainThreadHasEnded() throws {
        let child = try ChildProcess(state: "zombie-leader", 4096)
        let process = try #require(
            try processUsage(of: .process(child.pid), includingOpenFiles: true).processes.first
        )
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.pid)/task")
        let thread = try #require(threads.first { $0 != "\(child.pid)" })
        let listed = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.pid)/task/\(thread)/fd")
        #expect(process.openFileCount == listed.count && listed.count >= 3)
    }

    @Test(.enabled(if: Rights.isRoot, "the process of another user requires root"))
    func theProcessOfAnotherUser() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let snapshot = try Rights.asNobody { try processUsage(of: .process(child.pid), includingOpenFiles: true) }
        let process = try #require(snapshot.processes.first)
        #expect(process.openFileCount == nil && process.unavailable == .permissionDenied)
        #expect(process.openFileLimit != nil && process.cpuTicks != nil && process.threadCount == 1)
    }

    /// The rows of a memory snapshot have the same figures, from the `stat` that was read anyway.
    @Test func theRowsOfASnapshot() throws {
        let child = try ChildProcess(state: "tree", 2, 4096)
        let usage = try processUsage(of: .tree(root: child.pid))
        let rows = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap).processes
        #expect(rows.map(\.pid) == usage.processes.map(\.pid))
        #expect(rows.map(\.userTicks) == usage.processes.map(\.userTicks))
        #expect(rows.map(\.systemTicks) == usage.processes.map(\.systemTicks))
        for row in rows {
            #expect(row.userTicks == ProcessFiles(pid: row.pid).stat(14))
            #expect(row.systemTicks == ProcessFiles(pid: row.pid).stat(15))
        }
    }
}
