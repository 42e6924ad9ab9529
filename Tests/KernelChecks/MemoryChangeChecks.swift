import Foundation
import ProcMem
import TestSupport

/// Changes of a container's memory, each with its cause. Where the next poll is an hour away, the kernel has notified.
enum MemoryChangeChecks {
    private static let mib = 1 << 20
    private static let never = Duration.seconds(3600)
    private static let withMemory: Set<System> = [.v2, .v1, .hybrid, .mixed]

    static let all: [Check] = [
        Check("memory changes/limits of each level, by notification", on: withMemory) {
            let parent = try Cgroup.make(.memory)
            let own = try parent.make()
            let child = try own.child(state: "hold", 4096)
            var changes = ContainerMemoryChanges(of: child.pid, pollInterval: never).makeAsyncIterator()
            try await expectCause(changes.next(), "start")
            var fastest = Duration.seconds(3600)
            for (cgroup, bytes, smallest) in [(own, 64, 64), (parent, 128, 64), (own, 32, 32), (parent, 96, 32)] {
                let begin = ContinuousClock.now
                try cgroup.set(memoryLimit: bytes * mib)
                let change = try await require(changes.next(), "a change")
                fastest = min(fastest, ContinuousClock.now - begin)
                guard case .limit(let limit) = change.cause else { throw Unexpected("the cause \(change.cause)") }
                try expect(limit.cgroup, is: cgroup.path, "the cgroup whose limit has changed")
                try expect(limit.laterBytes, is: bytes * mib, "its limit")
                try expect(change.memory.limitBytes, is: smallest * mib, "the smallest limit")
            }
            try expectFast(fastest)
        },
        Check("memory changes/soft limits of each level, by notification") {
            let parent = try Cgroup.make(.memory)
            let own = try parent.make()
            let child = try own.child(state: "hold", 4096)
            var changes = ContainerMemoryChanges(of: child.pid, pollInterval: never).makeAsyncIterator()
            try await expectCause(changes.next(), "start")
            for (cgroup, bytes) in [(own, 64), (parent, 48), (own, 32)] {
                try cgroup.set(memoryHigh: bytes * mib)
                let change = try await require(changes.next(), "a change")
                guard case .softLimit(let limit) = change.cause else { throw Unexpected("the cause \(change.cause)") }
                try expect(limit.cgroup, is: cgroup.path, "the cgroup whose soft limit has changed")
                try expect(change.memory.highBytes, is: bytes * mib, "the smallest soft limit")
            }
        },
        Check("memory changes/a process that breaches the soft limit, by notification") {
            let own = try Cgroup.make(.memory)
            let child = try own.child(state: "hold", 4096)
            try own.set(memoryHigh: 8 * mib)
            var changes = ContainerMemoryChanges(of: child.pid, pollInterval: never).makeAsyncIterator()
            try await expectCause(changes.next(), "start")
            let taker = try startTaker(in: own, holding: 16 * mib)
            try await expectCause(changes.next(), "highBreached")
            taker.end()
        },
        Check("memory changes/a limit that is hit, and a kill, by notification") {
            let own = try Cgroup.make(.memory)
            let child = try own.child(state: "hold", 4096)
            try own.set(memoryLimit: 24 * mib)
            var changes = ContainerMemoryChanges(of: child.pid, pollInterval: never).makeAsyncIterator()
            try await expectCause(changes.next(), "start")
            let (causes, fastest) = try await kills(in: own, &changes)
            try expect(causes.allSatisfy { $0.contains("limitHit") || $0 == ["oomKill"] }, "the causes \(causes)")
            try expect(own.number(after: "oom_kill", in: "memory.events"), is: 3, "the kernel's count")
            try expectFast(fastest)
        },
        Check("memory changes/a kill with the default interval", on: [.v1, .hybrid]) {
            let own = try Cgroup.make(.memory)
            let child = try own.child(state: "hold", 4096)
            try own.set(memoryLimit: 24 * mib)
            // On v1, counts are read every twentieth of it.
            var changes = ContainerMemoryChanges(of: child.pid).makeAsyncIterator()
            try await expectCause(changes.next(), "start")
            let (_, fastest) = try await kills(in: own, &changes)
            try expectFast(fastest)
        },
        Check("memory changes/the kill of the process itself, and the end", on: [.v2, .v1, .hybrid]) {
            let own = try Cgroup.make(.memory)
            let child = try own.child(state: "hold", 12 * mib)
            var changes = ContainerMemoryChanges(of: child.pid, pollInterval: .milliseconds(50)).makeAsyncIterator()
            try await expectCause(changes.next(), "start")
            try own.set(memoryLimit: 24 * mib)
            try Files.write("1000", to: "/proc/\(child.pid)/oom_score_adj")
            let taker = try startTaker(in: own, holding: 20 * mib)
            try expect(child.status(within: .seconds(20)), is: 128 + SIGKILL, "the end of the process")
            var names: [String] = []
            while let change = try await changes.next() { names.append(change.cause.name) }
            try expect(names.contains("oomKill"), "the causes \(names)")
            taker.end()
        },
        Check("memory changes/available memory, by polling", on: [.v2, .v1, .hybrid]) {
            let own = try Cgroup.make(.memory)
            let child = try own.child(state: "hold", 4096)
            try own.set(memoryLimit: 48 * mib)
            let threshold = AvailableThreshold.bytes(24 * mib)
            let interval = Duration.milliseconds(500)
            var changes = ContainerMemoryChanges(of: child.pid, below: [threshold], pollInterval: interval)
                .makeAsyncIterator()
            try await expectCause(changes.next(), "start")
            var fastest = Duration.seconds(3600)
            for _ in 1...3 where fastest > interval + .milliseconds(250) {
                let holder = try MemoryChangeChecks.startTaker(in: own, holding: 32 * mib)
                try expect(Waiting.until { try own.chargedBytes() > 24 * mib }, "the memory was not charged")
                let begin = ContinuousClock.now
                try await expectCause(changes.next(), "availableBelow")
                fastest = min(fastest, ContinuousClock.now - begin)
                holder.end()
                try await expectCause(changes.next(), "availableAbove")
            }
            // Within one interval, and what the emulated kernel takes.
            try expect(fastest <= interval + .milliseconds(250), "the fastest change took \(fastest)")
            print("fastest", fastest / .milliseconds(1), "ms")
        },
        Check("memory changes/a cgroup that is removed under the sequence", on: withMemory) {
            let (first, second) = (try Cgroup.make(.memory), try Cgroup.make(.memory))
            try first.set(memoryLimit: 64 * mib)
            try second.set(memoryLimit: 96 * mib)
            let child = try first.child(state: "hold", 4096)
            var changes = ContainerMemoryChanges(
                of: child.pid,
                pressure: PressureThreshold(share: 0.9),
                pollInterval: .milliseconds(100)
            ).makeAsyncIterator()
            try await expectCause(changes.next(), "start")
            try second.take(child.pid)
            try first.remove()
            let moved = try await require(changes.next(), "a change")
            try expect(moved.cause, is: .moved, "the cause")
            try expect(moved.memory.limitBytes, is: 96 * mib, "the limit of the other cgroup")
            try second.set(memoryLimit: 48 * mib)
            try await expectCause(changes.next(), "limit")
            try expectIdle()
        },
    ]

