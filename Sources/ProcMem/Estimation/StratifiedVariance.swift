/// Sums over samples that stand for more than themselves.
struct StratifiedVariance {
    /// What one sample says; spans without one hold nothing.
    struct Value {
        let span: Int
        /// What the block has beyond what was expected of it.
        let excess: Double
        /// How much of it could have been otherwise.
        let mass: Double
    }

    /// How many blocks each sample stands for, in the order of the spans.
    private let weights: [Double]
    private let strata: [Int]

    init(_ plan: SamplePlan) {
        weights = plan.spans.map { Double($0.weight) }
        strata = plan.spans.map(\.stratum)
    }

    func weight(of span: Int) -> Double { weights[span] }

    /// How unlike its neighbours a span is: the mean square of the differences between its excess and theirs.
    private func difference(at place: Int, of values: [Value]) -> Double {
        let value = values[place]
        var sum = 0.0
        var count = 0.0
        for step in [-1, 1] {
            let span = value.span + step
            guard weights.indices.contains(span), strata[span] == strata[value.span] else { continue }
            let other = place + step
            let isThere = values.indices.contains(other) && values[other].span == span
            let difference = value.excess - (isThere ? values[other].excess : 0)
            sum += difference * difference
            count += 1
        }
        return count > 0 ? sum / count : value.excess * value.excess
    }

    /// The variance of a total, and the masses by which what no sample has met is judged.
    ///
    /// One block was drawn of each span, so its own variance is not known. That of its neighbours' differences is not less
    /// on the average.
    ///
    /// - Parameter values: In ascending order of their spans.
    func spread(_ values: [Value]) -> SampleSpread {
        var spread = SampleSpread()
        for place in values.indices {
            let value = values[place]
            let weight = weights[value.span]
            spread.variance += weight * (weight - 1) * difference(at: place, of: values) / 2
            // A span beside it in which nothing was found.
            for step in [-1, 1] {
                let span = value.span + step
                guard weights.indices.contains(span), strata[span] == strata[value.span] else { continue }
                let other = place + step
                if values.indices.contains(other), values[other].span == span { continue }
                spread.variance += weights[span] * (weights[span] - 1) * value.excess * value.excess / 4
            }
            guard weight > 1 else { continue }
            let mass = weight * value.mass
            spread.massSum += mass
            spread.massSquares += mass * mass
        }
        return spread
    }
}

/// How far a total may be from the truth.
struct SampleSpread {
    var variance = 0.0
    /// The sum of what the samples stand for beyond themselves.
    var massSum = 0.0
    var massSquares = 0.0

    static func + (left: Self, right: Self) -> Self {
        SampleSpread(
            variance: left.variance + right.variance,
            massSum: left.massSum + right.massSum,
            massSquares: left.massSquares + right.massSquares
        )
    }

    /// In the unit of the values.
    var standardError: Double {
        guard massSum > 0 else { return variance.squareRoot() }
        // What no sample has met is not nothing: as much as a typical sample stands for may be otherwise.
        let unseen = Self.unseenFactor * massSquares / massSum
        return (variance + unseen * unseen).squareRoot()
    }

    /// With 1 the truth is within two standard errors in 92 of 100 looks where whole blocks are alike and one in seven is of
    /// another kind: what few samples have met shows too little of how much there is.
    private static var unseenFactor: Double { 1.5 }
}
