import TestSupport
import Testing

@testable import ProcMem
@testable import ProcMemCommand

/// What is known of a scope from reading to reading, with invented snapshots.
@Suite struct ScopeTrackerTests {
    private static let start = ContinuousClock.now

    private static func snapshot(
        _ processes: [(pid: Int32, ticks: Int, unavailable: UnavailableReason?)],
        after seconds: Int = 0,
        gaps: Set<ProcessGap> = []
    ) -> MemorySnapshot {
        let rows = processes.map { process in
            ProcessMemory(
                pid: process.pid,
                parentPID: 1,
                command: "x",
                startTimeTicks: 100,
                userTicks: process.ticks,
                systemTicks: 0,
                depth: 0,
                usage: process.unavailable.map { MemoryUsage(unavailable: $0) }
                    ?? MemoryUsage(rssBytes: 4096, source: .statm),
                sharesMemoryWith: nil,
                mayShareMemoryWith: nil
            )
        }
        let usages = processes.map { process in
            ProcessUsage(
                pid: process.pid,
                parentPID: 1,
                command: "x",
                startTimeTicks: 100,
                depth: 0,
                userTicks: process.ticks,
                systemTicks: 0,
                childUserTicks: 0,
                childSystemTicks: 0,
                threadCount: 1,
                openFileCount: nil,
                openFileLimit: nil,
                unavailable: nil,
                ignoresExitsOfChildren: false
            )
        }
        return MemorySnapshot(
            mode: .cheap,
            elapsed: .milliseconds(1),
            processes: rows,
            total: MemoryTotal(rows, holding: .unknown),
            cgroupCharge: nil,
            search: .childrenFiles,
            gaps: gaps,
            times: ProcessTimesReading(
                processes: usages.map(ProcessTimes.init),
                isComplete: gaps.isEmpty,
                instant: start + .seconds(seconds),
                uptimeTicks: 1000,
                coverage: .descendants
            )
        )
    }

    private let gone = ProcMemError(.noSuchProcess, path: "/proc/17")

