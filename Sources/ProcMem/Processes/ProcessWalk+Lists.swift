/// Walks over processes that the kernel lists: those of a cgroup, or all.
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

    /// Visits the processes of a list that was just read from the kernel; those that have exited since are skipped.
    private mutating func visit(listed pids: [Int32]) throws(ProcMemError) {
        try ProcNamespace.confirm(in: root)
        let pids = Array(budget.allowed(of: pids, after: members.count))
        let work = ConcurrentWork(on: pids, minimumCountPerThread: isConcurrent ? 256 : pids.count)
        guard work.isDivided else { return try visit(part: pids[...]) }
        let visitPart = walking { (walk: inout ProcessWalk, part: ArraySlice<Int32>) throws(ProcMemError) in
            try walk.visit(part: part)
        }
        // No process occurs twice: the parts have no process in common, and none was visited before.
        for walk in work.results(on: "procmem-walk", visitPart) {
            let walk = try walk.get()
            members += walk.members
            for gap in walk.gaps { budget.note(gap) }
            note(walk.firstFailure)
        }
    }

    private mutating func visit(part pids: ArraySlice<Int32>) throws(ProcMemError) {
        for pid in pids {
            let listed = Candidate(process: .id(pid))
            do throws(FileReadError) {
                if read == nil { try visitByPath(listed) } else { _ = try visit(listed) }
            } catch  where error.isExit {
                includeIfHidden(listed)
            } catch {
                throw ProcMemError(error, path: root.text(ProcPath(directoryOf: .id(pid))))
            }
        }
    }
}

/// `cgroup.procs` of a cgroup and of every cgroup below it.
enum CgroupProcesses {
    private static var readOptions: FileReadOptions { FileReadOptions(expectedBytes: 1024, limitBytes: 64 << 20) }

    /// Returns the ids of the processes, in ascending order.
    static func ids(
        below top: CgroupDirectory,
        in root: SystemRoot,
        within budget: inout SearchBudget
    ) throws(ProcMemError) -> [Int32] {
        var ids: Set<Int32> = []
        var pending = [top]
        while let directory = pending.popLast(), budget.allows(another: ids.count) {
            let file = directory.file("cgroup.procs")
            do {
                let found = try root.read(file.span, readOptions, Self.ids(parsing:))
                if found.contains(0) { budget.note(.otherNamespace) }
                ids.formUnion(found)
                pending += try directory.children(in: root)
            } catch  where error.isAbsence {
                // The cgroup has been removed since it was listed.
                continue
            } catch .system(.permissionDenied) where directory != top {
                budget.note(.hidden)
            } catch .system(.notSupported) where directory != top {
                // A threaded cgroup: the kernel lists its processes in the nearest ancestor that is not threaded.
                continue
            } catch {
                throw ProcMemError(error, path: root.text(file))
            }
        }
        ids.remove(0)
        if mayLeaveOut(top, in: root) { budget.note(.otherNamespace) }
        return ids.sorted()
    }

    /// Returns whether the kernel silently omits processes outside the caller's pid namespace: v1 does, v2 lists them
    /// as 0.
    static func mayLeaveOut(_ cgroup: CgroupDirectory, in root: SystemRoot) -> Bool {
        guard root.isLive, !Syscalls.isInInitialPIDNamespace else { return false }
        // Every v2 cgroup has this file except the root of the hierarchy, which a namespace does not show.
        return (try? root.open(cgroup.file("cgroup.events").span)) == nil
    }

    /// - Returns: The ids, with a 0 for each process outside the caller's pid namespace.
    static func ids(parsing bytes: Span<UInt8>) throws(ParseError) -> [Int32] {
        var ids: [Int32] = []
        var index = 0
        while let field = bytes.nextField(at: &index) {
            guard let id = bytes.decimal(in: field), let pid = Int32(exactly: id) else {
                throw ParseError("a process id on each line")
            }
            ids.append(pid)
        }
        return ids
    }
}
