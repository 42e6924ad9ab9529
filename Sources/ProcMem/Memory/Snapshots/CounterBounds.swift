/// Bounds for what processes hold together, from `statm` and `stat` alone.
///
/// Anonymous memory is bounded by ``ForkFamilies``, and by what the whole system maps of such. Pages of files and of shared
/// memory are not more than the sum over the processes, nor than what the whole system maps of them. They add nothing to the
/// lower bound: a process may map one such page twice.
struct CounterBounds {
    private(set) var lowerBytes: Int
    private(set) var upperBytes: Int
    /// What of the upper bound is the system's pages of hugetlbfs.
    let hugetlbBytes: Int
    /// What is likely: what was brought was kept, and processes of one program map the same files. `nil` where it is not
    /// known of forked processes whose forks they are.
    private(set) var likelyBytes: Int?
    private(set) var isProven = false
    /// The upper bound without faults, where it goes by them and huge pages may have come; `nil` elsewhere.
    private let upperBytesWithoutFaults: Int?
    /// What a later look at the same tree may go by; `nil` where it cannot.
    let history: AnonymousHistory?

    /// - Parameters:
    ///   - knowsChildren: Whether all children of the processes are among them.
    ///   - earlier: What an earlier look at the same tree has left.
    init(
        _ processes: [ProcessMemory],
        _ stats: [ProcessStat?],
        knowsChildren: Bool,
        earlier: AnonymousHistory? = nil,
        in root: KernelRoot
    ) {
        let facts = PageFacts(root: root)
        let kin = Kinship(processes, stats, pageSizeBytes: root.pageSizeBytes)
        let families = ForkFamilies(kin.members)
        // Of one process the sums are all that there is to know.
        let all = facts.systemBytes
        let system = kin.members.count > 1 ? all : nil
        lowerBytes = families.lowerBytes
        let since = earlier?.upperBytes(now: stats, pageSizeBytes: root.pageSizeBytes) ?? .max
        let anonymousBytes = max(lowerBytes, min(families.upperBytes, since, system?.anonymous ?? .max))
        let needsHistory = since < families.upperBytes && since < system?.anonymous ?? .max
        let needsFaults = needsHistory || (families.usesFaults && anonymousBytes < system?.anonymous ?? .max)
        let mayHaveHugePages = needsFaults && facts.mayHaveHugePages
        // One fault may have brought a huge page whole. More than the system maps of such were not brought so, but for those
        // that have been split since: a bound, but no proof. It is added to each look's own, and to none that follows.
        let withoutFaults = max(lowerBytes, min(families.sumBytes, system?.anonymous ?? .max))
        let hugeBytes = facts.mayHaveSmallerHugePages ? .max : all?.anonymousHuge ?? .max
        let most =
            mayHaveHugePages ? min(withoutFaults, anonymousBytes.saturatingAdding(hugeBytes)) : anonymousBytes
        // Nothing tells which pages of hugetlbfs a process maps.
        hugetlbBytes = kin.members.isEmpty ? 0 : all?.hugetlb ?? 0
        let others = min(kin.sharedSumBytes, system?.shared ?? .max).saturatingAdding(hugetlbBytes)
        upperBytes = most.saturatingAdding(others)
        upperBytesWithoutFaults = mayHaveHugePages ? withoutFaults.saturatingAdding(others) : nil
        if kin.members.allSatisfy({ !$0.hasNotExecuted || $0.layout != nil }) {
            likelyBytes = anonymousBytes.saturatingAdding(min(kin.likelySharedBytes, system?.shared ?? .max))
        }
        // Faults since then lack nobody's.
        let mayLackFaults = !needsHistory && families.mayLackFaults
        isProven =
            facts.isStatmExact && !facts.mayHaveMergedPages
            && (!needsFaults || (knowsChildren && !mayLackFaults && !mayHaveHugePages))
            && (!needsHistory || earlier?.isProven ?? false)
        // Of who may hold memory and tells nothing, nobody knows what was there.
        history =
            knowsChildren && kin.knowsAll
            ? AnonymousHistory(upperBytes: anonymousBytes, isProven: isProven, stats) : nil
    }

    /// Leaves faults out where one of them may have brought a huge page: whoever has looked at pages knows better.
    mutating func dropDoubtfulFaults() { upperBytes = upperBytesWithoutFaults ?? upperBytes }
}
