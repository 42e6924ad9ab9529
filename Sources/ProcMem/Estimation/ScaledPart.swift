/// The weighted number of the pages that were found, and of those of one kind, scaled to the number in `statm`.
///
/// The pages of one process are scaled by a ratio. For distinct pages of several processes, where a page counts once for
/// each process that maps it, a regression is used instead (``regress(expecting:variance:)``).
struct ScaledPart {
    /// The number of pages in `statm`.
    let statm: Double
    /// The weighted number of all pages that were found.
    private(set) var held = 0.0
    /// The weighted number of the pages of the kind that is estimated.
    private(set) var counted = 0.0

    /// The number of pages of the kind for each page that the samples lack; `nil` if all numbers are scaled by the ratio.
    private var slope: Double?

    /// Whether every page was read, so that the numbers are not scaled.
    private let isWhole: Bool

    /// Whether the kernel's zero page, which `statm` does not count, may be among the pages that were found.
    private let mayHoldZeros: Bool

    init(statm: Double, isWhole: Bool, mayHoldZeros: Bool = false) {
        self.statm = statm
        self.isWhole = isWhole
        self.mayHoldZeros = mayHoldZeros
    }

    mutating func add(_ weight: Double, held: Double, counted: Double) {
        self.held += weight * held
        self.counted += weight * counted
    }

    /// Adds the pages of another kind, which were found in the same samples.
    mutating func add(_ other: Self) { counted += other.counted }

    /// Removes pages that are counted elsewhere.
    mutating func remove(_ weighted: Double) { counted = max(0, counted - weighted) }

    /// Uses a regression instead of a ratio (Cochran, *Sampling Techniques*, chapter 7).
    ///
    /// The samples find more or fewer pages than `statm` counts. How many pages of the kind belong to that difference
    /// depends on where it comes from: a page that nine processes map adds nine to `statm` and one to the distinct pages.
    /// A ratio of the totals would count the missing pages like the average page. If by chance the few windows that all
    /// processes map showed no page, its result was twice the truth.
    ///
    /// The slope of the regression is the covariance of the two numbers divided by the variance of the pages that are
    /// found. Few samples may show no variance, or some by chance. A part of the variance that the plan lets expect is
    /// therefore added.
    ///
    /// - Parameters:
    ///   - expected: The variance of the pages that are found, and the covariance, that the plan lets expect.
    ///   - variance: Returns the variance of a sum of both weighted numbers, each multiplied by a factor.
    mutating func regress(
        expecting expected: (ofHeld: Double, covariance: Double),
        variance: (_ held: Double, _ counted: Double) -> Double
    ) {
        guard held > 0 else { return }
        let ofHeld = variance(1, 0)
        let covariance = (ofHeld + variance(0, 1) - variance(1, -1)) / 2
        let divisor = ofHeld + Self.expectedShare * expected.ofHeld
        // Every block was read, or none that a process maps: the numbers differ for a reason that concerns all pages alike.
        guard divisor > 0 else { return }
        slope = min(1, max(0, (covariance + Self.expectedShare * expected.covariance) / divisor))
    }

    /// The weight of the expected variance. If half of the pages are present, the samples show twice as much.
    private static var expectedShare: Double { 0.125 }

    /// Whether more pages were found than `statm` counts, so that some of them must be the zero page. Then the
    /// numbers are not scaled: on Linux 6.1, the scaled figure of a process with one eighth of zero pages was one
    /// eighth too small.
    private var holdsZeros: Bool { mayHoldZeros && held > statm + statm / 32 + 16 }
    /// The factor that scales the pages that were found to the number in `statm`.
    var scale: Double { isWhole || holdsZeros ? 1 : held > 0 ? statm / held : 0 }
    /// The factor by which one weighted page contributes to the total.
    var factor: Double { slope == nil ? scale : 1 }
    /// The estimated number of pages of the kind.
    var total: Double {
        if holdsZeros { return min(counted, statm) }
        guard let slope, !isWhole else { return counted * scale }
        return min(max(0, counted + slope * (statm - held)), max(statm, counted))
    }
    /// The number of pages in `statm` if no sample found any of them; otherwise 0.
    var unseen: Double { isWhole || held > 0 ? 0 : statm }

    /// Returns the number of pages of the kind in a block beyond the number expected from its pages, scaled.
    func excess(held: Double, counted: Double) -> Double {
        guard self.held > 0 else { return 0 }
        if holdsZeros { return counted }
        if let slope { return counted - slope * held }
        return (counted - self.counted / self.held * held) * scale
    }
}

/// The variance that is expected of sampled windows if the pages of a block are present in all processes that have inherited
/// them from one parent, or in none, independently of the pages that others have at the same addresses.
struct ExpectedVariance {
    /// The variance of the number of pages, each counted once for each process that maps it.
    private var ofHeld = 0.0
    /// The covariance of that number and of the number of distinct pages.
    private var ofDistinct = 0.0
    /// The part of ``ofDistinct`` that comes from windows in which no process shares a page with another.
    private var ofOwn = 0.0

    /// - Parameters:
    ///   - group: The windows, with the number of processes that map each.
    ///   - isOfFiles: Whether a page is the same one in all processes. Otherwise each process that has not inherited the
    ///     memory has pages of its own.
    init(of group: SampleGroup, isOfFiles: Bool = false) {
        for (span, window) in zip(group.plan.spans, group.windows) where window.mappers > 0 {
            let (pages, mappers) = (Double(span.samplePageCount), Double(window.mappers))
            let roots = isOfFiles ? 1 : Double(min(max(1, span.roots), window.mappers))
            let ofBlock = span.weight * max(0, span.weight - 1) * pages * pages
            ofHeld += ofBlock * mappers * mappers / roots
            ofDistinct += ofBlock * mappers
            if roots == mappers { ofOwn += ofBlock * mappers }
        }
    }

    var distinct: (ofHeld: Double, covariance: Double) { (ofHeld, ofDistinct) }
    /// The part of the pages that one process maps alone.
    var exclusive: (ofHeld: Double, covariance: Double) { (ofHeld, ofOwn) }
    /// The part of the pages that several processes share.
    var shared: (ofHeld: Double, covariance: Double) { (ofHeld, ofDistinct - ofOwn) }
}
