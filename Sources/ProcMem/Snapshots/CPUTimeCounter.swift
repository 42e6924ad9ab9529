/// A counter of the CPU time of a scope, from snapshot to snapshot. It never falls.
///
/// ``MemorySnapshot/cpuTime(since:)`` compares two snapshots. If a process exits while a snapshot is taken, its parent may
/// report the time of this child only in the next one, together with what the child had used before. A comparison of the
/// two would count that time twice; a counter remembers it for one snapshot.
///
/// ```swift
/// let sampler = MemorySampler(of: .currentTree, mode: .cheap)
/// var counter = CPUTimeCounter()
/// for try await snapshot in sampler.snapshots(every: .seconds(1)) {
///     let time = counter.advance(to: snapshot)
///     print(counter.seconds, time?.utilization ?? 0)
/// }
/// ```
public struct CPUTimeCounter: Sendable, Hashable {
    /// The CPU time since the first snapshot, in clock ticks: see ``ticksPerSecond``.
    public private(set) var ticks = 0
    /// Whether ``ticks`` may lack a part: see ``ProcessCPUTime/isLowerBound``.
    public private(set) var isLowerBound = false

    private var last: ProcessTimesReading?
    /// The time of exited processes that was counted before, and that no process has reported yet.
    private var unsettledTicks = 0

    /// Creates a counter that begins with the first snapshot.
    public init() {}

    /// The CPU time since the first snapshot, in seconds.
    public var seconds: Double { Double(ticks) / Double(ticksPerSecond) }

    /// Adds the CPU time since the last snapshot.
    ///
    /// No file is read. The time taken is linear in the number of processes.
    ///
    /// - Parameter snapshot: A later snapshot of the same scope.
    /// - Returns: The time that was added; `nil` for the first snapshot, and for one with ``MemoryDetail/totals``.
    public mutating func advance(to snapshot: MemorySnapshot) -> ProcessCPUTime? {
        guard let times = snapshot.times else { return nil }
        defer { last = times }
        guard let last else { return nil }
        let (time, unsettledTicks) = times.since(last, settling: unsettledTicks)
        self.unsettledTicks = unsettledTicks
        ticks = ticks.saturatingAdding(time.ticks)
        isLowerBound = isLowerBound || time.isLowerBound
        return time
    }
}
