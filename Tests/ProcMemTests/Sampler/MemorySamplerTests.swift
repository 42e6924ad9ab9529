import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The tests run one at a time: some count the threads of this process.
@Suite(.serialized, .timeLimit(.minutes(5))) struct MemorySamplerTests {
    @Test func measuresProcesses() async throws {
        let child = try ChildProcess(state: "hold", 4096)
        let snapshot = try await MemorySampler(of: .process(child.pid), mode: .accurate).snapshot()
        #expect(snapshot.mode == .accurate)
        #expect(snapshot.processes.map(\.pid) == [child.pid])
        #expect(snapshot.total.pssBytes ?? 0 > 0)
    }

    @Test func followsProcesses() async throws {
        let child = try ChildProcess(state: "hold", 4096)
        let sampler = MemorySampler(of: .process(child.pid), mode: .cheap)
        var count = 0
        for try await snapshot in sampler.snapshots(every: .milliseconds(1)) {
            #expect(snapshot.processes.map(\.pid) == [child.pid])
            count += 1
            if count == 5 { break }
        }
        #expect(count == 5)
    }

    @Test(arguments: [MemoryMode.cheap, .within(.milliseconds(20)), .accurate])
    func followsChangesOfTheScope(_ mode: MemoryMode) async throws {
        let children = try (0..<3).map { _ in try ChildProcess(state: "hold", 4096) }
        let pids = children.map(\.pid)
        let sampler = MemorySampler(of: .processes(Array(pids[..<2])), mode: mode)
        // After several passes, the files of the processes are open.
        for _ in 0..<4 { #expect(try await sampler.snapshot().processes.map(\.pid) == Array(pids[..<2])) }
        for scope in [[pids[1], pids[2]], [pids[0]], pids] {
            sampler.update(scope: .processes(scope))
            for _ in 0..<3 {
                let snapshot = try await sampler.snapshot()
                #expect(snapshot.processes.map(\.pid) == scope)
                #expect(snapshot.processes.allSatisfy { $0.usage.rssBytes ?? 0 > 0 })
            }
        }
        sampler.update(scope: .process(.max))
        await #expect(throws: ProcMemError.self) { try await sampler.snapshot() }
        sampler.update(scope: .process(pids[0]))
        #expect(try await sampler.snapshot().processes.map(\.pid) == [pids[0]])
    }

    @Test func aSequenceFollowsChangesOfTheScope() async throws {
        let children = try (0..<2).map { _ in try ChildProcess(state: "hold", 4096) }
        let sampler = MemorySampler(of: .process(children[0].pid), mode: .cheap)
        var seen: [[Int32]] = []
        for try await snapshot in sampler.snapshots(every: .milliseconds(1)) {
            if seen.last != snapshot.processes.map(\.pid) { seen.append(snapshot.processes.map(\.pid)) }
            if seen.count == 2 { break }
            sampler.update(scope: .process(children[1].pid))
        }
        #expect(seen == children.map { [$0.pid] })
    }

    @Test func throwsWhereThereIsNoProcess() async throws {
        let sampler = MemorySampler(of: .process(.max), mode: .cheap)
        await #expect(throws: ProcMemError.self) { try await sampler.snapshot() }
    }

    @Test func passesRunOnTheSamplersThread() async throws {
        let pass = SamplerPass()
        let sampler = MemorySampler(pass)
        _ = try await sampler.snapshot()
        for try await _ in sampler.snapshots(every: .milliseconds(1)) where pass.begunCount > 3 { break }
        #expect(pass.threads == ["procmem-sampler"])
    }

    @Test func isolatedCodeRunsOnTheSamplersThread() async throws {
        func threadName(_ sampler: isolated MemorySampler) -> String {
            sampler.assertIsolated()
            return SamplerPass.threadName
        }
        let sampler = MemorySampler(SamplerPass())
        #expect(await threadName(sampler) == "procmem-sampler")
        _ = try await sampler.snapshot()
        #expect(await threadName(sampler) == "procmem-sampler")
    }

    @Test func successiveRequestsGetPassesOfTheirOwn() async throws {
        let sampler = MemorySampler(SamplerPass())
        for number in 1...100 {
            #expect(try await sampler.snapshot().number == number)
        }
    }

    @Test func aRequestDuringAPassSharesIt() async throws {
        let pass = SamplerPass(isHeld: true)
        let sampler = MemorySampler(pass)
        async let first = sampler.snapshot()
        #expect(await comesTrue { pass.begunCount == 1 })
        let others = (0..<10).map { _ in Task { try await sampler.snapshot() } }
        #expect(await sampler.waits(for: 11))
        pass.letThrough()
        #expect(try await first.number == 1)
        for other in others { #expect(try await other.value.number == 1) }
        // These callers came after that pass.
        pass.letThrough()
        #expect(try await sampler.snapshot().number == 2)
        #expect(pass.begunCount == 2)
    }

    @Test func aThousandAskAtOnce() async throws {
        let pass = SamplerPass()
        let sampler = MemorySampler(pass)
        let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<1000 { group.addTask { try await sampler.snapshot().number } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(numbers.count == 1000)
        #expect(Set(numbers) == Set(1...pass.endedCount))
        #expect(sampler.waitingCount == 0)
    }

    @Test func anErrorReachesAllWaiters() async throws {
        let pass = SamplerPass(isHeld: true)
        let sampler = MemorySampler(pass)
        let error = ProcMemError(.procUnavailable, path: "/proc")
        let askers = (0..<5).map { _ in Task { try await sampler.snapshot() } }
        let followers = (0..<5).map { _ in
            Task {
                var snapshots = sampler.snapshots(every: .milliseconds(1)).makeAsyncIterator()
                do throws(ProcMemError) {
                    return (try await snapshots.next(), nil, nil)
                } catch {
                    return (nil, error, try await snapshots.next())
                }
            } as Task<(MemorySnapshot?, ProcMemError?, MemorySnapshot?), any Error>
        }
        #expect(await sampler.waits(for: 10))
        pass.fail(with: error)
        pass.letThrough()
        for asker in askers {
            await #expect(throws: error) { try await asker.value }
        }
        for follower in followers {
            let (snapshot, thrown, after) = try await follower.value
            #expect(snapshot == nil)
            #expect(thrown == error)
            #expect(after == nil)
        }
        // No pass runs for sequences that have ended; a new caller gets one.
        #expect(pass.begunCount == 1)
        pass.fail(with: nil)
        pass.letThrough()
        #expect(try await sampler.snapshot().number == 2)
    }

    @Test func withoutAThreadThereIsNoAnswer() async throws {
        let sampler = MemorySampler(
            starter: { (_, _) throws(Errno) in throw .wouldBlock },
            pass: { () throws(ProcMemError) in MemorySnapshot(number: 1) }
        )
        var snapshots = sampler.snapshots(every: .milliseconds(1)).makeAsyncIterator()
        do throws(ProcMemError) {
            _ = try await sampler.snapshot()
            Issue.record("no error")
        } catch {
            #expect(error.code == .outOfResources)
            #expect(error.errno == EAGAIN)
        }
        do throws(ProcMemError) {
            _ = try await snapshots.next()
            Issue.record("no error")
        } catch {
            #expect(error.code == .outOfResources)
        }
        #expect(try await snapshots.next() == nil)
    }
}
