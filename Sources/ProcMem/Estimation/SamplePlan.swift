/// The blocks of a set of pages that are read: a stratified random sample.
///
/// Each stratum is cut into spans with about the same number of pages. One block of each span is chosen at random and
/// represents the span. A block is chosen with a probability in proportion to its pages, so that what it shows of each
/// page holds for every page of the span: blocks of different sizes, at the ends of mappings, add no error. The choice
/// does not depend on the contents of other blocks: more samples where two neighbours differ would mostly miss differences
/// that are smaller than a span.
struct SamplePlan: Sendable {
    /// Consecutive blocks of one stratum, which one of them represents.
    struct Span: Sendable {
        let stratum: Int
        let blocks: Range<Int>
        let sample: Int
        /// The index of the group of spans among which the leaves of a family are divided.
        let group: Int
        /// The index of the span in its group.
        let slot: Int
        /// The number of spans of the group.
        let rotation: Int
        /// The number of pages in the blocks of the span.
        let pageCount: Int
        /// The number of pages in the sample.
        let samplePageCount: Int
        /// ``SamplePiece/roots`` of the sample.
        let roots: Int

        /// The number of blocks of the sample's size that the sample represents.
        var weight: Double { Double(pageCount) / Double(max(1, samplePageCount)) }
    }

    private let strata: [SampleStratum]
    /// The spans, in the order of their strata and blocks.
    private(set) var spans: [Span] = []
    private(set) var groupCount = 0
    /// Whether every block is read in every process that maps it.
    let isComplete: Bool

    /// - Parameters:
    ///   - ranges: The pages, ascending and disjoint.
    ///   - presentCount: The number of them that are likely to be in memory.
    ///   - count: The number of blocks to read.
    ///   - generator: The source of random numbers.
    init(of ranges: [Range<Int>], presentCount: Int, count: Int, generator: SampleGenerator) {
        self.init(
            of: ranges.map { SamplePiece(pages: $0, mappers: 1, roots: 1, leaves: 0) },
            presentCount: presentCount,
            reads: Double(max(0, count)),
            readsAll: Self.readsWorth(of: ranges) <= Double(count),
            generator: generator
        )
    }

    /// - Parameters:
    ///   - pieces: The pages, ascending and disjoint.
    ///   - presentCount: The number of them that are likely to be in memory.
    ///   - reads: The number of reads in all processes together.
    ///   - mostReads: The number of reads up to which every stratum gets some samples.
    ///   - readsAll: Whether all pages are read.
    ///   - leafCount: The number of processes that are divided among windows.
    ///   - generator: The source of random numbers.
    init(
        of pieces: [SamplePiece],
        presentCount: Int,
        reads: Double,
        mostReads: Double = 0,
        readsAll: Bool,
        leafCount: Int = 0,
        generator: SampleGenerator
    ) {
        var generator = generator
        if readsAll {
            let ranges = pieces.map(\.pages).joinedRanges()
            strata = SampleStratum.strata(of: ranges, blockPages: Self.largestBlockPages)
        } else {
            let pageCount = pieces.reduce(0) { $0.saturatingAdding($1.pages.count) }
            let blockPages = Self.blockPages(of: pageCount, presentCount: presentCount)
            strata = SampleStratum.strata(ofPieces: pieces, leafCount: leafCount, blockPages: blockPages)
        }
        let shares =
            readsAll
            ? strata.map(\.blockCount)
            : Self.shares(of: min(max(reads, Self.leastReads(of: strata)), max(reads, mostReads)), strata)
        for (index, stratum) in strata.enumerated() {
            let share = shares[index]
            guard share > 0 else { continue }
            let rotation = min(stratum.rotation, stratum.blockCount / share)
            let spanCount = share * rotation
            let starts = stratum.spanStarts(spanCount)
            for part in 0..<spanCount {
                let blocks = starts[part]..<starts[part + 1]
                let pages = stratum.pagesBefore(blocks.lowerBound)..<stratum.pagesBefore(blocks.upperBound)
                let sample = pages.isEmpty ? blocks.lowerBound : stratum.block(ofPage: generator.next(in: pages))
                spans.append(
                    Span(
                        stratum: index,
                        blocks: blocks,
                        sample: sample,
                        group: groupCount + part / rotation,
                        slot: part % rotation,
                        rotation: rotation,
                        pageCount: pages.count,
                        samplePageCount: stratum.pages(ofBlock: sample).count,
                        roots: stratum.roots(ofBlock: sample)
                    )
                )
            }
            groupCount += share
        }
        isComplete =
            spans.count == strata.reduce(0) { $0 + $1.blockCount } && spans.allSatisfy { $0.rotation == 1 }
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

    /// Returns the pages of a span's sample.
    func pages(of span: Span) -> Range<Int> { strata[span.stratum].pages(ofBlock: span.sample) }

    /// Returns four times the reads that one sample of each stratum costs.
    ///
    /// One sample of memory that all processes map costs as many reads as there are processes. Without this number, a
    /// large mapping of one process would leave too few reads for it.
    private static func leastReads(of strata: [SampleStratum]) -> Double {
        strata.reduce(0) { $0 + $1.readsOfSample * Double(min(4, $1.blockCount)) }
    }

    /// Returns the number of groups of samples for each stratum. The reads are in proportion to the square root of the
    /// stratum's mass. There are at most as many samples as blocks.
    private static func shares(of reads: Double, _ strata: [SampleStratum]) -> [Int] {
        var shares = Array(repeating: 0, count: strata.count)
        var reserved = 0.0
        // One sample of each stratum, the largest first: a stratum without a sample would not be counted.
        for index in strata.indices.sorted(by: { strata[$0].mass > strata[$1].mass })
        where strata[index].blockCount > 0 && reserved + strata[index].readsOfSample <= reads {
            shares[index] = 1
            reserved += strata[index].readsOfSample
        }
        var remaining = reads
        // The smallest strata come first: the samples that they do not need go to the others.
        var weight = strata.reduce(0.0) { $0 + $1.mass.squareRoot() }
        for index in strata.indices.sorted(by: { strata[$0].blockCount < strata[$1].blockCount }) {
            let stratum = strata[index]
            let own = stratum.mass.squareRoot()
            defer { weight -= own }
            reserved -= Double(shares[index]) * stratum.readsOfSample
            let affordable = max(Double(shares[index]), ((remaining - reserved) / stratum.readsOfSample).rounded(.down))
            guard affordable >= 1 else { continue }
            let share = (remaining * own / weight / stratum.readsOfSample).rounded()
            // One sample represents a stratum that is not worth one; more are needed to show how they differ.
            let wanted = min(Double(stratum.blockCount), share < 1 ? 1 : max(share, 2))
            shares[index] = Int(min(affordable, wanted))
            remaining -= Double(shares[index]) * stratum.readsOfSample
        }
        return shares
    }
}

/// Pages that are sampled with the same density: ranges of similar size, cut into blocks.
struct SampleStratum: Sendable {
    /// The pieces, ascending and disjoint.
    private let pieces: [SamplePiece]
    /// The index of the first block of each piece.
    private let firstBlocks: [Int]
    /// The number of pages before each piece.
    private let firstPages: [Int]
    let blockCount: Int
    let pageCount: Int
    private let blockPages: Int
    /// The number of windows among which the leaves are divided.
    let rotation: Int
    /// The average number of reads that a group of samples costs.
    let readsOfSample: Double
    /// The sum of the masses of the pieces.
    let mass: Double

