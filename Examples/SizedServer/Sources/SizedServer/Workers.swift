import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Threads for work that blocks or computes, with a limit on the number of busy threads.
///
/// The size of a `NIOThreadPool` cannot change, so each worker is a pool of one thread. When the limit grows beyond the
/// number of workers, workers are added. When it shrinks, the workers above the limit stay idle: each costs a sleeping
/// thread.
final class Workers: Sendable {
    /// The work was refused, because the queue is full or the workers are stopping.
    struct Refused: Error {}

    struct Counts: Sendable {
        let workers: Int
        /// The maximum number of busy workers.
        let limit: Int
        let running: Int
        let waiting: Int
    }

    /// A unit of work. It is called with `true` to run, and with `false` if it is refused.
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

        /// Returns the next job and an idle worker to run it; `nil` if no job is waiting or the limit is reached.
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

    /// Sets the maximum number of busy workers. Running work is not interrupted: more workers than a smaller limit
    /// allows may be busy until their work has finished.
    func setLimit(_ limit: Int) {
        state.withLockedValue { $0.setLimit(limit) }
        startWaiting()
    }

    /// Runs `body` on a worker as soon as the limit allows it.
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

    /// Refuses waiting work, and ends the threads after running work has finished.
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
