/// A walk over processes: each is read while its directory is kept open.
struct ProcessWalk<Value: Sendable>: Sendable {
    /// One process that was visited.
    struct Member: Sendable {
        let pid: Int32
        /// The number of levels below the process at which the walk started; 0 in a list.
        let depth: Int
        /// `stat` of the process; `nil` if the caller may not read even that.
        let stat: ProcessStat?
        /// The value that `read` returned; `nil` if the process could not be read.
        var value: Value?
        /// The reason why the process could not be read.
        var unavailableReason: UnavailableReason?
    }

    /// A process that was listed but has not been visited yet.
    struct Candidate {
        let process: ProcessSelector
        var depth = 0
        /// The process that listed it as a child.
        var parent: ProcessStat?
        /// Whether the caller named it, possibly by the id of one of its threads.
        var isNamed = false
    }

    let root: SystemRoot
    /// Reads one process; `nil` if `stat` is sufficient.
    let read: (@Sendable (borrowing ProcessDirectory, ProcessStat) throws(FileReadError) -> Value)?
    /// Whether several threads may read processes at the same time.
    var isConcurrent: Bool
    var budget: SearchBudget
    /// The search for children; `nil` outside of trees.
    var children: ProcessChildren?
    var visited: Set<Int32> = []
    /// The process that is visited but does not become a member.
    private(set) var excluded: Int32?

    var members: [Member] = []
    /// The number of members that were found before this walk, if it is a part of another one.
    var countBefore = 0
    /// Processes listed as children, but with a current parent that this walk has not visited.
    var strays: [Candidate] = []
    var search = DiscoveryMethod.named
    /// The cgroup of the scope; `nil` for a scope of another kind.
    var cgroup: CgroupDirectory?

    /// The first error that prevented a process from being read, and that is no property of the process.
    private(set) var firstFailure: ProcMemError?

    /// The reasons why processes may be missing among the members.
    var gaps: Set<ProcessGap> { budget.gaps }

    /// - Parameters:
    ///   - isConcurrent: Whether several threads may read processes at the same time: not if a read stalls its target.
    ///   - read: Reads one process; `nil` if `stat` is sufficient.
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
            for process in processes { try visit(named: process, isAmongSeveral: processes.count > 1) }
        case .trees(let roots, let exhaustive):
            children = ProcessChildren(in: root, exhaustive: exhaustive)
            for process in roots { try visit(named: process, isAmongSeveral: roots.count > 1) }
            search = children?.search ?? search
        case .cgroup, .cgroupOf:
            if let cgroup = try scope.cgroup(in: root) { try visit(cgroup: cgroup) }
        case .all:
            try visitAll()
        }
        // No process could be read: the error says more than the rows.
        if let firstFailure, members.allSatisfy({ $0.stat == nil }) { throw firstFailure }
    }

    /// The id of the calling process; with a root directory other than `/`, the id of the process of its `proc/self`.
    private var callerID: Int32? {
        guard !root.isLive else { return Syscalls.pid }
        return try? root.read(ProcPath(.current, "stat"), ProcessStat.readOptions, ProcessStat.init(parsing:)).pid
    }

    /// Visits a process and returns its children in a tree, in reverse order.
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
            let ids: [Int32]
            do {
                ids = try children?.ids(of: directory, stat, within: &budget) ?? []
            } catch  where !error.isExit {
                // The process is a member; its children are not known.
                budget.note(.hidden)
                return []
            }
            return ids.reversed().map { Candidate(process: .id($0), depth: candidate.depth + 1, parent: stat) }
        } catch .system(.permissionDenied), .system(.notPermitted) {
            include(unreadable: candidate)
            return []
        } catch  where !error.isExit && !candidate.isNamed {
            include(unreadable: candidate, after: error)
            return []
        }
    }

    /// Returns `stat` of a candidate; `nil` if it is malformed, unless the caller named the candidate.
    ///
    /// One malformed `stat` must not prevent the figures of all other processes. For a process that the caller named,
    /// the error is thrown.
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

    /// Visits a process of a list by reading only `stat`. A directory need not be opened to read one file.
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
        } catch  where !error.isExit {
            include(unreadable: listed, after: error)
        }
    }

    /// Includes a process that the kernel listed and `/proc` does not show, if the process exists but is hidden.
    @discardableResult
    mutating func includeIfHidden(_ candidate: Candidate) -> Bool {
        guard ProcVisibility.isHidden(candidate.process, in: root) else { return false }
        include(unreadable: candidate)
        return true
    }

    /// Includes a process whose files could not be read for a reason that is no property of the process.
    private mutating func include(unreadable candidate: Candidate, after failure: FileReadError) {
        note(ProcMemError(failure, path: root.text(ProcPath(candidate.process, "stat"))))
        include(unreadable: candidate, .failed)
    }

    /// Keeps the first error.
    mutating func note(_ failure: ProcMemError?) { firstFailure = firstFailure ?? failure }

    private mutating func include(unreadable candidate: Candidate, _ reason: UnavailableReason = .permissionDenied) {
        // The children of this process are not known.
        if children != nil { budget.note(.hidden) }
        let pid = candidate.process.threadID
        guard visited.insert(pid).inserted else { return }
        members.append(Member(pid: pid, depth: candidate.depth, stat: nil, value: nil, unavailableReason: reason))
    }

    /// Returns whether a process that was listed as a child is that child, and not another process that has its id by
    /// now.
    ///
    /// After the parent of a child has exited, the child's parent is a subreaper in the tree, or a process outside the
    /// tree.
    private func isChild(_ stat: ProcessStat, of parent: ProcessStat) -> Bool {
        (stat.parentPID == parent.pid || visited.contains(stat.parentPID))
            && stat.startTimeTicks >= parent.startTimeTicks
    }
}