    @Test func theCPUTimeNeverFalls() throws {
        var tracker = ScopeTracker(NamedScope(name: "x", kind: .tree(17)))
        var totals: [Int] = []
        // A process exits, and its parent has not waited for it yet.
        let readings: [[(Int32, Int, UnavailableReason?)]] = [
            [(17, 50, nil), (18, 500, nil)], [(17, 60, nil), (18, 520, nil)], [(17, 61, nil)], [(17, 61, nil)],
            [(17, 70, nil)],
        ]
        for (number, processes) in readings.enumerated() {
            let (sample, events) = tracker.take(.success(Self.snapshot(processes, after: number)))
            totals.append(try #require(sample).cpu.ticks)
            #expect(events == [])
        }
        #expect(totals == [0, 30, 31, 31, 40])
        #expect(tracker.cpu.isLowerBound)
    }

    @Test func theRootOfATreeExits() {
        for isZombie in [true, false] {
            var tracker = ScopeTracker(NamedScope(name: "x", kind: .tree(17)))
            #expect(tracker.take(.success(Self.snapshot([(17, 0, nil), (18, 0, nil)]))).events == [])
            let root: [(Int32, Int, UnavailableReason?)] = isZombie ? [(17, 0, .zombie)] : []
            // A list that was cut short says nothing of the root.
            #expect(tracker.take(.success(Self.snapshot([], gaps: [.timeLimit]))).events == [])
            let (sample, events) = tracker.take(.success(Self.snapshot(root + [(18, 0, nil)])))
            #expect(sample != nil && events == [.rootExited(pid: 17)])
            #expect(tracker.take(.success(Self.snapshot([(18, 0, nil)]))).events == [])
            #expect(tracker.take(.failure(gone)).events == [.ended(nil)])
            #expect(tracker.hasEnded && tracker.take(.failure(gone)).events == [])
        }
    }

    /// The kernel's counter of a cgroup; another cgroup, and one that was created again, start again.
    @Test func theUtilizationOfACgroup() throws {
        var tracker = ScopeTracker(NamedScope(name: "x", kind: .cgroup("/a")))
        func utilization(_ cgroup: String, _ microseconds: Int, at seconds: Int) throws -> Double? {
            let tree = try FixtureTree([
                "/proc/self/cgroup": "0::/\n",
                "/proc/self/mountinfo": "30 29 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
                "/sys/fs/cgroup\(cgroup)/cgroup.procs": "",
                "/sys/fs/cgroup\(cgroup)/cpu.stat": "usage_usec \(microseconds)\n",
            ])
            let time = try CgroupCPUTime(ofCgroup: cgroup, in: tree.root())
            return tracker.utilization(ofCgroup: time, at: Self.start + .seconds(seconds))
        }
        #expect(try utilization("/a", 5_000_000, at: 0) == nil)
        #expect(try utilization("/a", 8_000_000, at: 2) == 1.5)
        #expect(tracker.utilization(ofCgroup: nil, at: Self.start + .seconds(3)) == nil)
        #expect(try utilization("/a", 9_000_000, at: 4) == 0.5)
        #expect(try utilization("/a", 1_000_000, at: 5) == nil)
        #expect(try utilization("/b", 2_000_000, at: 6) == nil)
    }

    /// The whole tree exits between two readings; its root is a zombie, or gone.
    @Test func aTreeExitsAtOnce() {
        for result in [Result.failure(gone), .success(Self.snapshot([(17, 0, .zombie)]))] {
            var tracker = ScopeTracker(NamedScope(name: "x", kind: .tree(17)))
            _ = tracker.take(.success(Self.snapshot([(17, 0, nil)])))
            let (sample, events) = tracker.take(result)
            #expect(sample == nil && events == [.rootExited(pid: 17), .ended(nil)])
        }
    }

    @Test func aFailureThatPasses() {
        var tracker = ScopeTracker(NamedScope(name: "x", kind: .process(17)))
        let shortage = ProcMemError(.outOfResources, path: "/proc/17")
        #expect(tracker.take(.failure(shortage)).events == [.failed(shortage)])
        #expect(tracker.take(.failure(shortage)).events == [])
        #expect(tracker.take(.success(Self.snapshot([(17, 0, nil)]))).events == [.recovered])
        let denied = ProcMemError(.permissionDenied, path: "/proc/17")
        #expect(tracker.take(.failure(denied)).events == [.failed(denied)])
        #expect(!tracker.hasEnded)
        // The CPU time between the readings around the failure counts.
        #expect(tracker.take(.success(Self.snapshot([(17, 9, nil)], after: 3))).sample?.cpu.ticks == 9)
    }

    /// What could never be read is given up, unless the caller lacks resources.
    @Test(arguments: [ProcMemError.Code.noSuchProcess, .permissionDenied, .procUnavailable, .invalidArgument])
    func aScopeThatWasNeverRead(_ code: ProcMemError.Code) {
        var tracker = ScopeTracker(NamedScope(name: "x", kind: .tree(17)))
        let error = ProcMemError(code, path: "/proc/17")
        #expect(tracker.take(.failure(error)).events == [.ended(error)])
    }

    @Test(arguments: [
        ("a=tree:17", "a", NamedScope.Kind.tree(17)), ("a=process:1", "a", .process(1)), ("a=all", "a", .all),
        ("b c=cgroup:/x=y:z", "b c", .cgroup("/x=y:z")), ("é=cgroup-of:7", "é", .cgroupOf(7)),
    ])
    func namedScopes(_ text: String, _ name: String, _ kind: NamedScope.Kind) throws {
        let scope = try NamedScope(parsing: text)
        #expect(scope == NamedScope(name: name, kind: kind))
        #expect("\(scope.name)=\(scope.definition)" == text)
    }
}
