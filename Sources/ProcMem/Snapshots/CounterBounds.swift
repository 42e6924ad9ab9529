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
    let history: FaultBaseline?

    /// - Parameters:
    ///   - knowsChildren: Whether all children of the processes are among them.
    ///   - earlier: What an earlier look at the same tree has left.
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
        // Of one process the sums are all that there is to know.
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
            // One fault may have mapped a huge page as a whole. More than the system maps of such were not mapped so, but
            // for those that have been split since: a bound, but no proof. It is added to each reading's own, and to none
            // that follows.
            let hugeBytes = features.mayHaveSmallerHugePages ? .max : all?.anonymousHugeBytes ?? .max
            most = min(withoutFaults, anonymousBytes.saturatingAdding(hugeBytes))
        }
        // Nothing tells which pages of hugetlbfs a process maps.
        hugetlbBytes = kin.members.isEmpty ? 0 : all?.hugetlbBytes ?? 0
        let others = min(kin.sharedSumBytes, system?.sharedBytes ?? .max).saturatingAdding(hugetlbBytes)
        upperBytes = most.saturatingAdding(others)
        upperBytesWithoutFaults = mayHaveHugePages ? withoutFaults.saturatingAdding(others) : nil
        if kin.members.allSatisfy({ !$0.isForkWithoutExec || $0.layout != nil }) {
            likelyBytes = anonymousBytes.saturatingAdding(min(kin.likelySharedBytes, system?.sharedBytes ?? .max))
        }
        // Faults since then lack nobody's.
        let mayLackFaults = !needsHistory && families.mayLackFaults
        isProven =
            features.isStatmExact && !features.mayHaveMergedPages
            && (!needsFaults || (knowsChildren && !mayLackFaults && !mayHaveHugePages))
            && (!needsHistory || earlier?.isProven ?? false)
        // Of who may hold memory and tells nothing, nobody knows what was there.
        history =
            knowsChildren && kin.knowsAll
            ? FaultBaseline(upperBytes: anonymousBytes, isProven: isProven, stats) : nil
    }

    /// Leaves faults out where one of them may have brought a huge page: whoever has looked at pages knows better.
    mutating func dropDoubtfulFaults() { upperBytes = upperBytesWithoutFaults ?? upperBytes }
}

/// What the bounds need to know of each process and of its relations.
struct CounterInputs {
    private(set) var members: [ForkFamilies.Member] = []
    private(set) var sharedSumBytes = 0
    private(set) var likelySharedBytes = 0
    /// Whether all that may hold memory tell how much.
    private(set) var knowsAll = true

    init(_ processes: [ProcessMemory], _ stats: [ProcessStat?], pageSizeBytes: Int) {
        var largestShared: [ProgramLayout: Int] = [:]
        // Parents of processes that have executed a program: until then these may have run in their parent's memory.
        let parents = Set(stats.compactMap { $0.flatMap { $0.isForkWithoutExec ? nil : $0.parentPID } })
        for (process, stat) in zip(processes, stats) {
            guard let stat, let anonymous = process.usage.anonymousBytes, let shared = process.usage.sharedBytes else {
                knowsAll = knowsAll && stat.map { Self.holdsNothing($0, process.usage) } ?? false
                continue
            }
            let isCounted = process.sharesMemoryWith == nil
            members.append(
                ForkFamilies.Member(
                    pid: process.pid,
                    parentPID: stat.parentPID,
                    isForkWithoutExec: stat.isForkWithoutExec,
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
    /// Whether a process that tells nothing has nothing: a main thread may end, or be on its way out, before the others.
    private static func holdsNothing(_ stat: ProcessStat, _ usage: MemoryUsage) -> Bool {
        stat.isKernelThread || (usage.unavailable == .zombie && stat.threadCount <= 1)
    }
}

/// The pages of hugetlbfs that processes hold together: what is shared may be the same for all of them.
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

/// What was known of the anonymous memory of a tree, for a look that comes later.
///
/// Every page that was not there then has been brought since, by a fault of somebody who is there now, as long as nobody has
/// ended: so what was known before, plus a page for each fault since, bounds what is there now. That is much less than all
/// faults of a process that took and gave back memory before it forked.
struct FaultBaseline: Sendable {
    private struct Faults: Sendable {
        let own: Int
        let ofChildren: Int
    }

    /// Not more than this was there.
    private let upperBytes: Int
    /// Whether that was proven.
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

    /// - Returns: `nil` where the faults of a process are not known.
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

    /// Not more than this is there now, of a tree with all of its processes.
    ///
    /// - Returns: `nil` where a process has ended since, or a child of one, or where one has come that may have been forked
    ///   by somebody else: there may be pages that those have brought.
    func upperBytes(now stats: [ProcessStat?], pageSizeBytes: Int) -> Int? {
        let layouts = Dictionary(stats.compactMap { stat in stat.map { ($0.pid, $0.layout) } }) { first, _ in
            first
        }
        var met = 0
        var pages = 0
        for stat in stats {
            guard let stat, let own = stat.faultCount, let ofChildren = stat.childFaultCount else { return nil }
            guard let before = faults[Process(stat)] else {
                // Forked since, all of its faults with it. A child of its own that has ended leaves them to it.
                guard ofChildren == 0 else { return nil }
                // Who has executed no program has the layout of whoever forked it. Where its parent has another one, or is
                // not among these, it was adopted, or a stranger forked it.
                if stat.isForkWithoutExec {
                    guard let layout = stat.layout, layouts[stat.parentPID] == layout else { return nil }
                }
                pages = pages.saturatingAdding(own)
                continue
            }
            guard before.ofChildren == ofChildren, own >= before.own else { return nil }
            met += 1
            pages = pages.saturatingAdding(own - before.own)
        }
        guard met == faults.count else { return nil }
        return upperBytes.saturatingAdding(pages.saturatingMultiplied(by: pageSizeBytes))
    }
}
