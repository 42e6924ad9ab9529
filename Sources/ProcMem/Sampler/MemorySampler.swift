/// An actor that measures the memory of several processes on a thread of its own, on request or at regular intervals.
///
/// Use it in a program that displays or monitors memory and must not block. An accurate measurement of a large tree can
/// take seconds; neither an event loop nor Swift's cooperative thread pool waits for it. The measurement itself is the
/// one of ``memorySnapshot(of:mode:detail:limits:in:)``.
///
///     let sampler = MemorySampler(of: .currentTree, mode: .cheap)
///     for try await snapshot in sampler.snapshots(every: .seconds(1)) {
///         show(snapshot.total)
///     }
///
/// Concurrent callers share a pass, which is one measurement of all processes. A call during a pass returns that pass's
/// result. This pass may have started before the call, but the result of an earlier pass is never returned.
///
/// The thread `procmem-sampler` starts with the first request. It ends when the sampler is deallocated, after finishing a
/// pass in progress; the sampler's sequences keep the sampler alive. The thread uses no file descriptor. While there is no
/// request, it sleeps without a timeout. ``MemoryMode`` describes the cost of a pass and the privileges that it requires.
/// The sampler adds a small constant cost to each pass, and a small allocation for each task that waits.
///
/// In a child that the program forks, the thread does not exist: there, ``snapshot()`` throws `outOfResources`, and sequences
/// end. The child can create a sampler of its own.
///
/// The actor runs on that thread. Code that is isolated to a sampler, for example a function with a parameter
/// `isolated MemorySampler`, waits for a pass in progress. ``snapshot()`` and ``snapshots(every:)`` are `nonisolated`.
public actor MemorySampler {
    nonisolated let thread: SamplerThread<MemorySnapshot>
    /// The scope of the next pass; `nil` if it has not changed.
    private nonisolated let nextScope: Monitor<ProcessScope?>

    /// Runs one pass. It owns the state that is kept between passes; actor isolation ensures that only the thread uses
    /// it.
    private let pass: () throws(ProcMemError) -> MemorySnapshot
    /// The tasks that the last pass has answered. Stored, so that the array's capacity is reused.
    private var answered: [SamplerThread<MemorySnapshot>.Waiter] = []

    /// Creates a sampler. It measures nothing before the first request.
    ///
    /// - Parameters:
    ///   - scope: The processes to measure.
    ///   - mode: How memory is measured.
    ///   - detail: Whether `status` of each process is read too, for the figures that only this file has, or no process at
    ///     all.
    ///   - limits: The maximum number of processes, and the maximum duration of the search in each pass.
    ///   - maximumAge: The age up to which a figure of an earlier pass is used (``MemoryMode/within(_:)``). After this
    ///     time the processes are also searched for again, even if none seems to have started or exited.
    ///   - root: The directory below which the kernel's files are read.
    public init(
        of scope: ProcessScope,
        mode: MemoryMode,
        detail: MemoryDetail = .standard,
        limits: SearchLimits = SearchLimits(),
        maximumAge: Duration = .seconds(60),
        in root: SystemRoot = .live
    ) {
        var runner = PassRunner(
            of: scope,
            mode: mode,
            detail: detail,
            limits: limits,
            maximumAge: maximumAge,
            in: root
        )
        let nextScope = Monitor<ProcessScope?>(nil)
        self.init(nextScope: nextScope) { () throws(ProcMemError) in
            if let scope = nextScope.withLock({ $0.take() }) { runner.change(to: scope) }
            return try runner.run()
        }
    }

    /// - Parameters:
    ///   - starter: The function that starts the thread.
    ///   - nextScope: The scope of the next pass, which the pass takes.
    ///   - pass: The function that runs one pass.
    init(
        starter: @escaping ThreadExecutor.Starter = BackgroundThread.start,
        nextScope: Monitor<ProcessScope?> = Monitor(nil),
        pass: sending @escaping () throws(ProcMemError) -> MemorySnapshot
    ) {
        thread = SamplerThread(starter: starter)
        self.nextScope = nextScope
        self.pass = pass
        thread.setWork { [weak self] in
            self?.assumeIsolated { $0.thread.runPassIfDue($0.pass, &$0.answered) } ?? nil
        }
    }

    deinit { thread.stop() }

    /// The sampler's own thread. An actor that has the same executor runs on this thread, and must keep the sampler.
    @safe public nonisolated var unownedExecutor: UnownedSerialExecutor {
        // Why @safe: the runtime uses the executor of an actor only while the actor exists, and with it the sampler.
        thread.reference
    }

    /// Returns the snapshot of the pass in progress, or of a pass that starts now.
    ///
    /// The task is suspended meanwhile and blocks no thread. If it is cancelled, the call ends immediately; the pass
    /// continues for the other callers.
    ///
    /// - Returns: The snapshot.
    /// - Throws: ``ProcMemError`` with `cancelled` if the task is cancelled, `outOfResources` if the thread cannot be
    ///   started, and the errors of ``memorySnapshot(of:mode:detail:limits:in:)``.
    public nonisolated func snapshot() async throws(ProcMemError) -> MemorySnapshot {
        try await thread.snapshot()
    }

    /// Changes the processes to measure, from the next pass on.
    ///
    /// The next passes measure all processes again, also those that are in both scopes. A call of ``snapshot()`` after this
    /// one returns a snapshot of the new scope; one that waits already may return the pass in progress. A sequence may still
    /// deliver snapshots of the earlier scope: the last one, and that of a pass in progress. The call waits for nothing, and
    /// reads nothing: an error of the new scope is an error of the next pass. In a child that the program forks, it has no
    /// effect.
    ///
    /// - Parameter scope: The processes to measure.
    public nonisolated func update(scope: ProcessScope) {
        guard thread.isUsable else { return }
        nextScope.withLock { $0 = scope }
        // After that: a pass that begins in between has the new scope.
        thread.requests.withLock { $0.changeScope() }
    }

    /// Starts the thread, unless it has been started. A job of an actor that uses the thread as its executor cannot be
    /// rejected: if no thread can be started, it waits.
    package nonisolated func start() throws(ProcMemError) { try thread.start() }
}

