import Foundation
import TestSupport
import Testing

@testable import ProcMem

extension WatcherTests {
    /// Changes of cgroups of the running kernel, and how a sequence begins and ends.
    @Suite(.timeLimit(.minutes(5))) struct ContainerMemoryChangesLiveTests {
        private static let mib = 1 << 20
        private static let never = ContainerMemoryChangesTests.never

        private static func limit(_ cgroup: Cgroup, _ earlier: Int?, _ later: Int?) -> ContainerMemoryChange.Cause {
            .limit(.init(cgroup: cgroup.path, earlierBytes: earlier, laterBytes: later))
        }

        @Test(.memoryCgroups) func notifiesOfLimitsOfEveryLevel() async throws {
            let parent = try Cgroup.make(.memory)
            let own = try parent.make()
            let child = try own.child(state: "hold", 4096)
            var changes = ContainerMemoryChanges(of: child.pid, pollInterval: Self.never).makeAsyncIterator()
            #expect(try await changes.next()?.cause == .start)
            try own.set(memoryLimit: 64 * Self.mib)
            #expect(try await changes.next()?.cause == Self.limit(own, nil, 64 * Self.mib))
            try parent.set(memoryLimit: 96 * Self.mib)
            let change = try #require(try await changes.next())
            #expect(change.cause == Self.limit(parent, nil, 96 * Self.mib))
            #expect(change.memory.limitBytes == 64 * Self.mib)
            try own.set(memoryLimit: 32 * Self.mib)
            #expect(try await changes.next()?.cause == Self.limit(own, 64 * Self.mib, 32 * Self.mib))
        }

        @Test(.memoryCgroups) func everySequenceIsNotified() async throws {
            let own = try Cgroup.make(.memory)
            let child = try own.child(state: "hold", 4096)
            let changes = ContainerMemoryChanges(of: child.pid, pollInterval: Self.never)
            var (first, second) = (changes.makeAsyncIterator(), changes.makeAsyncIterator())
            _ = try await (first.next(), second.next())
            try own.set(memoryLimit: 64 * Self.mib)
            let expected = Self.limit(own, nil, 64 * Self.mib)
            #expect(try await first.next()?.cause == expected)
            #expect(try await second.next()?.cause == expected)
        }

        @Test(.memoryCgroups) func countsKillsAndThresholds() async throws {
            let own = try Cgroup.make(.memory)
            try own.set(memoryLimit: 48 * Self.mib)
            if own.has("memory.swap.max") || own.has("memory.memsw.limit_in_bytes") { try own.set(swapLimit: 0) }
            let child = try own.child(state: "hold", 4096)
            var changes = ContainerMemoryChanges(
                of: child.pid,
                below: [.share(0.5)],
                pollInterval: .milliseconds(20)
            ).makeAsyncIterator()
            #expect(try await changes.next()?.cause == .start)
            let holder = try own.child(state: "hold", 32 * Self.mib)
            #expect(try await changes.next()?.cause == .availableBelow(.share(0.5)))
            holder.end()
            #expect(try await changes.next()?.cause == .availableAbove(.share(0.5)))
            let states = try BuiltProduct.url(of: "ProcessStates").path
            async let ended = own.output(of: states, ["hold", "\(128 * Self.mib)"]).status
            var kills = 0
            // The kernel may choose either process; then the sequence ends.
            while kills == 0, let change = try await changes.next() {
                if case .oomKill(let count) = change.cause { kills += count }
            }
            #expect(kills >= 1)
            if child.status(within: .milliseconds(1)) == nil { #expect(try await ended == 128 + SIGKILL) }
        }

        /// The kill of the process itself is reported before the sequence ends.
        @Test(.memoryCgroups) func theProcessItselfIsKilled() async throws {
            let own = try Cgroup.make(.memory)
            let child = try own.child(state: "hold", 24 * Self.mib)
            // The kernel kills this process first.
            try "1000".write(toFile: "/proc/\(child.pid)/oom_score_adj", atomically: false, encoding: .utf8)
            // On v1, the first poll after the kill finds that the process has exited, too.
            var changes = ContainerMemoryChanges(of: child.pid, pollInterval: .seconds(2)).makeAsyncIterator()
            #expect(try await changes.next()?.cause == .start)
            if own.has("memory.swap.max") || own.has("memory.memsw.limit_in_bytes") {
                // The limit of memory alone must be set before that of both.
                try own.set(memoryLimit: 40 * Self.mib)
                try own.set(swapLimit: 0)
            } else {
                try own.set(memoryLimit: 40 * Self.mib)
            }
            let states = try BuiltProduct.url(of: "ProcessStates").path
            _ = try own.output(of: states, ["hold", "\(128 * Self.mib)"])
            // The sequence ends only if the kernel has killed this process.
            #expect(child.status(within: .seconds(20)) == 128 + SIGKILL)
            child.end()
            var causes: [String] = []
            while let change = try await changes.next() { causes.append(change.cause.name) }
            #expect(causes.contains("oomKill"), "\(causes)")
        }

        @Test(.memoryCgroups) func followsToAnotherCgroup() async throws {
            let parent = try Cgroup.make(.memory)
            let (old, new) = (try parent.make("old"), try parent.make("new"))
            let child = try old.child(state: "hold", 4096)
            var polled = ContainerMemoryChanges(of: child.pid, pollInterval: .milliseconds(20)).makeAsyncIterator()
            var notified = ContainerMemoryChanges(of: child.pid, pollInterval: Self.never).makeAsyncIterator()
            _ = try await (polled.next(), notified.next())
            try new.take(child)
            try old.remove()
            #expect(try await polled.next()?.cause == .moved)
            // Every wake-up finds the process's cgroup again.
            try parent.set(memoryLimit: 96 * Self.mib)
            #expect(try await notified.next()?.cause == .moved)
            #expect(try await polled.next()?.cause == Self.limit(parent, nil, 96 * Self.mib))
            try new.set(memoryLimit: 64 * Self.mib)
            #expect(try await polled.next()?.cause == Self.limit(new, nil, 64 * Self.mib))
            while let change = try await notified.next() {
                if change.cause == Self.limit(new, nil, 64 * Self.mib) { break }
            }
            child.end()
            #expect(try await polled.next() == nil)
        }

        @Test func endsWithTheProcess() async throws {
            let child = try ChildProcess(state: "hold", 4096)
            var changes = ContainerMemoryChanges(of: child.pid, pollInterval: .milliseconds(20)).makeAsyncIterator()
            #expect(try await changes.next()?.cause == .start)
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
                var changes = ContainerMemoryChanges(of: pid).makeAsyncIterator()
                do throws(ProcMemError) {
                    let change = try await changes.next()
                    Issue.record("\(pid) answered \(String(describing: change))")
                } catch {
                    #expect(error.code == code, "\(pid)")
                }
                #expect(try await changes.next() == nil)
            }
        }

        @Test func cancellationEndsItAtOnce() async throws {
            let before = try await LeftBehind.afterOthers()
            var fastest = Duration.seconds(60)
            for _ in 0..<5 {
                let task = Task {
                    var changes = ContainerMemoryChanges(pollInterval: Self.never).makeAsyncIterator()
                    _ = try await changes.next()
                    while try await changes.next() != nil {}
                    return ContinuousClock.now
                }
                try await Task.sleep(for: .milliseconds(50))
                let start = ContinuousClock.now
                task.cancel()
                fastest = min(fastest, try await task.value - start)
            }
            #expect(fastest < .milliseconds(50))
            #expect(try await LeftBehind.settles { $0 <= before })
        }

        /// Each iterator has one thread.
        @Test func fiftyIteratorsLeaveNothing() async throws {
            let before = try await LeftBehind.afterOthers()
            try await withThrowingTaskGroup { group in
                for _ in 0..<50 {
                    group.addTask {
                        for try await _ in ContainerMemoryChanges(pollInterval: Self.never) {}
                    }
                }
                #expect(try await LeftBehind.settles { $0.threads == 50 })
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(try await LeftBehind.settles { $0 <= before })
        }

        @Test func anIteratorThatIsReleasedLeavesNothing() async throws {
            let before = try await LeftBehind.afterOthers()
            for _ in 0..<20 {
                _ = ContainerMemoryChanges(pollInterval: Self.never).makeAsyncIterator()
                var changes = ContainerMemoryChanges(pollInterval: Self.never).makeAsyncIterator()
                _ = try await changes.next()
            }
            #expect(try await LeftBehind.settles { $0 <= before })
        }
    }
}
