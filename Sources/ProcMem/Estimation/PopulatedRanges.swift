/// The parts of a process's mappings that have pages in memory at all.
///
/// A reservation of 64 GiB with 512 MiB in memory defeats samples that are spread evenly: one in 128 meets a page. The
/// kernel finds the next page behind a hole in one step, so the holes are left out, ever finer, until what remains is dense
/// enough or no longer shrinks.
struct PopulatedRanges {
    private(set) var ranges: [Range<Int>]
    private var remainingScanCalls: Int

    /// - Parameters:
    ///   - ranges: The mappings' pages, in ascending order.
    ///   - presentCount: How many of them are in memory.
    ///   - maximumQuestions: How often to ask at most; 2 µs each and what the walk over empty page tables takes.
    ///   - firstPresent: The first page in memory within a range.
    init(
        in ranges: [Range<Int>],
        presentCount: Int,
        maximumScanCalls: Int,
        firstPresent: (Range<Int>) throws(Errno) -> Int?
    ) {
        self.ranges = ranges
        remainingScanCalls = maximumScanCalls
        var size = ranges.pageCount
        var stride = max(Self.smallestStride, size / 64)
        while size / 2 > presentCount, remainingScanCalls > 0 {
            // Where the kernel does not tell, samples must do with what there is.
            guard let finer = try? blocks(of: stride, firstPresent) else { return }
            self.ranges = finer
            let finerSize = finer.pageCount
            // Scattered evenly: there are no holes to leave out.
            if finerSize > size / 4 * 3, stride < size / 64 { return }
            size = finerSize
            guard stride > Self.smallestStride else { return }
            stride = max(Self.smallestStride, stride / 8)
        }
    }

    private static var smallestStride: Int { 16 }

    /// The blocks of so many pages that are not empty.
    private mutating func blocks(
        of stride: Int,
        _ firstPresent: (Range<Int>) throws(Errno) -> Int?
    ) throws(Errno) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for range in ranges {
            // A block at the most: that it is empty would say little. Hundreds of such would take all questions.
            guard range.count > stride else {
                found.append(range)
                continue
            }
            var start = range.lowerBound
            while start < range.upperBound {
                guard remainingScanCalls > 0 else {
                    found.append(start..<range.upperBound)
                    break
                }
                remainingScanCalls -= 1
                guard let page = try firstPresent(start..<range.upperBound), page >= start, page < range.upperBound
                else { break }
                let first = page - (page - range.lowerBound) % stride
                let end = min(range.upperBound, first + stride)
                found.append(max(start, first)..<end)
                start = end
            }
        }
        return found.joinedRanges()
    }
}

extension [Range<Int>] {
    var pageCount: Int { reduce(0) { $0.saturatingAdding($1.count) } }

    /// The same pages in ascending order, each once, in as few ranges as there can be.
    func joinedRanges() -> [Range<Int>] {
        var joined: [Range<Int>] = []
        for range in sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = joined.last, last.upperBound >= range.lowerBound {
                joined[joined.count - 1] = last.lowerBound..<Swift.max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        return joined
    }
}
