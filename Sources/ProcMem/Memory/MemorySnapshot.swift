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
    /// Whether no process was left out for there being too many.
    public let complete: Bool
}

/// The sums over the processes of a snapshot.
///
/// A sum is over the processes that tell the figure; it is `nil` where none does. ``unavailableCount`` says how many are
/// missing, and with any missing a sum is a lower bound.
public struct MemoryTotal: Sendable, Hashable {
    /// How many processes there are.
    public let processCount: Int
    /// The sum of RSS in bytes, which counts a page that several of them map several times over.
    public let rssBytes: Int?
    /// The sum of PSS in bytes, which counts each page once, and by its share one that others map as well.
    public let pssBytes: Int?
    /// The sum of USS in bytes.
    public let ussBytes: Int?
    /// The sum of what is swapped out in bytes, by `SwapPss`, which counts each page once.
    public let swapBytes: Int?
    /// What they hold together, each page counted once.
    ///
    /// From `.accurate` it is the sum of PSS. From `.cheap` the bounds are the largest anonymous part of one process and
    /// the sum of RSS.
    public let physicalBytes: PhysicalMemory
    /// How many processes had their figures from which source.
    public let sources: [MemorySource: Int]
    /// How many processes lack the figures that the mode asks for.
    public let unavailableCount: Int
}
