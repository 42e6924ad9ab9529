/// `cgroup.procs` of a cgroup and of every cgroup below it.
enum CgroupProcesses {
    private static var shape: FileShape { FileShape(expectedBytes: 1024, limitBytes: 64 << 20) }

    /// The ids of the processes, ascending.
    static func ids(
        below top: CgroupDirectory,
        in root: KernelRoot,
        within budget: inout WalkBudget
    ) throws(ProcMemError) -> [Int32] {
        var ids: Set<Int32> = []
        var pending = [top]
        while let directory = pending.popLast(), budget.allows(another: ids.count) {
            let file = directory.file("cgroup.procs")
            do {
                let found = try root.read(file.span, shape, Self.ids(parsing:))
                if found.contains(0) { budget.note(.otherNamespace) }
                ids.formUnion(found)
                pending += try directory.children(in: root)
            } catch  where error.isAbsence {
                // Removed since it was listed.
                continue
            } catch .system(.permissionDenied) where directory != top {
                budget.note(.hidden)
            } catch .system(.notSupported) where directory != top {
                // A threaded cgroup: its processes are listed by the one above that is not.
                continue
            } catch {
                throw ProcMemError(error, path: root.text(file))
            }
        }
        ids.remove(0)
        if mayLeaveOut(top, in: root) { budget.note(.otherNamespace) }
        return ids.sorted()
    }

    /// Whether the kernel leaves out processes outside of the reader's pid namespace without a word: v1 does, v2 shows 0.
    private static func mayLeaveOut(_ cgroup: CgroupDirectory, in root: KernelRoot) -> Bool {
        guard root.isLive, !Syscalls.isInInitialPIDNamespace else { return false }
        // A v2 cgroup has it, each but the root of all, which a namespace does not show.
        return (try? root.open(cgroup.file("cgroup.events").span)) == nil
    }

    /// - Returns: 0 among the ids for each process outside of the reader's pid namespace.
    private static func ids(parsing bytes: Span<UInt8>) throws(Malformation) -> [Int32] {
        var ids: [Int32] = []
        var index = 0
        while let field = bytes.nextField(at: &index) {
            guard let id = bytes.decimal(in: field), let pid = Int32(exactly: id) else {
                throw Malformation("a process id on each line")
            }
            ids.append(pid)
        }
        return ids
    }
}
