import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// How a sequence begins and ends, and that it leaves no thread and no descriptor behind.
extension WatcherTests.CPULimitChangesTests {
    private func system(quota: String) throws -> FixtureTree {
        try FixtureTree(
            MountTable.files(
                in: "/a",
                [
                    "/proc/self/status": "Cpus_allowed:\tf\n",
                    "/sys/fs/cgroup/a/cpu.max": quota,
                ]
            )
        )
    }

    @Test(arguments: [true, false]) func followsATreeOfFiles(_ usesNotification: Bool) async throws {
        let tree = try system(quota: "150000 100000\n")
        var changes = CPULimitChanges(
            of: nil,
            pollInterval: usesNotification ? Self.never : .milliseconds(20),
            in: tree.root(),
            usesNotification: usesNotification
        ).makeAsyncIterator()
        #expect(try await changes.next()?.effectiveCPUCount() == 2)
        try tree.write("250000 100000\n", to: "/sys/fs/cgroup/a/cpu.max")
        #expect(try await changes.next()?.effectiveCPUCount() == 3)
        // Another file with the same name.
        let path = tree.directory.path + "/sys/fs/cgroup/a/cpu.max"
        try Data("max 100000\n".utf8).write(to: URL(filePath: path), options: .atomic)
        #expect(try await changes.next()?.effectiveCPUCount() == 4)
        try tree.write("50000 100000\n", to: "/sys/fs/cgroup/a/cpu.max")
        #expect(try await changes.next()?.effectiveCPUCount() == 1)
    }

    @Test func aLateRequestGetsTheNewestAlone() async throws {
        let tree = try system(quota: "150000 100000\n")
        var changes = CPULimitChanges(pollInterval: .milliseconds(20), in: tree.root()).makeAsyncIterator()
        #expect(try await changes.next()?.effectiveCPUCount() == 2)
        for quota in ["250000 100000\n", "350000 100000\n", "50000 100000\n"] {
            try tree.write(quota, to: "/sys/fs/cgroup/a/cpu.max")
            try await LeftBehind.readsAgain()
        }
        #expect(try await changes.next()?.effectiveCPUCount() == 1)
    }

    @Test func changedAndChangedBackIsNoChange() async throws {
        let tree = try system(quota: "150000 100000\n")
        var changes = CPULimitChanges(pollInterval: .milliseconds(20), in: tree.root()).makeAsyncIterator()
        #expect(try await changes.next()?.effectiveCPUCount() == 2)
        for quota in ["250000 100000\n", "150000 100000\n"] {
            try tree.write(quota, to: "/sys/fs/cgroup/a/cpu.max")
            try await LeftBehind.readsAgain()
        }
        async let later: Void = {
            try await Task.sleep(for: .milliseconds(100))
            try tree.write("350000 100000\n", to: "/sys/fs/cgroup/a/cpu.max")
        }()
        #expect(try await changes.next()?.effectiveCPUCount() == 4)
        try await later
    }

    @Test func endsWithTheProcess() async throws {
        let child = try ChildProcess(state: "hold", 4096)
        var changes = CPULimitChanges(of: child.pid, pollInterval: .milliseconds(20)).makeAsyncIterator()
        #expect(try await changes.next() != nil)
        child.end()
        #expect(try await changes.next() == nil)
        #expect(try await changes.next() == nil)
    }

    @Test func throwsWhereThereIsNoProcess() async throws {
        let child = try ChildProcess(state: "zombie")
        let zombie = try #require(child.ids.first)
        for (pid, code) in [(0, .invalidArgument), (.max, .noSuchProcess), (zombie, .zombie)]
            as [(Int32, ProcMemError.Code)]
        {
            var changes = CPULimitChanges(of: pid).makeAsyncIterator()
            do throws(ProcMemError) {
                let limits = try await changes.next()
                Issue.record("\(pid) answered \(String(describing: limits))")
            } catch {
                #expect(error.code == code, "\(pid)")
            }
            #expect(try await changes.next() == nil)
        }
    }

    @Test func aProcessWithoutItsMainThreadIsThere() async throws {
        let child = try ChildProcess(state: "zombie-leader", 4096)
        var changes = CPULimitChanges(of: child.pid, pollInterval: .milliseconds(20)).makeAsyncIterator()
        #expect(try await changes.next() != nil)
    }

    @Test func cancellationEndsItAtOnce() async throws {
        let before = try await LeftBehind.afterOthers()
        var fastest = Duration.seconds(60)
        for _ in 0..<5 {
            let task = Task {
                var changes = CPULimitChanges(pollInterval: Self.never).makeAsyncIterator()
                _ = try await changes.next()
                return (try await changes.next(), ContinuousClock.now)
            }
            try await Task.sleep(for: .milliseconds(50))
            let start = ContinuousClock.now
            task.cancel()
            let (limits, end) = try await task.value
            #expect(limits == nil)
            fastest = min(fastest, end - start)
        }
        #expect(fastest < .milliseconds(50))
        #expect(try await LeftBehind.settles { $0 <= before })
    }

    @Test func aHundredIteratorsLeaveNothing() async throws {
        let before = try await LeftBehind.afterOthers()
        try await withThrowingTaskGroup { group in
            for _ in 0..<100 {
                group.addTask {
                    for try await _ in CPULimitChanges(pollInterval: Self.never) {}
                }
            }
            // Some of them poll: other threads may use most of the 128 inotify instances that the kernel allows a user.
            #expect(try await LeftBehind.settles { $0.threads == 100 })
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(try await LeftBehind.settles { $0 <= before })
    }

    @Test func anIteratorThatIsLetGoLeavesNothing() async throws {
        let before = try await LeftBehind.afterOthers()
        for _ in 0..<20 {
            _ = CPULimitChanges(pollInterval: Self.never).makeAsyncIterator()
            var changes = CPULimitChanges(pollInterval: Self.never).makeAsyncIterator()
            _ = try await changes.next()
        }
        #expect(try await LeftBehind.settles { $0 <= before })
    }
}
