/// Bounds of the distinct memory of processes, from `statm` or `smaps_rollup`, `stat` and the counters of the whole system.
///
/// What is proven needs no kinship: a process that has executed a program shares no anonymous page with another one
/// that has, so their memories add up; and no set of processes maps more than the sum over them, nor more than the whole
/// system maps. ``ForkFamilies`` gives narrower bounds that rely on assumptions.
///
/// Pages of files and of shared memory add nothing to the lower bound, because a process may map one of them twice.
struct CounterBounds {
    let anonymous: BoundsEvidence
    let files: BoundsEvidence
    /// The likely anonymous memory; `nil` if the layout of a fork without exec cannot be read.
    let likelyAnonymousBytes: Int?
    /// The likely memory of files and shared memory, if processes of one program map the same files.
    let likelyFileBytes: Int
    /// Whether no process outside is known to share anonymous memory with these: every founder, or every parent, and every
    /// descendant is among them, and all could be read.
    let isClosed: Bool
    /// The baseline that bounds a later snapshot of the same tree; `nil` if this snapshot cannot serve as one.
    let baseline: FaultBaseline?

    /// - Parameter earlier: The baseline of an earlier snapshot of the same tree.
    init(_ inputs: DistinctMemoryInputs, earlier: FaultBaseline? = nil) {
        let features = inputs.features
        let kin = CounterInputs(inputs)
        let families = ForkFamilies(kin.members)
        let system = features.systemMemory
        // KSM makes one page of several; each page that it saved is missing once.
        let merged = features.mergedBytes
        func distinct(_ bytes: Int) -> Int { merged.map { max(0, bytes - $0) } ?? 0 }

        // A child inherits merged pages, and the number of merged pages may lack its mappings of them. A process that has
        // executed a program maps only pages that were merged in itself.
        let needsForks = families.lowerBytes > kin.executedBytes
        let areForksCertain = !needsForks || !features.mayHaveMergedPages

        var anonymous = BoundsEvidence()
        if kin.areCountersExact {
            anonymous.prove(
                ByteBounds(
                    lower: distinct(max(kin.executedBytes, areForksCertain ? kin.largestBytes : 0)),
                    upper: kin.knowsAll ? families.sumBytes : .max
                )
            )
        }
        let systemBytes = system?.anonymousBytes ?? .max
        anonymous.prove(ByteBounds(lower: 0, upper: systemBytes))

        let since = earlier?.upperBytes(now: inputs.stats, pageSizeBytes: inputs.pageSizeBytes) ?? .max
        let byFaults = max(families.lowerBytes, min(families.upperBytes, since))
        let usesFaults = byFaults < min(families.sumBytes, systemBytes)
        var upperBytes = byFaults
        var assumptions: Set<DistinctMemory.Assumption> = []
        if usesFaults {
            assumptions = [.faultsAreComplete, .layoutsIdentifyFamilies]
            if features.mayHaveHugePages {
                // One fault may have mapped a whole huge page. The huge pages that the system maps now bound the bytes
                // that this adds, but for those that were split since.
                assumptions.insert(.noHugePages)
                let hugeBytes = features.mayHaveSmallerHugePages ? .max : system?.anonymousHugeBytes ?? .max
                upperBytes = min(families.sumBytes, byFaults.saturatingAdding(hugeBytes))
            }
        }
        if families.lowerBytes > max(kin.executedBytes, kin.largestBytes) {
            assumptions.insert(.layoutsIdentifyFamilies)
        }
        if !kin.areCountersExact { assumptions.insert(.statmIsExact) }
        if merged == nil || !areForksCertain { assumptions.insert(.noMergedPages) }
        if kin.knowsAll {
            let lowerBytes = merged == nil ? families.lowerBytes : distinct(families.lowerBytes)
            anonymous.assume(ByteBounds(lower: lowerBytes, upper: max(upperBytes, lowerBytes)), assumptions)
        }
        self.anonymous = anonymous

        var files = BoundsEvidence()
        let systemFileBytes = system?.sharedBytes ?? .max
        files.prove(ByteBounds(lower: 0, upper: systemFileBytes))
        let fileBounds = ByteBounds(lower: 0, upper: kin.knowsAll ? kin.fileSumBytes : .max)
        if kin.areCountersExact {
            files.prove(fileBounds)
        } else {
            files.assume(fileBounds, [.statmIsExact])
        }
        self.files = files

        // What faults created was kept, as a rule: the upper bound is the likely value.
        likelyAnonymousBytes = families.likelyBytes.map { bytes in
            let likely = min(bytes, max(since, families.lowerBytes), systemBytes)
            return max(likely - (merged ?? 0), distinct(families.lowerBytes))
        }
        likelyFileBytes = min(kin.likelyFileBytes, systemFileBytes)
        isClosed =
            inputs.includesDescendants && kin.knowsAll
            && (families.areAllFounded || families.areLayoutsContradicted)
        // If a process that may have memory could not be read, the bound cannot serve as a baseline.
        baseline =
            inputs.includesDescendants && kin.knowsAll
            ? FaultBaseline(upperBytes: min(byFaults, systemBytes), inputs.stats) : nil
    }
}

