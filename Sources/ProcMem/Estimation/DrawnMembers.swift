/// Members of a closed set that are drawn for accurate reads, and the anonymous memory of all members that their
/// figures show.
///
/// If no process outside the set maps its anonymous pages, the distinct memory is the sum of `Pss_Anon` over the
/// members. A few members are enough to estimate it. Samples show a part of the figure of each member: its exclusive
/// pages, and a part of the shared ones (``MemberShare``). The remainder is estimated from the members that were read:
/// each was drawn with a probability that is in proportion to its part of the shared pages, and its remainder is
/// divided by that probability (Horvitz and Thompson). The bias is small, because the probabilities hold approximately,
/// and the estimate is exact if all members were read.
///
/// The members are drawn by sequential Poisson sampling (Ohlsson, 1998): each has a fixed random number, and those with
/// the smallest quotients of number and size are drawn. With more draws, the earlier ones therefore remain.
struct DrawnMembers: Sendable {
    struct Member: Sendable {
        let pid: Int32
        /// The size in proportion to which it is drawn, in bytes.
        let size: Double
        /// The part of its `Pss_Anon` that the samples show.
        let exclusiveBytes: Double
        /// Its `Pss_Anon`; `nil` if it was not read.
        var shareBytes: Int?

        fileprivate var remainder: Double? { shareBytes.map { Double($0) - exclusiveBytes } }
    }

    /// An estimated total.
    struct Total: Sendable, Equatable {
        var bytes: Double
        /// The likely standard deviation of the estimate.
        var deviation: Double
        /// Half of the distance within which the true value should lie in 95 of 100 samples. It is larger than the
        /// standard deviation if there are few draws, because the deviation is then estimated inexactly.
        var standardError: Double
    }

    /// The members, in the order in which they are drawn.
    private(set) var members: [Member]

    /// - Parameter members: The members, in any order, with the number of the process's start, which makes a pid unique.
    init(_ members: [(member: Member, startTimeTicks: Int)]) {
        // A member without a size would never be drawn.
        let least = max(1, members.reduce(0) { $0 + $1.member.size } / Double(max(1, members.count)) / 256)
        self.members = members.map { (member, startTimeTicks) in
            var generator = SampleGenerator(
                seed: UInt64(truncatingIfNeeded: startTimeTicks) << 32 ^ UInt64(truncatingIfNeeded: member.pid)
            )
            let sized = Member(
                pid: member.pid,
                size: max(least, member.size),
                exclusiveBytes: member.exclusiveBytes,
                shareBytes: member.shareBytes
            )
            return (sized, Double.random(in: 0..<1, using: &generator) / sized.size)
        }.sorted { ($0.1, $0.0.pid) < ($1.1, $1.0.pid) }.map(\.0)
    }

    mutating func record(_ shareBytes: Int?, of pid: Int32) {
        guard let index = members.firstIndex(where: { $0.pid == pid }) else { return }
        members[index].shareBytes = shareBytes
    }

    // MARK: Stages

    /// The numbers of draws after which bounds are computed: the powers of two up to half of the members, and all.
    ///
    /// The highest lower bound of several stages is used, so that more reads never widen the bounds. No
    /// stage has more than half of the members, except that the first always has two: the members that remain may be of
    /// another kind, which the draws do not show.
    var stages: [Int] {
        var stages: [Int] = []
        var count = 2
        while count < members.count, count == 2 || count <= members.count / 2 {
            stages.append(count)
            count *= 2
        }
        return stages + [members.count]
    }

    /// The number of members that were read, of the first ones without a gap.
    var drawnCount: Int { members.firstIndex { $0.shareBytes == nil } ?? members.count }

    /// The members that are missing for the next stage; `nil` if only reading all of them would be one.
    var missing: [Int32]? {
        let drawnCount = drawnCount
        guard let next = stages.dropLast().first(where: { $0 > drawnCount }) else { return nil }
        return members.prefix(next).filter { $0.shareBytes == nil }.map(\.pid)
    }

