extension PhysicalMemory {
    /// What a look at several processes says about all of them together.
    ///
    /// - Parameters:
    ///   - processes: What each of them told.
    ///   - stats: `stat` of each of them, in the same order; `nil` where it could not be read.
    ///   - knowsChildren: Whether all children of the processes are among them.
    ///   - sampled: What samples say of those that were sampled.
    ///   - isOfOneScene: Whether nothing is known to have moved from the first of the figures to the last.
    ///   - history: What an earlier look at the same tree has left; then what this one leaves.
    init(
        _ processes: [ProcessMemory],
        _ stats: [ProcessStat?],
        knowsChildren: Bool,
        sampled: SampledMemory.Distinct? = nil,
        isOfOneScene: Bool = true,
        history: inout AnonymousHistory?,
        in root: KernelRoot
    ) {
        let isEachCountedOnce = processes.allSatisfy { $0.mayShareMemoryWith == nil }
        let holders = processes.filter { $0.sharesMemoryWith == nil && $0.usage.mayHoldMemory }.map(\.usage)
        let shares = PhysicalMemory(sharesOf: holders, isEachCountedOnce: isEachCountedOnce && isOfOneScene)
        // Where PSS of all is known there is nothing to add.
        if !holders.isEmpty, holders.allSatisfy({ $0.pssBytes != nil }) {
            self = shares
            return
        }
        var counters = CounterBounds(
            processes,
            stats,
            knowsChildren: knowsChildren,
            earlier: history,
            in: root
        )
        history = counters.history
        if sampled != nil { counters.dropDoubtfulFaults() }
        var physical = PhysicalMemory(counters, holders, isEachCountedOnce: isEachCountedOnce)
        if holders.contains(where: { $0.pssBytes != nil }) { physical = physical.narrowed(by: shares) }
        if let sampled {
            let others = holders.filter { $0.pssBytes == nil && !$0.source.isSampled }
            physical = PhysicalMemory(sampled, others, within: physical, hugetlbBytes: counters.hugetlbBytes)
        }
        self = physical
    }

    /// What two ways to know leave open.
    private func narrowed(by other: PhysicalMemory) -> PhysicalMemory {
        let lower = max(lower, other.lower)
        let least = [upper, other.upper].compactMap(\.self).min()
        let upper = least.map { max($0, lower) }
        return PhysicalMemory(
            estimate: estimate.map { min(max($0, lower), upper ?? .max) },
            lower: lower,
            upper: upper,
            // PSS leaves out the shares of processes that are not among these: the two ways then mean different things.
            proven: proven && other.proven && upper == least
        )
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

    /// What samples say, within what counters say. Of the processes that could not be sampled RSS is the most that they add.
    /// Samples leave out the pages of hugetlbfs, of which only the sum is known.
    private init(
        _ sampled: SampledMemory.Distinct,
        _ others: [MemoryUsage],
        within counters: PhysicalMemory,
        hugetlbBytes: Int
    ) {
        let twoErrors = 2 * sampled.standardError
        let otherBytes = (others.compactMap(\.rssBytes).saturatingSum ?? 0).saturatingAdding(hugetlbBytes)
        let sampledUpper = Int(saturating: (sampled.upper + twoErrors).rounded(.up)).saturatingAdding(otherBytes)
        let sampledLower = Int(saturating: (sampled.lower - twoErrors).rounded(.down))
        let upper = counters.upper.map { min($0, max(sampledUpper, counters.lower)) }
        lower = min(max(counters.lower, sampledLower), upper ?? .max)
        self.upper = upper
        let likely = others.isEmpty ? Int(saturating: sampled.likely.rounded()) : counters.estimate
        estimate = likely.map { [lower] in min(max(lower, $0), upper ?? .max) }
        proven = counters.proven && lower == counters.lower && upper == counters.upper
    }

    private init(_ counters: CounterBounds, _ holders: [MemoryUsage], isEachCountedOnce: Bool) {
        lower = counters.lowerBytes
        let isKnown = holders.allSatisfy { $0.rssBytes != nil }
        upper = isKnown ? counters.upperBytes : nil
        estimate = isKnown ? counters.likelyBytes : nil
        proven = isKnown && isEachCountedOnce && counters.isProven
    }
}
