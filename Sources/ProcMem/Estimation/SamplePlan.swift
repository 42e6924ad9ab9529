/// The blocks of a set of pages that are read: a stratified random sample.
///
/// Each stratum is cut into spans. One block of each span is chosen at random and represents the span. The choice does
/// not depend on the contents of other blocks: more samples where two neighbours differ would mostly miss differences
/// that are smaller than a span.
struct SamplePlan: Sendable {
    /// Consecutive blocks of one stratum, which one of them represents.
    struct Span: Sendable {
        let stratum: Int
        let blocks: Range<Int>
        let sample: Int

        /// The number of blocks that the sample represents.
        var weight: Int { blocks.count }
    }

    private let strata: [SampleStratum]
    /// The spans, in the order of their strata and blocks.
    private(set) var spans: [Span] = []

    /// - Parameters:
    ///   - ranges: The pages, ascending and disjoint.
    ///   - presentCount: The number of them that are likely to be in memory.
    ///   - count: The number of blocks to read.
    ///   - generator: The source of random numbers.
    init(of ranges: [Range<Int>], presentCount: Int, count: Int, generator: SampleGenerator) {
        let isWhole = Self.readsWorth(of: ranges) <= Double(count)
        strata = SampleStratum.strata(
            of: ranges,
            blockPages: isWhole
                ? Self.largestBlockPages : Self.blockPages(of: ranges.pageCount, presentCount: presentCount)
        )
        var generator = generator
        // If all pages fit into the number of reads, all of them are read.
        let shares = Self.shares(of: isWhole ? .max : max(0, count), strata.map { ($0.blockCount, $0.pageCount) })
        for (index, stratum) in strata.enumerated() {
            let share = shares[index]
            // The first block of a part, computed without overflow for any number of blocks.
            func start(_ part: Int) -> Int {
                stratum.blockCount / share * part + stratum.blockCount % share * part / share
            }
            for part in 0..<share {
                let blocks = start(part)..<start(part + 1)
                spans.append(Span(stratum: index, blocks: blocks, sample: generator.next(in: blocks)))
            }
        }
    }

    /// Returns the number of pages in a block.
    ///
    /// A block has at least 16 pages, because reading 16 entries costs hardly more than reading one. If few pages are
    /// in memory, blocks are larger, so that they are likely to contain one of those.
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

    /// Returns the cost of reading all of some pages, in units of reading one block of 16 pages. About two thirds of
    /// that cost do not depend on its length; the rest grows with the number of pages.
    static func readsWorth(of ranges: some Sequence<Range<Int>>) -> Double {
        ranges.reduce(0) { $0 + 0.67 + Double($1.count) / 50 }
    }

    /// Whether every block is read.
    var isComplete: Bool { spans.count == strata.reduce(0) { $0 + $1.blockCount } }

    /// Returns the pages of a span's sample.
    func pages(of span: Span) -> Range<Int> { strata[span.stratum].pages(ofBlock: span.sample) }

    /// Returns the number of samples for each stratum, in proportion to the square root of its size. It is at most the
    /// number of the stratum's blocks.
    private static func shares(of count: Int, _ strata: [(blocks: Int, pages: Int)]) -> [Int] {
        var shares = Array(repeating: 0, count: strata.count)
        var remaining = count
        // The smallest strata come first: the samples that they do not need go to the others.
        var weight = strata.reduce(0.0) { $0 + Double($1.pages).squareRoot() }
        for index in strata.indices.sorted(by: { strata[$0].blocks < strata[$1].blocks }) where remaining > 0 {
            let own = Double(strata[index].pages).squareRoot()
            let share = Int(min(Double(strata[index].blocks), (Double(remaining) * own / weight).rounded()))
            shares[index] = min(remaining, min(strata[index].blocks, max(share, min(2, strata[index].blocks))))
            remaining -= shares[index]
            weight -= own
        }
        return shares
    }
}

/// Pages that are sampled with the same density: ranges of similar size, cut into blocks.
struct SampleStratum: Sendable {
    /// The ranges, ascending and disjoint.
    private let ranges: [Range<Int>]
    /// The index of the first block of each range.
    private let firstBlocks: [Int]
    let blockCount: Int
    let pageCount: Int
    private let blockPages: Int

    init(_ ranges: [Range<Int>], blockPages: Int) {
        self.ranges = ranges
        self.blockPages = blockPages
        pageCount = ranges.pageCount
        var count = 0
        firstBlocks = ranges.map { range in
            defer { count += (range.count - 1) / blockPages + 1 }
            return count
        }
        blockCount = count
    }

