/// How much memory several processes hold together, each page counted once, those of hugetlbfs too.
///
/// From PSS it is their sum, and so are the bounds: there a page that others map as well counts by its share, a library that
/// many use hardly at all. On Linux 6.1 the pages of a process that held 64 MiB were 2.4 % more. From a cheap look it is told
/// within bounds, by `statm`, by the page faults in `stat` and by `/proc/meminfo`: <doc:MeasuringMemory> has the reasons, and
/// where they end.
public struct DistinctMemory: Sendable, Hashable {
    /// The most likely value in bytes; `nil` where the mode cannot tell.
    public let estimate: Int?
    /// Not less than this, in bytes.
    public let lower: Int
    /// Not more than this, in bytes; `nil` where a process told nothing.
    public let upper: Int?
    /// Whether the bounds follow from what the kernel counts, of processes that stand still meanwhile: nothing is assumed
    /// about processes that could not be read, huge pages, or processes that have ended.
    public let isProven: Bool
}

extension DistinctMemory {
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
        isConsistent: Bool = true,
        history: inout FaultBaseline?,
        pageSizeBytes: Int,
        _ features: KernelPageFeatures
    ) {
        let isEachCountedOnce = processes.allSatisfy { $0.mayShareMemoryWith == nil }
        let holders = processes.filter { $0.sharesMemoryWith == nil && $0.usage.mayHoldMemory }.map(\.usage)
        let shares = DistinctMemory(sharesOf: holders, isEachCountedOnce: isEachCountedOnce && isConsistent)
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
            pageSizeBytes: pageSizeBytes,
            features
        )
        history = counters.history
        if sampled != nil { counters.dropDoubtfulFaults() }
        var distinct = DistinctMemory(counters, holders, isEachCountedOnce: isEachCountedOnce)
        if holders.contains(where: { $0.pssBytes != nil }) { distinct = distinct.narrowed(by: shares) }
        if let sampled {
            let others = holders.filter { $0.pssBytes == nil && !$0.source.isSampled }
            distinct = DistinctMemory(sampled, others, within: distinct, hugetlbBytes: counters.hugetlbBytes)
        }
        self = distinct
    }

    /// What two ways to know leave open.
    private func narrowed(by other: DistinctMemory) -> DistinctMemory {
        let lower = max(lower, other.lower)
        let least = [upper, other.upper].compactMap(\.self).min()
        let upper = least.map { max($0, lower) }
        return DistinctMemory(
            estimate: estimate.map { min(max($0, lower), upper ?? .max) },
            lower: lower,
            upper: upper,
            // PSS leaves out the shares of processes that are not among these: the two ways then mean different things.
            isProven: isProven && other.isProven && upper == least
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
        isProven = upper != nil && isEachCountedOnce
    }

    /// What samples say, within what counters say. Of the processes that could not be sampled RSS is the most that they add.
    /// Samples leave out the pages of hugetlbfs, of which only the sum is known.
    private init(
        _ sampled: SampledMemory.Distinct,
        _ others: [MemoryUsage],
        within counters: DistinctMemory,
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
        isProven = counters.isProven && lower == counters.lower && upper == counters.upper
    }

    private init(_ counters: CounterBounds, _ holders: [MemoryUsage], isEachCountedOnce: Bool) {
        lower = counters.lowerBytes
        let isKnown = holders.allSatisfy { $0.rssBytes != nil }
        upper = isKnown ? counters.upperBytes : nil
        estimate = isKnown ? counters.likelyBytes : nil
        isProven = isKnown && isEachCountedOnce && counters.isProven
    }
}

extension DistinctMemory: Encodable {
    /// Encodes every figure under the name of its property, `null` where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(estimate, forKey: "estimate")
        try names.encode(lower, forKey: "lower")
        try names.encode(upper, forKey: "upper")
        try names.encode(isProven, forKey: "proven")
    }
}
