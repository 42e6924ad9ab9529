/// A process whose pages are sampled, with its counters and its relations.
struct SampledProcess: Sendable {
    let process: ProcessSelector
    /// The start time, which identifies the process together with its pid.
    let startTimeTicks: Int
    /// The number of anonymous pages, from `statm`.
    let anonymousCount: Int
    /// The number of pages of files and shared memory, from `statm`.
    let fileCount: Int
    /// The number of page faults since the process was forked; `nil` if it is not known.
    var faultCount: Int?
    /// The number of page faults of its descendants that have exited; `nil` if it is not known.
    let endedFaultCount: Int?
    /// Whether a process that is not in the set may have faulted in pages that this one maps.
    let mayLackFaults: Bool
    /// The layout of its program, which changes when the process executes a program.
    let layout: ProgramLayout?
    /// The index of the family: the same one for all processes of one layout.
    let family: Int
    /// The index of the process from which it was forked; `nil` if it has executed a program, or if that process is not
    /// in the set.
    let parent: Int?
    /// Whether it has executed a program, so that its memory was empty at that time.
    let isFounder: Bool
    /// Whether it may have forked children, which may still map its pages.
    let mayHaveForked: Bool
    /// Whether its parent is in the set, whatever the layout of either.
    var hasParentInSet = false

    /// The anonymous memory and the writable private mappings, by the process's own addresses. Within a family, an
    /// address denotes the same memory.
    var anonymousSegments: [PageSegment] = []
    /// The files and shared memory, by their position among all mapped files.
    var fileSegments: [PageSegment] = []
    /// Whether the kernel's zero pages, which RSS does not count, are excluded.
    var excludesZeros = false
    /// Whether the kernel did not report which pages are zero pages, so that they may be among the pages that were
    /// found.
    var mayHoldZeros = false
    /// The number of reads of `pagemap`.
    var readCount = 0
    /// The error because of which the process was not sampled; `nil` if it was.
    var failure: FileReadError?
    /// The reason why the process was not sampled; `nil` if it was.
    var unavailableReason: UnavailableReason? { failure.map(UnavailableReason.init(ofOneAmongSeveral:)) }
}

/// Consecutive pages that a process maps.
struct PageSegment: Sendable {
    /// The page numbers, which denote the same pages in all processes of a group.
    var pages: Range<Int>
    /// The page number of the first page in the process's address space.
    let firstPage: Int
    let contents: Contents

    /// The pages that are counted where they are found.
    enum Contents: Sendable {
        /// Anonymous pages and pages of a file.
        case all
        /// The pages of a file, by their position in it. A page in a shared mapping that belongs to no file is memory of
        /// a device.
        case pagesOfFile
        /// The anonymous pages of a private mapping of a file, by their address.
        case anonymousPages
    }

    /// Returns whether a page in memory is counted.
    func counts(_ entry: PageEntry) -> Bool {
        switch contents {
        case .all: true
        case .pagesOfFile: entry.isOfFile
        case .anonymousPages: !entry.isOfFile
        }
    }
}

extension [PageSegment] {
    /// Appends a segment, or extends the last one if the segment continues it.
    mutating func append(joining segment: PageSegment) {
        guard let last, last.pages.upperBound == segment.pages.lowerBound, last.contents == segment.contents,
            last.firstPage + last.pages.count == segment.firstPage
        else {
            append(segment)
            return
        }
        self[count - 1].pages = last.pages.lowerBound..<segment.pages.upperBound
    }

    /// Returns the parts of the segments that lie in the given ranges of the process's address space.
    func within(_ ranges: [Range<Int>]) -> [PageSegment] {
        var parts: [PageSegment] = []
        for segment in self {
            let whole = segment.firstPage..<segment.firstPage + segment.pages.count
            // The first range that ends after the start of the segment.
            var index = ranges.partitioningIndex { $0.upperBound > whole.lowerBound }
            while index < ranges.count, ranges[index].lowerBound < whole.upperBound {
                let part = ranges[index].clamped(to: whole)
                let start = segment.pages.lowerBound + (part.lowerBound - whole.lowerBound)
                parts.append(
                    PageSegment(
                        pages: start..<start + part.count,
                        firstPage: part.lowerBound,
                        contents: segment.contents
                    )
                )
                index += 1
            }
        }
        return parts
    }
}

