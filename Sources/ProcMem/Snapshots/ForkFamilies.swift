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
        /// Whether another process may have faulted in pages that are in its memory: a process between it and its
        /// ancestor that has exited, or a child that ran in its address space until exec (`vfork`).
        let mayLackFaults: Bool
    }

    private(set) var lowerBytes = 0
    private(set) var upperBytes = 0
    /// The sum over the members: the upper bound without fault counts.
    private(set) var sumBytes = 0
    /// Whether the upper bound relies on fault counts, and so on each fault creating at most one page of the base size.
    private(set) var usesFaults = false
    /// Whether faults of processes that have exited, or that ran in another's address space, may be missing from the
    /// upper bound.
    private(set) var mayLackFaults = false

    init(_ members: [Member]) {
        let families = Self.families(of: members)
        var groups: [ProgramLayout?: Group] = [:]
        for (index, member) in members.enumerated() {
            groups[member.layout, default: Group()].add(member, family: families[index])
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

    /// The sums over a founder and its descendants by fork without exec.
    private struct Family {
        var largestBytes = 0
        var sumBytes = 0
        /// `nil` if the fault count of a member is not known.
        var faultBytes: Int? = 0
        var mayLackFaults = false

        mutating func add(_ member: Member) {
            largestBytes = max(largestBytes, member.anonymousBytes)
            sumBytes = sumBytes.saturatingAdding(member.anonymousBytes)
            faultBytes = faultBytes.flatMap { sum in member.faultBytes.map { sum.saturatingAdding($0) } }
            mayLackFaults = mayLackFaults || member.mayLackFaults
        }
    }

    /// The families and the orphans of one layout.
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

        /// The pages of an orphan may all belong to one of the families, so its memory is not added.
        var lowerBytes: Int {
            max(largestOrphanBytes, founded.values.reduce(0) { $0.saturatingAdding($1.largestBytes) })
        }
    }
}
