import Foundation
import TestSupport
import Testing

@testable import ProcMem

@Suite struct ProcessListTests {
    private static func pids(_ list: ProcessList) -> [Int32] { list.processes.map(\.pid) }

    @Test(arguments: [false, true]) func aTree(_ exhaustive: Bool) throws {
        let child = try ChildProcess(state: "nested", 4096)
        let list = try processList(of: .tree(root: child.pid, exhaustive: exhaustive))
        #expect(Self.pids(list) == [child.pid] + child.ids)
        #expect(list.processes.map(\.depth) == [0, 1, 2])
        #expect(list.processes.map(\.parentPID) == [getpid(), child.pid, child.ids[0]])
        #expect(list.processes.allSatisfy { $0.command == "ProcessStates" })
        #expect(list.search == (exhaustive ? .scan : .childrenFiles))
        #expect(list.isComplete && list.elapsed > .zero)
        // The second source.
        let ps = try ChildProcess.output(of: "/usr/bin/env", ["ps", "-o", "pid=", "--ppid", "\(child.pid)"])
        #expect(ps.text.trimmingCharacters(in: .whitespaces) == "\(child.ids[0])\n")
    }

    @Test func startTimesDistinguishProcesses() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let listed = try #require(try processList(of: .process(child.pid)).processes.first)
        let fields = try String(contentsOfFile: "/proc/\(child.pid)/stat", encoding: .utf8).split(separator: " ")
        #expect(listed.startTimeTicks == Int(fields[21]))
    }

    @Test func processesThatAreNamed() throws {
        let child = try ChildProcess(state: "thread")
        let thread = try #require(child.ids.first)
        let list = try processList(of: .processes([getpid(), thread, child.pid, getpid()]))
        #expect(Self.pids(list) == [getpid(), child.pid])
        #expect(list.search == .named)
        #expect(try Self.pids(processList(of: .processes([]))).isEmpty)
    }

    /// A tool that excludes itself, but includes the processes that it has started.
    @Test func withoutTheCaller() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let tree = try Self.pids(processList(of: .currentTree.excludingCaller))
        #expect(tree.contains(child.pid) && !tree.contains(getpid()))
        let all = try Self.pids(processList(of: .all.excludingCaller))
        #expect(all.contains(child.pid) && !all.contains(getpid()))
        #expect(try processList(of: .current.excludingCaller).processes.isEmpty)
        let snapshot = try memorySnapshot(of: .current.excludingCaller, mode: .accurate)
        #expect(snapshot.total.processCount == 0)
        #expect(snapshot.total.rssBytes == nil && snapshot.total.distinctBytes.estimate == 0)
        #expect(try Self.pids(processList(of: .processes([getpid(), child.pid]).excludingCaller)) == [child.pid])
    }

    @Test func everyProcessIsThatWhichPsLists() throws {
        let child = try ChildProcess(state: "zombie")
        let list = try processList(of: .all)
        #expect(list.search == .scan)
        #expect(list.isComplete)
        #expect(Set([getpid(), child.pid] + child.ids).isSubset(of: Self.pids(list)))
        let ps = try ChildProcess.output(of: "/usr/bin/env", ["ps", "-e", "-o", "pid="])
        let others = ps.text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
        // Processes start and exit between the two lists; those that existed throughout are in both.
        let again = try Self.pids(processList(of: .all))
        let steady = Set(Self.pids(list)).intersection(again)
        #expect(steady.isSubset(of: others))
    }

    /// When a parent exits, init adopts its children: no walk from an ancestor finds them, but their cgroup does.
    @Test(.memoryCgroups) func anOrphanIsFoundByItsCgroup() throws {
        let cgroup = try Cgroup.make(.memory)
        let below = try cgroup.make()
        let child = try below.child(state: "orphan")
        let orphan = try #require(child.ids.first)
        #expect(try Self.pids(processList(of: .tree(root: child.pid))) == [child.pid])
        for scope in [ProcessScope.cgroup(of: child.pid), .cgroup(below.path), .cgroup(cgroup.directory)] {
            let list = try processList(of: scope)
            #expect(Set(Self.pids(list)) == [child.pid, orphan])
            #expect(list.search == .cgroupFiles)
            #expect(list.isComplete)
        }
        #expect(try processList(of: .cgroup(below.path)).processes.first { $0.pid == orphan }?.parentPID != child.pid)
    }

    @Test func theOwnCgroup() throws {
        let list = try processList(of: .currentCgroup)
        #expect(Self.pids(list).contains(getpid()))
        #expect(try Set(Self.pids(processList(of: .cgroup(of: getpid())))).contains(getpid()))
    }

    @Test func aCgroupThatCannotBeSeen() throws {
        let stat = ProcessStatTests.line("x", [1: "17"])
        let tree = try FixtureTree([
            "/proc/17/stat": stat, "/proc/17/cgroup": "6:memory:/elsewhere\n",
            "/proc/17/mountinfo": "40 30 0:9 /own /cg rw - cgroup cgroup rw,memory\n", "/cg/cgroup.procs": "1\n",
        ])
        let error = #expect(throws: ProcMemError.self) { try processList(of: .cgroup(of: 17), in: tree.root()) }
        #expect(error?.code == .unsupported)
        #expect(error?.description.contains("the cgroup /elsewhere is outside of the mounted hierarchy") == true)
    }

    // MARK: Failures

    @Test(arguments: [Int32.min, -1, 0]) func whatIsNoProcessID(_ pid: Int32) {
        for scope in [ProcessScope.process(pid), .tree(root: pid), .cgroup(of: pid)] {
            #expect(#expect(throws: ProcMemError.self) { try processList(of: scope) }?.code == .invalidArgument)
        }
    }

    @Test func whatIsNotThere() {
        for scope in [ProcessScope.process(.max), .tree(root: .max), .cgroup(of: .max)] {
            #expect(#expect(throws: ProcMemError.self) { try processList(of: scope) }?.code == .noSuchProcess)
        }
    }

    /// Names in `/proc` that are not pids, or not as the kernel writes them.
    @Test func namesThatAreNoIDsAreIgnored() throws {
        var files = ["/proc/17/stat": ProcessStatTests.line("x", [1: "17"])]
        for name in ["self", "1e3", "+5", "-5", "007", "0", "99999999999", "5x", "sys"] {
            files["/proc/\(name)/stat"] = ProcessStatTests.line("wrong", [1: "5"])
        }
        let tree = try FixtureTree(files)
        #expect(try Self.pids(processList(of: .all, in: tree.root())) == [17])
    }

    // MARK: Limits

    /// A system with an endless tree: process N is the parent of N + 1.
    private static func chain(_ count: Int, childrenFiles: Bool) throws -> FixtureTree {
        var files: [String: String] = [:]
        for pid in 1...count {
            files["/proc/\(pid)/stat"] = ProcessStatTests.line("p", [1: "\(pid)", 4: "\(pid - 1)", 20: "1"])
            if childrenFiles { files["/proc/\(pid)/task/\(pid)/children"] = "\(pid + 1)" }
        }
        return try FixtureTree(files)
    }

    @Test(arguments: [true, false]) func noMoreThanSoMany(_ childrenFiles: Bool) throws {
        let tree = try Self.chain(20, childrenFiles: childrenFiles)
        let limits = SearchLimits(maximumCount: 7)
        let list = try processList(of: .tree(root: 1), limits: limits, in: tree.root())
        #expect(Self.pids(list) == Array(1...7))
        #expect(list.gaps == [.countLimit])
        #expect(!list.isComplete)
        let all = try processList(of: .all, limits: limits, in: tree.root())
        #expect(Self.pids(all) == Array(1...7) && all.gaps == [.countLimit])
        let whole = try processList(of: .tree(root: 1), limits: SearchLimits(maximumCount: 20), in: tree.root())
        #expect(Self.pids(whole) == Array(1...20))
    }

    /// The list is long enough for several threads, which share one limit.
    @Test(arguments: [100, 300, 599, 600, 601]) func noMoreThanSoManyOfALongList(_ count: Int) throws {
        let tree = try Self.chain(600, childrenFiles: false)
        let list = try processList(of: .all, limits: SearchLimits(maximumCount: count), in: tree.root())
        #expect(Self.pids(list) == Array(1...Int32(min(600, count))))
        #expect(list.gaps == (count < 600 ? [.countLimit] : []))
        let snapshot = try memorySnapshot(
            of: .all,
            mode: .cheap,
            limits: SearchLimits(maximumCount: count),
            in: tree.root()
        )
        #expect(snapshot.processes.map(\.pid) == Self.pids(list) && snapshot.gaps == list.gaps)
    }

    /// Processes outside of the scope do not count towards the limit, even if they must be read.
    @Test func strangersDoNotCount() throws {
        let tree = try Self.chain(80, childrenFiles: false)
        try tree.write(ProcessStatTests.line("p", [1: "90", 4: "1", 20: "1"]), to: "/proc/90/stat")
        try tree.write(ProcessStatTests.line("p", [1: "91", 4: "90", 20: "1"]), to: "/proc/91/stat")
        for exhaustive in [false, true] {
            let scope = ProcessScope.tree(root: 90, exhaustive: exhaustive)
            let list = try processList(of: scope, limits: SearchLimits(maximumCount: 50), in: tree.root())
            #expect(Self.pids(list) == [90, 91])
            #expect(list.isComplete && list.search == .scan)
        }
    }

    /// A malformed process costs no other process its place. A caller that names its pid gets the error.
    @Test func aStatThatNoKernelWrites() throws {
        let tree = try Self.chain(3, childrenFiles: true)
        try tree.write("", to: "/proc/2/stat")
        for (scope, pids) in [(ProcessScope.all, [1, 2, 3]), (.tree(root: 1), [1, 2])] as [(ProcessScope, [Int32])] {
            let snapshot = try memorySnapshot(of: scope, mode: .cheap, in: tree.root())
            #expect(snapshot.processes.map(\.pid) == pids)
            #expect(snapshot.processes[1].usage.unavailable == .malformed)
            #expect(try Self.pids(processList(of: scope, in: tree.root())) == pids)
        }
        let error = #expect(throws: ProcMemError.self) { try processList(of: .process(2), in: tree.root()) }
        #expect(error?.code == .malformed)
    }

    @Test func noLongerThanSoLong() throws {
        let tree = try Self.chain(20, childrenFiles: true)
        // A clock that advances by one second with each call.
        nonisolated(unsafe) var seconds = 0
        let budget = SearchBudget(SearchLimits(maximumDuration: .seconds(5))) {
            seconds += 1
            return .seconds(seconds)
        }
        var walk = ProcessWalk<Void>(in: tree.root(), budget: budget) { (_, _) in }
        try walk.visit(.tree(root: 1))
        #expect(walk.members.map(\.pid) == Array(1...4))
        #expect(walk.gaps == [.timeLimit])
        let none = try processList(of: .all, limits: SearchLimits(maximumDuration: .zero), in: tree.root())
        #expect(none.processes.isEmpty && none.gaps == [.timeLimit])
    }

    /// A process that forks for as long as the walk lasts: the walk ends, and reports that it is incomplete.
    @Test func aTreeThatGrowsFasterThanItIsWalked() throws {
        let tree = try Self.chain(3, childrenFiles: true)
        nonisolated(unsafe) var last = 3
        var walk = ProcessWalk<Void>(in: tree.root(), budget: SearchBudget(SearchLimits(maximumCount: 500))) {
            (_, stat) in
            let next = last + 1
            last = next
            let line = ProcessStatTests.line("p", [1: "\(next)", 4: "\(next - 1)", 20: "1"])
            try? tree.write(line, to: "/proc/\(next)/stat")
            try? tree.write("\(next + 1)", to: "/proc/\(next)/task/\(next)/children")
        }
        try walk.visit(.tree(root: 1))
        #expect(walk.members.count == 500)
        #expect(walk.gaps == [.countLimit])
    }
}
