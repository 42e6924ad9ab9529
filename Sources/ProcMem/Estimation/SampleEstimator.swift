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
    /// The part of it that consists of files and shared memory.
    private(set) var files = Distinct(likely: 0, lower: 0, upper: 0, standardError: 0)
    /// The anonymous memory of each process; empty unless it was asked for and ``distinct`` is ambiguous.
    private(set) var shares: [MemberShare?] = []

    /// - Parameters:
    ///   - sampling: The samples.
    ///   - estimatesShares: Whether to estimate the memory of each process if that of all is ambiguous.
    init(_ sampling: PageSampling, estimatesShares: Bool = false) {
        unique = []
        let estimator = SampleEstimator(sampling)
        unique = sampling.processes.indices.map { estimator.unique(of: $0) }
        files = estimator.distinctOfFiles()
        let distinct = estimator.distinct(files)
        self.distinct = distinct
        if estimatesShares, distinct.isAmbiguous { shares = estimator.memberShares() }
    }
}

/// Estimates totals from the counts in windows.
///
/// An estimate is the fraction of the sampled pages that are of some kind, multiplied by the number of pages in
/// `statm`.
struct SampleEstimator {
    let sampling: PageSampling
    let familySums: [StratifiedVariance]
    let fileSums: StratifiedVariance
    /// For each family, the sums over the groups of windows of which a leaf reads one.
    let leafSums: [StratifiedVariance]
    /// For each process, its counts in the windows of its family.
    private var inFamily: [[(span: Int, counts: WindowCounts.OfProcess)]]
    /// For each process, its counts in the windows of files.
    private var inFiles: [[(span: Int, counts: WindowCounts.OfProcess)]]

    private var pageSizeBytes: Double { Double(sampling.root.pageSizeBytes) }

    init(_ sampling: PageSampling) {
        self.sampling = sampling
        familySums = sampling.families.map { StratifiedVariance($0.plan) }
        fileSums = StratifiedVariance(sampling.files.plan)
        leafSums = sampling.families.map { StratifiedVariance(groupsOf: $0.plan) }
        inFamily = Array(repeating: [], count: sampling.processes.count)
        inFiles = inFamily
        for (family, counts) in sampling.familyCounts.enumerated() {
            let spans = sampling.families[family].plan.spans
            for (span, window) in counts.enumerated() {
                for process in window.processes {
                    let isLeaf = sampling.leafRanks[process.process] != nil
                    inFamily[process.process].append((isLeaf ? spans[span].group : span, process))
                }
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
        let own = sampling.leafRanks[index] != nil ? leafSums[process.family] : familySums[process.family]
        let isWhole = sampling.families[process.family].plan.isComplete && sampling.files.plan.isComplete
        var anonymous = ScaledPart(
            statm: Double(process.anonymousCount),
            isWhole: isWhole,
            mayHoldZeros: process.mayHoldZeros
        )
        var ofFiles = ScaledPart(statm: Double(process.fileCount), isWhole: isWhole)
        for (sums, found) in [(own, inFamily[index]), (fileSums, inFiles[index])] {
            for (span, counts) in found {
                let weight = sums.weight(of: span)
                anonymous.add(weight, held: Double(counts.anonymous), counted: Double(counts.exclusiveAnonymous))
                ofFiles.add(weight, held: Double(counts.ofFiles), counted: Double(counts.exclusiveOfFiles))
            }
        }
        func spread(_ sums: StratifiedVariance, _ found: [(span: Int, counts: WindowCounts.OfProcess)]) -> SampleSpread
        {
            sums.spread(
                found.map { (span, counts) in
                    StratifiedVariance.Value(
                        span: span,
                        excess: anonymous.excess(
                            held: Double(counts.anonymous),
                            counted: Double(counts.exclusiveAnonymous)
                        )
                            + ofFiles.excess(held: Double(counts.ofFiles), counted: Double(counts.exclusiveOfFiles)),
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
    ///
    /// - Parameter files: The part of files and shared memory.
    func distinct(_ files: SampledMemory.Distinct) -> SampledMemory.Distinct {
        var sum = SampledMemory.Distinct(likely: 0, lower: 0, upper: 0, standardError: 0)
        var variance = 0.0
        for family in sampling.families.indices {
            let part = FamilyEstimate(family, of: self).distinct
            sum.likely += part.likely
            sum.lower += part.lower
            sum.upper += part.upper
            variance += part.standardError * part.standardError
        }
        sum.standardError = variance.squareRoot()
        sum = sum.scaled(by: pageSizeBytes)
        sum.likely += files.likely
        sum.lower += files.lower
        sum.upper += files.upper
        sum.standardError =
            (sum.standardError * sum.standardError + files.standardError * files.standardError).squareRoot()
        return sum
    }

    /// Returns the estimated distinct memory of files and of shared memory, in bytes.
    func distinctOfFiles() -> SampledMemory.Distinct {
        let held = sampling.processes.reduce(0.0) { $0 + ($1.unavailableReason == nil ? Double($1.fileCount) : 0) }
        let isWhole = sampling.files.plan.isComplete && sampling.families.allSatisfy(\.plan.isComplete)
        var part = ScaledPart(statm: held, isWhole: isWhole)
        // The windows of families contain pages of files too: those of writable private mappings that have not been
        // written.
        let groups = [(fileSums, sampling.fileCounts)] + zip(familySums, sampling.familyCounts)
        for (sums, windows) in groups {
            for (span, counts) in windows.enumerated() {
                part.add(
                    sums.weight(of: span),
                    held: counts.heldOfFiles,
                    counted: Double(counts.distinctOfFiles)
                )
            }
        }
        let spread = groups.reduce(SampleSpread()) { spread, group in
            let (sums, windows) = group
            return spread
                + sums.spread(
                    windows.enumerated().map { (span, counts) in
                        StratifiedVariance.Value(
                            span: span,
                            excess: part.excess(
                                held: counts.heldOfFiles,
                                counted: Double(counts.distinctOfFiles)
                            ),
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
        ).scaled(by: pageSizeBytes)
    }
}

extension SampledMemory.Distinct {
    /// Returns the same figures in another unit.
    fileprivate func scaled(by factor: Double) -> Self {
        Self(
            likely: likely * factor,
            lower: lower * factor,
            upper: upper * factor,
            standardError: standardError * factor
        )
    }
}
