import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// A process that executes a program has not exited: its id and its start time stay the same.
@Suite(.timeLimit(.minutes(2))) struct ExecTests {
    /// A shell that executes itself again and again.
    private static func looping() throws -> ChildProcess {
        let script = "exec /bin/sh -c \"$0\" \"$0\""
        return try ChildProcess(running: "/bin/sh", ["-c", script, script])
    }

    @Test(arguments: [MemoryMode.cheap, .accurate, .sampled(reads: 64), .within(.milliseconds(20))])
    func aReadingIsNeverExited(_ mode: MemoryMode) throws {
        let child = try Self.looping()
        var readable = 0
        for _ in 0..<60 {
            let usage = try memoryUsage(of: child.pid, mode: mode)
            #expect(usage.unavailable == nil || usage.unavailable == .executing)
            if usage.unavailable == nil { readable += 1 }
        }
        // A read of one file fails now and then; all of sixteen, hardly ever. Samples take longer than the shell runs.
        if mode == .cheap || mode == .accurate { #expect(readable >= 50) }
    }

    @Test(arguments: [MemoryMode.cheap, .accurate, .sampled(reads: 64), .within(.milliseconds(20))])
    func aSnapshotCountsIt(_ mode: MemoryMode) throws {
        let child = try Self.looping()
        for _ in 0..<40 {
            let snapshot = try memorySnapshot(of: .process(child.pid), mode: mode)
            #expect(snapshot.processes.count == 1)
            #expect(snapshot.processes[0].usage.unavailable != .exited)
            #expect(try #require(snapshot.total.distinctBytes.upper) > 0)
        }
    }

    @Test func theRollupIsReadAgain() throws {
        let child = try Self.looping()
        var count = 0
        for _ in 0..<100 {
            do throws(ProcMemError) {
                _ = try SmapsRollup(of: child.pid)
                count += 1
            } catch {
                #expect(error.code == .executing)
            }
        }
        #expect(count >= 90)
    }

    /// A process that exits during the reading is `exited` or gone, and never a missing feature of the kernel.
    @Test(arguments: [MemoryMode.cheap, .accurate, .sampled(reads: 16)])
    func anExitIsNoMissingFeature(_ mode: MemoryMode) throws {
        var reasons: Set<UnavailableReason> = []
        for _ in 0..<150 {
            let child = Process()
            child.executableURL = URL(filePath: "/bin/true")
            try child.run()
            while child.isRunning {
                do throws(ProcMemError) {
                    let usage = try memoryUsage(of: child.processIdentifier, mode: mode)
                    if let reason = usage.unavailable { reasons.insert(reason) }
                } catch {
                    #expect([.exited, .noSuchProcess, .zombie].contains(error.code), "\(error)")
                }
            }
            child.waitUntilExit()
        }
        #expect(reasons.isSubset(of: [.exited, .zombie, .executing]), "\(reasons)")
    }
}

/// An error of one process does not prevent the figures of the others.
@Suite struct PartialFailureTests {
    private static func tree() throws -> FixtureTree {
        var files: [String: String] = ["/proc/10/task/10/children": "11 12 "]
        for pid in 10...12 {
            files["/proc/\(pid)/stat"] = ProcessStatTests.line("x", [1: "\(pid)", 4: pid == 10 ? "1" : "10"])
            files["/proc/\(pid)/statm"] = "5000 100 10 0 0 0 0\n"
            if pid > 10 { files["/proc/\(pid)/task/\(pid)/children"] = "" }
        }
        return try FixtureTree(files)
    }

    /// Replaces a file by a link to itself: opening it fails with `ELOOP`.
    private static func breakFile(_ path: String, of tree: FixtureTree) throws {
        let file = tree.directory.appending(path: path)
        try? FileManager.default.removeItem(at: file)
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: file.lastPathComponent)
    }

    @Test(arguments: [ProcessScope.tree(root: 10), .processes([10, 11, 12]), .all])
    func aProcessWhoseStatCannotBeRead(_ scope: ProcessScope) throws {
        let tree = try Self.tree()
        try Self.breakFile("proc/12/stat", of: tree)
        let snapshot = try memorySnapshot(of: scope, mode: .cheap, in: tree.root(pageSizeBytes: 4096))
        #expect(Set(snapshot.processes.map(\.pid)) == [10, 11, 12])
        #expect(snapshot.processes.first { $0.pid == 12 }?.usage.unavailable == .failed)
        #expect(snapshot.total.rssBytes == 2 * 100 * 4096)
        #expect(snapshot.total.distinctBytes.upper == nil && !snapshot.total.distinctBytes.isProven)
    }

    @Test func aProcessWhoseSizesCannotBeRead() throws {
        let tree = try Self.tree()
        try Self.breakFile("proc/12/statm", of: tree)
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root(pageSizeBytes: 4096))
        #expect(snapshot.processes.last?.usage.unavailable == .failed)
        #expect(snapshot.total.unavailableCount == 1)
    }

    /// In the modes that read several files of each process, too: the failure stays in the row, and the sizes remain.
    @Test(arguments: [MemoryMode.sampled(reads: 16), .within(.seconds(10))], ["maps", "pagemap"])
    func aProcessWhosePagesCannotBeRead(_ mode: MemoryMode, _ file: String) throws {
        let tree = try Self.tree()
        for pid in 10...12 {
            try tree.write("00400000-00500000 rw-p 00000000 00:00 0 \n", to: "/proc/\(pid)/maps")
            try tree.write(Data(count: 8 * 0x500), to: "/proc/\(pid)/pagemap")
        }
        try Self.breakFile("proc/12/\(file)", of: tree)
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: mode, in: tree.root(pageSizeBytes: 4096))
        #expect(snapshot.processes.map(\.pid) == [10, 11, 12])
        #expect(snapshot.processes.allSatisfy { $0.usage.rssBytes == 100 * 4096 })
        #expect(snapshot.total.rssBytes == 3 * 100 * 4096)
        if case .sampled = mode {
            #expect(snapshot.processes.map(\.usage.unavailable) == [nil, nil, .failed])
        }
        // The same failure of the only process that was named is an error.
        if case .sampled = mode {
            #expect(throws: ProcMemError.self) {
                try memoryUsage(of: 12, mode: mode, in: tree.root(pageSizeBytes: 4096))
            }
        }
    }

    /// A process without an address space that does not exit: it executes other programs, again and again.
    @Test func aProcessThatIsNeverSeenWithMemory() throws {
        let tree = try Self.tree()
        try tree.write("0 0 0 0 0 0 0\n", to: "/proc/12/statm")
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root(pageSizeBytes: 4096))
        #expect(snapshot.processes.last?.usage.unavailable == .executing)
        #expect(snapshot.total.distinctBytes.upper == nil && !snapshot.total.distinctBytes.isProven)
    }

    /// The main thread has exited, and another thread goes on.
    @Test func aProcessThatLosesItsMainThread() throws {
        let tree = try Self.tree()
        let zombie = ProcessStatTests.line("x", [1: "12", 3: "Z", 4: "10", 20: "2"])
        try tree.write(zombie, to: "/proc/12/stat")
        try tree.write("0 0 0 0 0 0 0\n", to: "/proc/12/statm")
        try tree.write(zombie, to: "/proc/12/task/12/stat")
        try tree.write(ProcessStatTests.line("x", [1: "13", 3: "S", 4: "10", 20: "2"]), to: "/proc/12/task/13/stat")
        try tree.write("5000 100 10 0 0 0 0\n", to: "/proc/12/task/13/statm")
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root(pageSizeBytes: 4096))
        #expect(snapshot.total.rssBytes == 3 * 100 * 4096)
    }

    /// The error names the file, and not the root of the tree.
    @Test func noProcessCanBeRead() throws {
        let tree = try Self.tree()
        for pid in 10...12 { try Self.breakFile("proc/\(pid)/stat", of: tree) }
        for (scope, file) in [(ProcessScope.tree(root: 10), "/proc/10/stat"), (.processes([11, 12]), "/proc/11/stat")] {
            let error = #expect(throws: ProcMemError.self) {
                try memorySnapshot(of: scope, mode: .cheap, in: tree.root())
            }
            #expect(error?.code == .inputOutput)
            #expect(error?.path.hasSuffix(file) == true)
        }
    }

    /// One of several processes does not exist: its row says so.
    @Test func oneOfSeveralIsGone() throws {
        let child = try ChildProcess(state: "hold", 1 << 20)
        let gone = try ChildProcess(state: "hold", 1 << 20).pid
        for mode in [MemoryMode.cheap, .accurate, .sampled(reads: 16), .within(.milliseconds(20))] {
            let snapshot = try memorySnapshot(of: .processes([gone, child.pid]), mode: mode)
            #expect(snapshot.processes.map(\.pid) == [gone, child.pid])
            #expect(snapshot.processes[0].usage.unavailable == .exited)
            #expect(try #require(snapshot.processes[1].usage.rssBytes) >= 1 << 20)
        }
        let error = #expect(throws: ProcMemError.self) {
            try memorySnapshot(of: .processes([gone, gone]), mode: .cheap)
        }
        #expect(error?.code == .noSuchProcess)
        #expect(throws: ProcMemError.self) { try memorySnapshot(of: .process(gone), mode: .cheap) }
    }
}