extension RandomAccessCollection where Index == Int {
    /// Returns the first index whose element satisfies a condition that all later elements satisfy too; the end if none
    /// does.
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

/// A common numbering of the pages of all mapped files: the files follow each other.
struct FileNumbering {
    private var indices: [FileID: Int] = [:]
    /// For each file, the end of its mapped pages.
    private var ends: [Int] = []

    /// Returns the index of a file, and records the end of one of its mappings.
    mutating func number(of file: FileID, mappedTo end: Int) -> Int {
        let index = indices[file] ?? ends.count
        if index == ends.count {
            indices[file] = index
            ends.append(0)
        }
        ends[index] = max(ends[index], end)
        return index
    }

    /// The number of the first page of each file. Files beyond the range of `Int` share the last number.
    var firstPages: [Int] {
        var next = 0
        return ends.map { end in
            defer { next = min(next.saturatingAdding(end), 1 << 60) }
            return next
        }
    }
}

extension SampledProcess {
    /// The mappings of the process. Holes are left out if the mappings are sparse.
    struct Mappings {
        fileprivate var anonymous: [PageSegment] = []
        /// The mappings of files, by the position of the pages in the file.
        fileprivate var ofFiles: [(file: Int, segment: PageSegment)] = []
    }

    /// Sets the segments from the mappings, once the pages of all files are numbered.
    mutating func setSegments(from mappings: Mappings, _ firstPages: [Int]) {
        anonymousSegments = mappings.anonymous
        for (file, segment) in mappings.ofFiles {
            let start = segment.pages.lowerBound + firstPages[file]
            fileSegments.append(
                joining: PageSegment(
                    pages: start..<start + segment.pages.count,
                    firstPage: segment.firstPage,
                    contents: segment.contents
                )
            )
        }
    }

    /// Returns the mappings without their large holes.
    ///
    /// - Parameters:
    ///   - list: The mappings in `maps`.
    ///   - map: The open `pagemap`.
    ///   - maximumScanCalls: The maximum number of system calls that find the next page after a hole.
    ///   - numbering: The common numbering of the files, which is extended.
    ///   - mayListOn: Whether there is time for another system call.
    /// - Returns: The mappings; those for which there was no time keep their holes.
    func mappings(
        _ list: [MemoryMapping],
        _ map: borrowing PageMap,
        maximumScanCalls: Int,
        numbering: inout FileNumbering,
        mayListOn: () -> Bool = { true }
    ) -> Mappings {
        var mappings = Mappings()
        let anonymous = populated(
            list.lazy.filter(\.isByAddress).map(\.pages),
            anonymousCount,
            map,
            maximumScanCalls,
            mayListOn
        )
        for mapping in list where mapping.isByAddress {
            mappings.anonymous.append(
                joining: PageSegment(
                    pages: mapping.pages,
                    firstPage: mapping.pages.lowerBound,
                    contents: mapping.isShared
                        ? .pagesOfFile : mapping.isByAddressAndByPosition ? .anonymousPages : .all
                )
            )
        }
        if let anonymous { mappings.anonymous = mappings.anonymous.within(anonymous) }
        let ofFiles = populated(
            list.lazy.filter { !$0.isByAddress }.map(\.pages),
            fileCount,
            map,
            maximumScanCalls,
            mayListOn
        )
        for mapping in list where !mapping.isByAddress || mapping.isByAddressAndByPosition {
            guard let source = mapping.source else { continue }
            let pages = source.page..<source.page + mapping.pages.count
            let file = numbering.number(of: source.file, mappedTo: pages.upperBound)
            let segment = PageSegment(
                pages: pages,
                firstPage: mapping.pages.lowerBound,
                contents: mapping.isShared || mapping.isByAddress ? .pagesOfFile : .all
            )
            let populated = mapping.isByAddress ? anonymous : ofFiles
            for part in populated.map({ [segment].within($0) }) ?? [segment] { mappings.ofFiles.append((file, part)) }
        }
        return mappings
    }

