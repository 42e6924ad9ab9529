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

/// The pages of hugetlbfs that processes hold together: what is shared may be the same for all of them.
private struct HugetlbPages {
    let lowerBytes: Int
    let upperBytes: Int

    init(_ holders: [MemoryUsage]) {
        let shared = holders.compactMap(\.sharedHugetlbBytes)
        let all = holders.compactMap(\.hugetlbBytes).saturatingSum ?? 0
        let sharedSum = shared.saturatingSum ?? 0
        upperBytes = all
        lowerBytes = max(0, all - sharedSum).saturatingAdding(shared.max() ?? 0)
    }
}

/// Bounds for what processes hold together, from `statm` and `stat` alone.
///
/// Anonymous memory is bounded by ``ForkFamilies``, and by what the whole system maps of such. Pages of files and of shared
/// memory are not more than the sum over the processes, nor than what the whole system maps of them. They add nothing to the
/// lower bound: a process may map one such page twice.
private struct CounterBounds {
    private(set) var lowerBytes: Int
    private(set) var upperBytes: Int
    /// What is likely: what was brought was kept, and processes of one program map the same files. `nil` where it is not
    /// known of forked processes whose forks they are.
    private(set) var likelyBytes: Int?
    private(set) var isProven = false

    init(_ processes: [ProcessMemory], _ stats: [ProcessStat?], knowsChildren: Bool, in root: KernelRoot) {
        let facts = PageFacts(root: root)
        let kin = Kinship(processes, stats, pageSizeBytes: root.pageSizeBytes)
        let families = ForkFamilies(kin.members)
        // Of one process the sums are all that there is to know.
        let all = facts.systemBytes
        let system = kin.members.count > 1 ? all : nil
        lowerBytes = families.lowerBytes
        let anonymousBytes = max(lowerBytes, min(families.upperBytes, system?.anonymous ?? .max))
        // Nothing tells which pages of hugetlbfs a process maps.
        upperBytes = anonymousBytes.saturatingAdding(min(kin.sharedSumBytes, system?.shared ?? .max))
            .saturatingAdding(kin.members.isEmpty ? 0 : all?.hugetlb ?? 0)
        if kin.members.allSatisfy({ !$0.hasNotExecuted || $0.layout != nil }) {
            likelyBytes = anonymousBytes.saturatingAdding(min(kin.likelySharedBytes, system?.shared ?? .max))
        }
        let needsFaults = families.usesFaults && anonymousBytes < system?.anonymous ?? .max
        isProven =
            facts.isStatmExact && !facts.mayHaveMergedPages
            && (!needsFaults || (knowsChildren && !families.mayLackFaults && !facts.mayHaveHugePages))
    }
}

/// What the bounds need to know of each process and of its relations.
private struct Kinship {
    private(set) var members: [ForkFamilies.Member] = []
    private(set) var sharedSumBytes = 0
    private(set) var likelySharedBytes = 0

    init(_ processes: [ProcessMemory], _ stats: [ProcessStat?], pageSizeBytes: Int) {
        var largestShared: [ProgramLayout: Int] = [:]
        // Parents of processes that have executed a program: until then these may have run in their parent's memory.
        let parents = Set(stats.compactMap { $0.flatMap { $0.hasNotExecuted ? nil : $0.parentID } })
        for (process, stat) in zip(processes, stats) {
            guard let stat, let anonymous = process.usage.anonymousBytes, let shared = process.usage.sharedBytes else {
                continue
            }
            let isCounted = process.sharesMemoryWith == nil
            members.append(
                ForkFamilies.Member(
                    pid: process.pid,
                    parentPID: stat.parentID,
                    hasNotExecuted: stat.hasNotExecuted,
                    layout: stat.layout,
                    // The faults of who shares another's memory brought pages there.
                    anonymousBytes: isCounted ? anonymous : 0,
                    faultBytes: stat.faultCount.flatMap { faults in
                        let (bytes, overflow) = faults.multipliedReportingOverflow(by: pageSizeBytes)
                        return overflow ? nil : bytes
                    },
                    mayLackFaults: stat.childFaultCount != 0 || parents.contains(process.pid)
                )
            )
            guard isCounted else { continue }
            sharedSumBytes = sharedSumBytes.saturatingAdding(shared)
            if let layout = stat.layout {
                largestShared[layout] = max(largestShared[layout] ?? 0, shared)
            } else {
                likelySharedBytes = likelySharedBytes.saturatingAdding(shared)
            }
        }
        likelySharedBytes = largestShared.values.reduce(likelySharedBytes) { $0.saturatingAdding($1) }
    }
}
