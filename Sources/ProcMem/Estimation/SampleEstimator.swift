/// The memory of several processes, estimated from samples.
struct SampledMemory {
    /// The USS of a process.
    struct Unique {
        let bytes: Int
        let standardErrorBytes: Int
    }

    /// The distinct memory of a family, of all files, or of all processes: each page is counted once.
    struct Distinct {
        var likely: Double
        var lower: Double
        var upper: Double
        var standardError: Double
    }

    /// The USS of each process; `nil` for a process that was not sampled.
    private(set) var unique: [Unique?]
    /// The distinct memory of all processes, in bytes.
    private(set) var distinct: Distinct?

    init(_ sampling: PageSampling) {
        unique = []
        let estimator = SampleEstimator(sampling)
        unique = sampling.processes.indices.map { estimator.unique(of: $0) }
        distinct = estimator.distinct()
    }
}

/// Estimates totals from the counts in windows.
///
/// An estimate is the fraction of the sampled pages that are of some kind, multiplied by the number of pages in
/// `statm`.
struct SampleEstimator {
    private let sampling: PageSampling
    private let familySums: [StratifiedVariance]
    private let fileSums: StratifiedVariance
    /// For each process, its counts in the windows of its family.
    private var inFamily: [[(span: Int, counts: WindowCounts.OfProcess)]]
    /// For each process, its counts in the windows of files.
    private var inFiles: [[(span: Int, counts: WindowCounts.OfProcess)]]

    private var pageSizeBytes: Double { Double(sampling.root.pageSizeBytes) }

    init(_ sampling: PageSampling) {
        self.sampling = sampling
        familySums = sampling.families.map { StratifiedVariance($0.plan) }
        fileSums = StratifiedVariance(sampling.files.plan)
        inFamily = Array(repeating: [], count: sampling.processes.count)
        inFiles = inFamily
        for counts in sampling.familyCounts {
            for (span, window) in counts.enumerated() {
                for process in window.processes { inFamily[process.process].append((span, process)) }
            }
        }
        for (span, window) in sampling.fileCounts.enumerated() {
            for process in window.processes { inFiles[process.process].append((span, process)) }
        }
    }

    // MARK: One process

    /// Returns the estimated USS of a process; `nil` if it was not sampled.
    func unique(of index: Int) -> SampledMemory.Unique? {
        let process = sampling.processes[index]
        guard process.unavailableReason == nil else { return nil }
        let own = familySums[process.family]
        let isWhole = sampling.families[process.family].plan.isComplete && sampling.files.plan.isComplete
        var anonymous = Part(
            statm: Double(process.anonymousCount),
            isWhole: isWhole,
            mayHoldZeros: process.mayHoldZeros
        )
        var ofFiles = Part(statm: Double(process.fileCount), isWhole: isWhole)
        for (sums, found) in [(own, inFamily[index]), (fileSums, inFiles[index])] {
            for (span, counts) in found {
                let weight = sums.weight(of: span)
                anonymous.add(weight, held: counts.anonymous, counted: counts.exclusiveAnonymous)
                ofFiles.add(weight, held: counts.ofFiles, counted: counts.exclusiveOfFiles)
            }
        }
        func spread(_ sums: StratifiedVariance, _ found: [(span: Int, counts: WindowCounts.OfProcess)]) -> SampleSpread
        {
            sums.spread(
                found.map { (span, counts) in
                    StratifiedVariance.Value(
                        span: span,
                        excess: anonymous.excess(held: counts.anonymous, counted: counts.exclusiveAnonymous)
                            + ofFiles.excess(held: counts.ofFiles, counted: counts.exclusiveOfFiles),
                        mass: Double(counts.anonymous) * anonymous.scale + Double(counts.ofFiles) * ofFiles.scale
                    )
                }
            )
        }
        let spread = spread(own, inFamily[index]) + spread(fileSums, inFiles[index])
        // If no sample found any page, half of the memory is assumed: then the error is at most the other half.
        let unseen = anonymous.unseen + ofFiles.unseen
        let error = (spread.standardError * spread.standardError + unseen * unseen / 4).squareRoot()
        // A total that is scaled to `statm` is rarely a whole number of pages.
        let leastError = isWhole ? 0.0 : 1
        return SampledMemory.Unique(
            bytes: Int(saturating: ((anonymous.total + ofFiles.total + unseen / 2) * pageSizeBytes).rounded()),
            standardErrorBytes: Int(saturating: (max(error, leastError) * pageSizeBytes).rounded(.up))
        )
    }