extension MemorySampler {
    /// Returns an asynchronous sequence of snapshots at regular intervals.
    ///
    /// The first snapshot is measured immediately, the others at fixed instants that do not drift: at multiples of the
    /// interval, counted from the start of the sampler's first sequence. Sequences therefore share passes wherever
    /// their instants coincide. A pass serves all instants that fall into it. If a pass takes longer than the interval,
    /// one pass follows at the next instant, never two.
    ///
    /// Iterators are independent of each other. An iterator begins with the first call of
    /// ``Snapshots/AsyncIterator/next()``. From then until it is deallocated, a pass runs at every instant, whether or
    /// not the consumer waits for it. A slow consumer receives only the newest snapshot. If the waiting task is
    /// cancelled, the sequence ends immediately; a pass in progress continues for the other callers.
    ///
    /// The sequence throws ``ProcMemError`` with `outOfResources` if the thread cannot be started, and the errors of
    /// ``memorySnapshot(of:mode:detail:limits:in:)``. An error ends the sequence.
    ///
    /// After the first snapshot, a pass that fails for lack of descriptors or memory is left out, because that lack
    /// usually passes: the next snapshot comes later. The sequence throws `outOfResources` if passes have failed so for 10
    /// seconds and for ten times in a row. ``snapshot()`` throws the error at once.
    ///
    /// - Parameter interval: The time between two snapshots. Values below 1 millisecond count as 1 millisecond.
    /// - Returns: The sequence.
    public nonisolated func snapshots(every interval: Duration) -> Snapshots {
        Snapshots(series: SnapshotSeries.Origin(owner: self, thread: thread, every: interval))
    }

    /// The snapshots of a sampler at regular intervals, as returned by ``MemorySampler/snapshots(every:)``.
    public struct Snapshots: AsyncSequence, Sendable {
        /// The type of the elements.
        public typealias Element = MemorySnapshot
        /// The type of the errors.
        public typealias Failure = ProcMemError

        fileprivate let series: SnapshotSeries<MemorySnapshot>.Origin

        /// Creates an iterator. Its passes begin with the first call of `next()`.
        public func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(series: SnapshotSeries(series))
        }
    }
}

extension MemorySampler.Snapshots {
    /// An iterator over the snapshots. Copies share its state.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let series: SnapshotSeries<MemorySnapshot>

        /// Returns the newest snapshot that has not been returned yet, or waits for the next one.
        ///
        /// - Returns: The snapshot; `nil` after the task has been cancelled or an error has been thrown.
        /// - Throws: ``ProcMemError``, as described in ``MemorySampler/snapshots(every:)``.
        public mutating func next() async throws(ProcMemError) -> MemorySnapshot? {
            try await next(isolation: #isolation)
        }

        /// Returns the next snapshot like ``next()``, on the caller's actor.
        ///
        /// - Parameter actor: The caller's actor.
        /// - Returns: The snapshot; `nil` after the task has been cancelled or an error has been thrown.
        /// - Throws: ``ProcMemError``, as described in ``MemorySampler/snapshots(every:)``.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ProcMemError) -> MemorySnapshot? {
            try await series.next()
        }
    }
}

@available(*, unavailable)
extension MemorySampler.Snapshots.AsyncIterator: Sendable {}
