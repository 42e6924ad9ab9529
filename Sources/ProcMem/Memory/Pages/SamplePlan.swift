/// Which blocks of a set of pages are looked at.
///
/// Each stratum is cut into spans, and of each span one block is drawn at random: it stands for all of them. Where they are
/// drawn does not depend on what the others show: more of them where two neighbours differ would miss, more often than not,
/// what is smaller than a span.
struct SamplePlan: Sendable {
    /// Blocks of one stratum that one of them stands for.
    struct Span: Sendable {
        let stratum: Int
        let blocks: Range<Int>
        let sample: Int

        /// How many blocks the sample stands for.
        var weight: Int { blocks.count }
    }

    private let strata: [SampleStratum]
    /// In the order of their strata and blocks.
    private(set) var spans: [Span] = []

    /// - Parameters:
    ///   - ranges: The pages, ascending and apart.
    ///   - presentCount: How many of them are likely to be in memory.
    ///   - count: How many blocks to look at, in all.
    ///   - generator: Where chance comes from.
    init(of ranges: [Range<Int>], presentCount: Int, count: Int, generator: SampleGenerator) {
        let isWhole = Self.readsWorth(of: ranges) <= Double(count)
        strata = SampleStratum.strata(
            of: ranges,
            blockPages: isWhole
                ? Self.largestBlockPages : Self.blockPages(of: ranges.pageCount, presentCount: presentCount)
        )
        var generator = generator
        // Where all fits into the reads, all is read.
        let shares = Self.shares(of: isWhole ? .max : max(0, count), strata.map { ($0.blockCount, $0.pageCount) })
        for (number, stratum) in strata.enumerated() {
            let share = shares[number]
            // The first block of a part, by a product that fits into Int however many blocks there are.
            func start(_ part: Int) -> Int {
                stratum.blockCount / share * part + stratum.blockCount % share * part / share
            }
            for part in 0..<share {
                let blocks = start(part)..<start(part + 1)
                spans.append(Span(stratum: number, blocks: blocks, sample: generator.next(in: blocks)))
            }
        }
    }

    /// A read of 16 pages costs hardly more than one of a single page. Where little is in memory a block is larger, so that
    /// it meets something.
    private static func blockPages(of pageCount: Int, presentCount: Int) -> Int {
        var pages = smallestBlockPages
        while pages < largestBlockPages,
            pageCount / 4 > presentCount.saturatingMultiplied(by: pages / smallestBlockPages)
        {
            pages *= 2
        }
        return pages
    }

    private static var smallestBlockPages: Int { 16 }
    private static var largestBlockPages: Int { 512 }

    /// How many reads of a block it costs as much as to read all of some pages: a read takes 1.8 µs, two thirds of it whatever
    /// its length is, and 0.035 µs for each page.
    static func readsWorth(of ranges: some Sequence<Range<Int>>) -> Double {
        ranges.reduce(0) { $0 + 0.67 + Double($1.count) / 50 }
    }

    /// Whether every block is looked at.
    var isComplete: Bool { spans.count == strata.reduce(0) { $0 + $1.blockCount } }

    /// The pages that a span's sample has.
    func pages(of span: Span) -> Range<Int> { strata[span.stratum].pages(ofBlock: span.sample) }

    /// How many of so many samples each stratum gets: by the square root of its size, and no more than it has blocks.
    private static func shares(of count: Int, _ strata: [(blocks: Int, pages: Int)]) -> [Int] {
        var shares = Array(repeating: 0, count: strata.count)
        var left = count
        // The smallest first: what they do not need is the others'.
        var weight = strata.reduce(0.0) { $0 + Double($1.pages).squareRoot() }
        for number in strata.indices.sorted(by: { strata[$0].blocks < strata[$1].blocks }) where left > 0 {
            let own = Double(strata[number].pages).squareRoot()
            let share = Int(min(Double(strata[number].blocks), (Double(left) * own / weight).rounded()))
            shares[number] = min(left, min(strata[number].blocks, max(share, min(2, strata[number].blocks))))
            left -= shares[number]
            weight -= own
        }
        return shares
    }
}

extension Int {
    /// The product of two sizes, at most `Int.max`.
    func saturatingMultiplied(by other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
