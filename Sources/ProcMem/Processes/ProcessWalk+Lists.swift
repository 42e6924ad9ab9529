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
        let pids = budget.allowed(of: pids, after: members.count)
        let parts = isConcurrent ? Self.parts(of: pids) : [pids]
        guard parts.count > 1 else { return try visit(part: pids) }
        // Of no process twice: the parts have none in common, and nobody was met before.
        let blank = self
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
    private static func parts(of pids: ArraySlice<Int32>) -> [ArraySlice<Int32>] {
        let worthAThread = 256
        let count = min(4, pids.count / worthAThread)
        guard count > 1 else { return [pids] }
        let threads = max(1, min(count, effectiveCPUCount(rounding: .down)))
        return (0..<threads).map { part in
            pids.dropFirst(pids.count * part / threads).prefix(
                pids.count * (part + 1) / threads - pids.count * part / threads
            )
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
