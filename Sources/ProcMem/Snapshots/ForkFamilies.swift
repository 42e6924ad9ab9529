/// How much anonymous memory processes hold together, each page counted once, as far as counters tell.
///
/// A process that was forked has its parent's pages until one of them writes, and every page that is not inherited was
/// brought by a page fault of somebody in its line. So of a *family*, a process that has executed a program and those that
/// were forked from it and have executed none since, the distinct pages are not fewer than those of its largest member, and
/// not more than all members' together, nor than all of their faults.
///
/// Families with a founder share no pages with one another: each founder's memory began anew when it executed its program.
/// A forked process whose parent is not known to be of its family (it has ended, or executed another program) may share
/// with anybody of the same layout, and with others of its kind.
struct ForkFamilies {
    /// What is known of one process.
    struct Member {
        let pid: Int32
        let parentPID: Int32
        /// Whether it has executed no program since it was forked.
        let isForkWithoutExec: Bool
        /// `nil` where it may not be read: then the process may be related to anybody whose layout is not known either.
        let layout: ProgramLayout?
        let anonymousBytes: Int
        /// What its page faults can have brought, in pages of the usual size; `nil` where they are not known.
        let faultBytes: Int?
        /// Whether others may have brought pages that are in its memory: a child that is in between and has ended, or one
        /// that ran in this very memory until it executed a program (`vfork`).
        let mayLackFaults: Bool
    }

    private(set) var lowerBytes = 0
    private(set) var upperBytes = 0
    /// The sum over the members: the upper bound without faults.
    private(set) var sumBytes = 0
    /// Whether the upper bound needs faults: that each brings no more than one page of the usual size.
    private(set) var usesFaults = false
    /// Whether the faults of processes that have ended may be missing from the upper bound.
    private(set) var mayLackFaults = false

    init(_ members: [Member]) {
        let families = Self.families(of: members)
        var groups: [ProgramLayout?: Group] = [:]
        for (place, member) in members.enumerated() {
            groups[member.layout, default: Group()].add(member, family: families[place])
        }
        for group in groups.values {
            lowerBytes = lowerBytes.saturatingAdding(group.lowerBytes)
            for family in group.founded.values { add(upperOf: family) }
            upperBytes = upperBytes.saturatingAdding(group.orphanSumBytes)
            sumBytes = sumBytes.saturatingAdding(group.orphanSumBytes)
        }
    }

    private mutating func add(upperOf family: Family) {
        let faultBytes = max(family.faultBytes ?? .max, family.largestBytes)
        upperBytes = upperBytes.saturatingAdding(min(family.sumBytes, faultBytes))
        sumBytes = sumBytes.saturatingAdding(family.sumBytes)
        guard faultBytes < family.sumBytes else { return }
        usesFaults = true
        mayLackFaults = mayLackFaults || family.mayLackFaults
    }

    /// For each member the founder of its family; `nil` for who has none that is known.
    private static func families(of members: [Member]) -> [Int32?] {
        let places = Dictionary(members.indices.map { (members[$0].pid, $0) }) { first, _ in first }
        var founders: [Int32?] = Array(repeating: nil, count: members.count)
        var isKnown = Array(repeating: false, count: members.count)
        for place in members.indices where !isKnown[place] {
            // Up to an ancestor whose founder is known, or to one that has none.
            var line = [place]
            isKnown[place] = true
            var founder: Int32?
            while let last = line.last {
                let member = members[last]
                if !member.isForkWithoutExec {
                    founder = member.pid
                    break
                }
                guard member.layout != nil, let parent = places[member.parentPID],
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

    /// A founder and all that were forked in its line.
    private struct Family {
        var largestBytes = 0
        var sumBytes = 0
        /// `nil` where a member's are not known.
        var faultBytes: Int? = 0
        var mayLackFaults = false

        mutating func add(_ member: Member) {
            largestBytes = max(largestBytes, member.anonymousBytes)
            sumBytes = sumBytes.saturatingAdding(member.anonymousBytes)
            faultBytes = faultBytes.flatMap { sum in member.faultBytes.map { sum.saturatingAdding($0) } }
            mayLackFaults = mayLackFaults || member.mayLackFaults
        }
    }

    /// All processes with one layout.
    private struct Group {
        var founded: [Int32: Family] = [:]
        var largestOrphanBytes = 0
        var orphanSumBytes = 0

        mutating func add(_ member: Member, family: Int32?) {
            if let family {
                founded[family, default: Family()].add(member)
            } else {
                largestOrphanBytes = max(largestOrphanBytes, member.anonymousBytes)
                orphanSumBytes = orphanSumBytes.saturatingAdding(member.anonymousBytes)
            }
        }

        /// An orphan may have all of its pages from any of the families.
        var lowerBytes: Int {
            max(largestOrphanBytes, founded.values.reduce(0) { $0.saturatingAdding($1.largestBytes) })
        }
    }
}
