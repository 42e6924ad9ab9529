/// The parts of a process's mappings that have pages in memory.
///
/// Samples that are spread evenly over a sparse mapping find almost nothing: of a reservation of 64 GiB with 512 MiB in
/// memory, one sample in 128 finds a page. The kernel finds the next page after a hole in one system call. Therefore
/// the holes are left out, in ever finer steps, until the remaining ranges are dense enough or no longer shrink.
struct PopulatedRanges {
    private(set) var ranges: [Range<Int>]
    private var remainingScanCalls: Int

    /// - Parameters:
    ///   - ranges: The mappings' pages, in ascending order.
    ///   - presentCount: The number of them that are in memory.
    ///   - maximumScanCalls: The maximum number of calls of `firstPresent`. Each is one system call, and its cost also
    ///     grows with the empty page tables that the kernel walks.
    ///   - firstPresent: Returns the first page of a range that is in memory.
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
            // If the kernel cannot find the pages, the ranges stay as they are.
            guard let finer = try? blocks(of: stride, firstPresent) else { return }
            self.ranges = finer
            let finerSize = finer.pageCount
            // The pages are scattered evenly: there are no large holes.
            if finerSize > size / 4 * 3, stride < size / 64 { return }
            size = finerSize
            guard stride > Self.smallestStride else { return }
            stride = max(Self.smallestStride, stride / 8)
        }
    }

    private static var smallestStride: Int { 16 }

    /// Returns the blocks of `stride` pages that have at least one page in memory.
    private mutating func blocks(
        of stride: Int,
        _ firstPresent: (Range<Int>) throws(Errno) -> Int?
    ) throws(Errno) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for range in ranges {
            // A range of at most one block is kept: leaving it out saves little, and hundreds of small ranges would use
            // up all calls.
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

    /// Returns the number of pages that are in other ranges as well. Both are in ascending order.
    func pageCount(in others: [Range<Int>]) -> Int {
        var (sum, first, second) = (0, 0, 0)
        while first < count, second < others.count {
            sum = sum.saturatingAdding(self[first].clamped(to: others[second]).count)
            if self[first].upperBound < others[second].upperBound { first += 1 } else { second += 1 }
        }
        return sum
    }

    /// Returns the same pages as the smallest number of disjoint ranges, in ascending order.
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
