/// The sums over the processes of a snapshot.
///
/// A sum covers the processes for which the figure is known, and is `nil` if it is known for none. ``figureCounts``
/// gives the number of these processes. A sum that lacks processes with memory is a lower bound. Processes that share
/// one address space (``ProcessMemory/sharesMemoryWith``) are counted once.
///
/// With ``MemoryDetail/totals``, no process is read: only ``distinctBytes`` is known. Every sum and every number of
/// processes is `nil`, and ``sources`` is empty.
public struct MemoryTotal: Sendable, Hashable {
    /// The number of processes. Where it is `nil`, ``CgroupCharge/taskCount`` may be known.
    public let processCount: Int?
    /// The number of processes without memory of their own: kernel threads, zombies, and processes that exited while
    /// they were measured.
    public let processesWithoutMemoryCount: Int?
    /// The sum of RSS in bytes. A page is counted once for each process that maps it.
    public let rssBytes: Int?
    /// The sum of PSS (proportional set size) in bytes: the processes' share of the memory. A page that only these
    /// processes map is counted once; a page that other processes map as well counts in proportion to the mappings of
    /// these processes.
    public let pssBytes: Int?
    /// The sum of USS in bytes.
    public let ussBytes: Int?
    /// The sum of swapped-out memory in bytes, from `SwapPss`. A page that only these processes share is counted once.
    public let swapBytes: Int?
    /// The number of processes in each sum.
    public let figureCounts: FigureCounts?
    /// The sum of RSS in bytes over the processes of which only RSS is known, not the figures that the mode requests; 0
    /// if there are none.
    public let unreadableRSSBytes: Int?
    /// The distinct memory of the processes: each page is counted once.
    ///
    /// It is the same quantity in every mode; the modes differ in the width of the bounds. ``pssBytes`` is a lower
    /// bound of it.
    public let distinctBytes: DistinctMemory
    /// The number of processes by the source of their figures.
    public let sources: [MemorySource: Int]
    /// The age of the oldest figure; `nil` if all figures were measured for this snapshot.
    public let oldestAge: Duration?
    /// The number of processes without the figures that the mode requests.
    public let unavailableCount: Int?

    /// The number of processes for which each figure is known.
    public struct FigureCounts: Sendable, Hashable {
        /// The number of processes whose RSS is known.
        public let rss: Int
        /// The number of processes whose PSS is known.
        public let pss: Int
        /// The number of processes whose USS is known.
        public let uss: Int
        /// The number of processes whose swapped-out memory is known.
        public let swap: Int
    }
}

extension MemoryTotal {
    /// - Parameters:
    ///   - processes: The processes of the snapshot.
    ///   - distinct: Their distinct memory.
    init(_ processes: [ProcessMemory], holding distinct: DistinctMemory) {
        var (rss, pss, uss, swap) = (Figure(), Figure(), Figure(), Figure())
        var (unreadable, withoutMemoryCount, unavailableCount) = (0, 0, 0)
        var (sources, oldestAge) = ([MemorySource: Int](), Duration?.none)
        func add(_ process: borrowing ProcessMemory) {
            let isCounted = process.sharesMemoryWith == nil
            rss.add(process.usage.rssBytes, isCounted)
            pss.add(process.usage.pssBytes, isCounted)
            uss.add(process.usage.ussBytes, isCounted)
            swap.add(process.usage.swapPssBytes, isCounted)
            if !process.usage.mayHoldMemory { withoutMemoryCount += 1 }
            if process.usage.unavailable != nil {
                unavailableCount += 1
                if isCounted { unreadable = unreadable.saturatingAdding(process.usage.rssBytes ?? 0) }
            }
            sources[process.usage.source, default: 0] += 1
            if let age = process.usage.source.age { oldestAge = max(oldestAge ?? age, age) }
        }
        for index in processes.indices { add(processes[index]) }
        processCount = processes.count
        processesWithoutMemoryCount = withoutMemoryCount
        (rssBytes, pssBytes, ussBytes, swapBytes) = (
            rss.bytes.value, pss.bytes.value, uss.bytes.value, swap.bytes.value
        )
        figureCounts = FigureCounts(rss: rss.count, pss: pss.count, uss: uss.count, swap: swap.count)
        unreadableRSSBytes = unreadable
        self.sources = sources
        self.oldestAge = oldestAge
        self.unavailableCount = unavailableCount
        distinctBytes = distinct
    }

    /// The totals of processes that were not listed.
    ///
    /// - Parameter distinct: Their distinct memory.
    init(unlistedHolding distinct: DistinctMemory) {
        (processCount, processesWithoutMemoryCount, unavailableCount) = (nil, nil, nil)
        (rssBytes, pssBytes, ussBytes, swapBytes, unreadableRSSBytes) = (nil, nil, nil, nil, nil)
        (figureCounts, oldestAge) = (nil, nil)
        sources = [:]
        distinctBytes = distinct
    }
}

/// The sum of one figure over the processes that count, and the number of all processes of which it is known.
private struct Figure {
    private(set) var bytes = KnownSum()
    private(set) var count = 0

    mutating func add(_ value: Int?, _ isCounted: Bool) {
        guard let value else { return }
        count += 1
        if isCounted { bytes.add(value) }
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
