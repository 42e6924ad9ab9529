/// Processes that were found, and how.
public struct ProcessList: Sendable, Hashable {
    /// The processes: a tree's root first and every parent before its children, a list in its order, the rest by id.
    public let processes: [ListedProcess]
    /// How they were found.
    public let search: DiscoveryMethod
    /// Why processes may be missing; empty where none is.
    public let gaps: Set<ProcessGap>
    /// How long it took.
    public let elapsed: Duration

    /// Whether no process is missing, as far as the kernel tells.
    public var isComplete: Bool { gaps.isEmpty }
}

/// One process of a list.
///
/// An id is given out again when its process has been collected: ``pid`` and ``startTimeTicks`` together name one process,
/// but for two that have one id within one clock tick, 10 ms as a rule: by these they look the same. ``MemoryReader``, which
/// holds a process's directory, does not confuse them.
public struct ListedProcess: Sendable, Hashable {
    /// The process's id in the caller's pid namespace.
    public let pid: Int32
    /// The parent's id, `stat` field 4; 0 where it is outside of the pid namespace, `nil` where `/proc` does not tell.
    public let parentPID: Int32?
    /// The command, `stat` field 2, at most 15 bytes; `nil` where `/proc` does not tell.
    ///
    /// Whatever the process chose to call itself: it may hold any character, line breaks too.
    public let command: String?
    /// When the process began, in clock ticks since boot, `stat` field 22; `nil` where `/proc` does not tell.
    public let startTimeTicks: Int?
    /// How far below the root of its tree the process is; 0 outside of trees.
    public let depth: Int
}

/// The processes of a scope.
///
/// Of each process `stat` is read and, in a tree, `children` of each of its threads. A process that appears or ends meanwhile
/// may be in the list or not. The cost is about 10 µs a process, 20 in a tree. A list of 512 or more, and 64 or more children
/// of one process, are divided among as many threads as ``effectiveCPUCount(rounding:minimum:in:)`` allows, four at most. No
/// privileges are needed; a process that `/proc` shows and does not let look at is in the list by its id alone.
///
/// - Parameters:
///   - scope: Which processes.
///   - limits: How many processes, and for how long.
///   - root: Where the kernel's files are.
/// - Throws: ``ProcMemError`` with `noSuchProcess` where a process that the scope names is not there, `invalidArgument` for
///   an id below 1 or a cgroup that is not there, `procUnavailable` where `/proc` is not mounted or is another pid
///   namespace's, `outOfResources` without descriptors.
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
