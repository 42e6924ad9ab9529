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
        /// What is told.
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

extension Duration {
    /// Rounded down; the next best where it is out of range.
    fileprivate var wholeNanoseconds: Int {
        let (seconds, attoseconds) = components
        let (whole, overflows) = Int(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, exceeds) = whole.addingReportingOverflow(Int(attoseconds / 1_000_000_000))
        return overflows || exceeds ? (seconds < 0 ? .min : .max) : sum
    }
}
