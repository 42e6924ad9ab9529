/// Determines which processes that map an anonymous page at one address map the same page.
///
/// Page frame numbers identify a page, but they are visible only with `CAP_SYS_ADMIN`. Without them, bit 56 of an entry
/// in `pagemap` shows whether only this process maps the page. For the other processes the fork tree decides. A process
/// maps the page of the nearest ancestor that maps a shared page at this address. A forked process without an ancestor
/// of this kind maps an inherited page, or a page of its own that its children map as well.
struct SharedPageResolver {
    private let processes: [SampledProcess]
    /// For each process, whether another one was forked from it.
    let isParent: [Bool]
    /// Whether all processes that may share pages with these are among them.
    private let isClosed: Bool
    /// Returns the number of page table entries that refer to a frame; `nil` if it is not known.
    private let mapCount: ((UInt64) -> Int?)?
    /// For each family, whether a process outside of the set may map its pages.
    private let mayShareOutside: [Bool]
    /// For each process, whether it maps a shared page at the address in question.
    private var shares: [Bool]
    /// For each process, whether it maps an exclusive page at the address in question.
    private var owns: [Bool]
    /// For each process, its pages in the window that it shares with none of its ancestors at their address.
    private var unexplained: [WindowCounts.Unexplained]
    /// For each process, the shared pages in the window that depend on it.
    private var dependent: [Double]

    init(_ processes: [SampledProcess], isClosed: Bool, mapCount: ((UInt64) -> Int?)? = nil) {
        self.processes = processes
        self.isClosed = isClosed
        self.mapCount = mapCount
        isParent = processes.areParents
        mayShareOutside = processes.mayShareOutside(isClosed: isClosed)
        shares = Array(repeating: false, count: processes.count)
        owns = shares
        unexplained = processes.indices.map { WindowCounts.Unexplained(process: $0) }
        dependent = Array(repeating: 0, count: processes.count)
    }

    /// Returns the counts of anonymous pages in a window, for each family.
    mutating func counts(of window: SampleGroup.Window) -> [WindowCounts.OfFamily] {
        let anonymous = window.holders.filter { !$0.entry.isOfFile }
        guard let first = anonymous.first else { return [] }
        let family = processes[first.process].family
        if anonymous.allSatisfy({ processes[$0.process].family == family }) {
            return [counts(of: family, anonymous, window)]
        }
        return Dictionary(grouping: anonymous) { processes[$0.process].family }.sorted { $0.key < $1.key }.map {
            counts(of: $0.key, $0.value, window)
        }
    }

    private mutating func counts(
        of family: Int,
        _ holders: [SampleGroup.Holder],
        _ window: SampleGroup.Window
    ) -> WindowCounts.OfFamily {
        let pageCount = window.pages.count
        var counts = WindowCounts.OfFamily(family: family, held: holders.count)
        counts.leafExpansion = window.leafExpansion
        var sharersByOffset: [[SampleGroup.Holder]] = Array(repeating: [], count: pageCount)
        var ownersByOffset: [[Int]] = Array(repeating: [], count: pageCount)
        for holder in holders {
            let isLeaf = !isParent[holder.process]
            if isLeaf { counts.heldByLeaves += 1 }
            if holder.entry.isExclusive {
                counts.exclusive += 1
                if isLeaf { counts.exclusiveOfLeaves += 1 }
                if processes[holder.process].mayHaveForked { counts.exclusiveOfForkers += 1 }
                ownersByOffset[holder.pageOffset].append(holder.process)
            } else {
                sharersByOffset[holder.pageOffset].append(holder)
            }
        }
        var knownParts: [Int: FramePart] = [:]
        for pageOffset in 0..<pageCount where !sharersByOffset[pageOffset].isEmpty {
            let sharers = sharersByOffset[pageOffset]
            if sharers.allSatisfy({ $0.entry.frame != 0 }) {
                addFrames(of: sharers, window, &knownParts, to: &counts)
            } else {
                add(sharers.map(\.process), owners: ownersByOffset[pageOffset], window, to: &counts)
            }
        }
        for holder in holders {
            let process = holder.process
            if unexplained[process].pageCount > 0 {
                counts.unexplained.append(unexplained[process])
                unexplained[process] = WindowCounts.Unexplained(process: process)
            }
            if dependent[process] > 0 {
                counts.dependent.append(WindowCounts.DependentPages(process: process, pages: dependent[process]))
                dependent[process] = 0
            }
        }
        return counts
    }

