/// Walks over processes that the kernel lists: a cgroup's, or all.
extension ProcessWalk {
    mutating func visit(cgroup: CgroupDirectory) throws(ProcMemError) {
        search = .cgroupFiles
        self.cgroup = cgroup
        try visit(listed: CgroupProcesses.ids(below: cgroup, in: root, within: &budget))
    }

    mutating func visitAll() throws(ProcMemError) {
        search = .scan
        if ProcVisibility.hidesProcesses(in: root) { budget.note(.hidden) }
        let pids: [Int32]
        do {
            pids = try root.processIDs()
        } catch {
            let failure = ProcMemError(error, path: root.text(.processes))
            guard failure.code != .outOfResources else { throw failure }
            throw ProcMemError(.procUnavailable, path: failure.path, detail: error.summary)
        }
        try visit(listed: pids)
    }

    /// Visits the processes of a list that the kernel gave a moment ago; those that have gone are passed over.
    private mutating func visit(listed pids: [Int32]) throws(ProcMemError) {
        try ProcNamespace.confirm(in: root)
        let pids = Array(budget.allowed(of: pids, after: members.count))
        let parts = ConcurrentWork.parts(of: pids, worthAThread: isConcurrent ? 256 : pids.count)
        guard parts.count > 1 else { return try visit(part: pids[...]) }
        let work = walking { (walk: inout ProcessWalk, part: ArraySlice<Int32>) throws(ProcMemError) in
            try walk.visit(part: part)
        }
        // Of no process twice: the parts have none in common, and nobody was met before.
        for walk in ConcurrentWork.results(of: parts, on: "procmem-walk", work) {
            let walk = try walk.get()
            members += walk.members
            for gap in walk.gaps { budget.note(gap) }
        }
    }

    private mutating func visit(part pids: ArraySlice<Int32>) throws(ProcMemError) {
        for pid in pids {
            let listed = Candidate(process: .id(pid))
            do throws(ReadFailure) {
                if read == nil { try visitByPath(listed) } else { _ = try visit(listed) }
            } catch  where error.isAbsence {
                includeIfHidden(listed)
            } catch {
                throw ProcMemError(error, path: root.text(ProcPath(directoryOf: .id(pid))))
            }
        }
    }
}
