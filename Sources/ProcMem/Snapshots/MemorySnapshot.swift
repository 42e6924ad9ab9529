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
    limits: SearchLimits = SearchLimits(),
    in root: SystemRoot = .live
) throws(ProcMemError) -> MemorySnapshot {
    let start = ContinuousClock.now
    var builder = SnapshotBuilder(of: scope, mode: mode, limits: limits, in: root)
    let (census, sharing) = try builder.findProcesses(isConcurrent: true)
    return try builder.snapshot(of: census, sharing, since: start)
}

/// The memory of several processes, looked at one after the other.
public struct MemorySnapshot: Sendable, Hashable {
    /// How the processes were looked at.
    public let mode: MemoryMode
    /// How long it took.
    public let elapsed: Duration
    /// The processes: a tree's root first and every parent before its children, a list in its order, the rest by id.
    public let processes: [ProcessMemory]
    /// Their sums.
    public let total: MemoryTotal
    /// For a cgroup, what it is charged for beside what its processes hold; `nil` for another scope.
    public let cgroupCharge: CgroupCharge?
    /// How the processes were found.
    public let search: DiscoveryMethod
    /// Why processes may be missing; empty where none is.
    public let gaps: Set<ProcessGap>

    /// Whether no process is missing, as far as the kernel tells.
    public var isComplete: Bool { gaps.isEmpty }
}

/// One process of a snapshot.
public struct ProcessMemory: Sendable, Hashable {
    /// The process's id in the caller's pid namespace.
    public let pid: Int32
    /// The parent's id; 0 where it is outside of the pid namespace, `nil` where `/proc` does not tell.
    public let parentPID: Int32?
    /// The command, from field 2 of `/proc/PID/stat`, at most 15 bytes; `nil` where `/proc` does not tell.
    ///
    /// Whatever the process chose to call itself: it may hold any character, line breaks too.
    public let command: String?
    /// When the process began, in clock ticks since boot, from field 22 of `/proc/PID/stat`. With ``pid`` it names the
    /// process, also when the id is used again.
    public let startTimeTicks: Int?
    /// How far below the root of its tree the process is; 0 outside of trees.
    public let depth: Int
    /// Its memory.
    public let usage: MemoryUsage
    /// The process of this snapshot that has the very same memory, and whose figures stand for both in the totals; `nil`
    /// for none.
    ///
    /// A process has another's memory between `vfork`, or `posix_spawn`, and the program that it executes, and for good
    /// when it was made by `clone` with `CLONE_VM` and not as a thread. Each of them shows all of the memory as its own,
    /// in PSS and USS too. Told by `kcmp(2)`.
    public let sharesMemoryWith: Int32?
    /// A process of this snapshot that may have the very same memory: their sizes are equal, one was forked from the
    /// other's program, and the kernel does not let the caller ask. The totals count both.
    public let mayShareMemoryWith: Int32?
}

extension MemorySnapshot: Encodable {
    /// Encodes the JSON of `procmem memory`.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(mode.name, forKey: "mode")
        try names.encode(elapsed.wholeMicroseconds, forKey: "elapsedMicroseconds")
        try names.encode(search.rawValue, forKey: "search")
        try names.encode(isComplete, forKey: "complete")
        try names.encode(gaps.map(\.rawValue).sorted(), forKey: "gaps")
        try names.encode(processes, forKey: "processes")
        try names.encode(total, forKey: "total")
        try names.encode(cgroupCharge, forKey: "cgroup")
    }
}

extension ProcessMemory: Encodable {
    /// Encodes the process together with the figures of its memory.
    public func encode(to encoder: any Encoder) throws {
        try usage.encode(to: encoder)
        var names = encoder.names
        try names.encode(pid, forKey: "pid")
        try names.encode(parentPID, forKey: "parentPID")
        try names.encode(command, forKey: "command")
        try names.encode(startTimeTicks, forKey: "startTimeTicks")
        try names.encode(depth, forKey: "depth")
        try names.encode(sharesMemoryWith, forKey: "sharesMemoryWith")
        try names.encode(mayShareMemoryWith, forKey: "mayShareMemoryWith")
    }
}
