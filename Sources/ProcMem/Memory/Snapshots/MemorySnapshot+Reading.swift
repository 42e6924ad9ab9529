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
///   - limits: How many processes, and for how long.
///   - root: Where the kernel's files are.
/// - Throws: ``ProcMemError`` with `noSuchProcess` where a process that the scope names is not there, `invalidArgument` for
///   an id below 1 or a cgroup that is not there, `procUnavailable` where `/proc` is not mounted or is another pid
///   namespace's, `outOfResources` without descriptors.
public func memorySnapshot(
    of scope: ProcessScope,
    mode: MemoryMode,
    limits: WalkLimits = WalkLimits(),
    in root: KernelRoot = .live
) throws(ProcMemError) -> MemorySnapshot {
    let start = ContinuousClock.now
    var walk = ProcessWalk(in: root, budget: WalkBudget(limits), isConcurrent: mode != .accurate) {
        (directory, stat) throws(ReadFailure) in
        try directory.memoryUsage(stat, mode: mode, pageSizeBytes: root.pageSizeBytes)
    }
    try walk.visit(scope)
    let sharing = MemorySharing(of: walk.members, mode, in: root)
    let knowsChildren = walk.search != .named
    var sampled: SampledMemory?
    if case .sampled(let reads) = mode {
        let members = SampledMembers(
            walk.members,
            isCounted: { sharing.certain[$0] == nil },
            knowsChildren: knowsChildren,
            in: root
        )
        do {
            sampled = try members.sample(&walk.members, reads: reads, isClosed: knowsChildren, in: root)
        } catch {
            throw ProcMemError(error, path: root.text(.processes))
        }
    }
    let processes = walk.members.map { ProcessMemory($0, sharing) }
    let physical = PhysicalMemory(
        processes,
        walk.members.map(\.stat),
        knowsChildren: knowsChildren,
        sampled: sampled?.distinct,
        in: root
    )
    let total = MemoryTotal(processes, holding: physical)
    return MemorySnapshot(
        mode: mode,
        elapsed: start.duration(to: .now),
        processes: processes,
        total: total,
        cgroupCharge: walk.cgroup.map { CgroupCharge(of: $0, holding: total.physicalBytes, in: root) },
        search: walk.search,
        gaps: walk.gaps
    )
}

extension MemorySharing {
    fileprivate init(of members: [ProcessWalk<MemoryUsage>.Member], _ mode: MemoryMode, in root: KernelRoot) {
        let candidates = members.compactMap { member in
            member.stat.flatMap { stat in member.value.flatMap { Candidate(member.pid, stat, $0) } }
        }
        let question = MemoryMapQuestion(root: root)
        self.init(candidates, mode == .accurate ? .all : .likely) { question.compare($0, $1) }
    }
}

extension ProcessMemory {
    fileprivate init(_ member: ProcessWalk<MemoryUsage>.Member, _ sharing: MemorySharing) {
        pid = member.pid
        parentPID = member.stat?.parentID
        command = member.stat?.command
        startTimeTicks = member.stat?.startTimeTicks
        depth = member.depth
        usage = member.value ?? MemoryUsage(unavailable: member.obstacle ?? .permissionDenied)
        sharesMemoryWith = sharing.certain[member.pid]
        mayShareMemoryWith = sharing.possible[member.pid]
    }
}
