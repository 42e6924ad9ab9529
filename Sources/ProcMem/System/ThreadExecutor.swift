import Synchronization

/// A dedicated thread that runs an actor's jobs, and other work at given instants. It is meant for blocking work, which
/// must not run on Swift's cooperative pool.
///
/// The thread starts at the first use and ends after ``stop()``. While it has nothing to do, it sleeps without a
/// timeout.
final class ThreadExecutor: SerialExecutor {
    /// The work besides jobs. It returns the instant of its next run, on the clock of
    /// ``Syscalls/monotonicNanoseconds``, or `nil` to run only after ``wake()``.
    typealias Work = @Sendable () -> Int?
    /// A function that starts a thread, like ``BackgroundThread/start(_:_:)``.
    typealias Starter = @Sendable (StaticString, @escaping @Sendable () -> Void) throws(Errno) -> Void

    private struct State {
        var jobs: [UnownedJob] = []
        var work: Work?
        var isWoken = false
        var isStarted = false
        var isStopped = false
    }

    private enum Step {
        case job(UnownedJob), work(Work), end
    }

    private let name: StaticString
    private let starter: Starter
    private let owner = ForkGeneration.current
    private let state = Monitor(State())
    /// The id of the thread; 0 before it starts and after it has ended.
    private let threadID = Atomic<Int32>(0)

    init(_ name: StaticString, starter: @escaping Starter) {
        self.name = name
        self.starter = starter
    }

    /// The runtime's reference to the executor. It does not retain the executor: its owner must do so while there are
    /// jobs.
    @safe var reference: UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    /// Sets the work besides jobs. It must be called before the first job or ``wake()``.
    func setWork(_ work: @escaping Work) {
        state.withLock { $0.work = work }
    }

    /// Starts the thread, unless it has been started. Fails in a forked child, which does not have the thread, and in which
    /// the lock may be held for ever.
    func start() throws(Errno) {
        guard isUsable else { throw .wouldBlock }
        try state.withLock { (state) throws(Errno) in
            guard !state.isStarted else { return }
            try starter(name) { [self] in run() }
            state.isStarted = true
        }
    }

    /// Wakes the thread to run the scheduled work as soon as it is idle.
    func wake() {
        state.withLock { $0.isWoken = true }
    }

    /// Whether the calling process has the thread, or may start it: it is not a forked child.
    var isUsable: Bool { owner.isCurrent }

    /// Ends the thread after its current work and the enqueued jobs.
    func stop() {
        guard isUsable else { return }
        state.withLock { state in
            state.isStopped = true
            state.work = nil
        }
    }

    /// Enqueues a job. In a forked child, which does not have the thread, the job never runs.
    func enqueue(_ job: consuming ExecutorJob) {
        guard isUsable else { return }
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        startForJobs()
    }

    /// Starts the thread, and retries if no thread can be created: a job cannot be rejected, so it waits until there is
    /// one.
    private func startForJobs() {
        guard (try? start()) == nil else { return }
        Task {
            try? await Task.sleep(for: .milliseconds(100))
            startForJobs()
        }
    }

    func isIsolatingCurrentContext() -> Bool? {
        threadID.load(ordering: .relaxed) == Syscalls.threadID
    }

    func checkIsolated() {
        precondition(isIsolatingCurrentContext() == true, "not on the thread of this actor")
    }

    private func run() {
        threadID.store(Syscalls.threadID, ordering: .relaxed)
        // The kernel may soon give this id to another thread.
        defer { threadID.store(0, ordering: .relaxed) }
        var instant: Int?
        while true {
            let step = state.wait(until: instant) { state -> Step? in
                if !state.jobs.isEmpty { return .job(state.jobs.removeFirst()) }
                if state.isStopped { return .end }
                guard state.isWoken, let work = state.work else { return nil }
                state.isWoken = false
                return .work(work)
            }
            switch step {
            case .job(let job): unsafe job.runSynchronously(on: reference)
            case .work(let work): instant = work()
            case nil: instant = state.withLock(\.work)?()
            case .end: return
            }
        }
    }
}

/// A suspended task that is resumed exactly once, with an answer: ``SnapshotRequestQueue`` removes a waiting task under its
/// lock before it resumes the task.
///
/// Not an `UnsafeContinuation`: ThreadSanitizer reports races of it that do not exist.
struct WaitingTask<Answer: Sendable>: Sendable {
    private let continuation: CheckedContinuation<Answer, Never>

    /// Suspends the calling task until it is resumed with an answer.
    ///
    /// - Parameter register: Stores the task for the code that will resume it. It runs before the task is suspended.
    static func await(registering register: (WaitingTask) -> Void) async -> Answer {
        await withCheckedContinuation { register(WaitingTask(continuation: $0)) }
    }

    func resume(returning answer: Answer) {
        continuation.resume(returning: answer)
    }
}
