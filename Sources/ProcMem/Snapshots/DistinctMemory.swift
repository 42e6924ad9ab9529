/// The distinct memory of several processes: an estimate with bounds. Each page is counted once, hugetlbfs pages too.
///
/// If PSS of all processes is known, the estimate and the bounds are the sum of PSS. In that sum, a page that processes
/// outside of the set map as well counts only by its share, and a library that many processes map hardly counts at all.
/// On Linux 6.1, the pages of a process with 64 MiB came to 2.4 % more than its PSS.
///
/// In `.cheap` mode, the bounds follow from `statm`, from the page faults in `stat`, and from `/proc/meminfo`.
/// <doc:MeasuringMemory> gives the reasons and the limits of these bounds.
public struct DistinctMemory: Sendable, Hashable {
    /// The most likely value in bytes; `nil` if the mode gives none.
    public let estimate: Int?
    /// The lower bound in bytes.
    public let lower: Int
    /// The upper bound in bytes; `nil` if the RSS of a process is not known.
    public let upper: Int?
    /// Whether the bounds follow from the kernel's counters alone, provided that the processes do not change meanwhile.
    /// Then nothing is assumed about processes that could not be read, huge pages, or processes that have exited.
    public let isProven: Bool
}

extension DistinctMemory {
    /// Combines the figures of several processes.
    ///
    /// - Parameters:
    ///   - processes: The processes with their figures.
    ///   - stats: `stat` of each of them, in the same order; `nil` for one that could not be read.
    ///   - knowsChildren: Whether all children of the processes are among them.
    ///   - sampled: The distinct memory of the sampled processes, estimated from samples.
    ///   - isConsistent: Whether no process is known to have changed between the first of the figures and the last.
    ///   - history: The baseline of an earlier snapshot of the same tree; on return, the baseline of this one.
    ///   - pageSizeBytes: The system's page size.
    ///   - features: The kernel features that determine whether the counters can be trusted.
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
        // If PSS of all processes is known, the counters add nothing.
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

    /// Returns the intersection of these bounds with other ones for the same processes.
    private func narrowed(by other: DistinctMemory) -> DistinctMemory {
        let lower = max(lower, other.lower)
        let least = [upper, other.upper].compactMap(\.self).min()
        let upper = least.map { max($0, lower) }
        return DistinctMemory(
            estimate: estimate.map { min(max($0, lower), upper ?? .max) },
            lower: lower,
            upper: upper,
            // PSS leaves out the shares of processes outside of the set. If the bounds contradict each other, they
            // measure different things.
            isProven: isProven && other.isProven && upper == least
        )
    }

    /// Derives bounds from PSS. A process with PSS counts by its PSS. The other processes add at most their RSS. The
    /// lower bound is at least the anonymous memory of the largest of them.
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

    /// Narrows the bounds from counters by samples. Processes that could not be sampled add at most their RSS. Samples
    /// do not include hugetlbfs pages, of which only the system's sum is known.
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
