import Synchronization

/// Looks at the memory of several processes for whoever asks, as ``memorySnapshot(of:mode:limits:in:)`` does, on a thread of
/// its own.
///
/// For a program that shows or watches memory and must go on meanwhile: an accurate look at a large tree takes seconds, and
/// no event loop and none of Swift's own few threads waits for it.
///
///     let sampler = MemorySampler(of: .currentTree, mode: .cheap)
///     for try await snapshot in sampler.snapshots(every: .seconds(1)) {
///         show(snapshot.total)
///     }
///
/// All who ask share the passes: who asks while one is under way gets what that one finds. So a pass begins before the call
/// at times, by as long as a pass takes; nothing older is handed out.
///
/// The thread, `procmem-sampler`, is there from the first question until the sampler has been let go of, by its sequences
/// too. A pass that is under way then is finished first. The thread takes no descriptor; it sleeps, without a timeout, while
/// nothing is asked for. What a pass costs, and which privileges it needs, is told with ``MemoryMode``; for each pass 20 µs
/// come on top of it, and no memory.
///
/// The actor runs on that thread: code that is isolated to a sampler, as a function with an `isolated MemorySampler` is, waits
/// for the pass that is under way. ``snapshot()`` and ``snapshots(every:)`` are not isolated to it.
public actor MemorySampler {
    typealias Answer = Result<MemorySnapshot, ProcMemError>
    /// A task that waits for an answer, or for `nil` when it is cancelled.
    typealias Asker = WaitingTask<Answer?>

    private let thread: ThreadExecutor
    nonisolated let requests = Mutex(SnapshotRequestQueue<Asker, MemorySnapshot>())

    // What a pass is, and what it keeps from one to the next: reached on the thread alone, as the compiler sees to.
    private let pass: () throws(ProcMemError) -> MemorySnapshot
    /// Those whom a pass has answered. Kept, so that there is room for the next ones.
    private var answered: [Asker] = []

    /// A sampler for certain processes. It looks at nothing before it is asked.
    ///
    /// - Parameters:
    ///   - scope: Which processes.
    ///   - mode: How exactly to look.
    ///   - limits: How many processes, and for how long in one pass.
    ///   - maximumAge: How old a figure may be that is taken over from an earlier pass (``MemoryMode/within(_:)``), and after
    ///     what time the processes are looked for anew, also where none seems to have come or gone.
    ///   - root: Where the kernel's files are.
    public init(
        of scope: ProcessScope,
        mode: MemoryMode,
        limits: SearchLimits = SearchLimits(),
        maximumAge: Duration = .seconds(60),
        in root: SystemRoot = .live
    ) {
        var runner = PassRunner(of: scope, mode: mode, limits: limits, maximumAge: maximumAge, in: root)
        self.init { () throws(ProcMemError) in try runner.run() }
    }

    /// - Parameters:
    ///   - starter: What starts the thread.
    ///   - pass: What is done on it for whoever asks.
    init(
        starter: @escaping ThreadExecutor.Starter = BackgroundThread.start,
        pass: sending @escaping () throws(ProcMemError) -> MemorySnapshot
    ) {
        thread = ThreadExecutor("procmem-sampler", starter: starter)
        self.pass = pass
        thread.setWork { [weak self] in
            self?.assumeIsolated { $0.answerWhoAsks() } ?? nil
        }
    }

    deinit { thread.stop() }

    /// The sampler's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.reference }

    /// A snapshot from the pass that is under way, or else from one that begins now.
    ///
    /// The task is suspended meanwhile, and holds up no thread. Cancelling it ends the wait at once; the pass goes on for the
    /// others.
    ///
    /// - Throws: ``ProcMemError`` with `cancelled` when the task is cancelled, `outOfResources` where no thread can be had,
    ///   and what ``memorySnapshot(of:mode:limits:in:)`` throws.
    public nonisolated func snapshot() async throws(ProcMemError) -> MemorySnapshot {
        guard !Task.isCancelled else { throw Self.cancelled }
        try startThread()
        let answer = await answer { (requests, id, asker) in
            requests.wait(id, asker)
            thread.wake()
            return nil
        }
        guard let answer else { throw Self.cancelled }
        return try answer.get()
    }

    private static let cancelled = ProcMemError(.cancelled, path: "MemorySampler")

    /// Does a pass if it is time for one, and tells those who wait for it.
    ///
    /// - Returns: When to look again, by ``Syscalls/monotonicNanoseconds``; `nil` for when somebody asks.
    private func answerWhoAsks() -> Int? {
        let next = requests.withLock(\.nextInstant)
        guard let next, next <= Syscalls.monotonicNanoseconds else { return next }
        let answer: Answer
        do throws(ProcMemError) {
            answer = .success(try pass())
        } catch {
            answer = .failure(error)
        }
        requests.withLock { $0.finish(with: answer, at: Syscalls.monotonicNanoseconds, &answered) }
        for asker in answered { asker.resume(returning: answer) }
        answered.removeAll(keepingCapacity: true)
        return requests.withLock(\.nextInstant)
    }
}

extension MemorySampler {
    /// Begins a series of answers, and returns its number.
    nonisolated func beginSeries(every nanoseconds: Int) throws(ProcMemError) -> Int {
        try startThread()
        defer { thread.wake() }
        return requests.withLock { $0.beginSeries(every: nanoseconds, at: Syscalls.monotonicNanoseconds) }
    }