    /// Records that a page would not have been found without one leaf.
    ///
    /// The page counts once, and not once for each leaf that this one stands for. What the total would be without the
    /// leaf (the jackknife) gives the part that corresponds to an exclusive page.
    private mutating func addDependent(on process: Int, _ window: SampleGroup.Window) {
        guard window.leafExpansion > 1, !isParent[process] else { return }
        dependent[process] += (1 - 1 / Double(window.readLeaves)) / window.leafExpansion
    }

    // MARK: With frame numbers

    /// The part of a frame that counts at one address.
    private struct FramePart {
        /// The part; `nil` if it is not known.
        let pages: Double?
        /// The part that each leaf adds, in the unit of ``WindowCounts/DependentPages``.
        var ofEachLeaf = 0.0
    }

    /// Counts the distinct frames at one address.
    private mutating func addFrames(
        of sharers: [SampleGroup.Holder],
        _ window: SampleGroup.Window,
        _ knownParts: inout [Int: FramePart],
        to counts: inout WindowCounts.OfFamily
    ) {
        // Almost always all sharers map the same frame.
        let frame = sharers[0].entry.frame
        guard sharers.contains(where: { $0.entry.frame != frame }) else {
            addFrame(of: sharers, window, &knownParts, to: &counts)
            return
        }
        for (_, sharers) in Dictionary(grouping: sharers, by: \.entry.frame) {
            addFrame(of: sharers, window, &knownParts, to: &counts)
        }
    }

    private mutating func addFrame(
        of sharers: [SampleGroup.Holder],
        _ window: SampleGroup.Window,
        _ knownParts: inout [Int: FramePart],
        to counts: inout WindowCounts.OfFamily
    ) {
        let part = part(of: sharers, window, &knownParts)
        let pages = part.pages ?? 1
        counts.sharedLower += pages
        // It may be mapped at other addresses too. Memory that a process shares with its parent was rarely moved.
        if part.pages == nil, sharers.count == 1 || sharers.allSatisfy({ !isParent[$0.process] }) {
            counts.unexplainedLower += 1
        }
        if part.ofEachLeaf > 0 {
            for sharer in sharers where !isParent[sharer.process] { dependent[sharer.process] += part.ofEachLeaf }
        } else if sharers.count == 1 {
            addDependent(on: sharers[0].process, window)
        }
        let mayShareOutside = mayShareOutside[counts.family]
        counts.shared += mayShareOutside ? 1 : pages
        counts.sharedUpper += mayShareOutside ? 1 : pages
        if !mayShareOutside, pages != 1 { counts.reliesOnClosedSet = true }
    }

