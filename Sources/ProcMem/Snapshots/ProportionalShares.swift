/// What PSS says of the processes together.
///
/// A page that k processes of the set and m processes in all map adds k shares of 1/m to the sum of PSS, which is at most
/// one page: the sum is a lower bound. Where no process outside maps the page it adds exactly one page. The kernel rounds
/// each PSS down to whole KiB, and each page's share to a fraction of a byte.
struct ProportionalShares {
    /// The sum of PSS.
    let sumBytes: Int
    /// The same with each address space once, if processes with equal figures share one.
    let certainSumBytes: Int
    /// The sum of the parts of files and shared memory.
    let fileSumBytes: Int
    /// What PSS of one process relies on; empty where it follows from what was read.
    let kernelAssumptions: Set<DistinctMemory.Assumption>
    /// The same, and what the sum relies on.
    var assumptions: Set<DistinctMemory.Assumption> {
        certainSumBytes < sumBytes ? kernelAssumptions.union([.addressSpacesAreSeparate]) : kernelAssumptions
    }
    /// The anonymous memory, where the set is closed and every process of it reports PSS; else `nil`.
    let anonymousOfClosedSet: ByteBounds?

    /// The likely value of that; `nil` before Linux 5.4, where PSS has no parts.
    var likelyAnonymousOfClosedSet: Int? {
        guard hasParts else { return nil }
        return anonymousOfClosedSet.map { $0.lower.saturatingAdding(($0.upper - $0.lower) / 2) }
    }

    /// Whether the kernel reports the parts of PSS.
    private let hasParts: Bool

    init(_ inputs: DistinctMemoryInputs, isClosed: Bool) {
        let sums = Sums(inputs)
        let count = sums.pss.count
        hasParts = sums.anonymousShares.count == count
        sumBytes = sums.pss.value ?? 0
        certainSumBytes = sums.mayShareAddressSpaces ? Self.certainSum(inputs) : sumBytes
        fileSumBytes = sums.files.value ?? 0
        var assumptions: Set<DistinctMemory.Assumption> = []
        if count > 0 {
            if inputs.features.isPSSEstimated != false { assumptions.insert(.pssIsExact) }
            if sums.hasCached { assumptions.insert(.nothingChanged) }
        }
        kernelAssumptions = assumptions
        guard isClosed, count > 0, count == sums.holderCount, !sums.hasDoubtfulRow else {
            anonymousOfClosedSet = nil
            return
        }
        // 1 KiB for each process, and 1/4096 of a byte for each page that it shares.
        let pages = (sums.anonymous.value ?? 0) / inputs.pageSizeBytes
        let rounding = count.saturatingMultiplied(by: 1024).saturatingAdding(pages / 4096 + 1)
        // Pages that KSM merged may be shared with processes outside; what they add at most is their full size.
        let merged = inputs.features.mergedBytes == 0 ? 0 : sums.merged.value ?? .max
        let excess = rounding.saturatingAdding(merged)
        if hasParts, let sum = sums.anonymousShares.value {
            anonymousOfClosedSet = ByteBounds(lower: sum, upper: sum.saturatingAdding(excess))
        } else if sums.sharedResident.count == count {
            // Before Linux 5.4, PSS has no parts. That of files and shared memory is between 0 and all that is resident.
            anonymousOfClosedSet = ByteBounds(
                lower: max(0, sumBytes - (sums.sharedResident.value ?? 0)),
                upper: sumBytes.saturatingAdding(excess)
            )
        } else {
            anonymousOfClosedSet = nil
        }
    }

    /// The sums over the processes of which PSS is known, in one pass over all.
    ///
    /// If a process has changed between the reads, the sum of PSS of earlier measurements may count a page twice. Only the
    /// figures of this measurement count then.
    private struct Sums {
        var holderCount = 0
        var pss = KnownSum()
        var files = KnownSum()
        var anonymousShares = KnownSum()
        var anonymous = KnownSum()
        /// Files and shared memory.
        var sharedResident = KnownSum()
        var merged = KnownSum()
        /// Whether a figure is from an earlier measurement.
        var hasCached = false
        /// Whether a row may have the same address space as another one.
        let hasDoubtfulRow: Bool
        /// Whether two processes may share an address space, also because not all of them were compared.
        let mayShareAddressSpaces: Bool

        init(_ inputs: DistinctMemoryInputs) {
            hasDoubtfulRow = inputs.processes.contains { $0.mayShareMemoryWith != nil }
            mayShareAddressSpaces = hasDoubtfulRow || !inputs.areAddressSpacesCompared
            inputs.forEachHolder { usage in
                holderCount += 1
                let isCached = usage.source.age != nil
                guard usage.pssBytes != nil, inputs.group.isConsistent || !isCached else { return }
                pss.add(usage.pssBytes)
                files.add(usage.pssFileBytes)
                anonymousShares.add(usage.pssAnonymousBytes)
                anonymous.add(usage.anonymousBytes)
                sharedResident.add(usage.sharedBytes)
                merged.add(usage.ksmBytes)
                hasCached = hasCached || isCached
            }
        }
    }
}

extension ProportionalShares {
    /// The figures that processes have in common if they share an address space.
    ///
    /// PSS and USS are not among them: they are read at different times for each process, and change with processes
    /// outside that map the same files.
    private struct Figures: Hashable {
        let virtualBytes: Int?
        let rssBytes: Int?
        let anonymousBytes: Int?
    }

    /// Returns the sum of PSS with each address space counted once, where processes may share one that was not compared.
    ///
    /// Each of them reports the PSS of all of it. Processes that executed a program have address spaces of their own.
    private static func certainSum(_ inputs: DistinctMemoryInputs) -> Int {
        var sum = 0
        var known: Set<Figures> = []
        var forks: [(Figures, Int)] = []
        for (process, stat) in zip(inputs.processes, inputs.stats) where process.sharesMemoryWith == nil {
            let usage = process.usage
            guard usage.mayHoldMemory, let pssBytes = usage.pssBytes,
                inputs.group.isConsistent || usage.source.age == nil
            else {
                continue
            }
            let figures = Figures(
                virtualBytes: stat?.virtualBytes,
                rssBytes: usage.rssBytes,
                anonymousBytes: usage.anonymousBytes
            )
            let isSeparate = inputs.areAddressSpacesCompared && process.mayShareMemoryWith == nil
            if isSeparate || stat?.isForkWithoutExec == false {
                sum = sum.saturatingAdding(pssBytes)
                known.insert(figures)
            } else {
                forks.append((figures, pssBytes))
            }
        }
        for (figures, pssBytes) in forks where known.insert(figures).inserted { sum = sum.saturatingAdding(pssBytes) }
        return sum
    }
}
