import ProcMem

/// Runs asynchronous code on the calling thread.
///
/// Swift's own pool of threads is not used: if the process may not create a thread, libdispatch waits for one without
/// end.
final class CallingThread: TaskExecutor {
    private struct State {
        var jobs: [UnownedJob] = []
        var result: Result<Void, any Error>?
    }

    private let state = Monitor(State())

    private init() {}

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
    }

    /// Runs asynchronous code, and returns when it has ended.
    static func run(_ body: @escaping () async throws -> Void) throws {
        // Why nonisolated(unsafe): the calling thread alone runs the task, and waits for it.
        nonisolated(unsafe) let body = body
        let thread = CallingThread()
        Task(executorPreference: thread) {
            let result: Result<Void, any Error>
            do {
                result = .success(try await unsafe body())
            } catch {
                result = .failure(error)
            }
            thread.state.withLock { $0.result = result }
        }
        while true {
            let job = thread.state.wait(until: nil) { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
            if let job { unsafe job.runSynchronously(on: thread.asUnownedTaskExecutor()) }
            if let result = thread.state.withLock(\.result) { return try result.get() }
        }
    }
}
