import Dispatch
import Foundation
import Synchronization
import TestSupport

@testable import ProcMem

/// What a sampler does in tests instead of a look at processes: it counts, and can be held up and made to fail.
final class SamplerPass: Sendable {
    private let state = Mutex((begun: 0, ended: 0, threads: Set<String>(), error: ProcMemError?.none))
    private let gate: DispatchSemaphore?
    /// Whether somebody forgot to let a pass through.
    private let isOverdue = Mutex(false)

    /// - Parameter isHeld: Whether each pass waits until it is let through.
    init(isHeld: Bool = false) {
        gate = isHeld ? DispatchSemaphore(value: 0) : nil
    }

    var begunCount: Int { state.withLock(\.begun) }
    var endedCount: Int { state.withLock(\.ended) }
    /// The names of the threads that passes ran on.
    var threads: Set<String> { state.withLock(\.threads) }
    /// Whether a pass has ended because it was held for too long.
    var wasForgotten: Bool { isOverdue.withLock(\.self) }

    func fail(with error: ProcMemError?) {
        state.withLock { $0.error = error }
    }

    /// Lets passes through that are under way, or later ones.
    func letThrough(_ count: Int = 1) {
        for _ in 0..<count { gate?.signal() }
    }

    func run() throws(ProcMemError) -> MemorySnapshot {
        let name = Self.threadName
        let number = state.withLock {
            $0.begun += 1
            $0.threads.insert(name)
            return $0.begun
        }
        // Not for ever: a test that fails is to end.
        if gate?.wait(timeout: .now() + 20) == .timedOut { isOverdue.withLock { $0 = true } }
        let error = state.withLock {
            $0.ended += 1
            return $0.error
        }
        if let error { throw error }
        return MemorySnapshot(number: number)
    }

    /// What the kernel calls the calling thread.
    static var threadName: String {
        let name = try? String(contentsOfFile: "/proc/self/task/\(Syscalls.threadID)/comm", encoding: .utf8)
        return name?.trimmingCharacters(in: .newlines) ?? "?"
    }
}

extension MemorySampler {
    /// A sampler that does a test's passes.
    init(_ pass: SamplerPass) {
        self.init(pass: { () throws(ProcMemError) in try pass.run() })
    }

    /// How many tasks wait for an answer.
    nonisolated var waitingCount: Int { requests.withLock(\.waitingCount) }

    /// Waits until so many tasks wait for an answer.
    nonisolated func waits(for count: Int) async -> Bool {
        await comesTrue { self.waitingCount == count }
    }
}

extension MemorySnapshot {
    /// A snapshot that a test knows again: it took so many seconds.
    init(number: Int) {
        self.init(
            mode: .cheap,
            elapsed: .seconds(number),
            processes: [],
            total: Self.nothing,
            cgroupCharge: nil,
            search: .named,
            gaps: []
        )
    }

    var number: Int { Int(elapsed.components.seconds) }

    private static let nothing = MemoryTotal(
        [],
        holding: DistinctMemory(estimate: nil, lower: 0, upper: 0, isProven: false)
    )
}

/// Waits until something comes true.
func comesTrue(_ condition: () -> Bool) async -> Bool {
    (try? await Waiting.suspending { condition() }) ?? condition()
}