/// Walks over a process and its descendants.
extension ProcessWalk {
    /// Visits a process that the caller named, and in a tree all of its descendants, parents before children.
    ///
    /// - Parameter isAmongSeveral: Whether the caller named other processes too. A failure to read this one is then a member
    ///   with the reason, and not an error.
    mutating func visit(named process: ProcessSelector, isAmongSeveral: Bool) throws(ProcMemError) {
        let process = try process.validated(in: root)
        let named = Candidate(process: process, isNamed: true)
        do throws(FileReadError) {
            try visitDescendants(try visit(named))
        } catch {
            if error.isExit, includeIfHidden(named) { return }
            let path = error.isExit ? ProcPath(directoryOf: process) : ProcPath(process, "stat")
            let failure = ProcMemError(explaining: error, at: path, of: process, in: root)
            guard isAmongSeveral, failure.code != .procUnavailable else { throw failure }
            note(failure)
            include(unreadable: named, error.isExit ? .exited : UnavailableReason(ofOneAmongSeveral: error))
        }
        // A remaining stray was found under another parent, or is not in these trees.
        strays = []
    }

    /// Visits candidates, the last one first, and all of their descendants.
    private mutating func visitDescendants(_ candidates: [Candidate]) throws(FileReadError) {
        var pending = candidates
        if try visitConcurrently(pending) { return }
        while let next = pending.popLast() {
            do throws(FileReadError) {
                let children = try visit(next)
                if try !visitConcurrently(children) { pending += children }
            } catch  where error.isExit {
                includeIfHidden(next)
            }
        }
    }

    /// Visits many candidates and all of their descendants on several threads; `false` if there are too few candidates.
    private mutating func visitConcurrently(_ candidates: [Candidate]) throws(FileReadError) -> Bool {
        // Each part reads up to the maximum number of processes, because none knows how many the others find.
        guard isConcurrent, children?.search == .childrenFiles, candidates.count > 1, !budget.isCountLowered else {
            return false
        }
        let work = ConcurrentWork(on: candidates.reversed(), minimumCountPerThread: 32)
        guard work.isDivided else { return false }
        let visitPart = walking { (walk: inout ProcessWalk, part: ArraySlice<Candidate>) throws(FileReadError) in
            try walk.visitDescendants(part.reversed())
        }
        var strays: [Candidate] = []
        for walk in work.results(on: "procmem-walk", visitPart) {
            let walk = try walk.get()
            // A process that was given to another parent during the walk may have been visited in two parts.
            members += walk.members.filter { !visited.contains($0.pid) }
            visited.formUnion(walk.visited)
            for gap in walk.gaps { budget.note(gap) }
            note(walk.firstFailure)
            if walk.children?.search == .scan { children = walk.children }
            strays += walk.strays
        }
        members = Array(budget.allowed(of: members, after: countBefore))
        // A parent that was visited in another part is known now.
        for stray in strays {
            do throws(FileReadError) {
                try visitDescendants(visit(stray))
            } catch  where error.isExit {
                includeIfHidden(stray)
            }
        }
        return true
    }

    /// Returns a function that visits one part of this walk on another thread. The part's walk starts with the
    /// processes that this walk has visited, and starts no threads.
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
