/// A walk over processes, each looked at while its directory is held open.
struct ProcessWalk<Value: Sendable>: Sendable {
    /// One process that was met.
    struct Member: Sendable {
        let pid: Int32
        /// How far below the process that the walk began with; 0 in a list.
        let depth: Int
        /// `nil` where not even `stat` may be read.
        let stat: ProcessStat?
        /// `nil` where the process may not be looked at.
        let value: Value?
    }

    /// A process that was heard of and not met yet.
    private struct Candidate {
        let process: ProcessSelector
        var depth = 0
        /// Who named it as a child.
        var parent: ProcessStat?
        /// Whether a caller named it, perhaps by the id of one of its threads.
        var mayBeThread = false
    }

    private let root: KernelRoot
    /// `nil` where `stat` says all that is wanted.
    private let read: (@Sendable (borrowing ProcessDirectory, ProcessStat) throws(ReadFailure) -> Value)?
    /// Whether processes of a list may be looked at side by side.
    private let isConcurrent: Bool
    private var budget: WalkBudget
    /// Who finds the children; `nil` outside of trees.
    private var children: ProcessChildren?
    private var visited: Set<Int32> = []
    /// Who is met and does not count.
    private var excluded: Int32?

    private(set) var members: [Member] = []
    private(set) var search = ProcessSearch.named
    /// The cgroup that the scope is; `nil` for another scope.
    private(set) var cgroup: CgroupDirectory?

    /// Why processes may be missing among the members.
    var gaps: Set<ProcessGap> { budget.gaps }

    /// - Parameters:
    ///   - isConcurrent: Whether a long list may be looked at by several threads: not where a look holds a process up.
    ///   - read: Looks at one process; `nil` where `stat` says all that is wanted.
    init(
        in root: KernelRoot,
        budget: WalkBudget,
        isConcurrent: Bool = false,
        read: (@Sendable (borrowing ProcessDirectory, ProcessStat) throws(ReadFailure) -> Value)? = nil
    ) {
        self.root = root
        self.budget = budget
        self.isConcurrent = isConcurrent
        self.read = read
    }

    /// Visits every process of a scope, once.
    mutating func visit(_ scope: ProcessScope) throws(ProcMemError) {
        if scope.excludesCaller { excluded = callerID }
        switch scope.kind {
        case .processes(let processes):
            for process in processes { try visit(named: process) }
        case .trees(let roots, let exhaustive):
            children = ProcessChildren(in: root, exhaustive: exhaustive)
            for process in roots { try visit(named: process) }
            search = children?.search ?? search
        case .cgroup(let path):
            try visit(cgroup: CgroupDirectory(named: path, in: root))
        case .cgroupOf(let process):
            try visit(cgroup: CgroupDirectory(of: process.validated(in: root), in: root))
        case .all:
            try visitAll()
        }
    }

    /// The calling process: below a directory that stands in for `/`, the one that `proc/self` is.
    private var callerID: Int32? {
        guard !root.isLive else { return Syscalls.processID }
        return try? root.read(ProcPath(.current, "stat"), ProcessStat.shape, ProcessStat.init(parsing:)).processID
    }

    /// Visits a process that a caller named, and in a tree all of its descendants, parents before children.
    private mutating func visit(named process: ProcessSelector) throws(ProcMemError) {
        let process = try process.validated(in: root)
        let named = Candidate(process: process, mayBeThread: true)
        do throws(ReadFailure) {
            var pending = try visit(named)
            while let next = pending.popLast() {
                do throws(ReadFailure) {
                    pending += try visit(next)
                } catch  where error.isAbsence {
                    includeIfHidden(next)
                }
            }
        } catch {
            if error.isAbsence, includeIfHidden(named) { return }
            throw ProcMemError(explaining: error, at: ProcPath(directoryOf: process), of: process, in: root)
        }
    }

    private mutating func visit(cgroup: CgroupDirectory) throws(ProcMemError) {
        search = .cgroupFiles
        self.cgroup = cgroup
        try visit(listed: CgroupProcesses.ids(below: cgroup, in: root, within: &budget))
    }

    private mutating func visitAll() throws(ProcMemError) {
        search = .scan
        if ProcVisibility.hidesProcesses(in: root) { budget.note(.hidden) }
        let pids: [Int32]
        do {
            pids = try root.processIDs()
        } catch {
            throw ProcMemError(.procUnavailable, path: root.text(.processes), detail: error.summary)
        }
        try visit(listed: pids)
    }

