import Synchronization

/// A thread that runs an actor's jobs, and does what else is due at an instant: for work that waits, which Swift's own few
/// threads must not.
///
/// It begins with the first use and ends with ``stop()``. With nothing to do it sleeps without a timeout.
final class ThreadExecutor: SerialExecutor {
    /// What is done besides jobs. It tells when to do it again, by ``Syscalls/monotonicNanoseconds``; `nil` for not before
    /// ``wake()``.
    typealias Work = @Sendable () -> Int?
    /// What starts a thread, as ``BackgroundThread/start(_:_:)`` does.
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
    private let state = Monitor(State())
    /// The thread's id, 0 before it runs and after.
    private let threadID = Atomic<Int32>(0)

    init(_ name: StaticString, starter: @escaping Starter) {
        self.name = name
        self.starter = starter
    }

    /// What the runtime knows an executor by. It does not keep it: whoever hands it out does, for as long as it has jobs.
    @safe var reference: UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    /// Says what to do besides jobs, before anything is asked for.
    func setWork(_ work: @escaping Work) {
        state.withLock { $0.work = work }
    }

    /// Starts the thread, unless it has been started.
    func start() throws(Errno) {
        try state.withLock { (state) throws(Errno) in
            guard !state.isStarted else { return }
            try starter(name) { [self] in run() }
            state.isStarted = true
        }
    }

    /// Has the work done as soon as the thread is free.
    func wake() {
        state.withLock { $0.isWoken = true }
    }

    /// Ends the thread when it has done what it is doing.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            state.work = nil
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        startForJobs()
    }

    /// A job cannot be refused: where no thread can be had for it, it waits until there is one.
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
        // The kernel gives the number to another thread soon.
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

/// A task that waits for an answer, which somebody gives it, once.
///
/// `CheckedContinuation` would count on the heap for each wait what ``SnapshotRequestQueue`` makes sure of: who is answered is taken
/// out of the book first, under a lock.
@safe
struct WaitingTask<Answer: Sendable>: Sendable {
    // Why @safe: of two answers the second would be a trap at best. See above.
    private let continuation: UnsafeContinuation<Answer, Never>

    /// Suspends the task until it has been answered.
    ///
    /// - Parameter entrust: Gives the task to whoever answers it. It runs before the task is suspended.
    static func answer(entrusted entrust: (WaitingTask) -> Void) async -> Answer {
        await unsafe withUnsafeContinuation { continuation in
            entrust(unsafe WaitingTask(continuation: continuation))
        }
    }

    func resume(returning answer: Answer) {
        unsafe continuation.resume(returning: answer)
    }
}
