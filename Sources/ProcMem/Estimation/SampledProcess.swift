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
    var unavailableReason: UnavailableReason?
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

/// Where the pages of several processes' files are numbered: one behind the other.
struct FileNumbering {
    private var numbers: [FileID: Int] = [:]
    /// For each file the page behind the last one that is mapped.
    private var ends: [Int] = []

    mutating func number(of file: FileID, mappedTo end: Int) -> Int {
        let number = numbers[file] ?? ends.count
        if number == ends.count {
            numbers[file] = number
            ends.append(0)
        }
        ends[number] = max(ends[number], end)
        return number
    }

    /// For each file the number of its first page. Files beyond what Int counts share the last numbers.
    var firstPages: [Int] {
        var next = 0
        return ends.map { end in
            defer { next = min(next.saturatingAdding(end), 1 << 60) }
            return next
        }
    }
}

extension SampledProcess {
    /// What the process has mapped, the holes left out where there is little between them.
    struct Mappings {
        fileprivate var anonymous: [PageSegment] = []
        /// By file, with the pages' places in it.
        fileprivate var ofFiles: [(file: Int, segment: PageSegment)] = []
    }

    /// Takes over mappings, once all files have their numbers.
    mutating func setSegments(from mappings: Mappings, _ firstPages: [Int]) {
        anonymousSegments = mappings.anonymous
        for (file, segment) in mappings.ofFiles {
            let start = segment.pages.lowerBound + firstPages[file]
            fileSegments.append(
                joining: PageSegment(
                    pages: start..<start + segment.pages.count,
                    firstPage: segment.firstPage,
                    isShared: segment.isShared
                )
            )
        }
    }

    /// - Parameter maximumQuestions: How often to ask for what is behind a hole.
    func mappings(
        _ list: [MemoryMapping],
        _ map: borrowing PageMap,
        maximumScanCalls: Int,
        numbering: inout FileNumbering
    ) -> Mappings {
        var mappings = Mappings()
        let anonymous = populated(
            list.lazy.filter(\.isByAddress).map(\.pages),
            anonymousCount,
            map,
            maximumScanCalls
        )
        for mapping in list where mapping.isByAddress {
            mappings.anonymous.append(
                joining: PageSegment(
                    pages: mapping.pages,
                    firstPage: mapping.pages.lowerBound,
                    isShared: mapping.isShared
                )
            )
        }
        if let anonymous { mappings.anonymous = mappings.anonymous.within(anonymous) }
        let ofFiles = populated(list.lazy.filter { !$0.isByAddress }.map(\.pages), fileCount, map, maximumScanCalls)
        for mapping in list where !mapping.isByAddress {
            guard let source = mapping.source else { continue }
            let pages = source.page..<source.page + mapping.pages.count
            let file = numbering.number(of: source.file, mappedTo: pages.upperBound)
            let segment = PageSegment(
                pages: pages,
                firstPage: mapping.pages.lowerBound,
                isShared: mapping.isShared
            )
            for part in ofFiles.map({ [segment].within($0) }) ?? [segment] { mappings.ofFiles.append((file, part)) }
        }
        return mappings
    }

    /// Questions are worth as much as the memory that they are about: a part of the process gets its part of them.
    ///
    /// - Returns: `nil` where all of it is dense enough.
    private func populated(
        _ pages: some Sequence<Range<Int>>,
        _ presentCount: Int,
        _ map: borrowing PageMap,
        _ maximumScanCalls: Int
    ) -> [Range<Int>]? {
        let size = pages.reduce(0) { $0.saturatingAdding($1.count) }
        // What one read takes in anyway is not worth a question.
        guard size / 2 > presentCount, size > 512 else { return nil }
        let ranges = Array(pages).joinedRanges()
        let part = max(0.125, Double(presentCount) / max(1, Double(anonymousCount) + Double(fileCount)))
        let questions = Int((Double(maximumScanCalls) * part).rounded(.up))
        return PopulatedRanges(in: ranges, presentCount: presentCount, maximumScanCalls: questions) {
            (range) throws(Errno) in try map.firstPresent(in: range)
        }.ranges
    }
}
