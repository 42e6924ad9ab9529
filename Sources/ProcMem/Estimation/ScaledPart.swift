/// The weighted number of the pages that were found, and of those of one kind, scaled to the number in `statm`.
struct ScaledPart {
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

    mutating func add(_ weight: Double, held: Double, counted: Double) {
        self.held += weight * held
        self.counted += weight * counted
    }

    /// Adds the pages of another kind, which were found in the same samples.
    mutating func add(_ other: Self) { counted += other.counted }

    /// Removes pages that are counted elsewhere.
    mutating func remove(_ weighted: Double) { counted = max(0, counted - weighted) }

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
    func excess(held: Double, counted: Double) -> Double {
        guard self.held > 0 else { return 0 }
        if holdsZeros { return counted }
        return (counted - self.counted / self.held * held) * scale
    }
}
