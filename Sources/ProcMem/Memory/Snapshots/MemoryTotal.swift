/// The sums over the processes of a snapshot.
///
/// A sum is over the processes that tell the figure, and is `nil` where none does; ``figureCounts`` says how many those
/// are. A sum over fewer processes than have memory is a lower bound. Several processes with one memory
/// (``ProcessMemory/sharesMemoryWith``) are in a sum once.
public struct MemoryTotal: Sendable, Hashable {
    /// How many processes there are.
    public let processCount: Int
    /// How many of them have no memory of their own: kernel threads, zombies, and those that ended while they were looked
    /// at.
    public let memorylessCount: Int
    /// The sum of RSS in bytes, which counts a page that several of them map several times over.
    public let rssBytes: Int?
    /// The sum of PSS in bytes, which counts each page once, and by its share one that others map as well.
    public let pssBytes: Int?
    /// The sum of USS in bytes.
    public let ussBytes: Int?
    /// The sum of what is swapped out in bytes, by `SwapPss`, which counts each page once.
    public let swapBytes: Int?
    /// Of how many processes each sum is.
    public let figureCounts: FigureCounts
    /// RSS in bytes of the processes that tell RSS and nothing of what an accurate mode asks for; 0 where there are none.
    public let unreadableRSSBytes: Int
    /// What they hold together, each page counted once.
    ///
    /// From `.accurate` it is the sum of PSS, from `.cheap` bounds and a likely value.
    public let physicalBytes: PhysicalMemory
    /// How many processes had their figures from which source.
    public let sources: [MemorySource: Int]
    /// How long ago the oldest of the figures was taken; `nil` where all are of this very look.
    public let oldestAge: Duration?
    /// How many processes lack the figures that the mode asks for.
    public let unavailableCount: Int

    /// How many processes tell each figure.
    public struct FigureCounts: Sendable, Hashable {
        /// Those that tell RSS.
        public let rss: Int
        /// Those that tell PSS.
        public let pss: Int
        /// Those that tell USS.
        public let uss: Int
        /// Those that tell what is swapped out.
        public let swap: Int
    }
}
