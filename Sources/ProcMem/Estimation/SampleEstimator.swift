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
        /// Whether the bounds rely on all processes that share anonymous pages with these being among them.
        var reliesOnClosedSet = false
        /// Whether the bounds rely on the relations of the processes, because frame numbers are not visible.
        var reliesOnRelations = false
        /// The processes that could not be sampled, whose memory is missing here.
        var missingPIDs: Set<Int32> = []
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

    /// Notes which processes could not be sampled.
    mutating func note(missing pids: Set<Int32>) { distinct?.missingPIDs = pids }
}

/// Estimates totals from the counts in windows.
///
/// The USS of a process is the fraction of its sampled pages that are exclusive, multiplied by the number of pages in
/// `statm`. The distinct pages of several processes are estimated by a regression on that number: see ``ScaledPart``.
struct SampleEstimator {
    let sampling: PageSampling
    let familySums: [StratifiedVariance]
    let fileSums: StratifiedVariance
    /// For each family, the indices of its processes.
    let members: [[Int]]
    /// For each family, its counts in the windows of files.
    private(set) var familyCountsInFiles: [[(span: Int, counts: WindowCounts.OfFamily)]]
    /// For each family, the sums over the groups of windows of which a leaf reads one.
    let leafSums: [StratifiedVariance]
    /// For each process, its counts in the windows of its family.
    private var inFamily: [[Found]]
    /// For each process, its counts in the windows of files.
    private var inFiles: [[Found]]

    /// The counts of a process in a window.
    private struct Found {
        let span: Int
        let blockPages: Int
        let counts: WindowCounts.OfProcess
    }

    private var pageSizeBytes: Double { Double(sampling.root.pageSizeBytes) }

    init(_ sampling: PageSampling) {
        self.sampling = sampling
        familySums = sampling.families.map { StratifiedVariance($0.plan) }
        fileSums = StratifiedVariance(sampling.files.plan)
        leafSums = sampling.families.map { StratifiedVariance(groupsOf: $0.plan) }
        inFamily = Array(repeating: [], count: sampling.processes.count)
        inFiles = inFamily
        var members: [[Int]] = Array(repeating: [], count: sampling.families.count)
        for (index, process) in sampling.processes.enumerated() { members[process.family].append(index) }
        self.members = members
        familyCountsInFiles = Array(repeating: [], count: sampling.families.count)
        for (family, counts) in sampling.familyCounts.enumerated() {
            let spans = sampling.families[family].plan.spans
            for (span, window) in counts.enumerated() {
                for process in window.processes {
                    let isLeaf = sampling.leafRanks[process.process] != nil
                    let index = isLeaf ? spans[span].group : span
                    let blockPages = spans[span].samplePageCount
                    inFamily[process.process].append(Found(span: index, blockPages: blockPages, counts: process))
                }
            }
        }
        for (span, window) in sampling.fileCounts.enumerated() {
            let blockPages = sampling.files.plan.spans[span].samplePageCount
            for process in window.processes {
                inFiles[process.process].append(Found(span: span, blockPages: blockPages, counts: process))
            }
            for counts in window.families { familyCountsInFiles[counts.family].append((span, counts)) }
        }
    }

    /// Returns the number of blocks for which a window of a family stands in a process.
    ///
    /// A leaf reads one window of each group, which has all the weight of the group there.
    func weight(ofSpan span: Int, in process: Int) -> Double {
        let family = sampling.processes[process].family
        let planned = sampling.families[family].plan.spans[span]
        guard sampling.leafRanks[process] != nil else { return planned.weight }
        return leafSums[family].weight(of: planned.group, blockPages: planned.samplePageCount)
    }

    // MARK: One process

