/// The processes of a scope, and the method by which they were found.
public struct ProcessList: Sendable, Hashable {
    /// The processes. A tree starts with its root and has every parent before its children; named processes are in the
    /// caller's order; all others are in the order of their ids.
    public let processes: [ListedProcess]
    /// The method by which the processes were found.
    public let search: DiscoveryMethod
    /// The reasons why processes may be missing; empty if none is missing.
    public let gaps: Set<ProcessGap>
    /// The time that the search took.
    public let elapsed: Duration

    /// Whether no process is missing, as far as the kernel reports.
    public var isComplete: Bool { gaps.isEmpty }
}

/// One process of a list.
///
/// The kernel reuses an id after the parent has collected its process. ``pid`` and ``startTimeTicks`` together identify
/// a process, unless two processes have the same id and start within one clock tick, usually 10 ms. ``MemoryReader``
/// distinguishes even these two, because it keeps the process's directory open.
public struct ListedProcess: Sendable, Hashable {
    /// The process's id in the caller's pid namespace.
    public let pid: Int32
    /// The parent's id, `stat` field 4; 0 if the parent is outside the pid namespace, `nil` if `stat` could not be
    /// read.
    public let parentPID: Int32?
    /// The command, `stat` field 2, at most 15 bytes; `nil` if `stat` could not be read.
    ///
    /// A process can choose any name for itself: it may contain any character, including line breaks.
    public let command: String?
    /// The time at which the process started, in clock ticks since boot, `stat` field 22; `nil` if `stat` could not be
    /// read.
    public let startTimeTicks: Int?
    /// The number of levels between the process and the root of its tree; 0 outside of trees.
    public let depth: Int
}

/// Returns the processes of a scope.
///
/// For each process, `stat` is read and, in a tree, `children` of each of its threads. A process that starts or exits
/// during the call may or may not be in the list. The cost grows with the number of processes, and in a tree also with
/// the number of their threads. A list of 512 or more processes, and 64 or more children of one process, are divided
/// among as many threads as ``effectiveCPUCount(rounding:minimum:in:)`` allows, at most four. No privileges are
/// required. If `/proc` shows a process but does not permit the caller to read it, only its id is in the list.
///
/// - Parameters:
///   - scope: The processes to list.
///   - limits: The maximum number of processes, and the maximum time.
///   - root: The directory that contains the kernel's files.
/// - Throws: ``ProcMemError`` with `noSuchProcess` if a process that the scope names does not exist, `invalidArgument`
///   for an id below 1 or a cgroup that does not exist, `procUnavailable` if `/proc` is not mounted or is mounted for
///   another pid namespace, `outOfResources` if no descriptor is left.
public func processList(
    of scope: ProcessScope,
    limits: SearchLimits = SearchLimits(),
    in root: SystemRoot = .live
) throws(ProcMemError) -> ProcessList {
    let start = ContinuousClock.now
    var walk = ProcessWalk<Void>(in: root, budget: SearchBudget(limits), isConcurrent: true)
    try walk.visit(scope)
    return ProcessList(
        processes: walk.members.map { ListedProcess(pid: $0.pid, depth: $0.depth, stat: $0.stat) },
        search: walk.search,
        gaps: walk.gaps,
        elapsed: start.duration(to: .now)
    )
}

extension ListedProcess {
    init(pid: Int32, depth: Int, stat: ProcessStat?) {
        self.pid = pid
        self.depth = depth
        parentPID = stat?.parentPID
        command = stat?.command
        startTimeTicks = stat?.startTimeTicks
    }
}