    init(_ ranges: [Range<Int>], blockPages: Int) {
        self.init(
            ranges.map { SamplePiece(pages: $0, mappers: 1, roots: 1, leaves: 0) },
            rotation: 1,
            blockPages: blockPages
        )
    }

    init(_ pieces: [SamplePiece], rotation: Int, blockPages: Int) {
        self.pieces = pieces
        self.rotation = rotation
        self.blockPages = blockPages
        var pageCount = 0
        firstPages = pieces.map { piece in
            defer { pageCount = pageCount.saturatingAdding(piece.pages.count) }
            return pageCount
        }
        self.pageCount = pageCount
        var count = 0
        var reads = 0.0
        var mass = 0.0
        firstBlocks = pieces.map { piece in
            let blocks = (piece.pages.count - 1) / blockPages + 1
            defer { count += blocks }
            reads += Double(blocks) * Double(piece.leaves + (piece.mappers - piece.leaves) * rotation)
            mass += piece.mass
            return count
        }
        blockCount = count
        readsOfSample = count > 0 ? reads / Double(count) : 1
        self.mass = mass
    }

    /// Returns the pages of a block. The last block of a piece may have fewer pages than the others.
    func pages(ofBlock block: Int) -> Range<Int> {
        let index = index(ofBlock: block)
        let start = pieces[index].pages.lowerBound + (block - firstBlocks[index]) * blockPages
        return start..<min(pieces[index].pages.upperBound, start + blockPages)
    }

    /// Returns the number of roots of the piece that contains a block.
    func roots(ofBlock block: Int) -> Int { pieces[index(ofBlock: block)].roots }

    /// Returns the number of pages in the blocks before a block, or in all blocks.
    func pagesBefore(_ block: Int) -> Int {
        guard block < blockCount else { return pageCount }
        let index = index(ofBlock: block)
        return firstPages[index] + (block - firstBlocks[index]) * blockPages
    }

    /// Returns the block that contains the page with an index among all pages of the stratum.
    func block(ofPage page: Int) -> Int {
        let index = max(0, firstPages.partitioningIndex { $0 > page } - 1)
        return min(blockCount - 1, firstBlocks[index] + (page - firstPages[index]) / blockPages)
    }