    /// The totals after each stage that is complete.
    var totals: [Total] {
        let drawnCount = drawnCount
        return stages.filter { $0 <= drawnCount }.map { total(of: $0) }
    }

    /// The total from all draws; `nil` if there are none.
    var latest: Total? {
        let drawnCount = drawnCount
        return drawnCount > 0 ? total(of: drawnCount) : nil
    }

    // MARK: The estimate

    /// Returns the anonymous memory of all members, estimated from the first ones.
    private func total(of count: Int) -> Total {
        var total = Self.total(
            of: members.prefix(count).compactMap(\.remainder),
            sizes: members.map(\.size)
        )
        total.bytes += members.reduce(0) { $0 + $1.exclusiveBytes }
        return total
    }

    /// Returns the sum of a figure over all members, estimated from the members that were drawn.
    ///
    /// - Parameters:
    ///   - values: The figures of the members that were drawn.
    ///   - sizes: The sizes of all members, in the order in which they are drawn.
    static func total(of values: [Double], sizes: [Double]) -> Total {
        let count = values.count
        let probabilities = probabilities(sizes: sizes, count: count)
        var sum = 0.0
        var remaining = 0.0
        var remainingSum = 0.0
        for (value, probability) in zip(values, probabilities) {
            sum += value / probability
            remaining += 1 - probability
            remainingSum += value / probability * (1 - probability)
        }
        guard remaining > 1e-9, count < sizes.count else { return Total(bytes: sum, deviation: 0, standardError: 0) }
        // The variance of the draws, with 1 - probability for what is drawn with certainty (Rosén, 1997).
        let mean = remainingSum / remaining
        var squares = 0.0
        for (value, probability) in zip(values, probabilities) {
            let difference = value / probability - mean
            squares += (1 - probability) * difference * difference
        }
        // With few draws, their variance is often far too small: some figures of a usual scatter are added to them.
        func deviation(_ usual: UsualFigures) -> Double {
            let scatter = usual.scatter * mean
            let variance =
                (usual.count * scatter * scatter + Double(count) * squares / remaining) / usual.degrees(count)
            return (remaining * variance).squareRoot()
        }
        return Total(
            bytes: sum,
            deviation: deviation(.likely),
            standardError: deviation(.safe) * quantile(UsualFigures.safe.degrees(count)) / 2
        )
    }

    /// Figures that are added to those of the members that were drawn.
    private struct UsualFigures {
        /// The standard deviation of the quotient of figure and size, in relation to its mean.
        let scatter: Double
        /// The number of figures that are added.
        let count: Double

        func degrees(_ drawnCount: Int) -> Double { count + Double(drawnCount - 1) }

        static var likely: Self { Self(scatter: 0.15, count: 2) }
        /// `DrawnMembersTests` checks how often the true value is within two standard errors.
        static var safe: Self { Self(scatter: 0.35, count: 4) }
    }

    /// Returns the distance within which 95 % of the values of Student's distribution lie: the first terms of its
    /// expansion for many degrees of freedom.
    private static func quantile(_ degrees: Double) -> Double {
        1.96 + 2.37 / degrees + 2.82 / (degrees * degrees) + 2.56 / (degrees * degrees * degrees)
    }

    /// Returns the probability with which each member is among the first ones: in proportion to its size, and at most
    /// 1.
    static func probabilities(sizes: [Double], count: Int) -> [Double] {
        var probabilities = Array(repeating: 0.0, count: sizes.count)
        var open = Array(sizes.indices)
        var left = Double(min(count, sizes.count))
        // A member that is drawn with certainty leaves fewer draws for the others.
        while !open.isEmpty, left > 0 {
            let sum = open.reduce(0) { $0 + sizes[$1] }
            for index in open { probabilities[index] = sum > 0 ? min(1, left * sizes[index] / sum) : 1 }
            let certain = open.filter { probabilities[$0] >= 1 }
            if certain.isEmpty { break }
            open.removeAll { probabilities[$0] >= 1 }
            left -= Double(certain.count)
        }
        return probabilities
    }
}
