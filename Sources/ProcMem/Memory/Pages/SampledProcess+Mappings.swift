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
    mutating func take(_ mappings: Mappings, _ firstPages: [Int]) {
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
        maximumQuestions: Int,
        numbering: inout FileNumbering
    ) -> Mappings {
        var mappings = Mappings()
        let anonymous = populated(
            list.lazy.filter(\.isByAddress).map(\.pages),
            anonymousCount,
            map,
            maximumQuestions
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
        let ofFiles = populated(list.lazy.filter { !$0.isByAddress }.map(\.pages), fileCount, map, maximumQuestions)
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
        _ maximumQuestions: Int
    ) -> [Range<Int>]? {
        let size = pages.reduce(0) { $0.saturatingAdding($1.count) }
        // What one read takes in anyway is not worth a question.
        guard size / 2 > presentCount, size > 512 else { return nil }
        let ranges = Array(pages).joinedRanges()
        let part = max(0.125, Double(presentCount) / max(1, Double(anonymousCount) + Double(fileCount)))
        let questions = Int((Double(maximumQuestions) * part).rounded(.up))
        return PopulatedRanges(in: ranges, presentCount: presentCount, maximumQuestions: questions) {
            (range) throws(Errno) in try map.firstPresent(in: range)
        }.ranges
    }
}
