/// Determines which processes that map an anonymous page at one address map the same page.
///
/// Page frame numbers identify a page, but they are visible only with `CAP_SYS_ADMIN`. Without them, bit 56 of an entry
/// in `pagemap` shows whether only this process maps the page. For the other processes the fork tree decides. A process
/// maps the page of the nearest ancestor that maps a shared page at this address. A forked process without an ancestor
/// of this kind maps an inherited page, or a page of its own that its children map as well.
struct SharedPageResolver {
    private let processes: [SampledProcess]
    /// Whether all processes that may share pages with these are among them.
    private let isClosed: Bool
    /// For each process, whether it maps a shared page at the address in question.
    private var shares: [Bool]
    /// For each process, whether it maps an exclusive page at the address in question.
    private var owns: [Bool]

    init(_ processes: [SampledProcess], isClosed: Bool) {
        self.processes = processes
        self.isClosed = isClosed
        shares = Array(repeating: false, count: processes.count)
        owns = shares
    }

    /// Returns the counts of anonymous pages in a window, for each family.
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
        var sharersByOffset: [[SampleGroup.Holder]] = Array(repeating: [], count: pageCount)
        var ownersByOffset: [[Int]] = Array(repeating: [], count: pageCount)
        for holder in holders {
            if holder.entry.isExclusive {
                counts.exclusive += 1
                if processes[holder.process].mayHaveForked { counts.exclusiveOfForkers += 1 }
                ownersByOffset[holder.pageOffset].append(holder.process)
            } else {
                sharersByOffset[holder.pageOffset].append(holder)
            }
        }
        for pageOffset in 0..<pageCount where !sharersByOffset[pageOffset].isEmpty {
            let sharers = sharersByOffset[pageOffset]
            if sharers.allSatisfy({ $0.entry.frame != 0 }) {
                let distinct = Self.distinctFrames(sharers)
                counts.shared += distinct
                counts.sharedLower += distinct
                counts.sharedUpper += distinct
            } else {
                add(sharers.map(\.process), owners: ownersByOffset[pageOffset], to: &counts)
            }
        }
        return counts
    }

    private static func distinctFrames(_ sharers: [SampleGroup.Holder]) -> Int {
        let first = sharers[0].entry.frame
        var others: Set<UInt64> = []
        // Almost always all sharers map the same frame, so the set stays empty.
        for sharer in sharers where sharer.entry.frame != first { others.insert(sharer.entry.frame) }
        return others.count + 1
    }

    /// Counts the distinct pages that processes share at one address.
    private mutating func add(_ sharers: [Int], owners: [Int], to counts: inout WindowCounts.OfFamily) {
        for process in sharers { shares[process] = true }
        for process in owners { owns[process] = true }
        defer {
            for process in sharers { shares[process] = false }
            for process in owners { owns[process] = false }
        }
        var founders: Set<Int> = []
        var creators: [Int] = []
        var likely = 0
        var hasStray = false
        var foundersOfInheritedPages: Set<Int> = []
        for process in sharers {
            switch origin(of: process) {
            case .ancestor: break
            case .founder:
                founders.insert(process)
                likely += 1
            case .stray: hasStray = true
            case .inherited(let founder):
                founders.insert(founder)
                foundersOfInheritedPages.insert(founder)
            case .own(let founder):
                founders.insert(founder)
                creators.append(process)
            }
        }
        likely += creators.count + foundersOfInheritedPages.count + (hasStray ? 1 : 0)
        let lower = max(1, founders.count)
        // A shared page is mapped by at least two processes.
        let upper = max(lower, isClosed ? sharers.count / 2 : sharers.count)
        counts.sharedLower += lower
        counts.shared += min(max(lower, likely), upper)
        counts.sharedUpper += upper
        // If there are more than the upper bound allows, some of them were inherited, and none is counted as created.
        if likely <= upper { counts.createdPages += creators.map { ($0, 1) } }
    }

    /// The origin of a shared page that a process maps.
    private enum Origin {
        /// An ancestor maps a shared page at this address: the same one.
        case ancestor
        /// The process is a founder, so the page is its own.
        case founder
        /// The process was forked by a process that is not known.
        case stray
        /// The page was inherited from an ancestor that no longer maps it.
        case inherited(founder: Int)
        /// No ancestor maps a page at this address: the page is the process's own, and its children map it as well.
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

/// The numbers of pages that were found in one window.
struct WindowCounts: Sendable {
    /// The numbers of pages that one process maps in the window.
    struct OfProcess: Sendable {
        let process: Int
        var anonymous = 0
        var exclusiveAnonymous = 0
        var ofFiles = 0
        var exclusiveOfFiles = 0
    }

    /// The numbers of anonymous pages that one family maps in the window.
    struct OfFamily: Sendable {
        let family: Int
        /// The pages of all members; a page is counted once for each process that maps it.
        var held = 0
        /// The pages that only one process maps.
        var exclusive = 0
        /// The likely number of distinct pages that several processes map.
        var shared = 0
        /// The lower bound of ``shared``.
        var sharedLower = 0
        /// The upper bound of ``shared``.
        var sharedUpper = 0
        /// The exclusive pages of processes that may have forked.
        var exclusiveOfForkers = 0
        /// The pages that a process is likely to have faulted in itself and that its children map as well.
        var createdPages: [(process: Int, count: Int)] = []

        var distinct: Int { exclusive + shared }
    }

    private(set) var processes: [OfProcess] = []
    private(set) var families: [OfFamily] = []
    /// The number of distinct pages of files.
    private(set) var distinctOfFiles = 0
    /// The number of pages of files, each counted once for each process that maps it.
    private(set) var heldOfFiles = 0

    /// - Parameters:
    ///   - window: The window. The entries of one process must be consecutive.
    ///   - families: The resolver, which counts the pages of a family.
    init(_ window: SampleGroup.Window, _ families: inout SharedPageResolver) {
        var fileOffsets: Set<Int> = []
        for holder in window.holders {
            if processes.last?.process != holder.process { processes.append(OfProcess(process: holder.process)) }
            let last = processes.count - 1
            if holder.entry.isOfFile {
                processes[last].ofFiles += 1
                if holder.entry.isExclusive { processes[last].exclusiveOfFiles += 1 }
                heldOfFiles += 1
                fileOffsets.insert(holder.pageOffset)
            } else {
                processes[last].anonymous += 1
                if holder.entry.isExclusive { processes[last].exclusiveAnonymous += 1 }
            }
        }
        distinctOfFiles = fileOffsets.count
        self.families = families.counts(of: window)
    }
}
