import Foundation
import TestSupport
import Testing

@testable import ProcMem

extension WatcherTests {
    @Suite(.timeLimit(.minutes(5))) struct CPULimitChangesTests {
        /// So rare that only a notification can have reported a change.
        static let never = Duration.seconds(3600)
        /// Long enough that a busy machine does not fail a test; a change itself is reported within milliseconds.
        static let soon = Duration.seconds(60)

        private let clock = ContinuousClock()

        @Test(.cpuCgroups) func notifiesOfAWriteToTheOwnCgroup() async throws {
            let cgroup = try Cgroup.make(.cpu)
            let child = try ChildProcess(state: "hold", 4096)
            try cgroup.take(child)
            var changes = CPULimitChanges(of: child.pid, pollInterval: Self.never).makeAsyncIterator()
            #expect(try await changes.next() == CPULimits(of: child.pid))
            for quota in [50_000, 70_000] {
                let start = clock.now
                try cgroup.set(quota: quota)
                let limits = try await changes.next()
                let elapsed = clock.now - start
                #expect(limits?.binding?.quota.quotaMicroseconds == quota)
                #expect(limits?.binding?.cgroup == cgroup.path)
                #expect(elapsed < Self.soon)
            }
        }

        @Test(.cpuCgroups) func notifiesOfAWriteToALevelAbove() async throws {
            let parent = try Cgroup.make(.cpu)
            let cgroup = try parent.make()
            let child = try ChildProcess(state: "hold", 4096)
            try cgroup.take(child)
            var changes = CPULimitChanges(of: child.pid, pollInterval: Self.never).makeAsyncIterator()
            #expect(try await changes.next()?.binding == nil)
            let start = clock.now
            try parent.set(quota: 60_000)
            let limits = try await changes.next()
            let elapsed = clock.now - start
            #expect(limits?.binding?.quota.quotaMicroseconds == 60_000)
            #expect(limits?.binding?.cgroup == parent.path)
            #expect(elapsed < Self.soon)
        }

        @Test(
            .cpuCgroups,
            .enabled(
                if: (try? Cgroup.make(.cpu))?.isOnV2 == false,
                "cgroup v2 has the quota and the period in one file"
            )
        ) func aLimitInTwoFilesIsOneChange() async throws {
            let cgroup = try Cgroup.make(.cpu)
            let child = try ChildProcess(state: "hold", 4096)
            try cgroup.take(child)
            var changes = CPULimitChanges(of: child.pid, pollInterval: Self.never, debounce: .milliseconds(500))
                .makeAsyncIterator()
            _ = try await changes.next()
            try cgroup.set("cpu.cfs_quota_us", "30000")
            try cgroup.set("cpu.cfs_period_us", "60000")
            let expected = CPUQuota(quotaMicroseconds: 30_000, periodMicroseconds: 60_000)
            #expect(try await changes.next()?.binding?.quota == expected)
        }

        @Test(.cpuCgroups) func notifiesEveryWatcher() async throws {
            let cgroup = try Cgroup.make(.cpu)
            let child = try ChildProcess(state: "hold", 4096)
            try cgroup.take(child)
            let changes = CPULimitChanges(of: child.pid, pollInterval: Self.never)
            var first = changes.makeAsyncIterator()
            var second = changes.makeAsyncIterator()
            _ = try await (first.next(), second.next())
            try cgroup.set(quota: 50_000)
            #expect(try await first.next()?.binding?.quota.quotaMicroseconds == 50_000)
            #expect(try await second.next()?.binding?.quota.quotaMicroseconds == 50_000)
        }

        @Test(.cpuCgroups) func findsByPollingWhatIsNotReported() async throws {
            let cgroup = try Cgroup.make(.cpu)
            let child = try ChildProcess(state: "hold", 4096)
            try cgroup.take(child)
            var changes = CPULimitChanges(of: child.pid, pollInterval: .milliseconds(20), usesNotification: false)
                .makeAsyncIterator()
            _ = try await changes.next()
            #expect(try await LeftBehind.settles { $0.notifications == 0 })
            try cgroup.set(quota: 50_000)
            #expect(try await changes.next()?.binding?.quota.quotaMicroseconds == 50_000)
        }

        @Test(.enabled(if: (try? CPULimits.current().affinity.count > 1) == true, "needs two CPUs"))
        func findsANarrowerMask() async throws {
            let child = try ChildProcess(state: "hold", 4096)
            var changes = CPULimitChanges(of: child.pid, pollInterval: .milliseconds(20)).makeAsyncIterator()
            let first = try #require(try await changes.next()?.affinity.ranges.first?.lowerBound)
            let output = try ChildProcess.output(of: "/usr/bin/taskset", ["-cp", "\(first)", "\(child.pid)"])
            #expect(output.status == 0, "\(output.errorText)")
            #expect(try await changes.next()?.affinity == CPUSet([first...first]))
        }

        @Test(.cpuCgroups) func followsToAnotherCgroup() async throws {
            let parent = try Cgroup.make(.cpu)
            let old = try parent.make("old")
            let new = try parent.make("new")
            let child = try ChildProcess(state: "hold", 4096)
            try old.take(child)
            var polled = CPULimitChanges(of: child.pid, pollInterval: .milliseconds(20)).makeAsyncIterator()
            var notified = CPULimitChanges(of: child.pid, pollInterval: Self.never).makeAsyncIterator()
            _ = try await (polled.next(), notified.next())

            try new.take(child)
            #expect(try await polled.next()?.levels.first?.cgroup == new.path)
            // Every wake-up makes the watcher find the process's cgroup again.
            try parent.set(quota: 90_000)
            #expect(try await notified.next()?.levels.first?.cgroup == new.path)
            try new.set(quota: 50_000)
            #expect(try await notified.next()?.binding?.cgroup == new.path)
        }

        @Test(.cpuCgroups) func outlivesARemovedCgroup() async throws {
            let parent = try Cgroup.make(.cpu)
            let child = try ChildProcess(state: "hold", 4096)
            let cgroup = try parent.make("first")
            let other = try parent.make("other")
            try cgroup.take(child)
            var changes = CPULimitChanges(of: child.pid, pollInterval: Self.never).makeAsyncIterator()
            _ = try await changes.next()

            try other.take(child)
            try cgroup.remove()
            #expect(try await LeftBehind.settles { $0.threads == 1 })
            // The thread's wake-ups during an interval. Other work on the machine can only lower the number.
            let switches = try #require(LeftBehind.contextSwitches)
            try await Task.sleep(for: .milliseconds(300))
            let after = try #require(LeftBehind.contextSwitches)
            #expect(after - switches <= 4, "the thread woke up \(after - switches) times")

            try parent.set(quota: 90_000)
            #expect(try await changes.next()?.levels.first?.cgroup == other.path)
            // Another cgroup with the name of the removed one.
            let successor = try parent.make("first")
            try successor.take(child)
            try parent.set(quota: 80_000)
            #expect(try await changes.next()?.levels.first?.cgroup == successor.path)
            try successor.set(quota: 50_000)
            #expect(try await changes.next()?.binding?.cgroup == successor.path)
        }
    }
}
