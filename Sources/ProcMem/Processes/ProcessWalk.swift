/// A walk over processes, each looked at while its directory is held open.
struct ProcessWalk<Value: Sendable>: Sendable {
    /// One process that was met.
    struct Member: Sendable {
        let pid: Int32
        /// How far below the process that the walk began with; 0 in a list.
        let depth: Int
        /// `nil` where not even `stat` may be read.
        let stat: ProcessStat?
        /// `nil` where the process could not be looked at.
        var value: Value?
        /// Why it could not.
        var unavailableReason: UnavailableReason?
    }

    /// A process that was heard of and not met yet.
    struct Candidate {
        let process: ProcessSelector
        var depth = 0
        /// Who named it as a child.
        var parent: ProcessStat?
        /// Whether a caller named it, perhaps by the id of one of its threads.
        var isNamed = false
    }

    let root: SystemRoot
    /// `nil` where `stat` says all that is wanted.
    let read: (@Sendable (borrowing ProcessDirectory, ProcessStat) throws(FileReadError) -> Value)?
    /// Whether processes may be looked at side by side.
    var isConcurrent: Bool
    var budget: SearchBudget
    /// Who finds the children; `nil` outside of trees.
    var children: ProcessChildren?
    var visited: Set<Int32> = []
    /// Who is met and does not count.
    private(set) var excluded: Int32?

    var members: [Member] = []
    /// How many members others have found: this walk is a part of theirs.
    var countBefore = 0
    /// Who was listed as a child, and is nobody's that this walk has met.
    var strays: [Candidate] = []
    var search = DiscoveryMethod.named
    /// The cgroup that the scope is; `nil` for another scope.
    var cgroup: CgroupDirectory?

    /// Why processes may be missing among the members.
    var gaps: Set<ProcessGap> { budget.gaps }

    /// - Parameters:
    ///   - isConcurrent: Whether many processes may be looked at by several threads: not where a look holds a process up.
    ///   - read: Looks at one process; `nil` where `stat` says all that is wanted.
    init(
        in root: SystemRoot,
        budget: SearchBudget,
        isConcurrent: Bool = false,
        read: (@Sendable (borrowing ProcessDirectory, ProcessStat) throws(FileReadError) -> Value)? = nil
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
        guard !root.isLive else { return Syscalls.pid }
        return try? root.read(ProcPath(.current, "stat"), ProcessStat.readOptions, ProcessStat.init(parsing:)).pid
    }

    /// Meets a process, and returns its children in a tree, the first one last.
    mutating func visit(_ candidate: Candidate) throws(FileReadError) -> [Candidate] {
        guard budget.allows(another: countBefore + members.count) else { return [] }
        do {
            let directory = try ProcessDirectory(candidate.process, in: root)
            guard let stat = try self.stat(of: candidate, { () throws(FileReadError) in try directory.stat() }) else {
                return []
            }
            if candidate.isNamed, let leader = try directory.pid(), leader != stat.pid {
                return try visit(Candidate(process: .id(leader)))
            }
            if let parent = candidate.parent, !isChild(stat, of: parent) {
                strays.append(candidate)
                return []
            }
            guard visited.insert(stat.pid).inserted else { return [] }
            if stat.pid != excluded {
                let value = try read?(directory, stat)
                members.append(Member(pid: stat.pid, depth: candidate.depth, stat: stat, value: value))
            }
            let ids = try children?.ids(of: directory, stat, within: &budget) ?? []
            return ids.reversed().map { Candidate(process: .id($0), depth: candidate.depth + 1, parent: stat) }
        } catch .system(.permissionDenied), .system(.notPermitted) {
            include(unreadable: candidate)
            return []
        }
    }

    /// What `stat` says of a candidate; `nil` where it says what no kernel writes, of one that nobody named.
    ///
    /// An odd process must not cost the others' figures; who is asked for by name hears of it.
    mutating func stat(
        of candidate: Candidate,
        _ read: () throws(FileReadError) -> ProcessStat
    ) throws(FileReadError) -> ProcessStat? {
        do {
            return try read()
        } catch {
            switch error {
            case .malformed where !candidate.isNamed, .tooLarge where !candidate.isNamed:
                include(unreadable: candidate, .malformed)
                return nil
            default: throw error
            }
        }
    }

    /// Meets a process of a list by its `stat` alone: one file needs no directory that holds several together.
    mutating func visitByPath(_ listed: Candidate) throws(FileReadError) {
        guard budget.allows(another: countBefore + members.count) else { return }
        let path = ProcPath(listed.process, "stat")
        let root = root
        do {
            let met = try stat(of: listed) { () throws(FileReadError) in
                try root.read(path, ProcessStat.readOptions, ProcessStat.init(parsing:))
            }
            guard let met, visited.insert(met.pid).inserted, met.pid != excluded else { return }
            members.append(Member(pid: met.pid, depth: 0, stat: met, value: nil))
        } catch .system(.permissionDenied), .system(.notPermitted) {
            include(unreadable: listed)
        }
    }