    /// Visits the processes of a list that the kernel gave a moment ago; those that have gone are passed over.
    private mutating func visit(listed pids: [Int32]) throws(ProcMemError) {
        try ProcNamespace.confirm(in: root)
        let parts = isConcurrent ? Self.parts(of: pids) : [pids[...]]
        guard parts.count > 1 else { return try visit(part: pids[...]) }
        var blank = self
        blank.members = []
        let walks = ConcurrentWork.results(of: parts, on: "procmem-walk") { [blank] part in
            Result { () throws(ProcMemError) in
                var walk = blank
                try walk.visit(part: part)
                return walk
            }
        }
        for walk in walks {
            let walk = try walk.get()
            members += walk.members
            for gap in walk.gaps { budget.note(gap) }
        }
    }

    /// The pieces of a list for as many threads as there are CPUs, each of them long enough to be worth one.
    private static func parts(of pids: [Int32]) -> [ArraySlice<Int32>] {
        let worthAThread = 256
        let count = min(4, pids.count / worthAThread)
        guard count > 1 else { return [pids[...]] }
        let threads = max(1, min(count, effectiveCPUCount(rounding: .down)))
        return (0..<threads).map { pids[pids.count * $0 / threads..<pids.count * ($0 + 1) / threads] }
    }

    private mutating func visit(part pids: ArraySlice<Int32>) throws(ProcMemError) {
        for pid in pids {
            let listed = Candidate(process: .id(pid))
            do throws(ReadFailure) {
                // One file needs no directory that holds several together.
                if read == nil { try visitByPath(listed) } else { _ = try visit(listed) }
            } catch  where error.isAbsence {
                includeIfHidden(listed)
            } catch {
                throw ProcMemError(error, path: root.text(ProcPath(directoryOf: .id(pid))))
            }
        }
    }

    /// Meets a process, and returns its children in a tree, the first one last.
    private mutating func visit(_ candidate: Candidate) throws(ReadFailure) -> [Candidate] {
        guard budget.allows(another: members.count) else { return [] }
        do {
            let directory = try ProcessDirectory(candidate.process, in: root)
            let stat = try directory.stat()
            if candidate.mayBeThread, let leader = try directory.processID(), leader != stat.processID {
                return try visit(Candidate(process: .id(leader)))
            }
            if let parent = candidate.parent, !isChild(stat, of: parent) { return [] }
            guard visited.insert(stat.processID).inserted else { return [] }
            if stat.processID != excluded {
                let value = try read?(directory, stat)
                members.append(Member(pid: stat.processID, depth: candidate.depth, stat: stat, value: value))
            }
            let ids = try children?.ids(of: directory, stat, within: &budget) ?? []
            return ids.reversed().map { Candidate(process: .id($0), depth: candidate.depth + 1, parent: stat) }
        } catch .system(.permissionDenied), .system(.notPermitted) {
            include(unreadable: candidate)
            return []
        }
    }

    /// Meets a process of a list by its `stat` alone.
    private mutating func visitByPath(_ listed: Candidate) throws(ReadFailure) {
        guard budget.allows(another: members.count) else { return }
        do {
            let path = ProcPath(listed.process, "stat")
            let stat = try root.read(path, ProcessStat.shape, ProcessStat.init(parsing:))
            guard visited.insert(stat.processID).inserted, stat.processID != excluded else { return }
            members.append(Member(pid: stat.processID, depth: 0, stat: stat, value: nil))
        } catch .system(.permissionDenied), .system(.notPermitted) {
            include(unreadable: listed)
        }
    }

    /// Counts in a process that the kernel named and that `/proc` does not show, where it is there all the same.
    @discardableResult
    private mutating func includeIfHidden(_ candidate: Candidate) -> Bool {
        guard ProcVisibility.isHidden(candidate.process, in: root) else { return false }
        include(unreadable: candidate)
        return true
    }

    private mutating func include(unreadable candidate: Candidate) {
        // Whose parent it is cannot be known.
        if children != nil { budget.note(.hidden) }
        let pid = candidate.process.threadID
        guard visited.insert(pid).inserted else { return }
        members.append(Member(pid: pid, depth: candidate.depth, stat: nil, value: nil))
    }

    /// Whether a process that was listed as a child is that child, and not one that has taken over its id since.
    ///
    /// A child whose parent has ended meanwhile belongs to whoever adopted it: a subreaper within the tree, or the world
    /// outside.
    private func isChild(_ stat: ProcessStat, of parent: ProcessStat) -> Bool {
        (stat.parentID == parent.processID || visited.contains(stat.parentID))
            && stat.startTimeTicks >= parent.startTimeTicks
    }
}
