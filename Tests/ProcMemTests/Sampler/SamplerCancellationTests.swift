import Testing

@testable import ProcMem

/// A cancelled task resumes immediately, whatever the sampler's thread does.
extension MemorySamplerTests {
    private func code(of task: Task<MemorySnapshot, any Error>) async -> ProcMemError.Code? {
        do {
            _ = try await task.value
            return nil
        } catch {
            return (error as? ProcMemError)?.code
        }
    }

    @Test func cancellingAQuestionEndsItDuringAPass() async throws {
        let pass = SamplerPass(isHeld: true)
        let sampler = MemorySampler(pass)
        let cancelled = Task { try await sampler.snapshot() }
        let other = Task { try await sampler.snapshot() }
        #expect(await sampler.waits(for: 2))
        #expect(await comesTrue { pass.begunCount == 1 })
        cancelled.cancel()
        #expect(await code(of: cancelled) == .cancelled)
        #expect(pass.endedCount == 0, "it has waited for the pass")
        pass.letThrough()
        #expect(try await other.value.number == 1)
        #expect(!pass.wasForgotten)
    }

    @Test func cancellingASequenceEndsItDuringAPass() async throws {
        let pass = SamplerPass(isHeld: true)
        let sampler = MemorySampler(pass)
        let cancelled = Task {
            var snapshots = sampler.snapshots(every: .milliseconds(1)).makeAsyncIterator()
            return (try await snapshots.next(), try await snapshots.next())
        }
        let other = Task { try await sampler.snapshot() }
        #expect(await sampler.waits(for: 2))
        #expect(await comesTrue { pass.begunCount == 1 })
        cancelled.cancel()
        let (first, second) = try await cancelled.value
        #expect(first == nil && second == nil)
        #expect(pass.endedCount == 0, "it has waited for the pass")
        pass.letThrough()
        #expect(try await other.value.number == 1)
        #expect(!pass.wasForgotten)
    }

    @Test func aCancelledTaskStartsNothing() async throws {
        #expect(await SamplerThreads.become(0))
        let sampler = MemorySampler(SamplerPass())
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            var snapshots = sampler.snapshots(every: .seconds(1)).makeAsyncIterator()
            #expect(try await snapshots.next() == nil)
            return try await sampler.snapshot()
        }
        task.cancel()
        #expect(await code(of: task) == .cancelled)
        #expect(SamplerThreads.count == 0)
    }

    @Test func aPassWithoutWaitersDoesNotBegin() async throws {
        let pass = SamplerPass(isHeld: true)
        let sampler = MemorySampler(pass)
        let first = Task { try await sampler.snapshot() }
        #expect(await comesTrue { pass.begunCount == 1 })
        first.cancel()
        _ = await first.result
        pass.letThrough()
        #expect(await comesTrue { pass.endedCount == 1 })
        // Isolated code runs after the work that the thread is doing.
        func settle(_ sampler: isolated MemorySampler) {}
        await settle(sampler)
        #expect(pass.begunCount == 1)
    }

    /// The task is cancelled after the check and before the wait, when the cancellation handler finds no waiting task
    /// yet.
    @Test func cancellingJustBeforeTheWaitIsNoticed() async throws {
        let pass = SamplerPass(isHeld: true)
        let sampler = MemorySampler(
            starter: { (name, body) throws(Errno) in
                withUnsafeCurrentTask { $0?.cancel() }
                try BackgroundThread.start(name, body)
            },
            pass: { () throws(ProcMemError) in try pass.run() }
        )
        let task = Task { try await sampler.snapshot() }
        #expect(await code(of: task) == .cancelled)
        #expect(pass.endedCount == 0, "it has waited for the pass")
        pass.letThrough()
    }

    /// Before the wait, at its beginning, during it and after it.
    @Test func cancellingAtAnyMomentLosesNoTask() async throws {
        let pass = SamplerPass()
        let sampler = MemorySampler(pass)
        var codes: [ProcMemError.Code?: Int] = [:]
        for round in 0..<500 {
            let task = Task { try await sampler.snapshot() }
            for _ in 0..<round % 10 { await Task.yield() }
            task.cancel()
            codes[await code(of: task), default: 0] += 1
        }
        #expect(Set(codes.keys).isSubset(of: [.cancelled, nil]))
        #expect(codes[.cancelled] ?? 0 > 0)
        #expect(sampler.waitingCount == 0)
    }
}
