import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Threads for work that blocks or computes, and a limit on how many of them do so at once.
///
/// `NIOThreadPool` has its size for good, so a worker is a pool of one thread. Workers are added where the limit grows
/// beyond them. Those above a limit that has shrunk are left idle: each costs a sleeping thread until the limit grows.
final class Workers: Sendable {
    /// The work was refused: too much is waiting, or the workers are stopping.
    struct Refused: Error {}

    struct Counts: Sendable {
        let workers: Int
        /// How many may work at once.
        let limit: Int
        let running: Int
        let waiting: Int
    }

    /// Told whether to run; `false` means refused.
    private typealias Job = @Sendable (_ runs: Bool) -> Void

    private struct State {
        var limit = 0
        var workers: [NIOThreadPool] = []
        var idle: [NIOThreadPool] = []
        var waiting = CircularBuffer<Job>()
        var stops = false

        var running: Int { workers.count - idle.count }

        mutating func setLimit(_ limit: Int) {
            self.limit = limit
            while workers.count < limit, !stops {
                let worker = NIOThreadPool(numberOfThreads: 1)
                worker.start()
                workers.append(worker)
                idle.append(worker)
            }
        }

        /// The next job to run and the worker to run it; `nil` while the limit is reached.
        mutating func next() -> (Job, NIOThreadPool)? {
            guard running < limit, let worker = idle.last, let job = waiting.popFirst() else { return nil }
            idle.removeLast()
            return (job, worker)
        }
    }

    private static let waitingLimit = 256
    private let state = NIOLockedValueBox(State())

    var counts: Counts {
        state.withLockedValue {
            Counts(workers: $0.workers.count, limit: $0.limit, running: $0.running, waiting: $0.waiting.count)
        }
    }

    init(limit: Int) {
        setLimit(limit)
    }

    /// Work that runs is not interrupted, so a smaller limit is reached when enough of it has ended.
    func setLimit(_ limit: Int) {
        state.withLockedValue { $0.setLimit(limit) }
        startWaiting()
    }

    /// Runs `body` on a worker as soon as the limit admits it.
    func run<Value: Sendable>(
        on eventLoop: any EventLoop,
        _ body: @escaping @Sendable () -> Value
    ) -> EventLoopFuture<Value> {
        let promise = eventLoop.makePromise(of: Value.self)
        let job: Job = { runs in
            if runs { promise.succeed(body()) } else { promise.fail(Refused()) }
        }
        let isAdmitted = state.withLockedValue { state in
            guard !state.stops, state.waiting.count < Self.waitingLimit else { return false }
            state.waiting.append(job)
            return true
        }
        if isAdmitted { startWaiting() } else { job(false) }
        return promise.futureResult
    }

    private func startWaiting() {
        while let (job, worker) = state.withLockedValue({ $0.next() }) {
            worker.submit { poolState in
                job(poolState == .active)
                self.state.withLockedValue { $0.idle.append(worker) }
                self.startWaiting()
            }
        }
    }

    /// Refuses what waits, and ends the threads when what runs has ended.
    func stop() async throws {
        let (workers, refused) = state.withLockedValue { state in
            state.stops = true
            defer { state.waiting.removeAll() }
            return (state.workers, state.waiting)
        }
        for job in refused { job(false) }
        for worker in workers { try await worker.shutdownGracefully() }
    }
}
