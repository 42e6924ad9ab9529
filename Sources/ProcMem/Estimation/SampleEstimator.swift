/// What samples say of the memory of several processes.
struct SampledMemory {
    /// What a process has to itself.
    struct Unique {
        let bytes: Int
        let standardErrorBytes: Int
    }

    /// What a family or all files come to, each page counted once, in bytes.
    struct Distinct {
        var likely: Double
        var lower: Double
        var upper: Double
        var standardError: Double
    }

    /// In the order of the processes; `nil` for who was not sampled.
    private(set) var unique: [Unique?]
    private(set) var distinct: Distinct?

    init(_ sampling: PageSampling) {
        unique = []
        let counting = SampleEstimator(sampling)
        unique = sampling.processes.indices.map { counting.unique(of: $0) }
        distinct = counting.distinct()
    }
}

/// Makes estimates of counts in windows: what was found of a kind among the pages that were found, times what `statm` counts.
struct SampleEstimator {
    private let sampling: PageSampling
    private let familySums: [StratifiedVariance]
    private let fileSums: StratifiedVariance
    /// By process, what was found of it: in its family's windows, and in those of files.
    private var inFamily: [[(span: Int, counts: WindowCounts.OfProcess)]]
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

    func unique(of number: Int) -> SampledMemory.Unique? {
        let process = sampling.processes[number]
        guard process.unavailableReason == nil else { return nil }
        let own = familySums[process.family]
        let isWhole = sampling.families[process.family].plan.isComplete && sampling.files.plan.isComplete
        var anonymous = Part(
            statm: Double(process.anonymousCount),
            isWhole: isWhole,
            mayHoldZeros: process.mayHoldZeros
        )
        var ofFiles = Part(statm: Double(process.fileCount), isWhole: isWhole)
        for (sums, found) in [(own, inFamily[number]), (fileSums, inFiles[number])] {
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
        let spread = spread(own, inFamily[number]) + spread(fileSums, inFiles[number])
        // Of memory that no sample has met half is as far from the truth as it can be.
        let unseen = anonymous.unseen + ofFiles.unseen
        let error = (spread.standardError * spread.standardError + unseen * unseen / 4).squareRoot()
        // Brought to what `statm` counts, a sum is no whole number of pages.
        let leastError = isWhole ? 0.0 : 1
        return SampledMemory.Unique(
            bytes: Int(saturating: ((anonymous.total + ofFiles.total + unseen / 2) * pageSizeBytes).rounded()),
            standardErrorBytes: Int(saturating: (max(error, leastError) * pageSizeBytes).rounded(.up))
        )
    }

    // MARK: All of them

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
        // In the windows of families they are what nobody has written to yet, in mappings that may be written.
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
        var made: [Int: Double] = [:]
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
            for (process, count) in counts.createdPages { made[process, default: 0] += weight * Double(count) }
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
        // Nobody has brought more than its faults.
        var excess = 0.0
        for (process, count) in made {
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

    /// How many pages can have been brought by those who have forked, and by their children that have ended.
    ///
    /// Who has never forked shares nothing that it brought itself: what is shared was brought by those who have. Who could
    /// not be sampled may be among them.
    ///
    /// - Returns: `nil` where that is not known.
    private func faultsOfForkers(inFamily family: Int) -> Double? {
        var sum = 0.0
        for process in sampling.processes where process.family == family {
            if process.mayLackFaults { return nil }
            guard process.mayHaveForked else { continue }
            guard let faults = process.faultCount, let ended = process.endedFaultCount else { return nil }
            sum += Double(faults) + Double(ended)
        }
        return sum
    }

    /// Pages of a kind among those that were found, brought to the number that `statm` counts.
    private struct Part {
        let statm: Double
        private(set) var held = 0.0
        private(set) var counted = 0.0

        /// Whether every page was looked at: then nothing is to be brought to another number.
        private let isWhole: Bool

        /// Whether the kernel's page of zeros may be among what was found, which `statm` does not count.
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

        /// Whether so much was found that some of it is the page of zeros: the rest is what was counted, and the ratio of
        /// the two is nobody's. On Linux 6.1 a process with an eighth of zeros came out an eighth too small by it.
        private var holdsZeros: Bool { mayHoldZeros && held > statm + statm / 32 + 16 }
        var scale: Double { isWhole || holdsZeros ? 1 : held > 0 ? statm / held : 0 }
        var total: Double { holdsZeros ? min(counted, statm) : counted * scale }
        /// What `statm` counts and no sample has met.
        var unseen: Double { isWhole || held > 0 ? 0 : statm }

        func excess(held: Int, counted: Int) -> Double {
            guard self.held > 0 else { return 0 }
            if holdsZeros { return Double(counted) }
            return (Double(counted) - self.counted / self.held * Double(held)) * scale
        }
    }
}
