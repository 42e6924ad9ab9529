/// The thread of a sampler, and the tasks that wait for its passes.
final class SamplerThread<Snapshot: Sendable>: Sendable {
    typealias Answer = Result<Snapshot, ProcMemError>
    /// A task that waits for an answer. It receives `nil` when it is cancelled.
    typealias Waiter = WaitingTask<Answer?>
    typealias Requests = Monitor<SnapshotRequestQueue<Waiter, Snapshot>>

    private let executor: ThreadExecutor
    let requests: Requests = Monitor(SnapshotRequestQueue())

    init(starter: @escaping ThreadExecutor.Starter) {
        executor = ThreadExecutor("procmem-sampler", starter: starter)
    }

    /// Sets the function that runs a pass if one is due. It must be called before anything else.
    func setWork(_ work: @escaping ThreadExecutor.Work) { executor.setWork(work) }

    /// The runtime's reference to the executor of the thread.
    @safe var reference: UnownedSerialExecutor { executor.reference }

    /// Whether the calling process has the thread, or may start it: it is not a forked child.
    var isUsable: Bool { executor.isUsable }

    /// Ends the thread after a pass in progress.
    func stop() { executor.stop() }

    /// Starts the thread, unless it has been started.
    func start() throws(ProcMemError) {
        guard isUsable else {
            let detail = "the sampler belongs to the process that has forked this one"
            throw ProcMemError(.outOfResources, path: "MemorySampler", detail: detail)
        }
        do {
            try executor.start()
        } catch {
            throw ProcMemError(.outOfResources, path: "MemorySampler", errno: error.rawValue)
        }
    }

    /// Returns the snapshot of the pass in progress, or of a pass that starts now.
    func snapshot() async throws(ProcMemError) -> Snapshot {
        guard !Task.isCancelled else { throw Self.cancelled }
        try start()
        let answer = await answer { (requests, id, waiter) in
            requests.wait(id, waiter)
            executor.wake()
            return nil
        }
        guard let answer else { throw Self.cancelled }
        return try answer.get()
    }

    private static var cancelled: ProcMemError { ProcMemError(.cancelled, path: "MemorySampler") }

    /// Runs a pass if one is due, and answers the tasks that wait for it. To be called on the thread only.
    ///
    /// - Parameters:
    ///   - pass: The function that runs one pass.
    ///   - answered: An empty array, whose capacity is reused.
    /// - Returns: The instant of the next pass, on the clock of ``Syscalls/monotonicNanoseconds``; `nil` if there is no
    ///   request.
    func runPassIfDue(_ pass: () throws(ProcMemError) -> Snapshot, _ answered: inout [Waiter]) -> Int? {
        let next = requests.withLock(\.nextInstant)
        guard let next, next <= Syscalls.monotonicNanoseconds else { return next }
        requests.withLock { $0.beginPass() }
        let answer: Answer
        do throws(ProcMemError) {
            answer = .success(try pass())
        } catch {
            answer = .failure(error)
        }
        requests.withLock { $0.finish(with: answer, at: Syscalls.monotonicNanoseconds, &answered) }
        for waiter in answered { waiter.resume(returning: answer) }
        answered.removeAll(keepingCapacity: true)
        return requests.withLock(\.nextInstant)
    }

    /// Begins a series of answers, and returns its id.
    func beginSeries(every nanoseconds: Int) throws(ProcMemError) -> Int {
        try start()
        defer { executor.wake() }
        return requests.withLock { $0.beginSeries(every: nanoseconds, at: Syscalls.monotonicNanoseconds) }
    }

    /// Returns the newest answer of a series if it has not been returned yet, or else the next one; `nil` when the task
    /// is cancelled.
    func nextAnswer(of series: Int) async -> Answer? {
        guard isUsable else { return nil }
        return await answer { (requests, id, waiter) in requests.wait(id, waiter, for: series) }
    }

    func endSeries(_ series: Int) {
        guard isUsable else { return }
        // Several tasks can wait for one series, through copies of its iterator.
        for waiter in requests.withLock({ $0.endSeries(series) }) { waiter.resume(returning: nil) }
    }

    /// Waits for an answer; returns `nil` when the task is cancelled.
    ///
    /// - Parameter enter: Adds the waiting task to the queue under an id, or returns the answer if there is one
    ///   already.
    private func answer(
        _ enter: (inout SnapshotRequestQueue<Waiter, Snapshot>, _ id: Int, Waiter) -> Answer?
    ) async -> Answer? {
        let id = requests.withLock { $0.makeID() }
        return await withTaskCancellationHandler {
            await Waiter.await { waiter in
                if let answer = requests.withLock({ enter(&$0, id, waiter) }) {
                    waiter.resume(returning: answer)
                    return
                }
                // The cancellation handler may have run before the task was in the queue.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int) {
        requests.withLock { $0.cancel(id) }?.resume(returning: nil)
    }
}

/// The state of one iterator, which all of its copies share. It keeps the sampler alive.
final class SnapshotSeries<Snapshot: Sendable> {
    /// The sampler and the interval of a series.
    struct Origin: Sendable {
        /// The sampler, which ends the thread when it is deallocated.
        let owner: any Actor
        let thread: SamplerThread<Snapshot>
        let intervalNanoseconds: Int

        init(owner: any Actor, thread: SamplerThread<Snapshot>, every interval: Duration) {
            self.owner = owner
            self.thread = thread
            intervalNanoseconds = max(1_000_000, interval.wholeNanoseconds)
        }
    }

    private let origin: Origin
    /// The id of the sampler's series; `nil` before it begins and after it ends.
    private var id: Int?
    private var hasEnded = false
    private var hasReturnedSnapshot = false

    init(_ origin: Origin) { self.origin = origin }

    deinit { leave() }

    /// Returns the newest snapshot if it has not been returned yet, or else the next one; `nil` at the end.
    func next() async throws(ProcMemError) -> Snapshot? {
        if hasEnded { return nil }
        var snapshot: Snapshot?
        // Ends the series in all cases of an end: an error, cancellation, or the end of the answers.
        defer { if snapshot == nil { end() } }
        if Task.isCancelled { return nil }
        var failureCount = 0
        let start = ContinuousClock.now
        while let answer = try await origin.thread.nextAnswer(of: begin()) {
            do throws(ProcMemError) {
                snapshot = try answer.get()
                hasReturnedSnapshot = true
                break
            } catch {
                failureCount += 1
                let mayPass = failureCount < Self.toleratedFailures || start.duration(to: .now) < Self.toleratedTime
                guard hasReturnedSnapshot, error.code == .outOfResources, mayPass else { throw error }
            }
        }
        return snapshot
    }

    private static var toleratedFailures: Int { 10 }
    private static var toleratedTime: Duration { .seconds(10) }

    private func begin() throws(ProcMemError) -> Int {
        if let id { return id }
        let new = try origin.thread.beginSeries(every: origin.intervalNanoseconds)
        id = new
        return new
    }

    private func end() {
        hasEnded = true
        leave()
    }

    private func leave() {
        if let id { origin.thread.endSeries(id) }
        id = nil
    }
}

/// A sequence over the series of a sampler.
struct SnapshotSequence<Snapshot: Sendable>: AsyncSequence, Sendable {
    typealias Element = Snapshot
    typealias Failure = ProcMemError

    let series: SnapshotSeries<Snapshot>.Origin

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(series: SnapshotSeries(series)) }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let series: SnapshotSeries<Snapshot>

        mutating func next() async throws(ProcMemError) -> Snapshot? { try await series.next() }

        mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ProcMemError) -> Snapshot? {
            try await series.next()
        }
    }
}