    /// Returns the estimated USS of a process; `nil` if it was not sampled.
    func unique(of index: Int) -> SampledMemory.Unique? {
        let process = sampling.processes[index]
        guard process.unavailableReason == nil else { return nil }
        let isWhole = isWhole(process.family)
        let (anonymous, ofFiles) = parts(of: index)
        let spread = spread(of: index, anonymous, ofFiles)
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

    /// The shared anonymous pages of one process, estimated from its own samples.
    struct SharedPages {
        let pages: Double
        let standardError: Double
        /// The factor that scales the weighted number of pages that were found to the number in `statm`.
        let scale: Double
    }

    /// Returns the shared anonymous pages of a process that was sampled; `nil` if no sample found an anonymous page.
    func sharedPages(of index: Int) -> SharedPages? {
        let (anonymous, _) = parts(of: index)
        guard anonymous.held > 0 else { return nil }
        return SharedPages(
            pages: max(0, anonymous.statm - anonymous.total),
            standardError: spread(of: index, anonymous, nil).standardError,
            scale: anonymous.scale
        )
    }

    /// Whether every page of a family and of all files was read.
    func isWhole(_ family: Int) -> Bool {
        sampling.families[family].plan.isComplete && sampling.files.plan.isComplete
    }

    private func sums(of index: Int) -> StratifiedVariance {
        let family = sampling.processes[index].family
        return sampling.leafRanks[index] != nil ? leafSums[family] : familySums[family]
    }

    /// Returns the exclusive pages of a process: the anonymous ones, and those of files.
    private func parts(of index: Int) -> (anonymous: ScaledPart, ofFiles: ScaledPart) {
        let process = sampling.processes[index]
        let isWhole = isWhole(process.family)
        var anonymous = ScaledPart(
            statm: Double(process.anonymousCount),
            isWhole: isWhole,
            mayHoldZeros: process.mayHoldZeros
        )
        var ofFiles = ScaledPart(statm: Double(process.fileCount), isWhole: isWhole)
        for (sums, found) in [(sums(of: index), inFamily[index]), (fileSums, inFiles[index])] {
            for found in found {
                let weight = sums.weight(of: found.span, blockPages: found.blockPages)
                let counts = found.counts
                anonymous.add(weight, held: Double(counts.anonymous), counted: Double(counts.exclusiveAnonymous))
                ofFiles.add(weight, held: Double(counts.ofFiles), counted: Double(counts.exclusiveOfFiles))
            }
        }
        return (anonymous, ofFiles)
    }

    /// Returns the spread of the exclusive pages of a process.
    ///
    /// - Parameter ofFiles: The pages of files; `nil` for the spread of the anonymous pages alone.
    private func spread(of index: Int, _ anonymous: ScaledPart, _ ofFiles: ScaledPart?) -> SampleSpread {
        func spread(_ sums: StratifiedVariance, _ found: [Found]) -> SampleSpread {
            sums.spread(
                found.map { found in
                    let counts = found.counts
                    var excess = anonymous.excess(
                        held: Double(counts.anonymous),
                        counted: Double(counts.exclusiveAnonymous)
                    )
                    var mass = Double(counts.anonymous) * anonymous.scale
                    if let ofFiles {
                        excess += ofFiles.excess(
                            held: Double(counts.ofFiles),
                            counted: Double(counts.exclusiveOfFiles)
                        )
                        mass += Double(counts.ofFiles) * ofFiles.scale
                    }
                    return StratifiedVariance.Value(
                        span: found.span,
                        blockPages: found.blockPages,
                        excess: excess,
                        mass: mass
                    )
                }
            )
        }
        return spread(sums(of: index), inFamily[index]) + spread(fileSums, inFiles[index])
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
            sum.reliesOnClosedSet = sum.reliesOnClosedSet || part.reliesOnClosedSet
            sum.reliesOnRelations = sum.reliesOnRelations || part.reliesOnRelations
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
        let groups =
            [(fileSums, sampling.files.plan.spans, sampling.fileCounts)]
            + sampling.families.indices.map {
                (familySums[$0], sampling.families[$0].plan.spans, sampling.familyCounts[$0])
            }
        for (_, spans, windows) in groups {
            for (span, counts) in windows.enumerated() {
                part.add(
                    spans[span].weight,
                    held: counts.heldOfFiles,
                    counted: Double(counts.distinctOfFiles)
                )
            }
        }
        func spread(_ excess: (WindowCounts) -> Double) -> SampleSpread {
            groups.reduce(SampleSpread()) { spread, group in
                let (sums, spans, windows) = group
                return spread
                    + sums.spread(
                        windows.enumerated().map { (span, counts) in
                            StratifiedVariance.Value(
                                span: span,
                                blockPages: spans[span].samplePageCount,
                                excess: excess(counts),
                                mass: Double(counts.distinctOfFiles)
                            )
                        }
                    )
            }
        }
        part.regress(expecting: ExpectedVariance(of: sampling.files, isOfFiles: true).distinct) { held, counted in
            spread { held * $0.heldOfFiles + counted * Double($0.distinctOfFiles) }.variance
        }
        let total = part.total + part.unseen
        return SampledMemory.Distinct(
            likely: total,
            lower: part.total,
            upper: total,
            standardError: spread { part.excess(held: $0.heldOfFiles, counted: Double($0.distinctOfFiles)) }
                .standardError
        ).scaled(by: pageSizeBytes)
    }
}

extension SampledMemory.Distinct {
    /// Returns the same figures in another unit.
    fileprivate func scaled(by factor: Double) -> Self {
        var scaled = self
        scaled.likely *= factor
        scaled.lower *= factor
        scaled.upper *= factor
        scaled.standardError *= factor
        return scaled
    }
}
