/// Tells which holders of anonymous pages at one address hold the same page.
///
/// With frame numbers, which only `CAP_SYS_ADMIN` sees, that is plain. Without, bit 56 tells who has a page to itself. Of the
/// others the fork tree tells: a process has its page from the nearest ancestor that holds one there and shares it too; one
/// that was forked and has no such ancestor has an inherited page, or one of its own that its children have as well.
struct SharedPageResolver {
    private let processes: [SampledProcess]
    /// Whether all processes that may share pages with these are among them.
    private let isClosed: Bool
    /// By process: whether it shares the page that is looked at, or has it to itself.
    private var shares: [Bool]
    private var owns: [Bool]

    init(_ processes: [SampledProcess], isClosed: Bool) {
        self.processes = processes
        self.isClosed = isClosed
        shares = Array(repeating: false, count: processes.count)
        owns = shares
    }

    mutating func counts(of window: SampleGroup.Window) -> [WindowCounts.OfFamily] {
        let anonymous = window.holders.filter { !$0.entry.isOfFile }
        guard let first = anonymous.first else { return [] }
        let family = processes[first.process].family
        if anonymous.allSatisfy({ processes[$0.process].family == family }) {
            return [counts(of: family, anonymous, pageCount: window.pages.count)]
        }
        return Dictionary(grouping: anonymous) { processes[$0.process].family }.sorted { $0.key < $1.key }.map {
            counts(of: $0.key, $0.value, pageCount: window.pages.count)
        }
    }

    private mutating func counts(
        of family: Int,
        _ holders: [SampleGroup.Holder],
        pageCount: Int
    ) -> WindowCounts.OfFamily {
        var counts = WindowCounts.OfFamily(family: family, held: holders.count)
        var sharersByPlace: [[SampleGroup.Holder]] = Array(repeating: [], count: pageCount)
        var ownersByPlace: [[Int]] = Array(repeating: [], count: pageCount)
        for holder in holders {
            if holder.entry.isExclusive {
                counts.exclusive += 1
                if processes[holder.process].mayHaveForked { counts.exclusiveOfForkers += 1 }
                ownersByPlace[holder.pageOffset].append(holder.process)
            } else {
                sharersByPlace[holder.pageOffset].append(holder)
            }
        }
        for place in 0..<pageCount where !sharersByPlace[place].isEmpty {
            let sharers = sharersByPlace[place]
            if sharers.allSatisfy({ $0.entry.frame != 0 }) {
                let distinct = Self.distinctFrames(sharers)
                counts.shared += distinct
                counts.sharedLower += distinct
                counts.sharedUpper += distinct
            } else {
                add(sharers.map(\.process), owners: ownersByPlace[place], to: &counts)
            }
        }
        return counts
    }

    private static func distinctFrames(_ sharers: [SampleGroup.Holder]) -> Int {
        let first = sharers[0].entry.frame
        var others: Set<UInt64> = []
        // Nearly always they all have one.
        for sharer in sharers where sharer.entry.frame != first { others.insert(sharer.entry.frame) }
        return others.count + 1
    }

    /// Counts one page's versions among those who share it.
    private mutating func add(_ sharers: [Int], owners: [Int], to counts: inout WindowCounts.OfFamily) {
        for process in sharers { shares[process] = true }
        for process in owners { owns[process] = true }
        defer {
            for process in sharers { shares[process] = false }
            for process in owners { owns[process] = false }
        }
        var founders: Set<Int> = []
        var makers: [Int] = []
        var likely = 0
        var hasStray = false
        var heirsOf: Set<Int> = []
        for process in sharers {
            switch origin(of: process) {
            case .ancestor: break
            case .founder:
                founders.insert(process)
                likely += 1
            case .stray: hasStray = true
            case .inherited(let founder):
                founders.insert(founder)
                heirsOf.insert(founder)
            case .own(let founder):
                founders.insert(founder)
                makers.append(process)
            }
        }
        likely += makers.count + heirsOf.count + (hasStray ? 1 : 0)
        let lower = max(1, founders.count)
        // Who shares does so with one other at least.
        let upper = max(lower, isClosed ? sharers.count / 2 : sharers.count)
        counts.sharedLower += lower
        counts.shared += min(max(lower, likely), upper)
        counts.sharedUpper += upper
        // More than there can be have been inherited after all.
        if likely <= upper { counts.createdPages += makers.map { ($0, 1) } }
    }

    private enum Origin {
        /// An ancestor shares a page there: the same one.
        case ancestor
        /// The process's memory began with it.
        case founder
        /// It was forked from who is not known.
        case stray
        /// From an ancestor that has its page no longer.
        case inherited(founder: Int)
        /// No ancestor has a page there: its own, which its children have as well.
        case own(founder: Int)
    }

    private func origin(of process: Int) -> Origin {
        guard var last = processes[process].parent else { return processes[process].isFounder ? .founder : .stray }
        var isReplaced = owns[last]
        if shares[last] { return .ancestor }
        while let next = processes[last].parent {
            if shares[next] { return .ancestor }
            isReplaced = isReplaced || owns[next]
            last = next
        }
        return processes[process].mayHaveForked && !isReplaced ? .own(founder: last) : .inherited(founder: last)
    }
}

/// What was found in one window, page by page.
struct WindowCounts: Sendable {
    /// What a process has of the window, in pages.
    struct OfProcess: Sendable {
        let process: Int
        var anonymous = 0
        var exclusiveAnonymous = 0
        var ofFiles = 0
        var exclusiveOfFiles = 0
    }

    /// What a family has of it: anonymous pages, each counted once.
    struct OfFamily: Sendable {
        let family: Int
        /// Counted once for each process.
        var held = 0
        /// Of them those that nobody else maps.
        var exclusive = 0
        /// Those that others map as well, each counted once: as many as is likely, and bounds.
        var shared = 0
        var sharedLower = 0
        var sharedUpper = 0
        /// Exclusive pages of processes that may have forked.
        var exclusiveOfForkers = 0
        /// Pages that a process is likely to have brought itself and that its children have too.
        var createdPages: [(process: Int, count: Int)] = []

        var distinct: Int { exclusive + shared }
    }

    private(set) var processes: [OfProcess] = []
    private(set) var families: [OfFamily] = []
    /// Pages of files, each counted once.
    private(set) var distinctOfFiles = 0
    /// Counted once for each process.
    private(set) var heldOfFiles = 0

    /// - Parameters:
    ///   - window: Its holders, those of one process together.
    ///   - families: Counts the pages of a family.
    init(_ window: SampleGroup.Window, _ families: inout SharedPageResolver) {
        var filePlaces: Set<Int> = []
        for holder in window.holders {
            if processes.last?.process != holder.process { processes.append(OfProcess(process: holder.process)) }
            let last = processes.count - 1
            if holder.entry.isOfFile {
                processes[last].ofFiles += 1
                if holder.entry.isExclusive { processes[last].exclusiveOfFiles += 1 }
                heldOfFiles += 1
                filePlaces.insert(holder.pageOffset)
            } else {
                processes[last].anonymous += 1
                if holder.entry.isExclusive { processes[last].exclusiveAnonymous += 1 }
            }
        }
        distinctOfFiles = filePlaces.count
        self.families = families.counts(of: window)
    }
}
