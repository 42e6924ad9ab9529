/// A process whose pages are sampled, and what its counters say.
struct SampledProcess: Sendable {
    let process: ProcessSelector
    /// With the id, which process it is.
    let startTimeTicks: Int
    /// By `statm`, in pages.
    let anonymousCount: Int
    let fileCount: Int
    /// Page faults since it was forked; `nil` where they are not known.
    let faultCount: Int?
    /// Those of its children, and of theirs, that have ended; `nil` where they are not known.
    let endedFaultCount: Int?
    /// Whether pages that it holds may have been brought by others that are not among the processes.
    let mayLackFaults: Bool
    /// Where its program lies: another one where it has executed a program since.
    let layout: ProgramLayout?
    /// Processes of one layout have one number.
    let family: Int
    /// Which of the processes it was forked from; `nil` for who executed a program, and where that one is not among them.
    let parent: Int?
    /// Whether its memory began anew with a program of its own.
    let isFounder: Bool
    /// Whether it may have had children, who may have its pages still.
    let mayHaveForked: Bool

    /// Anonymous memory, and what becomes so when it is written, by the process's own addresses: within a family an address means the same memory.
    var anonymousSegments: [PageSegment] = []
    /// Files and shared memory, by their place among all files that are mapped.
    var fileSegments: [PageSegment] = []
    /// Whether the kernel's pages of zeros are looked for, which are in nobody's RSS.
    var excludesZeros = false
    /// Whether the kernel did not tell which they are, so that they are among what was found.
    var mayHoldZeros = false
    /// How often its page map was read.
    var readCount = 0
    /// Why it was not sampled; `nil` where it was.
    var obstacle: UnavailableReason?
}

/// Pages that a process has mapped.
struct PageSegment: Sendable {
    /// Which pages these are: numbers that mean the same for all processes of a group.
    var pages: Range<Int>
    /// Where in the process's memory the first of them is.
    let firstPage: Int
    /// Whether all of them are a file's.
    let isShared: Bool
}

extension [PageSegment] {
    /// Adds a segment, to the last one where it goes on there.
    mutating func append(joining segment: PageSegment) {
        guard let last, last.pages.upperBound == segment.pages.lowerBound, last.isShared == segment.isShared,
            last.firstPage + last.pages.count == segment.firstPage
        else {
            append(segment)
            return
        }
        self[count - 1].pages = last.pages.lowerBound..<segment.pages.upperBound
    }

    /// The parts of segments that lie in some ranges of the process's memory.
    func within(_ ranges: [Range<Int>]) -> [PageSegment] {
        var parts: [PageSegment] = []
        for segment in self {
            let whole = segment.firstPage..<segment.firstPage + segment.pages.count
            // The first range that ends behind the segment's beginning.
            var index = ranges.partitioningIndex { $0.upperBound > whole.lowerBound }
            while index < ranges.count, ranges[index].lowerBound < whole.upperBound {
                let part = ranges[index].clamped(to: whole)
                let start = segment.pages.lowerBound + (part.lowerBound - whole.lowerBound)
                parts.append(
                    PageSegment(
                        pages: start..<start + part.count,
                        firstPage: part.lowerBound,
                        isShared: segment.isShared
                    )
                )
                index += 1
            }
        }
        return parts
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first index whose element has a property that all behind it have as well; the end where none has.
    func partitioningIndex(where belongsToSecond: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if belongsToSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
