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

/// Pages that are sampled alike: ranges of like size, one behind the other, cut into blocks.
struct SampleStratum: Sendable {
    /// Ascending and apart.
    private let ranges: [Range<Int>]
    /// The number of the first block of each range.
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

    /// The pages of a block; the last one of a range may have fewer than the others.
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
    /// Sorts ranges into strata, each of sizes within a factor of eight: a few small mappings beside a large one hold
    /// other things than it, and would be met by few samples or by one that stands for too much.
    static func strata(of ranges: [Range<Int>], blockPages: Int) -> [SampleStratum] {
        var classes: [[Range<Int>]] = Array(repeating: [], count: 22)
        for range in ranges where !range.isEmpty {
            let magnitude = Int.bitWidth - 1 - range.count.leadingZeroBitCount
            classes[magnitude / 3].append(range)
        }
        return classes.filter { !$0.isEmpty }.map { SampleStratum($0, blockPages: blockPages) }
    }
}

/// Which pages there are to sample.
struct SampleRanges {
    /// By family, the processes that can be looked at.
    private(set) var members: [[Int]]
    let ofFamilies: [[Range<Int>]]
    let ofFiles: [Range<Int>]

    init(_ processes: [SampledProcess]) {
        var members: [[Int]] = Array(repeating: [], count: (processes.map(\.family).max() ?? -1) + 1)
        for number in processes.indices where processes[number].unavailableReason == nil {
            members[processes[number].family].append(number)
        }
        self.members = members
        ofFamilies = members.map { family in
            family.flatMap { processes[$0].anonymousSegments.map(\.pages) }.joinedRanges()
        }
        ofFiles = processes.flatMap { $0.fileSegments.map(\.pages) }.joinedRanges()
    }
}

/// How many windows each group gets, so that no process is read more often than was asked for, on the average.
///
/// A process's reads go to its anonymous memory and to its files by what it has of both. What one of them does not need,
/// because all of it can be read for less, is the other's.
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
        // A window costs a read in each process that has it mapped.
        let mapped = processes.reduce(0.0) { sum, process in
            process.fileSegments.reduce(sum) { $0 + Double($1.pages.count) }
        }
        let windows = mapped > 0 ? readsOfFiles * Double(ranges.ofFiles.pageCount) / mapped : 0
        let worth = SamplePlan.readsWorth(of: ranges.ofFiles)
        countOfFiles = Int((worthOfFiles <= readsOfFiles ? worth : min(windows, worth)).rounded(.up))
    }
}

/// Numbers by chance, the same ones for the same seed (Steele, Lea and Flood's SplitMix64).
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

    /// One of a range that is not empty.
    mutating func next(in range: Range<Int>) -> Int { Int.random(in: range, using: &self) }
}