    /// Returns the pages of a block. The last block of a range may have fewer pages than the others.
    func pages(ofBlock block: Int) -> Range<Int> {
        var low = 0
        var high = firstBlocks.count
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if firstBlocks[middle] <= block { low = middle } else { high = middle }
        }
        let start = ranges[low].lowerBound + (block - firstBlocks[low]) * blockPages
        return start..<min(ranges[low].upperBound, start + blockPages)
    }
}

extension SampleStratum {
    /// Sorts ranges into strata, so that the sizes within a stratum differ by a factor of less than eight.
    ///
    /// Small mappings have other contents than a large one. In one stratum with it, they would get few samples, or one
    /// sample that represents too many pages.
    static func strata(of ranges: [Range<Int>], blockPages: Int) -> [SampleStratum] {
        var classes: [[Range<Int>]] = Array(repeating: [], count: 22)
        for range in ranges where !range.isEmpty {
            let magnitude = Int.bitWidth - 1 - range.count.leadingZeroBitCount
            classes[magnitude / 3].append(range)
        }
        return classes.filter { !$0.isEmpty }.map { SampleStratum($0, blockPages: blockPages) }
    }
}

/// The pages that can be sampled.
struct SampleRanges {
    /// For each family, the indices of the processes that can be read.
    private(set) var members: [[Int]]
    /// For each family, the pages of anonymous memory.
    let ofFamilies: [[Range<Int>]]
    /// The pages of files and shared memory.
    let ofFiles: [Range<Int>]

    init(_ processes: [SampledProcess]) {
        var members: [[Int]] = Array(repeating: [], count: (processes.map(\.family).max() ?? -1) + 1)
        for index in processes.indices where processes[index].unavailableReason == nil {
            members[processes[index].family].append(index)
        }
        self.members = members
        ofFamilies = members.map { family in
            family.flatMap { processes[$0].anonymousSegments.map(\.pages) }.joinedRanges()
        }
        ofFiles = processes.flatMap { $0.fileSegments.map(\.pages) }.joinedRanges()
    }
}

/// The number of windows for each group, chosen so that the average number of reads in a process is at most the
/// requested one.
///
/// The reads of a process are divided between its anonymous memory and its files in proportion to their sizes. Reads
/// that one of the two does not need, because all of it can be read for less, go to the other.
struct ReadBudget {
    private(set) var countsOfFamilies: [Int] = []
    let countOfFiles: Int

    init(_ processes: [SampledProcess], _ ranges: SampleRanges, reads: Double) {
        var readsOfFiles = 0.0
        var worthOfFiles = 0.0
        var counts: [Double] = []
        for (family, members) in ranges.members.enumerated() {
            let anonymous = members.reduce(0.0) { $0 + Double(processes[$1].anonymousCount) }
            let ofFiles = members.reduce(0.0) { $0 + Double(processes[$1].fileCount) }
            let share = anonymous / max(1, anonymous + ofFiles)
            let worth = SamplePlan.readsWorth(of: ranges.ofFamilies[family])
            let worthOfFilesOfEach =
                members.reduce(0.0) { $0 + SamplePlan.readsWorth(of: processes[$1].fileSegments.lazy.map(\.pages)) }
                / Double(max(1, members.count))
            var count = min(worth, reads * min(0.875, max(0.125, share)))
            if worthOfFilesOfEach < reads - count { count = min(worth, reads - worthOfFilesOfEach) }
            counts.append(count)
            readsOfFiles += (reads - count) * Double(members.count)
            worthOfFiles += worthOfFilesOfEach * Double(members.count)
        }
        countsOfFamilies = counts.map { Int($0.rounded(.up)) }
        // A window costs one read in each process that maps it.
        let mapped = processes.reduce(0.0) { sum, process in
            process.fileSegments.reduce(sum) { $0 + Double($1.pages.count) }
        }
        let windows = mapped > 0 ? readsOfFiles * Double(ranges.ofFiles.pageCount) / mapped : 0
        let worth = SamplePlan.readsWorth(of: ranges.ofFiles)
        countOfFiles = Int((worthOfFiles <= readsOfFiles ? worth : min(windows, worth)).rounded(.up))
    }
}

/// A generator of pseudorandom numbers that are reproducible from a seed (Steele, Lea and Flood's SplitMix64).
struct SampleGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64 = .random(in: .min ... .max)) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Returns a random element of a range, which must not be empty.
    mutating func next(in range: Range<Int>) -> Int { Int.random(in: range, using: &self) }
}