    /// Returns the part of a frame that counts at one address: 1, if all of its mappings are there.
    ///
    /// The kernel may have moved memory (`mremap`), so that the frame is mapped at other addresses too, and counts there
    /// as well. Each of its *n* mappings counts as 1/*n* of the frame, wherever it is. Processes outside of the set may
    /// have some of the mappings: then the part is a lower bound.
    ///
    /// - Parameters:
    ///   - sharers: The processes that map the frame at the address.
    ///   - knownParts: The parts of other frames in the window, by the first process that maps them and the number of
    ///     these. Pages of one block with equal keys were moved together, as a rule, so one of them is examined.
    private func part(
        of sharers: [SampleGroup.Holder],
        _ window: SampleGroup.Window,
        _ knownParts: inout [Int: FramePart]
    ) -> FramePart {
        // One page table refers to a frame once.
        guard processes.count > sharers.count else { return FramePart(pages: 1) }
        guard let mapCount else { return FramePart(pages: nil) }
        let leaves = sharers.count { !isParent[$0.process] }
        let hasParent = leaves < sharers.count
        let expansion = window.leafExpansion
        if expansion > 1, hasParent, leaves == window.readLeaves, window.mappers >= processes.count {
            return FramePart(pages: 1)
        }
        let kind = sharers[0].process << 32 | sharers.count
        if let known = knownParts[kind] { return known }
        var part = FramePart(pages: 1)
        if let mappings = mapCount(sharers[0].entry.frame) {
            if mappings > 1, expansion == 1 {
                part = FramePart(pages: min(1, Double(sharers.count) / Double(mappings)))
            } else if mappings > 1, !hasParent || mappings > window.mappers {
                // Otherwise the leaves that did not read the window may have all the other mappings.
                part = FramePart(
                    pages: (Double(sharers.count - leaves) + expansion * Double(leaves)) / Double(mappings),
                    ofEachLeaf: 1 / Double(mappings)
                )
            }
        } else {
            part = FramePart(pages: nil)
        }
        knownParts[kind] = part
        return part
    }

    // MARK: Without frame numbers

    /// Counts the distinct pages that processes share at one address, by the relations of the processes.
    private mutating func add(
        _ sharers: [Int],
        owners: [Int],
        _ window: SampleGroup.Window,
        to counts: inout WindowCounts.OfFamily
    ) {
        for process in sharers { shares[process] = true }
        for process in owners { owns[process] = true }
        defer {
            for process in sharers { shares[process] = false }
            for process in owners { owns[process] = false }
        }
        var founders: Set<Int> = []
        var creators: [Int] = []
        var inheritors: [Int] = []
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
                inheritors.append(process)
            case .own(let founder):
                founders.insert(founder)
                creators.append(process)
            }
        }
        likely += creators.count + foundersOfInheritedPages.count + (hasStray ? 1 : 0)
        let lower = max(1, founders.count)
        // A shared page is mapped by at least two processes.
        let upper = max(lower, isClosed ? sharers.count / 2 : sharers.count)
        counts.sharedLower += Double(lower)
        counts.shared += Double(min(max(lower, likely), upper))
        counts.sharedUpper += Double(upper)
        let leaves = sharers.count { !isParent[$0] }
        counts.sharersAmongLeaves += leaves
        counts.reliesOnRelations = true
        if isClosed, upper < sharers.count || (counts.leafExpansion > 1 && leaves > 0) {
            counts.reliesOnClosedSet = true
        }
        if sharers.count == 1 { addDependent(on: sharers[0], window) }
        // If there are more than the upper bound allows, some of them were inherited, and none is counted as created.
        if likely <= upper { counts.createdPages += creators.map { ($0, 1) } }
        let isAlone = sharers.count == 1 && counts.leafExpansion == 1
        // Pages that no ancestor explains may be the same ones as at other addresses.
        counts.unexplainedLower += isAlone || founders.isEmpty ? lower : foundersOfInheritedPages.count
        guard isClosed, !hasStray else { return }
        if isAlone {
            // The other process that maps the page has it at another address.
            if inheritors.isEmpty {
                unexplained[sharers[0]].left += 1
                counts.left += 1
            } else {
                unexplained[sharers[0]].alone += 1
                counts.alone += 1
            }
        } else if !inheritors.isEmpty {
            for process in inheritors { unexplained[process].common += 1 }
            counts.common += foundersOfInheritedPages.count
        }
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

extension [SampledProcess] {
    /// Returns for each family whether a process outside of the set may map its pages: if a process of it could not be
    /// read, or was forked by a process that is not in the set.
    ///
    /// - Parameter isClosed: Whether all processes that were forked by these are among them.
    fileprivate func mayShareOutside(isClosed: Bool) -> [Bool] {
        var mayShare = Array<Bool>(repeating: !isClosed, count: (map(\.family).max() ?? -1) + 1)
        for process in self where process.unavailableReason != nil || !(process.isFounder || process.hasParentInSet) {
            mayShare[process.family] = true
        }
        return mayShare
    }
}
