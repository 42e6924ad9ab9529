/// An actor that measures the memory of several scopes on one thread of its own, with one budget for all of them.
///
/// Use it in place of several ``MemorySampler``s, each of which has a thread and a budget of its own:
///
/// ```swift
/// let sampler = MultiScopeSampler(mode: .within(.milliseconds(5)))
/// sampler.add(.tree(root: 1), as: "server")
/// for try await pass in sampler.passes(every: .seconds(1)) {
///     for reading in pass.readings {
///         guard let snapshot = try? reading.result.get() else { continue }
///         print(reading.name, snapshot.total.distinctBytes.lower)
///     }
/// }
/// ```
///
/// A pass measures the scopes one after the other. With ``MemoryMode/within(_:)``, the time is the budget of the whole pass.
/// Each scope gets an equal share of the remaining time, so that unused time passes to the later scopes; each pass starts with
/// a different scope. A process that is in two scopes is measured for each of them. A scope that fails does not
/// affect the others: its reading has the error.
///
/// A tree whose root has exited goes on with the descendants that the last pass has found, and with theirs, as in a
/// ``MemorySampler``, which also describes the thread, the timing of a sequence, and the behaviour after `fork`.
public actor MultiScopeSampler {
    private let thread: SamplerThread<Pass>
    /// The changes of the scopes since the last pass.
    private nonisolated let changes: Monitor<[Change]>
    private let pass: () throws(ProcMemError) -> Pass
    /// The tasks that the last pass has answered. Stored, so that the array's capacity is reused.
    private var answered: [SamplerThread<Pass>.Waiter] = []

    struct Change: Sendable {
        let name: String
        /// The new scope; `nil` to remove it.
        let scope: ProcessScope?
    }

    /// The scopes that were measured in one pass.
    public struct Pass: Sendable {
        /// The readings, in the order in which the scopes were added.
        public let readings: [Reading]
        /// The duration of the pass.
        public let elapsed: Duration
    }

    /// What a pass has measured of one scope.
    public struct Reading: Sendable {
        /// The name that the caller has given to the scope.
        public let name: String
        /// The memory of the scope, or the reason why it could not be measured.
        public let result: Result<MemorySnapshot, ProcMemError>
    }

    /// Creates a sampler without a scope. It measures nothing before the first request.
    ///
    /// - Parameters:
    ///   - mode: How memory is measured. The time of ``MemoryMode/within(_:)`` is that of a pass over all scopes.
    ///   - detail: Whether `status` of each process is read too.
    ///   - limits: The maximum number of processes of each scope, and the maximum duration of its search in each pass.
    ///   - maximumAge: The age up to which a figure of an earlier pass is used, as in ``MemorySampler``.
    ///   - root: The directory below which the kernel's files are read.
    public init(
        mode: MemoryMode,
        detail: MemoryDetail = .standard,
        limits: SearchLimits = SearchLimits(),
        maximumAge: Duration = .seconds(60),
        in root: SystemRoot = .live
    ) {
        let changes = Monitor<[Change]>([])
        var scopes = ScopeRunners(mode: mode, maximumFileCount: limits.maximumOpenFileCount) { scope in
            PassRunner(of: scope, mode: mode, detail: detail, limits: limits, maximumAge: maximumAge, in: root)
        }
        let thread = SamplerThread<Pass>(starter: BackgroundThread.start)
        self.thread = thread
        self.changes = changes
        pass = { () throws(ProcMemError) in
            for change in changes.withLock({ exchange(&$0, with: []) }) { scopes.apply(change) }
            return scopes.run()
        }
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

    /// Adds a scope, from the next pass on, or replaces the one of this name.
    ///
    /// The call waits for nothing, and reads nothing: an error of the scope is in its readings. A scope that is replaced is
    /// measured as a new one, in its place.
    ///
    /// - Parameters:
    ///   - scope: The processes to measure.
    ///   - name: The name of the scope in the readings.
    public nonisolated func add(_ scope: ProcessScope, as name: String) { note(Change(name: name, scope: scope)) }

    /// Removes a scope, from the next pass on.
    ///
    /// - Parameter name: The name of the scope. Without a scope of this name, nothing happens.
    public nonisolated func remove(_ name: String) { note(Change(name: name, scope: nil)) }

    private nonisolated func note(_ change: Change) {
        guard thread.isUsable else { return }
        changes.withLock { $0.append(change) }
        // After that: a pass that begins in between has the change.
        thread.requests.withLock { $0.changeScope() }
    }

    /// Returns the readings of the pass in progress, or of a pass that starts now, as ``MemorySampler/snapshot()`` does.
    ///
    /// - Throws: ``ProcMemError`` with `cancelled` if the task is cancelled, `outOfResources` if the thread cannot be started.
    public nonisolated func snapshot() async throws(ProcMemError) -> Pass { try await thread.snapshot() }

    /// Returns an asynchronous sequence of passes at regular intervals, with the instants of
    /// ``MemorySampler/snapshots(every:)``. A slow consumer receives only the newest pass.
    ///
    /// The sequence throws ``ProcMemError`` with `outOfResources` if the thread cannot be started.
    ///
    /// - Parameter interval: The time between two passes. Values below 1 millisecond count as 1 millisecond.
    public nonisolated func passes(every interval: Duration) -> some AsyncSequence<Pass, ProcMemError> & Sendable {
        SnapshotSequence(series: SnapshotSeries.Origin(owner: self, thread: thread, every: interval))
    }
}

/// The passes over several scopes.
private struct ScopeRunners {
    private final class Runner {
        let name: String
        var runner: PassRunner

        init(_ name: String, _ runner: consuming PassRunner) {
            self.name = name
            self.runner = runner
        }
    }

    private let budget: Duration?
    private let maximumFileCount: Int?
    private let makeRunner: (ProcessScope) -> PassRunner
    private var runners: [Runner] = []
    /// The index of the scope with which the next pass begins.
    private var first = 0

    init(mode: MemoryMode, maximumFileCount: Int?, _ makeRunner: @escaping (ProcessScope) -> PassRunner) {
        self.maximumFileCount = maximumFileCount
        budget = if case .within(let budget) = mode { budget } else { nil }
        self.makeRunner = makeRunner
    }

    mutating func apply(_ change: MultiScopeSampler.Change) {
        let index = runners.firstIndex { $0.name == change.name }
        switch (index, change.scope) {
        case (let index?, let scope?): runners[index] = Runner(change.name, makeRunner(scope))
        case (nil, let scope?): runners.append(Runner(change.name, makeRunner(scope)))
        case (let index?, nil): runners.remove(at: index)
        case (nil, nil): break
        }
        // All scopes together keep no more files open than one would.
        let count = (maximumFileCount ?? OpenCensus.defaultFileCount) / max(1, runners.count)
        for runner in runners { runner.runner.limitFiles(to: count) }
    }

    mutating func run() -> MultiScopeSampler.Pass {
        let start = ContinuousClock.now
        var results: [Result<MemorySnapshot, ProcMemError>?] = Array(repeating: nil, count: runners.count)
        if !runners.isEmpty { first = (first + 1) % runners.count }
        for number in runners.indices {
            let index = (first + number) % runners.count
            let share = budget.map { budget in
                budget.share(left: budget - start.duration(to: .now), among: runners.count - number, of: runners.count)
            }
            results[index] = Result { () throws(ProcMemError) in try runners[index].runner.run(within: share) }
        }
        return MultiScopeSampler.Pass(
            readings: zip(runners, results).compactMap { runner, result in
                result.map { MultiScopeSampler.Reading(name: runner.name, result: $0) }
            },
            elapsed: start.duration(to: .now)
        )
    }
}

extension Duration {
    /// Returns the part of a budget for one scope: an equal part of what is left, at least an equal part of the whole. A read
    /// that took longer than predicted does not leave a scope without its processes.
    func share(left: Duration, among remaining: Int, of count: Int) -> Duration {
        max(left / max(1, remaining), self / max(1, count))
    }
}
