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

    /// Whether processes that map the piece may have inherited its pages from a parent that no longer maps them.
    var mayBeInherited = false

    /// Whether no process that maps the piece can have inherited its pages at these addresses.
    var isOnlyOwn: Bool { roots == mappers && !mayBeInherited }

    /// The pages that the piece is likely to add to the error of the total.
    ///
    /// Each root has pages of its own, and each other process may have rewritten some: that is less likely, and counts an
    /// eighth. Nearly every page of a piece that is only own is exclusive, so that its samples differ little from each
    /// other: they count an eighth as well. A piece that its members may have inherited from a parent that has given it up
    /// counts as if the parent were still there.
    var mass: Double {
        let pages = Double(pages.count)
        if mayBeInherited, roots == mappers { return pages * (1 + Double(mappers - 1) / 8) }
        return isOnlyOwn ? pages * Double(roots) / 8 : pages * (Double(roots) + Double(mappers - roots) / 8)
    }

    /// The number of windows among which the leaves are divided: each leaf reads one of them, all others read each.
    ///
    /// Siblings are alike in where they write. With the same number of reads, fewer readers of more windows therefore
    /// show more. If the siblings differ, the windows that a leaf does not read add to the error: at least three leaves
    /// read each window. All leaves of the family are divided, whether they map the piece or not: if some do not, eight on
    /// average read each window, so that hardly any is read by none. The processes that read all windows add at most a
    /// quarter to the reads.
    ///
    /// - Parameter leafCount: The number of leaves of the family.
    func rotation(amongLeaves leafCount: Int) -> Int {
        let leastReaders = leaves < leafCount ? 8 : 3
        var rotation = 1
        while leaves / (rotation * 2) >= leastReaders, (mappers - leaves) * (rotation * 2 - 1) <= mappers / 4 {
            rotation *= 2
        }
        return rotation
    }
}

extension [SamplePiece] {
    /// Cuts the memory of a family at the ends of every member's segments.
    ///
    /// Different members map two consecutive pieces, even if their numbers are equal: neighbouring mappings of two
    /// members have different contents.
    ///
    /// - Parameters:
    ///   - processes: The processes.
    ///   - members: The indices of the family's members.
    ///   - areParents: For each process, whether another one was forked from it.
    ///   - dividesLeaves: Whether each leaf may read only some of the windows.
    init(_ processes: [SampledProcess], _ members: [Int], areParents: [Bool], dividesLeaves: Bool = true) {
        self = []
        var sweep = MappingSweep(processes, members, areParents: areParents, dividesLeaves: dividesLeaves)
        var start = 0
        for event in sweep.events {
            if event.page > start, sweep.mappers > 0 {
                append(sweep.piece(start..<event.page))
            }
            start = event.page
            sweep.apply(event)
        }
    }
}

extension [SamplePiece] {
    /// Cuts the files and shared memory at the ends of every process's segments.
    ///
    /// A page that many processes map has another ratio of distinct pages to mapped ones than a page of one process:
    /// both would be in one stratum without the cut. A page of a file is the same one in all processes, so each counts
    /// as a root: the number of processes decides about the stratum.
    init(ofFilesIn processes: [SampledProcess]) {
        self = []
        var changes: [(page: Int, change: Int)] = []
        for process in processes {
            for pages in process.fileSegments.map(\.pages).joinedRanges() {
                changes.append((pages.lowerBound, 1))
                changes.append((pages.upperBound, -1))
            }
        }
        changes.sort { $0.page < $1.page }
        var (start, mappers) = (0, 0)
        for (page, change) in changes {
            if page > start, mappers > 0 {
                append(SamplePiece(pages: start..<page, mappers: mappers, roots: mappers, leaves: 0))
            }
            start = page
            mappers += change
        }
    }
}

/// The members of a family that map a page, from the first page to the last.
private struct MappingSweep {
    struct Event {
        let page: Int
        /// The index of the process among the members.
        let member: Int
        let isStart: Bool
    }