    /// Counts in a process that the kernel named and that `/proc` does not show, where it is there all the same.
    @discardableResult
    mutating func includeIfHidden(_ candidate: Candidate) -> Bool {
        guard ProcVisibility.isHidden(candidate.process, in: root) else { return false }
        include(unreadable: candidate)
        return true
    }

    private mutating func include(unreadable candidate: Candidate, _ reason: UnavailableReason = .permissionDenied) {
        // Whose parent it is cannot be known.
        if children != nil { budget.note(.hidden) }
        let pid = candidate.process.threadID
        guard visited.insert(pid).inserted else { return }
        members.append(Member(pid: pid, depth: candidate.depth, stat: nil, value: nil, unavailableReason: reason))
    }

    /// Whether a process that was listed as a child is that child, and not one that has taken over its id since.
    ///
    /// A child whose parent has ended meanwhile belongs to whoever adopted it: a subreaper within the tree, or the world
    /// outside.
    private func isChild(_ stat: ProcessStat, of parent: ProcessStat) -> Bool {
        (stat.parentPID == parent.pid || visited.contains(stat.parentPID))
            && stat.startTimeTicks >= parent.startTimeTicks
    }
}

/// Walks over a process and its descendants.
extension ProcessWalk {
    /// Visits a process that a caller named, and in a tree all of its descendants, parents before children.
    mutating func visit(named process: ProcessSelector) throws(ProcMemError) {
        let process = try process.validated(in: root)
        let named = Candidate(process: process, isNamed: true)
        do throws(FileReadError) {
            try visitDescendants(try visit(named))
        } catch {
            if error.isAbsence, includeIfHidden(named) { return }
            throw ProcMemError(explaining: error, at: ProcPath(directoryOf: process), of: process, in: root)
        }
        // Whoever was looked for at the wrong place has been met at another one, or belongs to nobody here.
        strays = []
    }

    /// Visits candidates, the last one first, and all of their descendants.
    private mutating func visitDescendants(_ candidates: [Candidate]) throws(FileReadError) {
        var pending = candidates
        if try visitSideBySide(pending) { return }
        while let next = pending.popLast() {
            do throws(FileReadError) {
                let children = try visit(next)
                if try !visitSideBySide(children) { pending += children }
            } catch  where error.isAbsence {
                includeIfHidden(next)
            }
        }
    }

    /// Visits many candidates and all of their descendants by several threads; false where they are too few.
    private mutating func visitSideBySide(_ candidates: [Candidate]) throws(FileReadError) -> Bool {
        guard isConcurrent, children?.search == .childrenFiles, candidates.count > 1 else { return false }
        let parts = ConcurrentWork.parts(of: candidates.reversed(), minimumPartCount: 32)
        guard parts.count > 1 else { return false }
        let work = walking { (walk: inout ProcessWalk, part: ArraySlice<Candidate>) throws(FileReadError) in
            try walk.visitDescendants(part.reversed())
        }
        var strays: [Candidate] = []
        for walk in ConcurrentWork.results(of: parts, on: "procmem-walk", work) {
            let walk = try walk.get()
            // Who was given to another parent meanwhile may have been met in two parts.
            members += walk.members.filter { !visited.contains($0.pid) }
            visited.formUnion(walk.visited)
            for gap in walk.gaps { budget.note(gap) }
            if walk.children?.search == .scan { children = walk.children }
            strays += walk.strays
        }
        members = Array(budget.allowed(of: members, after: countBefore))
        // A parent that was met in another part is known now.
        for stray in strays {
            do throws(FileReadError) {
                try visitDescendants(visit(stray))
            } catch  where error.isAbsence {
                includeIfHidden(stray)
            }
        }
        return true
    }

    /// A part of this walk as another thread does it: it has met whom this one has met, and starts no threads itself.
    func walking<Part, Failure>(
        _ visit: @escaping @Sendable (inout ProcessWalk, Part) throws(Failure) -> Void
    ) -> @Sendable (Part) -> Result<ProcessWalk, Failure> {
        var blank = self
        blank.countBefore += members.count
        blank.members = []
        blank.strays = []
        blank.isConcurrent = false
        return { [blank] part in
            Result { () throws(Failure) in
                var walk = blank
                try visit(&walk, part)
                return walk
            }
        }
    }
}
