/// The distinct anonymous memory of one family, estimated from the samples of its members.
struct FamilyEstimate {
    /// The estimate in pages.
    private(set) var distinct = SampledMemory.Distinct(likely: 0, lower: 0, upper: 0, standardError: 0)

    private let family: Int
    private let estimator: SampleEstimator
    private var sampling: PageSampling { estimator.sampling }

    init(_ family: Int, of estimator: SampleEstimator) {
        self.family = family
        self.estimator = estimator
        let sampling = estimator.sampling
        let members = estimator.members[family].filter { sampling.processes[$0].unavailableReason == nil }
        let held = members.reduce(0.0) { $0 + Double(sampling.processes[$1].anonymousCount) }
        var shared = ScaledPart(statm: held, isWhole: estimator.isWhole(family))
        var lower = shared
        var upper = shared
        var ofOthers = shared
        var exclusive = shared
        var moved = MovedPages(sampling.processes, members: members) { estimator.sharedPages(of: $0) }
        var common = 0.0
        var alone = 0.0
        var left = 0.0
        var createdPages: [Int: Double] = [:]
        forEachWindow { span, isOfFiles, counts in
            let weight = plan(isOfFiles).spans[span].weight
            let held = counts.expandedHeld
            let own = counts.expandedExclusive
            exclusive.add(weight, held: held, counted: own)
            shared.add(weight, held: held, counted: counts.shared)
            lower.add(weight, held: held, counted: counts.sharedLower - Double(counts.unexplainedLower))
            upper.add(weight, held: held, counted: own + counts.expandedSharedUpper)
            ofOthers.add(weight, held: held, counted: own - Double(counts.exclusiveOfForkers))
            for (process, count) in counts.createdPages { createdPages[process, default: 0] += weight * Double(count) }
            common += weight * Double(counts.common)
            left += weight * Double(counts.left)
            alone += weight * Double(counts.alone)
            for pages in counts.unexplained {
                moved.add(pages, weight: isOfFiles ? weight : estimator.weight(ofSpan: span, in: pages.process))
            }
            if counts.reliesOnClosedSet { distinct.reliesOnClosedSet = true }
            if counts.reliesOnRelations { distinct.reliesOnRelations = true }
        }
        let expected = ExpectedVariance(of: sampling.families[family])
        regress(&exclusive, expected.exclusive) { $0.expandedExclusive }
        regress(&ofOthers, expected.exclusive) { $0.expandedExclusive - Double($0.exclusiveOfForkers) }
        regress(&lower, expected.shared) { $0.sharedLower - Double($0.unexplainedLower) }
        regress(&upper, expected.distinct) { $0.expandedExclusive + $0.expandedSharedUpper }
        let isWhole = members.count == estimator.members[family].count
        let resolved = isWhole ? moved.resolved() : MovedPages.Resolution()
        var likely = shared
        likely.remove(common * (1 - resolved.common) + alone * (1 - resolved.alone))
        likely.add(exclusive)
        func counted(_ counts: WindowCounts.OfFamily) -> Double {
            counts.expandedExclusive + counts.shared
                - Double(counts.common) * (1 - resolved.common) - Double(counts.alone) * (1 - resolved.alone)
        }
        var likelyTotal: Double
        if let apart = resolved.apart {
            // The pages that no ancestor explains are estimated from the members, and not from the windows.
            likely.remove(left + alone * resolved.alone)
            regress(&likely, expected.distinct) {
                counted($0) - Double($0.left) - Double($0.alone) * resolved.alone
            }
            likelyTotal = max(exclusive.total, likely.total + apart)
        } else {
            regress(&likely, expected.distinct, counted)
            likelyTotal = likely.total
        }
        // Pages that no ancestor explains may be the same as those that are explained at other addresses.
        let lowerTotal = min(exclusive.total + max(lower.total, moved.lowerOfShared), likelyTotal)
        let spread = spread { span, isOfFiles, counts in
            StratifiedVariance.Value(
                span: span,
                blockPages: plan(isOfFiles).spans[span].samplePageCount,
                excess: likely.excess(held: counts.expandedHeld, counted: counted(counts)),
                mass: counted(counts) * likely.factor,
                variance: isOfFiles ? 0 : memberVariance(ofSpan: span, counts, likely)
            )
        }
        // A process cannot have created more pages than it had faults.
        var excess = 0.0
        for (process, count) in createdPages {
            guard let faults = sampling.processes[process].faultCount else { continue }
            excess += max(0, count * likely.factor - Double(faults))
        }
        var upperTotal = max(upper.total, lowerTotal)
        if sampling.boundsByFaults, let faults = faultsOfForkers() {
            upperTotal = min(upperTotal, max(lowerTotal, ofOthers.total + faults))
        }
        let unseen = shared.unseen
        distinct.likely = max(lowerTotal, min(likelyTotal - excess, upperTotal)) + unseen / 2
        distinct.lower = lowerTotal
        distinct.upper = upperTotal + unseen
        distinct.standardError = spread.standardError
    }