    /// Starts a process that needs more than it gets, and is killed or throttled.
    static func startTaker(in cgroup: Cgroup, holding bytes: Int) throws -> ChildProcess {
        let words = Cgroup.entering([cgroup]) + [try BuiltProduct.url(of: "ProcessStates").path, "hold", "\(bytes)"]
        return try ChildProcess(running: CommandLine.arguments[0], words)
    }

    /// Starts a process that the OOM killer ends.
    private static func victim(in cgroup: Cgroup, above limit: Int) throws -> ChildProcess {
        let taker = try startTaker(in: cgroup, holding: limit + 32 * mib)
        // The kernel must choose this one.
        try? Files.write("1000", to: "/proc/\(taker.pid)/oom_score_adj")
        return taker
    }

    /// Lets the kernel kill three processes, and expects that each kill is delivered.
    ///
    /// - Returns: The causes of the changes up to each kill, and the shortest time from its count to its delivery.
    private static func kills(
        in cgroup: Cgroup,
        _ changes: inout ContainerMemoryChanges.AsyncIterator
    ) async throws -> (causes: [[String]], fastest: Duration) {
        // In a hybrid system, the memory controller is on v1 or, on a kernel without it there, on v2.
        let file = cgroup.isOnV2 ? "memory.events" : "memory.oom_control"
        var (causes, fastest) = ([[String]](), Duration.seconds(3600))
        for number in 1...3 {
            let taker = try victim(in: cgroup, above: 24 * mib)
            let isCounted = Waiting.until { (try? cgroup.number(after: "oom_kill", in: file)) == number }
            let counted = ContinuousClock.now
            try expect(isCounted, "no kill was counted")
            var names: [String] = []
            while !names.contains("oomKill"), let change = try await changes.next() { names.append(change.cause.name) }
            fastest = min(fastest, ContinuousClock.now - counted)
            taker.end()
            try expect(names.contains("oomKill"), "the causes \(names)")
            causes.append(names)
        }
        return (causes, fastest)
    }

    private static func expectCause(_ change: ContainerMemoryChange?, _ cause: String) throws {
        guard let change, change.cause.name == cause else {
            throw Unexpected("the cause: expected \(cause), found \(String(describing: change))")
        }
    }

    /// The emulated kernel itself takes up to 80 ms to notify.
    private static func expectFast(_ fastest: Duration) throws {
        try expect(fastest < .milliseconds(250), "the fastest change took \(fastest)")
        print("fastest", fastest / .milliseconds(1), "ms")
    }

    /// Expects that the watcher thread sleeps, and does not read again and again.
    static func expectIdle() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        let threads = names.map { "/proc/self/task/\($0)" }.filter {
            (try? Files.text($0 + "/comm")) == "procmem-memory"
        }
        let thread = try require(threads.first, "a watcher thread")
        // The first number is the time on a CPU in nanoseconds.
        func nanoseconds() throws -> Int {
            try require(Files.text(thread + "/schedstat").split(separator: " ").first.flatMap { Int($0) }, "a time")
        }
        let before = try nanoseconds()
        usleep(1_000_000)
        let milliseconds = try (nanoseconds() - before) / 1_000_000
        try expect(milliseconds < 250, "the watcher thread used \(milliseconds) ms of a second")
    }
}
