/// Bounds of the distinct anonymous memory of processes, from counters.
///
/// A *family* is a process that has executed a program (the founder) and all of its descendants by fork without exec. A
/// forked process shares the pages of its parent until one of them writes (copy-on-write). Every page that a process
/// has not inherited was faulted in by a process of its line. Therefore the distinct pages of a family are at least
/// those of its largest member. They are at most the sum over the members, and at most the number of their page faults.
///
/// Families with a founder share no anonymous pages with each other, because a founder's memory was empty when it
/// executed its program. An *orphan* is a fork without exec whose parent is not known to be of its family: the parent
/// has exited or has executed another program. It may share pages with any process of the same layout, other orphans
/// included.
struct ForkFamilies {
    /// The counters of one process.
    struct Member {
        let pid: Int32
        let parentPID: Int32
        /// Whether it is a fork without exec.
        let isForkWithoutExec: Bool
        /// The program's layout; `nil` if it may not be read. Then the process may be related to any other process
        /// whose layout is not known.
        let layout: ProgramLayout?
        let anonymousBytes: Int
        /// The bytes that its page faults can have created, one page of the base size for each fault; `nil` if the
        /// fault count is not known.
        let faultBytes: Int?
        /// The same for its children that have exited and were waited for, and for theirs.
        let exitedFaultBytes: Int?
        /// Not below its share of the anonymous memory (PSS); `nil` if the share is not known.
        var shareBytes: Int?
    }

    /// Not below the memory of the founders, each with the rest of its family; orphans may share all of theirs.
    private(set) var lowerBytes = 0
    private(set) var upperBytes = 0
    /// The sum over the members: the upper bound without fault counts.
    private(set) var sumBytes = 0
    /// The likely value; `nil` if the layout of a fork without exec cannot be read, so that its ancestor is not known.
    private(set) var likelyBytes: Int? = 0
    /// Whether the upper bound relies on fault counts, and so on each fault creating at most one page of the base size.
    private(set) var usesFaults = false
    /// Whether a family has fewer faults than its largest member has pages: faults are missing, and its upper bound does
    /// not rely on them.
    private(set) var lacksFaults = false
    /// Whether every member has a founder among the members.
    let areAllFounded: Bool
    /// Whether the members of at least two layouts share pages with other processes than those of their layout, and the
    /// parent of every forked process is among the members: the layouts do not identify the families.
    private(set) var areLayoutsContradicted = false

    init(_ members: [Member]) {
        let families = Self.families(of: members)
        areAllFounded = families.allSatisfy { $0 != nil }
        var groups: [ProgramLayout?: Group] = [:]
        for (index, member) in members.enumerated() {
            groups[member.layout, default: Group()].add(member, family: families[index])
        }
        // An orphan may be a relative of any founder whose layout cannot be read, and of any other process if its own
        // cannot be. Its memory is then certain by itself alone.
        let hidesFounder = groups[nil]?.founded.isEmpty == false
        let pids = Set(members.map(\.pid))
        areLayoutsContradicted =
            groups.values.count(where: \.sharesWithOthers) > 1
            && members.allSatisfy { !$0.isForkWithoutExec || pids.contains($0.parentPID) }
        var largestOrphanBytes = groups[nil]?.orphans.largestBytes ?? 0
        for (layout, group) in groups {
            let isAlone = layout != nil && !hidesFounder
            if areLayoutsContradicted, group.sharesWithOthers {
                largestOrphanBytes = max(largestOrphanBytes, group.leastBytes)
            } else if isAlone {
                lowerBytes = lowerBytes.saturatingAdding(group.leastBytes)
            } else {
                lowerBytes = lowerBytes.saturatingAdding(group.foundedBytes)
                largestOrphanBytes = max(largestOrphanBytes, group.orphans.largestBytes)
            }
            for family in group.founded.values { add(upperOf: family) }
            upperBytes = upperBytes.saturatingAdding(group.orphans.sumBytes)
            sumBytes = sumBytes.saturatingAdding(group.orphans.sumBytes)
            likelyBytes = likelyBytes?.saturatingAdding(group.orphans.keptBytes)
        }
        lowerBytes = max(lowerBytes, largestOrphanBytes)
        if members.contains(where: { $0.isForkWithoutExec && $0.layout == nil }) { likelyBytes = nil }
    }

