/// Bounds of the distinct memory of processes, from `statm`, `stat` and the counters of the whole system.
///
/// Anonymous memory is bounded by ``ForkFamilies`` and by the anonymous memory of the whole system. Pages of files and
/// of shared memory are bounded from above by the sum over the processes and by the mapped pages of the whole system.
/// They add nothing to the lower bound, because a process may map one of these pages twice.
struct CounterBounds {
    private(set) var lowerBytes: Int
    private(set) var upperBytes: Int
    /// The part of ``upperBytes`` that is the hugetlbfs pages of the whole system.
    let hugetlbBytes: Int
    /// The likely value, if processes kept the pages that they faulted in, and if processes of one program map the same
    /// files. It is `nil` if the layout of a fork without exec cannot be read, so that its ancestor is not known.
    private(set) var likelyBytes: Int?
    private(set) var isProven = false
    /// The upper bound without fault counts; `nil` unless the upper bound relies on them and one fault may have mapped
    /// a huge page.
    private let upperBytesWithoutFaults: Int?
    /// The baseline that bounds a later snapshot of the same tree; `nil` if this snapshot cannot serve as one.
    let history: FaultBaseline?

    /// - Parameters:
    ///   - knowsChildren: Whether all children of the processes are among them.
    ///   - earlier: The baseline of an earlier snapshot of the same tree.
    init(
        _ processes: [ProcessMemory],
        _ stats: [ProcessStat?],
        knowsChildren: Bool,
        earlier: FaultBaseline? = nil,
        pageSizeBytes: Int,
        _ features: KernelPageFeatures
    ) {
        let kin = CounterInputs(processes, stats, pageSizeBytes: pageSizeBytes)
        let families = ForkFamilies(kin.members)
        // For a single process the system's counters add nothing to its own.
        let all = features.systemMemory
        let system = kin.members.count > 1 ? all : nil
        lowerBytes = families.lowerBytes
        let since = earlier?.upperBytes(now: stats, pageSizeBytes: pageSizeBytes) ?? .max
        let systemAnonymous = system?.anonymousBytes ?? .max
        let anonymousBytes = max(lowerBytes, min(families.upperBytes, since, systemAnonymous))
        let needsHistory = since < families.upperBytes && since < systemAnonymous
        let needsFaults = needsHistory || (families.usesFaults && anonymousBytes < systemAnonymous)
        let mayHaveHugePages = needsFaults && features.mayHaveHugePages
        let withoutFaults = max(lowerBytes, min(families.sumBytes, systemAnonymous))
        var most = anonymousBytes
        if mayHaveHugePages {
            // One fault may have mapped a whole huge page. The huge pages that the system maps now bound the bytes that
            // this adds. The bound is not proven, because a huge page may have been split since. It is added to the
            // bound of this snapshot and not to the baseline of later ones.
            let hugeBytes = features.mayHaveSmallerHugePages ? .max : all?.anonymousHugeBytes ?? .max
            most = min(withoutFaults, anonymousBytes.saturatingAdding(hugeBytes))
        }
        // `statm` and `stat` do not count the hugetlbfs pages that a process maps, so all of the system's are added.
        hugetlbBytes = kin.members.isEmpty ? 0 : all?.hugetlbBytes ?? 0
        let others = min(kin.sharedSumBytes, system?.sharedBytes ?? .max).saturatingAdding(hugetlbBytes)
        upperBytes = most.saturatingAdding(others)
        upperBytesWithoutFaults = mayHaveHugePages ? withoutFaults.saturatingAdding(others) : nil
        if kin.members.allSatisfy({ !$0.isForkWithoutExec || $0.layout != nil }) {
            likelyBytes = anonymousBytes.saturatingAdding(min(kin.likelySharedBytes, system?.sharedBytes ?? .max))
        }
        // The fault counts since the earlier snapshot are complete.
        let mayLackFaults = !needsHistory && families.mayLackFaults
        isProven =
            features.isStatmExact && !features.mayHaveMergedPages
            && (!needsFaults || (knowsChildren && !mayLackFaults && !mayHaveHugePages))
            && (!needsHistory || earlier?.isProven ?? false)
        // If a process that may have memory could not be read, the bound cannot serve as a baseline.
        history =
            knowsChildren && kin.knowsAll
            ? FaultBaseline(upperBytes: anonymousBytes, isProven: isProven, stats) : nil
    }

    /// Drops the bound by fault counts if one fault may have mapped a huge page: samples of pages are more reliable
    /// then.
    mutating func dropDoubtfulFaults() { upperBytes = upperBytesWithoutFaults ?? upperBytes }
}

/// The inputs of the counter bounds: each process's memory, faults, and parent.
struct CounterInputs {
    private(set) var members: [ForkFamilies.Member] = []
    private(set) var sharedSumBytes = 0
    private(set) var likelySharedBytes = 0
    /// Whether the memory of every process that may have any is known.
    private(set) var knowsAll = true

