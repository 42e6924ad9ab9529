import Dispatch
import Foundation
import TestSupport

@testable import ProcMem

/// A pass for tests, instead of a measurement: it counts the calls, and can be made to wait and to fail.
final class SamplerPass: Sendable {
    private let state = Monitor((begun: 0, ended: 0, threads: Set<String>(), error: ProcMemError?.none))
    private let gate: DispatchSemaphore?
    /// Whether a pass that was never let through has timed out.
    private let isOverdue = Monitor(false)

    /// - Parameter isHeld: Whether each pass waits until it is let through.
    init(isHeld: Bool = false) {
        gate = isHeld ? DispatchSemaphore(value: 0) : nil
    }

    var begunCount: Int { state.withLock(\.begun) }
    var endedCount: Int { state.withLock(\.ended) }
    /// The names of the threads that passes ran on.
    var threads: Set<String> { state.withLock(\.threads) }
    /// Whether a pass has ended because it was not let through in time.
    var wasForgotten: Bool { isOverdue.withLock(\.self) }

    func fail(with error: ProcMemError?) {
        state.withLock { $0.error = error }
    }

    /// Lets passes through: those that are running, or later ones.
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
        // With a timeout, so that a failing test ends.
        if gate?.wait(timeout: .now() + 20) == .timedOut { isOverdue.withLock { $0 = true } }
        let error = state.withLock {
            $0.ended += 1
            return $0.error
        }
        if let error { throw error }
        return MemorySnapshot(number: number)
    }

    /// The name of the calling thread, from the kernel.
    static var threadName: String {
        let name = try? String(contentsOfFile: "/proc/self/task/\(Syscalls.threadID)/comm", encoding: .utf8)
        return name?.trimmingCharacters(in: .newlines) ?? "?"
    }
}

extension MemorySampler {
    /// Creates a sampler that runs a test's passes.
    init(_ pass: SamplerPass) {
        self.init(pass: { () throws(ProcMemError) in try pass.run() })
    }

    /// The number of tasks that wait for an answer.
    nonisolated var waitingCount: Int { thread.requests.withLock(\.waitingCount) }

    /// Waits until this number of tasks wait for an answer.
    nonisolated func waits(for count: Int) async -> Bool {
        await comesTrue { self.waitingCount == count }
    }
}

extension MemorySnapshot {
    /// Creates a snapshot that a test recognises by its duration, which is this number of seconds.
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
        holding: .unknown
    )
}

/// Waits until a condition becomes true.
func comesTrue(_ condition: () -> Bool) async -> Bool {
    (try? await Waiting.suspending { condition() }) ?? condition()
}
