/// The distinct anonymous memory of one family, estimated from the samples of its members.
struct FamilyEstimate {
    /// The estimate in pages.
    private(set) var distinct = SampledMemory.Distinct(likely: 0, lower: 0, upper: 0, standardError: 0)

    private let family: Int
    private let sampling: PageSampling

    init(_ family: Int, of estimator: SampleEstimator) {
        self.family = family
        sampling = estimator.sampling
        let (familySums, fileSums) = (estimator.familySums[family], estimator.fileSums)
        let members = sampling.processes.filter { $0.family == family && $0.unavailableReason == nil }
        let held = members.reduce(0.0) { $0 + Double($1.anonymousCount) }
        var shared = ScaledPart(
            statm: held,
            isWhole: sampling.families[family].plan.isComplete && sampling.files.plan.isComplete
        )
        var lower = shared
        var upper = shared
        var ofForkers = shared
        var exclusive = shared
        var moved = MovedPages(sampling.processes, memberCount: members.count)
        var common = 0.0
        var alone = 0.0
        var left = 0.0
        var createdPages: [Int: Double] = [:]
        func forEach(_ body: (StratifiedVariance, Int, WindowCounts, WindowCounts.OfFamily) -> Void) {
            for (sums, windows) in [(familySums, sampling.familyCounts[family]), (fileSums, sampling.fileCounts)] {
                for (span, window) in windows.enumerated() {
                    for counts in window.families where counts.family == family { body(sums, span, window, counts) }
                }
            }
        }
        forEach { (sums, span, window, counts) in
            let weight = sums.weight(of: span)
            let held = counts.expandedHeld
            let own = counts.expandedExclusive
            exclusive.add(weight, held: held, counted: own)
            shared.add(weight, held: held, counted: counts.shared)
            lower.add(weight, held: held, counted: counts.sharedLower - Double(counts.unexplainedLower))
            upper.add(weight, held: held, counted: own + counts.expandedSharedUpper)
            ofForkers.add(weight, held: held, counted: Double(counts.exclusiveOfForkers))
            for (process, count) in counts.createdPages { createdPages[process, default: 0] += weight * Double(count) }
            common += weight * Double(counts.common)
            left += weight * Double(counts.left)
            alone += weight * Double(counts.alone)
            moved.add(weight, window, counts)
        }
        let scale = shared.scale
        let isWhole = sampling.processes.allSatisfy { $0.family != family || $0.unavailableReason == nil }
        let resolved = isWhole ? moved.resolved() : MovedPages.Resolution()
        var likely = shared
        likely.remove(common * (1 - resolved.common) + alone * (1 - resolved.alone))
        likely.add(exclusive)
        var likelyTotal = likely.total
        if let apart = resolved.apart {
            likelyTotal = max(exclusive.total, likelyTotal + apart - (left + alone * resolved.alone) * likely.scale)
        }
        // Pages that no ancestor explains may be the same as those that are explained at other addresses.
        let lowerTotal = min(exclusive.total + max(lower.total, moved.lowerOfShared), likelyTotal)
        var values: [[StratifiedVariance.Value]] = [[], []]
        for (group, windows) in [sampling.familyCounts[family], sampling.fileCounts].enumerated() {
            for (span, window) in windows.enumerated() {
                for counts in window.families where counts.family == family {
                    let counted =
                        counts.expandedExclusive + counts.shared
                        - Double(counts.common) * (1 - resolved.common) - Double(counts.alone) * (1 - resolved.alone)
                    values[group].append(
                        StratifiedVariance.Value(
                            span: span,
                            excess: likely.excess(held: counts.expandedHeld, counted: counted),
                            mass: counted * likely.scale,
                            variance: group == 0 ? memberVariance(of: window, span, likely) : 0
                        )
                    )
                }
            }
        }
        let spread = familySums.spread(values[0]) + fileSums.spread(values[1])
        // A process cannot have created more pages than it had faults.
        var excess = 0.0
        for (process, count) in createdPages {
            guard let faults = sampling.processes[process].faultCount else { continue }
            excess += max(0, count * scale - Double(faults))
        }
        var upperTotal = max(upper.total, lowerTotal)
        if sampling.boundsByFaults, let faults = faultsOfForkers() {
            upperTotal = min(upperTotal, max(lowerTotal, exclusive.total - ofForkers.total + faults))
        }
        let unseen = shared.unseen
        distinct = SampledMemory.Distinct(
            likely: max(lowerTotal, min(likelyTotal - excess, upperTotal)) + unseen / 2,
            lower: lowerTotal,
            upper: upperTotal + unseen,
            standardError: spread.standardError
        )
    }

    /// Returns the variance of a window's excess that comes from the leaves that did not read it: that of a simple random
    /// sample without replacement.
    private func memberVariance(of window: WindowCounts, _ span: Int, _ part: ScaledPart) -> Double {
        let read = sampling.families[family].windows[span].readLeaves
        let leaves = sampling.families[family].windows[span].leaves
        guard leaves > read, read > 1 else { return 0 }
        var sum = 0.0
        var squares = 0.0
        for counts in window.processes where sampling.leafRanks[counts.process] != nil {
            let excess = part.excess(held: Double(counts.anonymous), counted: Double(counts.exclusiveAnonymous))
            sum += excess
            squares += excess * excess
        }
        let (count, all) = (Double(read), Double(leaves))
        let variance = max(0, squares - sum * sum / count) / (count - 1)
        return all * all * (1 - count / all) * variance / count
    }

    /// Returns the number of pages that can have been created by processes that have forked, and by their exited
    /// children.
    ///
    /// A process that never forked cannot share a page it faulted in, so every shared page was faulted in by a process
    /// that has forked, possibly one that could not be sampled.
    ///
    /// - Returns: `nil` if the fault counts are not known or may be incomplete.
    private func faultsOfForkers() -> Double? {
        var sum = 0.0
        for process in sampling.processes where process.family == family {
            if process.mayLackFaults { return nil }
            guard process.mayHaveForked else { continue }
            guard let faults = process.faultCount, let ofChildren = process.endedFaultCount else { return nil }
            sum += Double(faults) + Double(ofChildren)
        }
        return sum
    }
}