    init(_ processes: [ProcessMemory], _ stats: [ProcessStat?], pageSizeBytes: Int) {
        var largestShared: [ProgramLayout: Int] = [:]
        // The parents of processes that have executed a program. Before exec, the child may have run in the address
        // space of its parent (`vfork`), and its faults are then missing from the parent's count.
        let parents = Set(stats.compactMap { $0.flatMap { $0.isForkWithoutExec ? nil : $0.parentPID } })
        for (process, stat) in zip(processes, stats) {
            guard let stat, let anonymous = process.usage.anonymousBytes, let shared = process.usage.sharedBytes else {
                knowsAll = knowsAll && stat.map { Self.hasNoMemory($0, process.usage) } ?? false
                continue
            }
            let isCounted = process.sharesMemoryWith == nil
            members.append(
                ForkFamilies.Member(
                    pid: process.pid,
                    parentPID: stat.parentPID,
                    isForkWithoutExec: stat.isForkWithoutExec,
                    layout: stat.layout,
                    // A process that shares an address space adds no memory of its own, but its faults created pages
                    // there.
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

    /// Returns whether a process without figures has no memory. A zombie may have some: its main thread may have
    /// exited, or be exiting, before its other threads.
    private static func hasNoMemory(_ stat: ProcessStat, _ usage: MemoryUsage) -> Bool {
        stat.isKernelThread || (usage.unavailable == .zombie && stat.threadCount <= 1)
    }
}

/// Bounds of the hugetlbfs pages that processes map together. Shared pages may be the same ones in all processes.
struct HugetlbPages {
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

/// A tree's earlier upper bound and fault counts, used to bound a later snapshot.
///
/// As long as no process has exited, every page that was created since was faulted in by a process that still exists.
/// The earlier upper bound plus one page for each fault since is therefore an upper bound now. For a process that
/// allocated and freed memory before it forked, it is much lower than the sum of all faults.
struct FaultBaseline: Sendable {
    private struct Faults: Sendable {
        let own: Int
        let ofChildren: Int
    }

    /// The upper bound of the anonymous memory at that time.
    private let upperBytes: Int
    /// Whether ``upperBytes`` was proven.
    let isProven: Bool
    private let faults: [Process: Faults]

    private struct Process: Hashable, Sendable {
        let pid: Int32
        let startTimeTicks: Int

        init(_ stat: ProcessStat) {
            pid = stat.pid
            startTimeTicks = stat.startTimeTicks
        }
    }

    /// Returns `nil` if the fault counts of a process are not known.
    init?(upperBytes: Int, isProven: Bool = true, _ stats: [ProcessStat?]) {
        var faults: [Process: Faults] = [:]
        for stat in stats {
            guard let stat, let own = stat.faultCount, let ofChildren = stat.childFaultCount else { return nil }
            faults[Process(stat)] = Faults(own: own, ofChildren: ofChildren)
        }
        self.upperBytes = upperBytes
        self.isProven = isProven
        self.faults = faults
    }

    /// Returns an upper bound of the tree's anonymous memory now.
    ///
    /// - Parameters:
    ///   - stats: `stat` of all processes of the tree.
    ///   - pageSizeBytes: The system's page size.
    /// - Returns: `nil` if a process of the tree or a child of one has exited since, or if a new process may have been
    ///   forked by a process outside of the tree: the pages that those faulted in are not in the counts.
    func upperBytes(now stats: [ProcessStat?], pageSizeBytes: Int) -> Int? {
        let layouts = Dictionary(stats.compactMap { stat in stat.map { ($0.pid, $0.layout) } }) { first, _ in
            first
        }
        var knownCount = 0
        var pages = 0
        for stat in stats {
            guard let stat, let own = stat.faultCount, let ofChildren = stat.childFaultCount else { return nil }
            guard let before = faults[Process(stat)] else {
                // A process that was forked since: all of its faults count. Faults of its children mean that one of
                // them has exited.
                guard ofChildren == 0 else { return nil }
                // A fork without exec has the layout of the process that forked it. If its parent has another layout or
                // is not in the tree, the process was reparented, or a process outside of the tree forked it.
                if stat.isForkWithoutExec {
                    guard let layout = stat.layout, layouts[stat.parentPID] == layout else { return nil }
                }
                pages = pages.saturatingAdding(own)
                continue
            }
            guard before.ofChildren == ofChildren, own >= before.own else { return nil }
            knownCount += 1
            pages = pages.saturatingAdding(own - before.own)
        }
        guard knownCount == faults.count else { return nil }
        return upperBytes.saturatingAdding(pages.saturatingMultiplied(by: pageSizeBytes))
    }
}