    /// The ends of all segments, in ascending order. Where two segments of a process meet, the end comes first.
    let events: [Event]
    private(set) var mappers = 0
    /// The number of these whose memory must have been inherited in part from a parent that no longer maps it.
    private var heirs = 0
    private var roots = 0
    private var leaves = 0
    /// For each member, the index of its parent among the members; `nil` if that is not a member that can be read.
    private let parents: [Int?]
    /// For each member, whether it reads every window.
    private let readsAll: [Bool]
    private let areHeirs: [Bool]
    private var isMapping: [Bool]
    /// For each member, the number of its children that map the page.
    private var mappingChildren: [Int]

    init(_ processes: [SampledProcess], _ members: [Int], areParents: [Bool], dividesLeaves: Bool) {
        var numbers: [Int: Int] = [:]
        for (number, process) in members.enumerated() { numbers[process] = number }
        parents = members.map { member in processes[member].parent.flatMap { numbers[$0] } }
        readsAll = dividesLeaves ? members.map { areParents[$0] } : Array(repeating: true, count: members.count)
        areHeirs = members.map { processes.isHeir($0) }
        isMapping = Array(repeating: false, count: members.count)
        mappingChildren = Array(repeating: 0, count: members.count)
        var events: [Event] = []
        for (number, process) in members.enumerated() {
            for pages in processes[process].anonymousSegments.map(\.pages).joinedRanges() {
                events.append(Event(page: pages.lowerBound, member: number, isStart: true))
                events.append(Event(page: pages.upperBound, member: number, isStart: false))
            }
        }
        self.events = events.sorted { $0.page < $1.page }
    }

    mutating func apply(_ event: Event) {
        let member = event.member
        guard isMapping[member] != event.isStart else { return }
        isMapping[member] = event.isStart
        let change = event.isStart ? 1 : -1
        mappers += change
        if !readsAll[member] { leaves += change }
        if areHeirs[member] { heirs += change }
        // The children that map the page have a parent that maps it, or no longer have one.
        roots -= change * mappingChildren[member]
        guard let parent = parents[member] else {
            roots += change
            return
        }
        mappingChildren[parent] += change
        if !isMapping[parent] { roots += change }
    }

    func piece(_ pages: Range<Int>) -> SamplePiece {
        SamplePiece(
            pages: pages,
            mappers: mappers,
            roots: roots,
            leaves: leaves,
            mayBeInherited: roots == mappers && heirs > 1
        )
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

    /// Whether a process has so many more anonymous pages than page faults and addresses that its parent maps too, that it
    /// must have inherited an eighth of them or more from a parent that has given them up since.
    fileprivate func isHeir(_ index: Int) -> Bool {
        guard let parent = self[index].parent, let faults = self[index].faultCount else { return false }
        let unexplained = self[index].anonymousCount - faults
        guard unexplained > self[index].anonymousCount / 8 else { return false }
        let shared = self[index].anonymousSegments.map(\.pages).pageCount(
            in: self[parent].anonymousSegments.map(\.pages)
        )
        return unexplained - shared > self[index].anonymousCount / 8
    }

    /// For each family, the indices of the processes that could be read so far.
    var readableMembers: [[Int]] {
        var members: [[Int]] = Array<[Int]>(repeating: [], count: (map(\.family).max() ?? -1) + 1)
        for index in indices where self[index].unavailableReason == nil {
            members[self[index].family].append(index)
        }
        return members
    }
}

/// The pages that can be sampled.
struct SampleRanges {
    /// For each family, the indices of the processes that can be read.
    private(set) var members: [[Int]]
    /// For each family, the pages of anonymous memory, cut where the mappings of a member end.
    let ofFamilies: [[SamplePiece]]
    /// The pages of files and shared memory, cut where the mappings of a process end.
    let ofFiles: [SamplePiece]

    /// - Parameter dividesLeaves: Whether each leaf may read only some of the windows.
    init(_ processes: [SampledProcess], dividesLeaves: Bool = true) {
        members = processes.readableMembers
        let areParents = processes.areParents
        ofFamilies = members.map { members in
            [SamplePiece](processes, members, areParents: areParents, dividesLeaves: dividesLeaves)
        }
        ofFiles = [SamplePiece](ofFilesIn: processes)
    }
}