/// A tree whose root exits: the sampler goes on with the descendants that it knows.
@Suite struct SurvivingTreeTests {
    @Test func theRootExits() throws {
        let shell = try ChildProcess(running: "/bin/sh", ["-c", "sleep 600 & sleep 600 & echo $!; wait"])
        #expect(Int32(shell.line()) != nil)
        let root = shell.pid
        var runner = PassRunner(of: .tree(root: root), mode: .cheap, limits: SearchLimits(), in: .live)
        let survivors = try runner.run().processes.map(\.pid).filter { $0 != root }
        defer { for pid in survivors { kill(pid, SIGKILL) } }
        try #require(survivors.count == 2)
        kill(root, SIGKILL)
        try Self.awaitExit(of: root)
        for _ in 0..<2 { #expect(Set(try runner.run().processes.map(\.pid)) == Set(survivors)) }
        kill(survivors[0], SIGKILL)
        try Self.awaitExit(of: survivors[0])
        #expect(try runner.run().processes.filter { $0.usage.rssBytes != nil }.map(\.pid) == [survivors[1]])
        kill(survivors[1], SIGKILL)
        try Self.awaitExit(of: survivors[1])
        // Zombies are left until their new parent reaps them; then no process of the tree is.
        do throws(ProcMemError) {
            #expect(try runner.run().processes.allSatisfy { $0.usage.unavailable == .zombie })
        } catch {
            #expect(error.code == .noSuchProcess)
        }
    }

    /// A failure to read `stat` that is not the exit of the process, in one pass: later passes have it again.
    @Test(arguments: [("stat", "stat"), ("stat", "/dev/null")])
    func aSurvivorThatCannotBeReadOnce(_ link: String, _ target: String) throws {
        func stat(_ pid: Int, parent: Int) -> String {
            "\(pid) (a) S \(parent) 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 \(50 + pid) 0 0\n"
        }
        let tree = try FixtureTree([
            "/dev/null": "", "/proc/17/stat": stat(17, parent: 1), "/proc/17/task/17/children": "18 19 ",
            "/proc/17/statm": "20 10 5 1 0 4 0\n",
        ])
        for pid in [18, 19] {
            try tree.write(stat(pid, parent: 17), to: "/proc/\(pid)/stat")
            try tree.write("20 10 5 1 0 4 0\n", to: "/proc/\(pid)/statm")
            try tree.write("", to: "/proc/\(pid)/task/\(pid)/children")
        }
        var runner = PassRunner(of: .tree(root: 17), mode: .cheap, limits: SearchLimits(), in: tree.root())
        #expect(try runner.run().processes.map(\.pid) == [17, 18, 19])
        try FileManager.default.removeItem(at: tree.directory.appending(path: "proc/17"))
        for pid in [18, 19] { try tree.write(stat(pid, parent: 1), to: "/proc/\(pid)/stat") }
        let file = tree.directory.appending(path: "proc/19/stat")
        try FileManager.default.removeItem(at: file)
        try FileManager.default.createSymbolicLink(atPath: file.path, withDestinationPath: target)
        for _ in 0..<2 {
            let pass = try runner.run()
            #expect(pass.processes.map(\.pid) == [18, 19])
            #expect(pass.processes.map(\.usage.rssBytes) == [40960, nil])
            #expect(pass.total.unavailableCount == 1)
        }
        try FileManager.default.removeItem(at: file)
        try tree.write(stat(19, parent: 1), to: "/proc/19/stat")
        #expect(try runner.run().processes.map(\.usage.rssBytes) == [40960, 40960])
        // Another start time: another process.
        try tree.write(stat(18, parent: 1).replacing(" 68 ", with: " 69 "), to: "/proc/18/stat")
        #expect(try runner.run().processes.map(\.pid) == [19])
    }

    private static func awaitExit(of pid: Int32) throws {
        try #require(Waiting.until { (try? KernelFile.text("/proc/\(pid)/stat"))?.contains(") Z ") != false })
    }

    /// Another process gets the root's pid: it is not the tree that was followed.
    @Test func theRootsPidIsReused() throws {
        func line(_ pid: Int, _ parent: Int, start: Int) -> String {
            ProcessStatTests.line("x", [1: "\(pid)", 4: "\(parent)", 22: "\(start)"])
        }
        let tree = try FixtureTree([
            "/proc/10/stat": line(10, 1, start: 5), "/proc/10/statm": "5000 100 10 0 0 0 0\n",
            "/proc/10/task/10/children": "11 ", "/proc/11/stat": line(11, 10, start: 6),
            "/proc/11/statm": "5000 200 10 0 0 0 0\n", "/proc/11/task/11/children": "",
        ])
        var runner = PassRunner(of: .tree(root: 10), mode: .cheap, limits: SearchLimits(), in: tree.root())
        #expect(try runner.run().processes.map(\.pid) == [10, 11])
        try tree.write(line(10, 1, start: 90), to: "/proc/10/stat")
        try tree.write("", to: "/proc/10/task/10/children")
        try tree.write(line(11, 1, start: 6), to: "/proc/11/stat")
        // Also in the passes after that, and if no process of the tree is left.
        for _ in 0..<3 { #expect(try runner.run().processes.map(\.pid) == [11]) }
        try tree.write(line(11, 1, start: 95), to: "/proc/11/stat")
        for _ in 0..<2 {
            let error = #expect(throws: ProcMemError.self) { try runner.run() }
            #expect(error?.code == .noSuchProcess)
        }
        // Until the caller names it again.
        runner.change(to: .tree(root: 10))
        #expect(try runner.run().processes.map(\.pid) == [10])
    }

    /// A process that gets the pid of a named process is not measured in its place.
    @Test func theNamedPidIsReused() throws {
        func line(_ pid: Int, start: Int) -> String { ProcessStatTests.line("x", [1: "\(pid)", 22: "\(start)"]) }
        let tree = try FixtureTree([
            "/proc/10/stat": line(10, start: 5), "/proc/10/statm": "5000 100 10 0 0 0 0\n",
            "/proc/11/stat": line(11, start: 6), "/proc/11/statm": "5000 200 10 0 0 0 0\n",
        ])
        var several = PassRunner(of: .processes([10, 11]), mode: .cheap, limits: SearchLimits(), in: tree.root())
        var one = PassRunner(of: .process(10), mode: .cheap, limits: SearchLimits(), in: tree.root())
        #expect(try several.run().processes.count == 2 && one.run().processes.count == 1)
        try tree.write(line(10, start: 90), to: "/proc/10/stat")
        for _ in 0..<3 {
            let snapshot = try several.run()
            #expect(snapshot.processes.map(\.usage.unavailable) == [.exited, nil])
            #expect(snapshot.processes[0].usage.rssBytes == nil && snapshot.total.rssBytes == 200 * 4096)
            let error = #expect(throws: ProcMemError.self) { try one.run() }
            #expect(error?.code == .noSuchProcess)
        }
    }
}