    /// Returns the first block of each of several spans with about the same number of pages, and the end of the last
    /// one. Each span has at least one block.
    func spanStarts(_ count: Int) -> [Int] {
        var starts = [0]
        for part in 1..<max(1, count) {
            // Computed without overflow for any number of pages.
            let page = pageCount / count * part + pageCount % count * part / count
            let block = block(ofPage: page)
            // The nearer end of the block.
            let isNearerToEnd = page - pagesBefore(block) > pagesBefore(block + 1) - page
            starts.append(min(max(isNearerToEnd ? block + 1 : block, starts[part - 1] + 1), blockCount - count + part))
        }
        return starts + [blockCount]
    }

    private func index(ofBlock block: Int) -> Int {
        max(0, firstBlocks.partitioningIndex { $0 > block } - 1)
    }
}

extension SampleStratum {
    /// Sorts ranges into strata, so that the sizes within a stratum differ by a factor of less than eight.
    ///
    /// Small mappings have other contents than a large one. In one stratum with it, they would get few samples, or one
    /// sample that represents too many pages.
    static func strata(of ranges: [Range<Int>], blockPages: Int) -> [SampleStratum] {
        strata(
            ofPieces: ranges.map { SamplePiece(pages: $0, mappers: 1, roots: 1, leaves: 0) },
            blockPages: blockPages
        )
    }

    /// Sorts pieces into strata by size, by the number of members with a page of their own, and by the number of
    /// windows among which the leaves are divided. Where only own memory is mapped, the contents differ least.
    static func strata(ofPieces pieces: [SamplePiece], leafCount: Int = 0, blockPages: Int) -> [SampleStratum] {
        struct Kind: Hashable, Comparable {
            let size: Int
            let roots: Int
            let isOnlyOwn: Bool
            let rotation: Int

            static func < (left: Kind, right: Kind) -> Bool {
                (left.size, left.roots, left.rotation, left.isOnlyOwn ? 1 : 0)
                    < (right.size, right.roots, right.rotation, right.isOnlyOwn ? 1 : 0)
            }
        }
        func magnitude(_ number: Int) -> Int { Int.bitWidth - 1 - max(1, number).leadingZeroBitCount }
        let kinds = Dictionary(grouping: pieces.lazy.filter { !$0.pages.isEmpty }) { piece in
            Kind(
                size: magnitude(piece.pages.count) / 3,
                roots: magnitude(piece.roots),
                isOnlyOwn: piece.isOnlyOwn,
                rotation: piece.rotation(amongLeaves: leafCount)
            )
        }
        return kinds.sorted { $0.key < $1.key }.map { kind, pieces in
            SampleStratum(pieces, rotation: kind.rotation, blockPages: blockPages)
        }
    }
}

/// The number of reads for each group, chosen so that the average number of reads in a process is at most the requested
/// one.
///
/// The reads of a process are divided between its anonymous memory and its files in proportion to the square roots of
/// their sizes. Reads that one of the two does not need, because all of it can be read for less, go to the other.
struct ReadBudget {
    /// The reads of a family.
    struct OfFamily {
        /// The number of reads in all members together.
        let reads: Double
        /// The number of reads up to which every stratum gets some samples.
        let mostReads: Double
        /// Whether all pages are read.
        let readsAll: Bool
    }

    private(set) var families: [OfFamily] = []
    let ofFiles: OfFamily

    init(_ processes: [SampledProcess], _ ranges: SampleRanges, reads: Double) {
        var readsOfFiles = 0.0
        var worthOfFiles = 0.0
        for (family, members) in ranges.members.enumerated() {
            let anonymous = members.reduce(0.0) { $0 + Double(processes[$1].anonymousCount) }
            let ofFiles = members.reduce(0.0) { $0 + Double(processes[$1].fileCount) }
            let memberCount = Double(max(1, members.count))
            let share = anonymous.squareRoot() / max(1, anonymous.squareRoot() + ofFiles.squareRoot())
            func worthOfEach(_ segments: KeyPath<SampledProcess, [PageSegment]>) -> Double {
                members.reduce(0.0) {
                    $0 + SamplePlan.readsWorth(of: processes[$1][keyPath: segments].lazy.map(\.pages))
                } / memberCount
            }
            let worth = worthOfEach(\.anonymousSegments)
            let worthOfFilesOfEach = worthOfEach(\.fileSegments)
            var count = min(worth, reads * min(0.875, max(0.125, share)))
            if worthOfFilesOfEach < reads - count { count = min(worth, reads - worthOfFilesOfEach) }
            readsOfFiles += (reads - count) * memberCount
            worthOfFiles += worthOfFilesOfEach * memberCount
            // A window that few members map costs few reads.
            let pieces = ranges.ofFamilies[family]
            let mapped = pieces.reduce(0.0) { $0 + Double($1.pages.count) * Double($1.mappers) }
            let pages = pieces.reduce(0.0) { $0 + Double($1.pages.count) }
            families.append(
                OfFamily(
                    reads: min(count * memberCount, count * mapped / max(1, pages)).rounded(.up),
                    mostReads: count * memberCount,
                    readsAll: worth <= count
                )
            )
        }
        ofFiles = OfFamily(reads: readsOfFiles, mostReads: readsOfFiles, readsAll: worthOfFiles <= readsOfFiles)
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
