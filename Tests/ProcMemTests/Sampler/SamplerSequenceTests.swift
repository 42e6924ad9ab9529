import Synchronization
import Testing

@testable import ProcMem

/// Which snapshots a sequence returns, and when.
extension MemorySamplerTests {
    private final class Count: Sendable {
        let value = Atomic(0)
    }

    private var clock: ContinuousClock { ContinuousClock() }

    @Test func theFirstComesAtOnceAndTheOthersNotBeforeTheirTime() async throws {
        let sampler = MemorySampler(SamplerPass())
        let start = clock.now
        var count = 0
        for try await _ in sampler.snapshots(every: .milliseconds(20)) {
            let elapsed = clock.now - start
            #expect(elapsed >= .milliseconds(20 * count))
            count += 1
            if count == 10 { break }
        }
        var rare = sampler.snapshots(every: .seconds(3600)).makeAsyncIterator()
        #expect(try await rare.next() != nil)
        #expect(clock.now - start < .seconds(60))
    }

    @Test func sequencesShareTheirPasses() async throws {
        let pass = SamplerPass(isHeld: true)
        let sampler = MemorySampler(pass)
        let received = Count()
        let followers = [1, 2, 3].map { interval in
            Task {
                var numbers: [Int] = []
                for try await snapshot in sampler.snapshots(every: .milliseconds(interval)) {
                    numbers.append(snapshot.number)
                    received.value.add(1, ordering: .relaxed)
                    if numbers.count == 5 { break }
                }
                return numbers
            }
        }
        for round in 1...5 {
            #expect(await sampler.waits(for: 3))
            #expect(await comesTrue { pass.begunCount == round })
            // When the pass ends, the instants of all sequences have passed.
            try await Task.sleep(for: .milliseconds(5))
            pass.letThrough()
            #expect(await comesTrue { received.value.load(ordering: .relaxed) == 3 * round })
        }
        for follower in followers { #expect(try await follower.value == [1, 2, 3, 4, 5]) }
        pass.letThrough(10)
    }

    @Test func aSlowConsumerGetsTheNewest() async throws {
        let pass = SamplerPass()
        var snapshots = MemorySampler(pass).snapshots(every: .milliseconds(2)).makeAsyncIterator()
        #expect(try await snapshots.next()?.number == 1)
        #expect(await comesTrue { pass.endedCount >= 10 })
        #expect(try #require(try await snapshots.next()?.number) >= 9)
    }

    @Test func passesThatTakeLongAreNotMadeUpFor() async throws {
        let pass = SamplerPass(isHeld: true)
        let sampler = MemorySampler(pass)
        var snapshots = sampler.snapshots(every: .milliseconds(100)).makeAsyncIterator()
        let start = clock.now
        let other = Task {
            #expect(await comesTrue { pass.begunCount == 1 })
            // More than ten instants pass.
            try await Task.sleep(for: .milliseconds(1050))
            pass.letThrough(100)
        }
        #expect(try await snapshots.next()?.number == 1)
        try await other.value
        #expect(try await snapshots.next() != nil)
        // After the slow pass there was at most one pass for each instant.
        let begunCount = pass.begunCount
        let elapsed = clock.now - start
        #expect(begunCount <= 1 + Int(elapsed / .milliseconds(100)) - 10)
    }

    /// A lack of descriptors leaves a gap between two snapshots, and does not end the sequence.
    @Test func aPassingLackOfResourcesIsAGap() async throws {
        let pass = SamplerPass()
        let sampler = MemorySampler(pass)
        let error = ProcMemError(.outOfResources, path: "/proc")
        var snapshots = sampler.snapshots(every: .milliseconds(1)).makeAsyncIterator()
        let first = try #require(try await snapshots.next()).number
        pass.fail(with: error)
        let failing = pass.endedCount
        let recovery = Task { () -> Int in
            _ = await comesTrue { pass.endedCount >= failing + 20 }
            pass.fail(with: nil)
            return pass.endedCount
        }
        let second = try #require(try await snapshots.next()).number
        #expect(second > first)
        _ = await recovery.value
        #expect(try await snapshots.next() != nil)
        await #expect(throws: error) {
            pass.fail(with: error)
            _ = try await sampler.snapshot()
        }
        // Without a snapshot before it, the error is the answer.
        await #expect(throws: error) {
            var others = sampler.snapshots(every: .milliseconds(1)).makeAsyncIterator()
            _ = try await others.next()
        }
        pass.fail(with: ProcMemError(.procUnavailable, path: "/proc"))
        await #expect(throws: ProcMemError.self) {
            while try await snapshots.next() != nil {}
        }
    }

    @Test func aSequenceThatIsLetGoOfEndsItsPasses() async throws {
        let pass = SamplerPass()
        let sampler = MemorySampler(pass)
        for try await _ in sampler.snapshots(every: .milliseconds(1)) where pass.begunCount > 3 { break }
        _ = try await sampler.snapshot()
        let count = pass.begunCount
        try await Task.sleep(for: .milliseconds(100))
        #expect(pass.begunCount == count)
    }

    @Test func copiesOfAnIteratorAreOne() async throws {
        let pass = SamplerPass()
        var first = MemorySampler(pass).snapshots(every: .milliseconds(1)).makeAsyncIterator()
        let number = try #require(try await first.next()?.number)
        var second = first
        #expect(try #require(try await second.next()?.number) > number)
        pass.fail(with: ProcMemError(.procUnavailable, path: "/proc"))
        while (try? await first.next()) != nil {}
        #expect(try await second.next() == nil)
    }

    /// On one actor, where the compiler allows two tasks to have copies.
    @MainActor @Test func copiesOfAnIteratorEndTogether() async throws {
        let pass = SamplerPass(isHeld: true)
        let sampler = MemorySampler(pass)
        let snapshots = sampler.snapshots(every: .milliseconds(1)).makeAsyncIterator()
        let tasks = (0..<2).map { _ in
            Task { @MainActor in
                var copy = snapshots
                return try await copy.next()?.number
            }
        }
        #expect(await sampler.waits(for: 2))
        tasks[0].cancel()
        for task in tasks { #expect(try await task.value == nil) }
        pass.letThrough()
    }

    @Test(
        arguments: [
            .zero, .nanoseconds(1), .seconds(-1), .seconds(Int64.min),
            Duration(secondsComponent: .min, attosecondsComponent: 0),
        ]
    )
    func lessThanAMillisecondIsOne(_ interval: Duration) async throws {
        let pass = SamplerPass()
        let start = clock.now
        var count = 0
        for try await _ in MemorySampler(pass).snapshots(every: interval) {
            count += 1
            if count == 5 { break }
        }
        let begunCount = pass.begunCount
        let elapsed = clock.now - start
        #expect(elapsed >= .milliseconds(4))
        #expect(begunCount <= 1 + Int(elapsed / .milliseconds(1)))
    }

    @Test(
        arguments: [
            .seconds(Int64.max), .seconds(9_223_372_036), .seconds(9_223_372_037), .seconds(3600),
            Duration(secondsComponent: .max, attosecondsComponent: 999_999_999_999_999_999),
        ]
    )
    func aLongIntervalGivesOne(_ interval: Duration) async throws {
        let pass = SamplerPass()
        let task = Task {
            var numbers: [Int] = []
            for try await snapshot in MemorySampler(pass).snapshots(every: interval) { numbers.append(snapshot.number) }
            return numbers
        }
        #expect(await comesTrue { pass.endedCount == 1 })
        try await Task.sleep(for: .milliseconds(20))
        task.cancel()
        #expect(try await task.value == [1])
    }
}
