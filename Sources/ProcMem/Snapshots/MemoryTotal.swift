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
    public let processesWithoutMemoryCount: Int
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
    public let distinctBytes: DistinctMemory
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

extension MemoryTotal {
    /// - Parameter physical: What they hold together.
    init(_ processes: [ProcessMemory], holding distinct: DistinctMemory) {
        let usages = processes.map(\.usage)
        let counted = processes.filter { $0.sharesMemoryWith == nil }.map(\.usage)
        processCount = processes.count
        processesWithoutMemoryCount = usages.count { !$0.mayHoldMemory }
        rssBytes = counted.compactMap(\.rssBytes).saturatingSum
        pssBytes = counted.compactMap(\.pssBytes).saturatingSum
        ussBytes = counted.compactMap(\.ussBytes).saturatingSum
        swapBytes = counted.compactMap(\.swapPssBytes).saturatingSum
        figureCounts = FigureCounts(
            rss: usages.count { $0.rssBytes != nil },
            pss: usages.count { $0.pssBytes != nil },
            uss: usages.count { $0.ussBytes != nil },
            swap: usages.count { $0.swapPssBytes != nil }
        )
        unreadableRSSBytes = counted.filter { $0.unavailable != nil }.compactMap(\.rssBytes).saturatingSum ?? 0
        sources = usages.reduce(into: [:]) { $0[$1.source, default: 0] += 1 }
        oldestAge = usages.compactMap(\.source.age).max()
        unavailableCount = usages.count { $0.unavailable != nil }
        distinctBytes = distinct
    }
}

extension MemoryTotal: Encodable {
    /// Encodes every figure under the name of its property, `null` where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(processCount, forKey: "processCount")
        try names.encode(processesWithoutMemoryCount, forKey: "memorylessCount")
        try names.encode(rssBytes, forKey: "rssBytes")
        try names.encode(pssBytes, forKey: "pssBytes")
        try names.encode(ussBytes, forKey: "ussBytes")
        try names.encode(swapBytes, forKey: "swapBytes")
        try names.encode(figureCounts, forKey: "figureCounts")
        try names.encode(unreadableRSSBytes, forKey: "unreadableRSSBytes")
        try names.encode(distinctBytes, forKey: "distinctBytes")
        try names.encode(Dictionary(sources.map { ($0.key.name, $0.value) }, uniquingKeysWith: +), forKey: "sources")
        try names.encode(oldestAge.map { $0.wholeMicroseconds / 1000 }, forKey: "oldestAgeMilliseconds")
        try names.encode(unavailableCount, forKey: "unavailableCount")
    }
}

extension MemoryTotal.FigureCounts: Encodable {
    /// Encodes every figure under the name of its property, `null` where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(rss, forKey: "rss")
        try names.encode(pss, forKey: "pss")
        try names.encode(uss, forKey: "uss")
        try names.encode(swap, forKey: "swap")
    }
}
