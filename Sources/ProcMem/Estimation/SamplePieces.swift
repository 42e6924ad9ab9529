/// Consecutive pages that the same processes of a group map.
///
/// A window that crosses the end of a mapping of one member has other contents on either side. Without the cut, an
/// address at which each of forty workers has a page of its own would be in one stratum with addresses of one page.
struct SamplePiece: Sendable, Equatable {
    let pages: Range<Int>
    /// The number of processes that map the piece.
    let mappers: Int
    /// The number of these whose parent does not map it: about the number of distinct pages at each of its addresses.
    let roots: Int
    /// The number of these that have no child in the set.
    let leaves: Int

    /// Whether no process that maps the piece can have inherited its pages at these addresses.
    var isOnlyOwn: Bool { roots == mappers }

    /// The pages that the piece is likely to add to the error of the total.
    ///
    /// Each root has pages of its own, and each other process may have rewritten some: that is less likely, and counts an
    /// eighth. Nearly every page of a piece that is only own is exclusive, so that its samples differ little from each
    /// other: they count an eighth as well.
    var mass: Double {
        let pages = Double(pages.count)
        return isOnlyOwn ? pages * Double(roots) / 8 : pages * (Double(roots) + Double(mappers - roots) / 8)
    }

    /// The number of windows among which the leaves are divided: each leaf reads one of them, all others read each.
    ///
    /// Siblings are alike in where they write. With the same number of reads, fewer readers of more windows therefore
    /// show more. About eight leaves or more read each window, and the processes that read all windows add at most an
    /// eighth to the reads.
    var rotation: Int {
        var rotation = 1
        while leaves / (rotation * 2) >= 8, (mappers - leaves) * (rotation * 2 - 1) <= mappers / 8 { rotation *= 2 }
        return rotation
    }
}

extension [SamplePiece] {
    /// Cuts the memory of a family at the ends of every member's segments.
    ///
    /// - Parameters:
    ///   - processes: The processes.
    ///   - members: The indices of the family's members.
    ///   - dividesLeaves: Whether each leaf may read only some of the windows.
    init(_ processes: [SampledProcess], _ members: [Int], dividesLeaves: Bool = true) {
        self = []
        var sweep = MappingSweep(processes, members, dividesLeaves: dividesLeaves)
        var start = 0
        for event in sweep.events {
            if event.page > start, sweep.mappers > 0 {
                append(joining: sweep.piece(start..<event.page))
            }
            start = event.page
            sweep.apply(event)
        }
    }

    private mutating func append(joining piece: SamplePiece) {
        if let last, last.pages.upperBound == piece.pages.lowerBound, last.mappers == piece.mappers,
            last.roots == piece.roots, last.leaves == piece.leaves
        {
            self[count - 1] = SamplePiece(
                pages: last.pages.lowerBound..<piece.pages.upperBound,
                mappers: piece.mappers,
                roots: piece.roots,
                leaves: piece.leaves
            )
        } else {
            append(piece)
        }
    }
}

/// The members of a family that map a page, from the first page to the last.
private struct MappingSweep {
    struct Event {
        let page: Int
        let process: Int
        let isStart: Bool
    }

    /// The ends of all segments, in ascending order. Where two segments of a process meet, the end comes first.
    let events: [Event]
    private(set) var mappers = 0
    private var roots = 0
    private var leaves = 0
    private let parents: [Int?]
    /// For each process, whether it reads every window.
    private let readsAll: [Bool]
    private var isMapping: [Bool]
    /// For each process, the number of its children that map the page.
    private var mappingChildren: [Int]

    init(_ processes: [SampledProcess], _ members: [Int], dividesLeaves: Bool) {
        parents = processes.map(\.parent)
        readsAll = dividesLeaves ? processes.areParents : Array(repeating: true, count: processes.count)
        isMapping = Array(repeating: false, count: processes.count)
        mappingChildren = Array(repeating: 0, count: processes.count)
        var events: [Event] = []
        for process in members {
            for pages in processes[process].anonymousSegments.map(\.pages).joinedRanges() {
                events.append(Event(page: pages.lowerBound, process: process, isStart: true))
                events.append(Event(page: pages.upperBound, process: process, isStart: false))
            }
        }
        self.events = events.sorted { $0.page < $1.page }
    }

    mutating func apply(_ event: Event) {
        let process = event.process
        guard isMapping[process] != event.isStart else { return }
        isMapping[process] = event.isStart
        let change = event.isStart ? 1 : -1
        mappers += change
        if !readsAll[process] { leaves += change }
        // The children that map the page have a parent that maps it, or no longer have one.
        roots -= change * mappingChildren[process]
        guard let parent = parents[process] else {
            roots += change
            return
        }
        mappingChildren[parent] += change
        if !isMapping[parent] { roots += change }
    }

    func piece(_ pages: Range<Int>) -> SamplePiece {
        SamplePiece(pages: pages, mappers: mappers, roots: roots, leaves: leaves)
    }
}

extension [SampledProcess] {
    /// For each process, whether another one was forked from it.
    var areParents: [Bool] {
        var areParents = Array<Bool>(repeating: false, count: count)
        for process in self {
            if let parent = process.parent { areParents[parent] = true }
        }
        return areParents
    }
}

/// The pages that can be sampled.
struct SampleRanges {
    /// For each family, the indices of the processes that can be read.
    private(set) var members: [[Int]]
    /// For each family, the pages of anonymous memory, cut where the mappings of a member end.
    let ofFamilies: [[SamplePiece]]
    /// The pages of files and shared memory.
    let ofFiles: [Range<Int>]

    /// - Parameter dividesLeaves: Whether each leaf may read only some of the windows.
    init(_ processes: [SampledProcess], dividesLeaves: Bool = true) {
        var members: [[Int]] = Array(repeating: [], count: (processes.map(\.family).max() ?? -1) + 1)
        for index in processes.indices where processes[index].unavailableReason == nil {
            members[processes[index].family].append(index)
        }
        self.members = members
        ofFamilies = members.map { [SamplePiece](processes, $0, dividesLeaves: dividesLeaves) }
        ofFiles = processes.flatMap { $0.fileSegments.map(\.pages) }.joinedRanges()
    }
}
