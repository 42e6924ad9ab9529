import Foundation
import ProcMem
import TestSupport
import Testing

/// Processes in states with few figures: an unknown figure is never 0.
@Suite struct ProcessStateTests {
    static let modes: [MemoryMode] = [.cheap, .accurate]

    @Test(arguments: modes) func aProcessThatNeverWas(_ mode: MemoryMode) {
        let error = #expect(throws: ProcMemError.self) { try memoryUsage(of: .max, mode: mode) }
        #expect(error?.code == .noSuchProcess)
        #expect(error?.errno == ENOENT)
        #expect(error?.path == "/proc/2147483647")
    }

    @Test(arguments: [Int32.min, -1, 0], modes) func whatIsNoProcessID(_ pid: Int32, _ mode: MemoryMode) {
        #expect(throws: ProcMemError.self) { try Statm(of: pid) }
        #expect(throws: ProcMemError.self) { try memorySnapshot(of: .tree(root: pid), mode: mode) }
        let error = #expect(throws: ProcMemError.self) { try memoryUsage(of: pid, mode: mode) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.errno == nil)
    }

    @Test(arguments: modes) func aZombie(_ mode: MemoryMode) throws {
        let child = try ChildProcess(state: "zombie")
        let usage = try memoryUsage(of: #require(child.ids.first), mode: mode)
        #expect(usage.source == .unavailable(.zombie))
        #expect(usage.unavailable == .zombie)
        #expect(usage.rssBytes == nil && usage.sharedBytes == nil && usage.pssBytes == nil)
    }

    @Test func aZombiesFiles() throws {
        let child = try ChildProcess(state: "zombie")
        let zombie = try #require(child.ids.first)
        #expect(#expect(throws: ProcMemError.self) { try Statm(of: zombie) }?.code == .zombie)
        #expect(#expect(throws: ProcMemError.self) { try SmapsRollup(of: zombie) }?.code == .zombie)
    }

    /// The main thread has exited. The memory still exists, and another thread's files report it.
    @Test(arguments: modes) func aZombieLeaderWithLiveThreads(_ mode: MemoryMode) throws {
        let child = try ChildProcess(state: "zombie-leader", 32 << 20)
        let stat = try String(contentsOfFile: "/proc/\(child.pid)/stat", encoding: .utf8)
        try #require(stat.contains(") Z "), "the main thread has not ended")

        let usage = try memoryUsage(of: child.pid, mode: mode)
        #expect(try #require(usage.rssBytes) >= 32 << 20)
        #expect(usage.unavailable == nil)
        if mode == .accurate { #expect(try #require(usage.ussBytes) >= 32 << 20) }
    }

    @Test func aZombieLeadersFiles() throws {
        let child = try ChildProcess(state: "zombie-leader", 32 << 20)
        let usage = try memoryUsage(of: child.pid, mode: .accurate)
        #expect(try Statm(of: child.pid).residentBytes == memoryUsage(of: child.pid, mode: .cheap).rssBytes)
        let rollup = try SmapsRollup(of: child.pid)
        #expect(rollup.rssBytes == usage.rssBytes)
        #expect(rollup.ussBytes >= 32 << 20)
    }

    /// `kthreadd` always has pid 2. It is not visible in a container.
    static var kernelThread: Int32? {
        let name = try? String(contentsOfFile: "/proc/2/comm", encoding: .utf8)
        return name == "kthreadd\n" ? 2 : nil
    }

    @Test(.enabled(if: kernelThread != nil, "no kernel thread is visible"), arguments: modes)
    func aKernelThread(_ mode: MemoryMode) throws {
        let pid = try #require(Self.kernelThread)
        let usage = try memoryUsage(of: pid, mode: mode)
        #expect(usage.source == .unavailable(.kernelThread))
        #expect(usage.rssBytes == nil)
        #expect(#expect(throws: ProcMemError.self) { try Statm(of: pid) }?.code == .kernelThread)
        #expect(#expect(throws: ProcMemError.self) { try SmapsRollup(of: pid) }?.code == .kernelThread)
    }

    @Test(.enabled(if: Rights.isRoot, "needs root, to drop privileges")) func anotherUsersProcess() throws {
        let child = try ChildProcess(state: "hold", 8 << 20)
        let pid = child.pid
        let (cheap, accurate, code) = try Rights.asNobody {
            let error = #expect(throws: ProcMemError.self) { try SmapsRollup(of: pid) }
            return try (memoryUsage(of: pid, mode: .cheap), memoryUsage(of: pid, mode: .accurate), error?.code)
        }
        #expect(cheap.unavailable == nil)
        #expect(try #require(cheap.rssBytes) >= 8 << 20)
        // The cheap figures are still reported, with the reason for the missing ones.
        #expect(accurate.rssBytes == cheap.rssBytes)
        #expect(accurate.pssBytes == nil && accurate.ussBytes == nil && accurate.swapBytes == nil)
        #expect(accurate.source == .statm)
        #expect(accurate.unavailable == .permissionDenied)
        #expect(code == .permissionDenied)
    }

    @Test(.enabled(if: Rights.isRoot, "needs root, to show that root is permitted")) func aProcessThatIsNotDumpable()
        throws
    {
        let child = try ChildProcess(state: "undumpable")
        #expect(try memoryUsage(of: child.pid, mode: .accurate).unavailable == nil)
    }

    @Test(arguments: modes) func aProcessThatExitsBetweenTwoReadings(_ mode: MemoryMode) throws {
        let child = try ChildProcess(state: "hold", 1 << 20)
        _ = try memoryUsage(of: child.pid, mode: mode)
        let pid = child.pid
        child.end()
        #expect(#expect(throws: ProcMemError.self) { try memoryUsage(of: pid, mode: mode) }?.code == .noSuchProcess)
    }

    @Test(arguments: modes) func aThreadsIDGivesItsProcess(_ mode: MemoryMode) throws {
        let child = try ChildProcess(state: "thread")
        let thread = try #require(child.ids.first)
        #expect(thread != child.pid)
        let (ofThread, ofProcess) = try (memoryUsage(of: thread, mode: mode), memoryUsage(of: child.pid, mode: mode))
        // PSS changes with other processes that share a library; USS does not.
        #expect(ofThread.rssBytes == ofProcess.rssBytes)
        #expect(ofThread.sharedBytes == ofProcess.sharedBytes)
        #expect(ofThread.source == ofProcess.source)
        #expect(ofThread.unavailable == nil)

        let snapshot = try memorySnapshot(of: .processes([thread, child.pid]), mode: mode)
        #expect(snapshot.processes.map(\.pid) == [child.pid])
    }

    @Test(arguments: [") R 1 (", "a b) S 0", "\u{1B}[31m", "x\ny", "((((", "é"]) func aHostileName(_ name: String)
        throws
    {
        let child = try ChildProcess(state: "name", name)
        let snapshot = try memorySnapshot(of: .process(child.pid), mode: .cheap)
        let process = try #require(snapshot.processes.first)
        #expect(process.command == name)
        #expect(process.parentPID == getpid())
    }

    /// A process without an address space is exiting (`PF_EXITING`, 4), or executes another program at that moment.
    @Test(arguments: [
        ("", UnavailableReason.malformed, 4_194_304), ("1 2 3", .malformed, 4_194_304), ("junk", .malformed, 4_194_304),
        ("0 0 0 0 0 0 0\n", .exited, 4_194_308), ("0 0 0 0 0 0 0\n", .executing, 4_194_304),
    ])
    func aStatmThatSaysNothing(_ statm: String, _ reason: UnavailableReason, _ flags: Int) throws {
        let tree = try FixtureTree([
            "proc/17/statm": statm,
            "proc/17/stat": "17 (x) S 1 1 1 0 -1 \(flags) 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0\n",
        ])
        let snapshot = try memorySnapshot(of: .process(17), mode: .cheap, in: tree.root())
        #expect(snapshot.processes.first?.usage.unavailable == reason)
        #expect(snapshot.total.rssBytes == nil)
        #expect(snapshot.total.unavailableCount == 1)
    }

    /// Linux computes RSS as the sum of its two parts. Where a file contradicts that, RSS remains, and the parts are unknown.
    @Test func moreSharedThanResident() throws {
        let tree = try FixtureTree([
            "proc/17/statm": "5000 100 300 1 0 100 0\n",
            "proc/17/stat": "17 (x) S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0\n",
        ])
        let root = tree.root(pageSizeBytes: 4096)
        let statm = try Statm(of: 17, in: root)
        #expect(statm.residentBytes == 100 * 4096 && statm.sharedBytes == 300 * 4096)
        let usage = try memoryUsage(of: 17, mode: .cheap, in: root)
        #expect(usage.rssBytes == 100 * 4096 && usage.sharedBytes == nil)
        let distinct = try memorySnapshot(of: .process(17), mode: .cheap, in: root).total.distinctBytes
        #expect(!distinct.isProven && distinct.lower == 0)
    }

    @Test func aRollupThatStopsMidway() throws {
        let tree = try FixtureTree([
            "proc/17/statm": "3 2 1 0 0 0 0\n",
            "proc/17/smaps_rollup": "Rss: 8 kB\n",
            "proc/17/stat": "17 (x) S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0\n",
        ])
        let usage = try memoryUsage(of: 17, mode: .accurate, in: tree.root(pageSizeBytes: 4096))
        #expect(usage.unavailable == .malformed)
        #expect(usage.rssBytes == 2 * 4096)
        #expect(usage.source == .statm)
        #expect(usage.pssBytes == nil)
        let error = #expect(throws: ProcMemError.self) { try SmapsRollup(of: 17, in: tree.root()) }
        #expect(error?.code == .malformed)
        #expect(error?.description.contains("smaps_rollup: expected the field Pss, found \"Rss: 8 kB") == true)
    }

    @Test func withoutProc() throws {
        let tree = try FixtureTree()
        let error = #expect(throws: ProcMemError.self) { try memoryUsage(of: 17, mode: .cheap, in: tree.root()) }
        #expect(error?.code == .noSuchProcess)
        #expect(error?.path == tree.directory.path + "/proc/17")
        #expect(
            #expect(throws: ProcMemError.self) { try memorySnapshot(of: .all, mode: .cheap, in: tree.root()) }?.code
                == .procUnavailable
        )
    }

    /// The main thread has exited, and the list of the others cannot be read: the process is not known to be a zombie.
    @Test func aListOfThreadsThatCannotBeRead() throws {
        let tree = try FixtureTree(
            [
                "/proc/17/stat": "17 (a) Z 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 2 0 55 0 0\n",
                "/proc/17/statm": "0 0 0 0 0 0 0\n",
            ],
            links: ["/proc/17/task": "task"]
        )
        for mode in [MemoryMode.cheap, .accurate] {
            let error = #expect(throws: ProcMemError.self) { try memoryUsage(of: 17, mode: mode, in: tree.root()) }
            #expect(error?.errno == ELOOP)
        }
        // Among several processes it is a member with a reason.
        let snapshot = try memorySnapshot(of: .all, mode: .cheap, in: tree.root())
        #expect(snapshot.processes.map(\.usage.unavailable) == [.failed])
    }

    /// A part of a path that is no directory, which procfs never has, does not show that a process has exited.
    @Test func aFileInPlaceOfADirectory() throws {
        let stat = "17 (a) S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 2 0 55 0 0\n"
        let tree = try FixtureTree(["/proc/17/stat": stat, "/proc/17/task": "", "/proc/18": ""])
        let list = try processList(of: .tree(root: 17), in: tree.root())
        #expect(list.processes.map(\.pid) == [17] && !list.isComplete)
        for body in [
            { _ = try processList(of: .process(18), in: tree.root()) },
            { _ = try memoryUsage(of: 18, mode: .cheap, in: tree.root()) },
            { _ = try CPULimits(of: 18, in: tree.root()) },
        ] as [() throws -> Void] {
            let error = #expect(throws: ProcMemError.self) { try body() }
            #expect(error?.code == .procUnavailable && error?.errno == ENOTDIR, "\(error as Any)")
        }
        // Among several processes it is a member with a reason.
        let snapshot = try memorySnapshot(of: .all, mode: .cheap, in: tree.root())
        #expect(snapshot.processes.map(\.usage.unavailable).contains(.failed))
    }

    @Test func aZombieWithAFileInPlaceOfItsThreads() throws {
        let stat = "17 (a) Z 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 2 0 55 0 0\n"
        let tree = try FixtureTree([
            "/proc/17/stat": stat, "/proc/17/task": "", "/proc/17/statm": "0 0 0 0 0 0 0\n",
        ])
        let error = #expect(throws: ProcMemError.self) { try memoryUsage(of: 17, mode: .cheap, in: tree.root()) }
        #expect(error?.errno == ENOTDIR && error?.code != .zombie && error?.code != .noSuchProcess)
    }
}