    // MARK: All of them

    /// Returns the estimated distinct memory of all processes, in bytes.
    func distinct() -> SampledMemory.Distinct? {
        var sum = SampledMemory.Distinct(likely: 0, lower: 0, upper: 0, standardError: 0)
        var variance = 0.0
        for family in sampling.families.indices {
            let part = distinct(ofFamily: family)
            sum.likely += part.likely
            sum.lower += part.lower
            sum.upper += part.upper
            variance += part.standardError * part.standardError
        }
        let files = distinctOfFiles()
        sum.likely += files.likely
        sum.lower += files.lower
        sum.upper += files.upper
        variance += files.standardError * files.standardError
        sum.standardError = variance.squareRoot() * pageSizeBytes
        sum.likely *= pageSizeBytes
        sum.lower *= pageSizeBytes
        sum.upper *= pageSizeBytes
        return sum
    }

    private func distinctOfFiles() -> SampledMemory.Distinct {
        let held = sampling.processes.reduce(0.0) { $0 + ($1.unavailableReason == nil ? Double($1.fileCount) : 0) }
        let isWhole = sampling.files.plan.isComplete && sampling.families.allSatisfy(\.plan.isComplete)
        var part = Part(statm: held, isWhole: isWhole)
        // The windows of families contain pages of files too: those of writable private mappings that have not been
        // written.
        let groups = [(fileSums, sampling.fileCounts)] + zip(familySums, sampling.familyCounts)
        for (sums, windows) in groups {
            for (span, counts) in windows.enumerated() {
                part.add(sums.weight(of: span), held: counts.heldOfFiles, counted: counts.distinctOfFiles)
            }
        }
        let spread = groups.reduce(SampleSpread()) { spread, group in
            let (sums, windows) = group
            return spread
                + sums.spread(
                    windows.enumerated().map { (span, counts) in
                        StratifiedVariance.Value(
                            span: span,
                            excess: part.excess(held: counts.heldOfFiles, counted: counts.distinctOfFiles),
                            mass: Double(counts.distinctOfFiles) * part.scale
                        )
                    }
                )
        }
        let total = part.total + part.unseen
        return SampledMemory.Distinct(
            likely: total,
            lower: part.total,
            upper: total,
            standardError: spread.standardError
        )
    }

    private func distinct(ofFamily family: Int) -> SampledMemory.Distinct {
        let members = sampling.processes.filter { $0.family == family && $0.unavailableReason == nil }
        let held = members.reduce(0.0) { $0 + Double($1.anonymousCount) }
        var likely = Part(
            statm: held,
            isWhole: sampling.families[family].plan.isComplete && sampling.files.plan.isComplete
        )
        var lower = likely
        var upper = likely
        var ofForkers = likely
        var exclusive = likely
        var createdPages: [Int: Double] = [:]
        func forEach(_ body: (StratifiedVariance, Int, WindowCounts.OfFamily) -> Void) {
            for (span, window) in sampling.familyCounts[family].enumerated() {
                for counts in window.families where counts.family == family { body(familySums[family], span, counts) }
            }
            for (span, window) in sampling.fileCounts.enumerated() {
                for counts in window.families where counts.family == family { body(fileSums, span, counts) }
            }
        }
        forEach { (sums, span, counts) in
            let weight = sums.weight(of: span)
            likely.add(weight, held: counts.held, counted: counts.distinct)
            lower.add(weight, held: counts.held, counted: counts.exclusive + counts.sharedLower)
            upper.add(weight, held: counts.held, counted: counts.exclusive + counts.sharedUpper)
            exclusive.add(weight, held: counts.held, counted: counts.exclusive)
            ofForkers.add(weight, held: counts.held, counted: counts.exclusiveOfForkers)
            for (process, count) in counts.createdPages { createdPages[process, default: 0] += weight * Double(count) }
        }
        var ownValues: [StratifiedVariance.Value] = []
        var fileValues: [StratifiedVariance.Value] = []
        func value(_ span: Int, _ counts: WindowCounts.OfFamily) -> StratifiedVariance.Value {
            StratifiedVariance.Value(
                span: span,
                excess: likely.excess(held: counts.held, counted: counts.distinct),
                mass: Double(counts.distinct) * likely.scale
            )
        }
        for (span, window) in sampling.familyCounts[family].enumerated() {
            for counts in window.families where counts.family == family { ownValues.append(value(span, counts)) }
        }
        for (span, window) in sampling.fileCounts.enumerated() {
            for counts in window.families where counts.family == family { fileValues.append(value(span, counts)) }
        }
        let spread = familySums[family].spread(ownValues) + fileSums.spread(fileValues)
        // A process cannot have created more pages than it had faults.
        var excess = 0.0
        for (process, count) in createdPages {
            guard let faults = sampling.processes[process].faultCount else { continue }
            excess += max(0, count * likely.scale - Double(faults))
        }
        var upperTotal = upper.total
        if sampling.boundsByFaults, let faults = faultsOfForkers(inFamily: family) {
            upperTotal = min(upperTotal, max(lower.total, exclusive.total - ofForkers.total + faults))
        }
        let unseen = likely.unseen
        return SampledMemory.Distinct(
            likely: max(lower.total, min(likely.total - excess, upperTotal)) + unseen / 2,
            lower: lower.total,
            upper: upperTotal + unseen,
            standardError: spread.standardError
        )
    }

