/// Bounds of an amount of memory, in bytes.
struct ByteBounds: Hashable, Sendable {
    var lower: Int
    /// `Int.max` where nothing bounds the amount from above.
    var upper: Int

    init(lower: Int, upper: Int) {
        self.lower = lower
        self.upper = upper
    }

    static var unknown: ByteBounds { ByteBounds(lower: 0, upper: .max) }

    static func + (left: ByteBounds, right: ByteBounds) -> ByteBounds {
        ByteBounds(
            lower: left.lower.saturatingAdding(right.lower),
            upper: left.upper.saturatingAdding(right.upper)
        )
    }

    func contains(_ amount: Int) -> Bool { lower <= amount && amount <= upper }

    /// The amounts within both bounds; `nil` where there is none: the two contradict each other.
    func intersection(_ other: ByteBounds) -> ByteBounds? {
        let both = ByteBounds(lower: max(lower, other.lower), upper: min(upper, other.upper))
        return both.lower <= both.upper ? both : nil
    }

    /// The smallest bounds that contain both.
    func union(_ other: ByteBounds) -> ByteBounds {
        ByteBounds(lower: min(lower, other.lower), upper: max(upper, other.upper))
    }

    /// The distance between the bounds.
    var width: Int { upper - lower }

    func clamp(_ bytes: Int) -> Int { min(max(bytes, lower), upper) }
}

/// What is known of one amount of memory: bounds that follow from what was read, and bounds that rely on assumptions.
///
/// An assumption is a property of the processes or of the kernel that no file reports. Bounds that rely on one are narrower
/// as a rule. They may be wrong, so they are intersected with proven bounds alone, never with one another, and they are
/// dropped where they contradict what is proven.
struct BoundsEvidence: Sendable {
    private(set) var proven = ByteBounds.unknown
    /// Whether two proven bounds contradict each other: the processes changed between two reads.
    private(set) var isContradictory = false
    private var assumed: ByteBounds?
    private var assumptions: Set<DistinctMemory.Assumption> = []

    init() {}

    init(proven: ByteBounds) { self.proven = proven }

    /// Adds bounds that follow from what was read.
    mutating func prove(_ bounds: ByteBounds) {
        if let both = proven.intersection(bounds) {
            proven = both
        } else {
            proven = proven.union(bounds)
            isContradictory = true
        }
    }

    /// Replaces the bounds that rely on assumptions.
    mutating func assume(_ bounds: ByteBounds, _ assumptions: Set<DistinctMemory.Assumption>) {
        assumed = bounds
        self.assumptions = assumptions
    }

    /// Adds bounds that rely on assumptions, and keeps the earlier ones if these are narrower and not contradicted.
    ///
    /// The two are not intersected, because either may be wrong. They contradict each other if the earlier bounds do not
    /// contain any of the values that the new ones consider likely.
    ///
    /// - Parameters:
    ///   - bounds: The new bounds.
    ///   - assumptions: What they rely on.
    ///   - centre: The likely values within the new bounds.
    mutating func weigh(_ bounds: ByteBounds, _ assumptions: Set<DistinctMemory.Assumption>, centre: ByteBounds) {
        if let earlier = assumed?.intersection(proven) {
            guard let new = bounds.intersection(proven) else { return }
            if earlier.intersection(centre) != nil, earlier.width <= new.width { return }
        }
        assume(bounds, assumptions)
    }

    /// The narrowest bounds, and the assumptions that they rely on: none where they are proven.
    var narrowest: (bounds: ByteBounds, assumptions: Set<DistinctMemory.Assumption>) {
        guard let assumed, let both = assumed.intersection(proven), both != proven else { return (proven, []) }
        return (both, assumptions)
    }

    /// The sum of two amounts that have no page in common.
    static func + (left: BoundsEvidence, right: BoundsEvidence) -> BoundsEvidence {
        var sum = BoundsEvidence(proven: left.proven + right.proven)
        sum.isContradictory = left.isContradictory || right.isContradictory
        let (leftBounds, leftAssumptions) = left.narrowest
        let (rightBounds, rightAssumptions) = right.narrowest
        sum.assume(leftBounds + rightBounds, leftAssumptions.union(rightAssumptions))
        return sum
    }
}
