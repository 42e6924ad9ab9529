extension PhysicalMemory {
    /// What a look at several processes says about all of them together.
    ///
    /// - Parameters:
    ///   - processes: What each of them told.
    ///   - stats: `stat` of each of them, in the same order; `nil` where it could not be read.
    ///   - knowsChildren: Whether all children of the processes are among them.
    init(_ processes: [ProcessMemory], _ stats: [ProcessStat?], knowsChildren: Bool, in root: KernelRoot) {
        let isEachCountedOnce = processes.allSatisfy { $0.mayShareMemoryWith == nil }
        let holders = processes.filter { $0.sharesMemoryWith == nil && $0.usage.mayHoldMemory }.map(\.usage)
        if holders.allSatisfy({ $0.pssBytes == nil }) {
            let counters = CounterBounds(processes, stats, knowsChildren: knowsChildren, in: root)
            self.init(counters, holders, isEachCountedOnce: isEachCountedOnce)
        } else {
            self.init(sharesOf: holders, isEachCountedOnce: isEachCountedOnce)
        }
    }

    /// Of each process with PSS that is its part. Of the others RSS is the most that they can add, and the anonymous part of
    /// the largest is there in any case.
    private init(sharesOf holders: [MemoryUsage], isEachCountedOnce: Bool) {
        let huge = HugetlbPages(holders)
        let shares = (holders.compactMap(\.pssBytes).saturatingSum ?? 0).saturatingAdding(huge.lowerBytes)
        let others = holders.filter { $0.pssBytes == nil }
        lower = max(shares, others.compactMap(\.anonymousBytes).max() ?? 0)
        upper =
            others.contains { $0.rssBytes == nil }
            ? nil
            : shares.saturatingAdding(others.compactMap(\.rssBytes).saturatingSum ?? 0)
                .saturatingAdding(huge.upperBytes - huge.lowerBytes)
        estimate = others.isEmpty ? shares : nil
        proven = upper != nil && isEachCountedOnce
    }

    private init(_ counters: CounterBounds, _ holders: [MemoryUsage], isEachCountedOnce: Bool) {
        lower = counters.lowerBytes
        let isKnown = holders.allSatisfy { $0.rssBytes != nil }
        upper = isKnown ? counters.upperBytes : nil
        estimate = isKnown ? counters.likelyBytes : nil
        proven = isKnown && isEachCountedOnce && counters.isProven
    }
}
