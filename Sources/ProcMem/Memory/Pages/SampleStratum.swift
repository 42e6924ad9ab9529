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