/// The inputs of the counter bounds: each process's memory, faults, and parent, and sums over the processes.
struct CounterInputs {
    private(set) var members: [ForkFamilies.Member] = []
    /// The sum of the anonymous memory of the processes that have executed a program.
    private(set) var executedBytes = 0
    /// The largest anonymous memory of a process.
    private(set) var largestBytes = 0
    private(set) var fileSumBytes = 0
    private(set) var likelyFileBytes = 0
    /// Whether the memory of every process that may have any is known.
    private(set) var knowsAll = true
    /// Whether every size is exact: of `smaps_rollup` on any kernel, of `statm` since Linux 6.16.
    private(set) var areCountersExact = true

    init(_ inputs: DistinctMemoryInputs) {
        var largestFile: [ProgramLayout: Int] = [:]
        for (process, stat) in zip(inputs.processes, inputs.stats) {
            let isCounted = process.sharesMemoryWith == nil
            guard let anonymous = process.usage.anonymousBytes, let file = process.usage.sharedBytes else {
                if let rssBytes = process.usage.rssBytes {
                    // A kernel that does not report the anonymous part: all of RSS may be either.
                    if isCounted { fileSumBytes = fileSumBytes.saturatingAdding(rssBytes) }
                } else {
                    // An exited process has no memory left.
                    let hasExited = process.usage.unavailable == .exited
                    knowsAll = knowsAll && (hasExited || stat.map { Self.hasNoMemory($0, process.usage) } ?? false)
                }
                continue
            }
            func bytes(_ faults: Int?) -> Int? {
                faults.flatMap { faults in
                    let (bytes, overflow) = faults.multipliedReportingOverflow(by: inputs.pageSizeBytes)
                    return overflow ? nil : bytes
                }
            }
            members.append(
                ForkFamilies.Member(
                    pid: process.pid,
                    parentPID: stat?.parentPID ?? 0,
                    // A process whose flags are not known may be related to any other.
                    isForkWithoutExec: stat?.isForkWithoutExec ?? true,
                    layout: stat?.layout,
                    // A process that shares an address space adds no memory of its own, but its faults created pages
                    // there.
                    anonymousBytes: isCounted ? anonymous : 0,
                    faultBytes: bytes(stat?.faultCount),
                    exitedFaultBytes: bytes(stat?.childFaultCount),
                    shareBytes: isCounted ? Self.shareBytes(of: process.usage, inputs) : 0
                )
            )
            guard isCounted else { continue }
            let isExact = process.usage.source.readsPageTables && process.usage.source.age == nil
            if !isExact, !inputs.features.isStatmExact { areCountersExact = false }
            if stat?.isForkWithoutExec == false { executedBytes = executedBytes.saturatingAdding(anonymous) }
            largestBytes = max(largestBytes, anonymous)
            fileSumBytes = fileSumBytes.saturatingAdding(file)
            if let layout = stat?.layout {
                largestFile[layout] = max(largestFile[layout] ?? 0, file)
            } else {
                likelyFileBytes = likelyFileBytes.saturatingAdding(file)
            }
        }
        likelyFileBytes = largestFile.values.reduce(likelyFileBytes) { $0.saturatingAdding($1) }
    }

    /// Returns the anonymous part of PSS, with what the kernel's rounding removes; `nil` if it is not known, or if KSM has
    /// merged pages, which processes share without being related.
    private static func shareBytes(of usage: MemoryUsage, _ inputs: DistinctMemoryInputs) -> Int? {
        guard let share = usage.pssAnonymousBytes, let anonymous = usage.anonymousBytes,
            inputs.features.mergedBytes == 0, inputs.features.isPSSEstimated != true,
            inputs.group.isConsistent || usage.source.age == nil
        else { return nil }
        // 1 KiB, and 1/4096 of a byte for each page.
        return share.saturatingAdding(1024 + anonymous / inputs.pageSizeBytes / 4096 + 1)
    }

    /// Returns whether a process without figures has no memory. A zombie may have some: its main thread may have
    /// exited, or be exiting, before its other threads.
    private static func hasNoMemory(_ stat: ProcessStat, _ usage: MemoryUsage) -> Bool {
        stat.isKernelThread || (usage.unavailable == .zombie && stat.threadCount <= 1)
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
    init?(upperBytes: Int, _ stats: [ProcessStat?]) {
        var faults: [Process: Faults] = [:]
        for stat in stats {
            guard let stat, let own = stat.faultCount, let ofChildren = stat.childFaultCount else { return nil }
            faults[Process(stat)] = Faults(own: own, ofChildren: ofChildren)
        }
        self.upperBytes = upperBytes
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