    /// The newest answer of a series that nobody has been answered, or the next one; `nil` when the task is cancelled.
    nonisolated func nextAnswer(of series: Int) async -> Answer? {
        await answer { (requests, id, asker) in requests.wait(id, asker, for: series) }
    }

    nonisolated func endSeries(_ series: Int) {
        // Copies of one iterator can wait for the same series.
        for asker in requests.withLock({ $0.endSeries(series) }) { asker.resume(returning: nil) }
    }

    /// Waits for an answer; `nil` when the task is cancelled.
    ///
    /// - Parameter enter: Has the asker wait, under a number, or tells what it asks for at once.
    private nonisolated func answer(
        _ enter: (inout SnapshotRequestQueue<Asker, MemorySnapshot>, _ id: Int, Asker) -> Answer?
    ) async -> Answer? {
        let id = requests.withLock { $0.makeID() }
        return await withTaskCancellationHandler {
            await Asker.answer { asker in
                if let answer = requests.withLock({ enter(&$0, id, asker) }) {
                    asker.resume(returning: answer)
                    return
                }
                // The handler may have come too early to find the asker.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private nonisolated func cancel(_ id: Int) {
        requests.withLock { $0.cancel(id) }?.resume(returning: nil)
    }

    private nonisolated func startThread() throws(ProcMemError) {
        do {
            try thread.start()
        } catch {
            throw ProcMemError(.outOfResources, path: "MemorySampler", errno: error.rawValue)
        }
    }
}

extension MemorySampler {
    /// A snapshot every so often.
    ///
    /// The first comes at once, the others at fixed instants, which do not drift: at the multiples of the interval, counted
    /// from the beginning of the sampler's first sequence, so that sequences share passes wherever they can. An instant that
    /// goes by during a pass is served by that pass and, where it has been served already, passed over: a pass that takes
    /// longer than the interval is followed by one at the next instant, never by two.
    ///
    /// Each iterator works by itself. It begins with the first call to ``Snapshots/AsyncIterator/next()``; from then until it
    /// is let go of there is a pass for every instant, asked for or not, and who asks late gets the newest snapshot alone.
    /// Cancelling the task that waits ends the sequence at once; a pass goes on for the others.
    ///
    /// The sequence throws ``ProcMemError`` with `outOfResources` where no thread can be had, and what
    /// ``memorySnapshot(of:mode:limits:in:)`` throws; nothing follows an error.
    ///
    /// - Parameter interval: From one snapshot to the next. At least 1 millisecond; less counts as that.
    public nonisolated func snapshots(every interval: Duration) -> Snapshots {
        Snapshots(sampler: self, intervalNanoseconds: max(1_000_000, interval.wholeNanoseconds))
    }

    /// The snapshots of a sampler, one every so often: what ``MemorySampler/snapshots(every:)`` returns.
    public struct Snapshots: AsyncSequence, Sendable {
        /// What is answered.
        public typealias Element = MemorySnapshot
        /// What is thrown.
        public typealias Failure = ProcMemError

        fileprivate let sampler: MemorySampler
        fileprivate let intervalNanoseconds: Int

        /// Begins with the first snapshot that is asked for.
        public func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(series: SnapshotSeries(of: sampler, everyNanoseconds: intervalNanoseconds))
        }
    }
}

extension MemorySampler.Snapshots {
    /// One who follows the snapshots.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let series: SnapshotSeries

        /// The next snapshot, or the newest of those that were not asked for; `nil` when the task has been cancelled or an
        /// error has been thrown.
        public mutating func next() async throws(ProcMemError) -> MemorySnapshot? {
            try await next(isolation: #isolation)
        }

        /// As ``next()``, on the caller's actor.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ProcMemError) -> MemorySnapshot? {
            try await series.next()
        }
    }
}

@available(*, unavailable)
extension MemorySampler.Snapshots.AsyncIterator: Sendable {}

/// One who follows the snapshots of a sampler, and keeps the sampler. The copies of an iterator are one.
final class SnapshotSeries {
    private let sampler: MemorySampler
    private let intervalNanoseconds: Int
    /// The number by which the sampler knows it, `nil` while it does not.
    private var number: Int?
    private var hasEnded = false

    init(of sampler: MemorySampler, everyNanoseconds intervalNanoseconds: Int) {
        self.sampler = sampler
        self.intervalNanoseconds = intervalNanoseconds
    }

    deinit { leave() }

    /// The newest snapshot that nobody has been answered, or the next one; `nil` at the end.
    func next() async throws(ProcMemError) -> MemorySnapshot? {
        if hasEnded { return nil }
        var snapshot: MemorySnapshot?
        // Whatever ends it, no pass is for it any more.
        defer { if snapshot == nil { end() } }
        if Task.isCancelled { return nil }
        snapshot = try await sampler.nextAnswer(of: begin())?.get()
        return snapshot
    }

    private func begin() throws(ProcMemError) -> Int {
        if let number { return number }
        let new = try sampler.beginSeries(every: intervalNanoseconds)
        number = new
        return new
    }

    private func end() {
        hasEnded = true
        leave()
    }

    private func leave() {
        if let number { sampler.endSeries(number) }
        number = nil
    }
}
