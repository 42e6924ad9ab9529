import Foundation
import Synchronization
import Testing

@testable import ProcMem

/// When the thread exists, and that nothing of it is left afterwards.
extension MemorySamplerTests {
    @Test func theThreadIsThereFromTheFirstQuestionToTheEnd() async throws {
        #expect(await SamplerThreads.become(0))
        var sampler: MemorySampler? = MemorySampler(SamplerPass())
        var snapshots = sampler?.snapshots(every: .milliseconds(1)).makeAsyncIterator()
        #expect(SamplerThreads.count == 0)
        _ = try await sampler?.snapshot()
        #expect(await SamplerThreads.become(1))
        sampler = nil
        // A sequence keeps the sampler alive.
        #expect(try await snapshots?.next() != nil)
        #expect(await SamplerThreads.become(1))
        snapshots = nil
        #expect(await SamplerThreads.become(0))
    }

    @Test func aHundredSamplersLeaveNothing() async throws {
        #expect(await SamplerThreads.become(0))
        var samplers = (0..<100).map { _ in MemorySampler(SamplerPass()) }
        for sampler in samplers { _ = try await sampler.snapshot() }
        #expect(await SamplerThreads.become(100))
        samplers = []
        #expect(await SamplerThreads.become(0))
    }

    @Test func aThousandFirstRequestsStartOneThread() async throws {
        #expect(await SamplerThreads.become(0))
        let sampler = MemorySampler(SamplerPass())
        try await withThrowingTaskGroup { group in
            for _ in 0..<1000 { group.addTask { _ = try await sampler.snapshot() } }
            try await group.waitForAll()
        }
        #expect(await SamplerThreads.become(1))
    }

    @Test func aSamplerThatIsLetGoOfDuringAPassEndsAfterIt() async throws {
        #expect(await SamplerThreads.become(0))
        let pass = SamplerPass(isHeld: true)
        weak var kept: MemorySampler?
        do {
            let sampler = MemorySampler(pass)
            kept = sampler
            let task = Task { try await sampler.snapshot() }
            #expect(await comesTrue { pass.begunCount == 1 })
            task.cancel()
            _ = await task.result
        }
        #expect(await SamplerThreads.become(1))
        pass.letThrough()
        #expect(await SamplerThreads.become(0))
        #expect(kept == nil)
        #expect(pass.endedCount == 1)
    }

    @Test func aSamplerThatIsLetGoOfBetweenPassesEnds() async throws {
        #expect(await SamplerThreads.become(0))
        let pass = SamplerPass()
        let task = Task {
            for try await _ in MemorySampler(pass).snapshots(every: .seconds(3600)) {}
        }
        #expect(await comesTrue { pass.endedCount == 1 })
        #expect(await SamplerThreads.become(1))
        task.cancel()
        try await task.value
        #expect(await SamplerThreads.become(0))
    }

    @Test func aThreadWithNothingToDoSleeps() async throws {
        #expect(await SamplerThreads.become(0))
        let pass = SamplerPass()
        let sampler = MemorySampler(pass)
        for try await _ in sampler.snapshots(every: .milliseconds(1)) where pass.begunCount > 3 { break }
        // Waits for the instant that was due when the sequence ended.
        try await Task.sleep(for: .milliseconds(100))
        let before = try #require(SamplerThreads.waitCount)
        let passCount = pass.begunCount
        try await Task.sleep(for: .milliseconds(300))
        let after = try #require(SamplerThreads.waitCount)
        #expect(after == before, "the thread woke up \(after - before) times")
        #expect(pass.begunCount == passCount)
        // The sampler still works.
        #expect(try await sampler.snapshot().number > passCount)
    }

    @Test func aJobWaitsForAThread() async throws {
        let attempts = Atomic(0)
        func threadName(_ sampler: isolated MemorySampler) -> String { SamplerPass.threadName }
        let refusals = 2
        let starter: ThreadExecutor.Starter = { (name, body) throws(Errno) in
            let attempt = attempts.add(1, ordering: .relaxed).newValue
            if attempt <= refusals { throw .wouldBlock }
            try BackgroundThread.start(name, body)
        }
        let sampler = MemorySampler(
            starter: starter,
            pass: { () throws(ProcMemError) in MemorySnapshot(number: 1) }
        )
        #expect(await threadName(sampler) == "procmem-sampler")
        #expect(attempts.load(ordering: .relaxed) == refusals + 1)
    }
}