    private mutating func add(upperOf family: Family) {
        sumBytes = sumBytes.saturatingAdding(family.sumBytes)
        let ownFaultBytes = family.faultBytes ?? .max
        guard ownFaultBytes >= family.largestBytes else {
            lacksFaults = true
            upperBytes = upperBytes.saturatingAdding(family.sumBytes)
            likelyBytes = likelyBytes?.saturatingAdding(family.keptBytes)
            return
        }
        likelyBytes = likelyBytes?.saturatingAdding(min(family.sumBytes, ownFaultBytes))
        // Children that have exited may have faulted in pages that are still mapped.
        let faultBytes = ownFaultBytes.saturatingAdding(family.exitedFaultBytes ?? .max)
        upperBytes = upperBytes.saturatingAdding(min(family.sumBytes, faultBytes))
        if faultBytes < family.sumBytes { usesFaults = true }
    }

    /// Returns for each member the pid of its family's founder; `nil` for an orphan.
    private static func families(of members: [Member]) -> [Int32?] {
        let indices = Dictionary(members.indices.map { (members[$0].pid, $0) }) { first, _ in first }
        var founders: [Int32?] = Array(repeating: nil, count: members.count)
        var isKnown = Array(repeating: false, count: members.count)
        for index in members.indices where !isKnown[index] {
            // The ancestors, up to one whose founder is known or that has none.
            var line = [index]
            isKnown[index] = true
            var founder: Int32?
            while let last = line.last {
                let member = members[last]
                if !member.isForkWithoutExec {
                    founder = member.pid
                    break
                }
                guard member.layout != nil, let parent = indices[member.parentPID],
                    members[parent].layout == member.layout
                else { break }
                if isKnown[parent] {
                    founder = founders[parent]
                    break
                }
                isKnown[parent] = true
                line.append(parent)
            }
            for member in line { founders[member] = founder }
        }
        return founders
    }

    /// The sums over processes of one line.
    private struct Family {
        var largestBytes = 0
        var sumBytes = 0
        /// `nil` if the fault count of a member is not known.
        var faultBytes: Int? = 0
        /// The same for children that have exited and were waited for.
        var exitedFaultBytes: Int? = 0
        /// What the largest member has, and of each other member what it can have faulted in: the likely value if every
        /// process has kept what it inherited.
        var keptBytes: Int { largestBytes.saturatingAdding(faultedBytes - largestFaultedBytes) }

        private var faultedBytes = 0
        private var largestFaultedBytes = 0

        mutating func add(_ member: Member) {
            let faulted = min(member.anonymousBytes, member.faultBytes ?? member.anonymousBytes)
            faultedBytes = faultedBytes.saturatingAdding(faulted)
            if member.anonymousBytes >= largestBytes {
                largestBytes = member.anonymousBytes
                largestFaultedBytes = faulted
            }
            sumBytes = sumBytes.saturatingAdding(member.anonymousBytes)
            faultBytes = faultBytes.flatMap { sum in member.faultBytes.map { sum.saturatingAdding($0) } }
            exitedFaultBytes = exitedFaultBytes.flatMap { sum in
                member.exitedFaultBytes.map { sum.saturatingAdding($0) }
            }
        }
    }

    /// The families and the orphans of one layout.
    private struct Group {
        var founded: [Int32: Family] = [:]
        var orphans = Family()
        /// The sum of the shares; `nil` if one of them is not known.
        private var shareBytes: Int? = 0

        /// The memory of the group if it shares none with other processes.
        var leastBytes: Int { max(orphans.largestBytes, foundedBytes) }

        /// Whether the shares are less than that: other processes map the rest.
        var sharesWithOthers: Bool { shareBytes.map { $0 < leastBytes } ?? false }

        mutating func add(_ member: Member, family: Int32?) {
            shareBytes = shareBytes.flatMap { sum in member.shareBytes.map { sum.saturatingAdding($0) } }
            if let family {
                founded[family, default: Family()].add(member)
            } else {
                orphans.add(member)
            }
        }

        /// The sum over the families, each at least as large as its largest member.
        var foundedBytes: Int { founded.values.reduce(0) { $0.saturatingAdding($1.largestBytes) } }
    }
}
