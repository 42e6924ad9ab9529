import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Several scopes on one thread.
@Suite(.timeLimit(.minutes(5))) struct MultiScopeSamplerTests {
    private func sampler(_ mode: MemoryMode = .cheap) -> MultiScopeSampler { MultiScopeSampler(mode: mode) }

    @Test func measuresEachScopeInTheOrderOfTheirAddition() async throws {
        let (first, second) = (try ChildProcess(state: "hold", 4096), try ChildProcess(state: "hold", 4096))
        let sampler = sampler()
        sampler.add(.process(second.pid), as: "b")
        sampler.add(.processes([first.pid, second.pid]), as: "a")
        let pass = try await sampler.snapshot()
        #expect(pass.readings.map(\.name) == ["b", "a"])
        #expect(
            try pass.readings.map { try $0.result.get().processes.map(\.pid) } == [
                [second.pid], [first.pid, second.pid],
            ]
        )
        // A scope that is replaced keeps its place.
        sampler.add(.process(first.pid), as: "b")
        #expect(try await sampler.snapshot().readings.map { try $0.result.get().processes.count } == [1, 2])
        sampler.remove("b")
        sampler.remove("never added")
        #expect(try await sampler.snapshot().readings.map(\.name) == ["a"])
        sampler.remove("a")
        #expect(try await sampler.snapshot().readings.isEmpty)
    }

    @Test func aScopeThatFailsLeavesTheOthers() async throws {
        let child = try ChildProcess(state: "hold", 4096)
        let sampler = sampler(.within(.milliseconds(5)))
        sampler.add(.process(1 << 30), as: "gone")
        sampler.add(.process(child.pid), as: "here")
        for _ in 0..<3 {
            let readings = try await sampler.snapshot().readings
            #expect(throws: ProcMemError.self) { try readings[0].result.get() }
            #expect(try readings[1].result.get().total.processCount == 1)
        }
    }

    @Test func aSequenceHasEachPass() async throws {
        let child = try ChildProcess(state: "hold", 4096)
        let sampler = sampler()
        sampler.add(.process(child.pid), as: "a")
        var count = 0
        for try await pass in sampler.passes(every: .milliseconds(1)) {
            #expect(pass.readings.count == 1)
            count += 1
            if count == 3 { break }
        }
        #expect(count == 3)
    }

    /// The time that one scope does not need goes to the next one. A scope never has less than an equal part.
    @Test(arguments: [
        (12, 12, 3, 3, 4), (12, 11, 2, 3, 5), (12, 9, 1, 3, 9), (12, -5, 1, 3, 4), (12, 12, 1, 1, 12),
        (12, 12, 0, 0, 12),
    ])
    func shares(_ budget: Int, _ left: Int, _ remaining: Int, _ count: Int, _ share: Int) {
        let result = Duration.milliseconds(budget).share(left: .milliseconds(left), among: remaining, of: count)
        #expect(result >= .milliseconds(share) && result < .milliseconds(share + 1))
    }
}

/// The CPU time between two snapshots.
@Suite struct SnapshotCPUTimeTests {
    private static func stat(_ pid: Int, parent: Int, own: Int, children: Int = 0, threads: Int = 1) -> String {
        "\(pid) (a) S \(parent) 1 1 0 -1 4194304 0 0 0 0 \(own) 0 \(children) 0 20 0 \(threads) 0 \(50 + pid) 0 0"
            + String(repeating: " 0", count: 28) + "\n"
    }

    /// A child exits, and its parent waits for it: the parent reports the time of the child.
    @Test(arguments: [MemoryMode.cheap, .accurate, .within(.seconds(1))])
    func aChildThatExits(_ mode: MemoryMode) throws {
        let tree = try FixtureTree(["/proc/uptime": "1000.00 0.00\n"])
        for (pid, parent) in [(17, 1), (18, 17)] {
            try tree.write(Self.stat(pid, parent: parent, own: 10), to: "/proc/\(pid)/stat")
            try tree.write("20 10 5 1 0 4 0\n", to: "/proc/\(pid)/statm")
            try tree.write("", to: "/proc/\(pid)/task/\(pid)/children")
        }
        try tree.write("18 ", to: "/proc/17/task/17/children")
        var runner = PassRunner(of: .tree(root: 17), mode: mode, limits: SearchLimits(), in: tree.root())
        let first = try runner.run()
        #expect(first.processes.map(\.userTicks) == [10, 10])
        try FileManager.default.removeItem(at: tree.directory.appending(path: "proc/18"))
        try tree.write("", to: "/proc/17/task/17/children")
        // The child has used 5 ticks more since.
        try tree.write(Self.stat(17, parent: 1, own: 13, children: 15), to: "/proc/17/stat")
        let second = try runner.run()
        let time = try #require(second.cpuTime(since: first))
        #expect(time.ticks == 3 + 5 && time.ticksByPID == [17: 3])
        #expect(!time.isLowerBound)
        let rate = try #require(time.utilization(of: 17))
        #expect(abs(rate / time.utilization - 3.0 / 8) < 1e-9)
        #expect(time.utilization(of: 18) == nil)
    }

    /// The kernel reports 0 for every time of a process that is being removed: its times are not known.
    @Test func aProcessThatIsBeingRemoved() throws {
        let tree = try FixtureTree([
            "/proc/17/stat": Self.stat(17, parent: 1, own: 0, threads: 0), "/proc/17/statm": "0 0 0 0 0 0 0\n",
        ])
        let process = try memorySnapshot(of: .process(17), mode: .cheap, in: tree.root()).processes[0]
        #expect(process.userTicks == nil && process.systemTicks == nil)
    }

    @Test func aProcessAtWork() throws {
        let shell = try ChildProcess(running: "/bin/sh", ["-c", "while :; do :; done"])
        let first = try memorySnapshot(of: .tree(root: shell.pid), mode: .cheap)
        var time = try #require(try memorySnapshot(of: .tree(root: shell.pid), mode: .cheap).cpuTime(since: first))
        let isBusy = Waiting.until {
            guard let later = try? memorySnapshot(of: .tree(root: shell.pid), mode: .cheap).cpuTime(since: first) else {
                return false
            }
            time = later
            return time.ticks >= 10
        }
        #expect(isBusy)
        #expect(!time.isLowerBound && time.utilization > 0 && time.utilization < 1.5)
    }

    @Test(.memoryCgroups) func totalsHaveNone() throws {
        let cgroup = try Cgroup.make(.memory)
        let totals = try memorySnapshot(of: .cgroup(cgroup.path), mode: .cheap, detail: .totals)
        #expect(totals.cpuTime(since: totals) == nil)
    }
}