    private func plan(_ isOfFiles: Bool) -> SamplePlan {
        isOfFiles ? estimator.sampling.files.plan : estimator.sampling.families[family].plan
    }

    /// Calls a closure for each window that has pages of the family, in ascending order of the spans: first for those of
    /// the family itself, then for those of files.
    private func forEachWindow(_ body: (_ span: Int, _ isOfFiles: Bool, _ counts: WindowCounts.OfFamily) -> Void) {
        for (span, window) in sampling.familyCounts[family].enumerated() {
            for counts in window.families where counts.family == family { body(span, false, counts) }
        }
        for (span, counts) in estimator.familyCountsInFiles[family] { body(span, true, counts) }
    }

    /// Returns the spread of a total.
    private func spread(
        _ value: (_ span: Int, _ isOfFiles: Bool, _ counts: WindowCounts.OfFamily) -> StratifiedVariance.Value
    ) -> SampleSpread {
        var values: [StratifiedVariance.Value] = []
        var valuesOfFiles: [StratifiedVariance.Value] = []
        forEachWindow { span, isOfFiles, counts in
            if isOfFiles {
                valuesOfFiles.append(value(span, true, counts))
            } else {
                values.append(value(span, false, counts))
            }
        }
        return estimator.familySums[family].spread(values) + estimator.fileSums.spread(valuesOfFiles)
    }

    /// Sets the slope of a part.
    ///
    /// - Parameters:
    ///   - expected: The variance and covariance that the plan lets expect.
    ///   - counted: Returns the pages of the part in a window.
    private func regress(
        _ part: inout ScaledPart,
        _ expected: (ofHeld: Double, covariance: Double),
        _ counted: (WindowCounts.OfFamily) -> Double
    ) {
        part.regress(expecting: expected) { heldFactor, countedFactor in
            spread { span, isOfFiles, counts in
                StratifiedVariance.Value(
                    span: span,
                    blockPages: plan(isOfFiles).spans[span].samplePageCount,
                    excess: heldFactor * counts.expandedHeld + countedFactor * counted(counts),
                    mass: 0
                )
            }.variance
        }
    }

    /// Returns the variance of a window's excess that comes from the leaves that did not read it: that of a simple random
    /// sample without replacement.
    ///
    /// An exclusive page counts once for each leaf that its reader stands for. A shared page that was found only because
    /// one leaf has read the window is part of the variance too, to the extent that the total depends on that leaf.
    private func memberVariance(
        ofSpan span: Int,
        _ counts: WindowCounts.OfFamily,
        _ part: ScaledPart
    ) -> Double {
        let window = sampling.families[family].windows[span]
        let (read, all) = (Double(window.readLeaves), Double(window.leaves))
        guard all > read, read > 0 else { return 0 }
        var excesses: [Int: Double] = [:]
        for found in sampling.familyCounts[family][span].processes where sampling.leafRanks[found.process] != nil {
            excesses[found.process] = part.excess(
                held: Double(found.anonymous),
                counted: Double(found.exclusiveAnonymous)
            )
        }
        for pages in counts.dependent { excesses[pages.process, default: 0] += pages.pages * part.factor }
        let sum = excesses.values.reduce(0, +)
        let squares = excesses.values.reduce(0) { $0 + $1 * $1 }
        // One leaf does not show how much the leaves differ: as much as the whole of its pages is assumed.
        let variance = read > 1 ? max(0, squares - sum * sum / read) / (read - 1) : squares
        return all * all * (1 - read / all) * variance / read
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
        for index in estimator.members[family] {
            let process = sampling.processes[index]
            if process.mayLackFaults { return nil }
            guard process.mayHaveForked else { continue }
            guard let faults = process.faultCount, let ofChildren = process.endedFaultCount else { return nil }
            sum += Double(faults) + Double(ofChildren)
        }
        return sum
    }
}
