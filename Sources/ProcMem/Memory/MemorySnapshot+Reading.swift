/// The memory of several processes and what they hold together.
///
/// For each process its directory is opened, `stat` and the file of the mode are read and, in a tree, `children`. A process
/// that appears or ends meanwhile may be in the snapshot or not; one that ends between two of its files is in it, with
/// `exited`. The figures of different processes are not of the same instant.
///
/// The cost grows with the number of processes, and with `.accurate` with their mapped pages too. No privileges are needed
/// but for those that the mode needs: a process that may not be looked at is in the snapshot with `nil` and the reason.
///
/// - Parameters:
///   - scope: Which processes.
///   - mode: How exactly to look.
///   - root: Where the kernel's files are.
/// - Throws: ``ProcMemError`` with `noSuchProcess` where a process that the scope names is not there, `invalidArgument` for
///   an id below 1 or a cgroup that is not there, `procUnavailable` without `/proc`, `outOfResources` without descriptors.
public func memorySnapshot(
    of scope: MemoryScope,
    mode: MemoryMode,
    in root: KernelRoot = .live
) throws(ProcMemError) -> MemorySnapshot {
    let start = ContinuousClock.now
    var walk = ProcessWalk(in: root) { (directory, stat) throws(ReadFailure) in
        try directory.memoryUsage(stat, mode: mode, pageSizeBytes: root.pageSizeBytes)
    }
    switch scope.kind {
    case .processes(let processes):
        for process in processes { try walk.visit(named: process.validated(), descends: false) }
    case .trees(let roots):
        for process in roots { try walk.visit(named: process.validated(), descends: true) }
    case .cgroup(let path):
        try walk.visit(listed: CgroupProcesses.ids(in: path, root: root))
    case .all:
        let pids: [Int32]
        do {
            pids = try root.processIDs()
        } catch {
            throw ProcMemError(.procUnavailable, path: "/proc", detail: error.summary)
        }
        try walk.visit(listed: pids)
    }
    let processes = walk.members.map { member in
        ProcessMemory(
            pid: member.pid,
            parentPID: member.stat?.parentID,
            command: member.stat?.command,
            startTimeTicks: member.stat?.startTimeTicks,
            depth: member.depth,
            usage: member.value ?? MemoryUsage(unavailable: .permissionDenied)
        )
    }
    return MemorySnapshot(
        mode: mode,
        elapsed: start.duration(to: .now),
        processes: processes,
        total: MemoryTotal(processes),
        complete: walk.isComplete
    )
}