    /// Returns the number of pages that can have been created by processes that have forked, and by their exited
    /// children.
    ///
    /// A process that never forked cannot share a page it faulted in, so every shared page was faulted in by a process
    /// that has forked, possibly one that could not be sampled.
    ///
    /// - Returns: `nil` if the fault counts are not known or may be incomplete.
    private func faultsOfForkers(inFamily family: Int) -> Double? {
        var sum = 0.0
        for process in sampling.processes where process.family == family {
            if process.mayLackFaults { return nil }
            guard process.mayHaveForked else { continue }
            guard let faults = process.faultCount, let ofChildren = process.endedFaultCount else { return nil }
            sum += Double(faults) + Double(ofChildren)
        }
        return sum
    }

    /// The weighted number of the pages that were found, and of those of one kind, scaled to the number in `statm`.
    private struct Part {
        /// The number of pages in `statm`.
        let statm: Double
        /// The weighted number of all pages that were found.
        private(set) var held = 0.0
        /// The weighted number of the pages of the kind that is estimated.
        private(set) var counted = 0.0

        /// Whether every page was read, so that the numbers are not scaled.
        private let isWhole: Bool

        /// Whether the kernel's zero page, which `statm` does not count, may be among the pages that were found.
        private let mayHoldZeros: Bool

        init(statm: Double, isWhole: Bool, mayHoldZeros: Bool = false) {
            self.statm = statm
            self.isWhole = isWhole
            self.mayHoldZeros = mayHoldZeros
        }

        mutating func add(_ weight: Double, held: Int, counted: Int) {
            self.held += weight * Double(held)
            self.counted += weight * Double(counted)
        }

        /// Whether more pages were found than `statm` counts, so that some of them must be the zero page. Then the
        /// numbers are not scaled: on Linux 6.1, the scaled figure of a process with one eighth of zero pages was one
        /// eighth too small.
        private var holdsZeros: Bool { mayHoldZeros && held > statm + statm / 32 + 16 }
        /// The factor that scales the pages that were found to the number in `statm`.
        var scale: Double { isWhole || holdsZeros ? 1 : held > 0 ? statm / held : 0 }
        /// The estimated number of pages of the kind.
        var total: Double { holdsZeros ? min(counted, statm) : counted * scale }
        /// The number of pages in `statm` if no sample found any of them; otherwise 0.
        var unseen: Double { isWhole || held > 0 ? 0 : statm }

        /// Returns the number of pages of the kind in a block beyond the number expected from its pages, scaled.
        func excess(held: Int, counted: Int) -> Double {
            guard self.held > 0 else { return 0 }
            if holdsZeros { return Double(counted) }
            return (Double(counted) - self.counted / self.held * Double(held)) * scale
        }
    }
}