    /// Finds the populated parts of some mappings. The mappings get a share of the system calls that corresponds to
    /// their share of the process's memory.
    ///
    /// - Returns: `nil` if the mappings are dense enough.
    private func populated(
        _ pages: some Sequence<Range<Int>>,
        _ presentCount: Int,
        _ map: borrowing PageMap,
        _ maximumScanCalls: Int,
        _ mayListOn: () -> Bool
    ) -> [Range<Int>]? {
        let size = pages.reduce(0) { $0.saturatingAdding($1.count) }
        // Pages that a single read covers are not worth a system call.
        guard size / 2 > presentCount, size > 512 else { return nil }
        let ranges = Array(pages).joinedRanges()
        let share = max(0.125, Double(presentCount) / max(1, Double(anonymousCount) + Double(fileCount)))
        let scanCalls = Int((Double(maximumScanCalls) * share).rounded(.up))
        if let runs = Self.presentRuns(
            in: ranges,
            presentCount: presentCount,
            map,
            maximumScanCalls: scanCalls,
            mayListOn
        ) {
            return runs
        }
        return PopulatedRanges(in: ranges, presentCount: presentCount, maximumScanCalls: scanCalls) {
            (range) throws(Errno) in
            guard mayListOn() else { throw .interrupted }
            return try map.firstPresent(in: range)
        }.ranges
    }

    /// Returns the runs of pages in memory, from one scan of each large range. Small ranges are kept.
    ///
    /// - Returns: `nil` if the kernel cannot scan, if there is no time for all ranges, or if there are too many pages or
    ///   runs: the cost of a scan grows with the pages that are in memory, that of a search for the next page after a
    ///   hole does not.
    private static func presentRuns(
        in ranges: [Range<Int>],
        presentCount: Int,
        _ map: borrowing PageMap,
        maximumScanCalls: Int,
        _ mayListOn: () -> Bool
    ) -> [Range<Int>]? {
        // A page adds about a hundredth of the cost of a call.
        guard presentCount / 100 <= maximumScanCalls, ranges.count(where: { $0.count > 512 }) <= maximumScanCalls
        else { return nil }
        var joined: [Range<Int>] = []
        // The kernel's zero page is in memory too, and is not in `presentCount`.
        var mostPages = 100 * maximumScanCalls
        for range in ranges {
            guard joined.count < maximumRuns, mayListOn() else { return nil }
            guard range.count > 512 else {
                joined.append(range)
                continue
            }
            guard
                let runs = try? map.presentRuns(in: range, maximumCount: maximumRuns, maximumPageCount: mostPages + 1)
            else { return nil }
            mostPages -= runs.reduce(0) { $0 + $1.count }
            guard mostPages >= 0 else { return nil }
            for run in runs.map({ $0.clamped(to: range) }) where !run.isEmpty {
                // Reading a short hole costs less than another read.
                if let last = joined.last, last.lowerBound >= range.lowerBound,
                    run.lowerBound - last.upperBound < pagesOfRead
                {
                    joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, run.upperBound)
                } else {
                    joined.append(run)
                }
            }
        }
        return joined
    }

    /// The number of runs for which one scan has room.
    private static var maximumRuns: Int { 2048 }
    /// The number of pages that one read covers without costing much more than a read of one.
    fileprivate static var pagesOfRead: Int { 16 }
}

extension MemoryMapping {
    /// Whether the mapping is sampled twice: its anonymous pages by their address, and the pages of its file by their
    /// position, because other mappings may show the same pages of the file.
    ///
    /// A mapping that one read covers is sampled by address only.
    fileprivate var isByAddressAndByPosition: Bool {
        isByAddress && source != nil && pages.count > SampledProcess.pagesOfRead
    }
}
