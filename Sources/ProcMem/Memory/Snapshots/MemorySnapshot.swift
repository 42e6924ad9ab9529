/// The memory of several processes, looked at one after the other.
public struct MemorySnapshot: Sendable, Hashable {
    /// How the processes were looked at.
    public let mode: MemoryMode
    /// How long it took.
    public let elapsed: Duration
    /// The processes: a tree's root first and every parent before its children, a list in its order, the rest by id.
    public let processes: [ProcessMemory]
    /// Their sums.
    public let total: MemoryTotal
    /// For a cgroup, what it is charged for beside what its processes hold; `nil` for another scope.
    public let cgroupCharge: CgroupCharge?
    /// How the processes were found.
    public let search: ProcessSearch
    /// Why processes may be missing; empty where none is.
    public let gaps: Set<ProcessGap>

    /// Whether no process is missing, as far as the kernel tells.
    public var complete: Bool { gaps.isEmpty }
}
