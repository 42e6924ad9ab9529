/// Measures the memory of several processes, and their distinct memory.
///
/// For each process, the call opens the directory `/proc/PID` and reads `stat` and the file of the mode; in a tree, it
/// also reads `children` of each thread. A process that starts or exits meanwhile may be in the snapshot or not. A
/// process that exits between the reads of two of its files is in the snapshot, with the reason `exited`. The figures
/// of different processes are not read at the same instant.
///
/// The cost grows with the number of processes; in `.accurate` mode it also grows with their mapped pages. No
/// privileges are required except those of the mode. A process that the caller may not read is in the snapshot, with
/// `nil` figures and the reason.
///
/// - Parameters:
///   - scope: The processes to measure.
///   - mode: How memory is measured.
///   - detail: Whether `status` of each process is read too, for the figures that only this file has, or no process at
///     all.
///   - limits: The maximum number of processes, and the maximum duration of the search.
///   - root: The directory below which the kernel's files are read.
/// - Returns: The figures of each process, and their totals.
/// - Throws: ``ProcMemError`` with `noSuchProcess` if a process that the scope names does not exist, `invalidArgument`
///   for a pid below 1, for a cgroup that does not exist, and for totals of another scope than a cgroup,
///   `procUnavailable` if `/proc` is not mounted or belongs to another pid namespace, `outOfResources` if no file
///   descriptor is left.
public func memorySnapshot(
    of scope: ProcessScope,
    mode: MemoryMode,
    detail: MemoryDetail = .standard,
    limits: SearchLimits = SearchLimits(),
    in root: SystemRoot = .live
) throws(ProcMemError) -> MemorySnapshot {
    let start = ContinuousClock.now
    var builder = SnapshotBuilder(of: scope, mode: mode, detail: detail, limits: limits, in: root)
    if detail == .totals { return try builder.totals(since: start) }
    let (census, sharing) = try builder.findProcesses(isConcurrent: true)
    return builder.snapshot(of: census, sharing, since: start)
}

/// The memory of several processes, which were measured one after the other.
public struct MemorySnapshot: Sendable, Hashable {
    /// The mode in which the processes were measured.
    public let mode: MemoryMode
    /// The duration of the measurement, including the search for the processes.
    public let elapsed: Duration
    /// The processes; none with ``MemoryDetail/totals``. A tree begins with its root, and every parent precedes its children; named processes keep their
    /// order; all others are sorted by pid.
    public let processes: [ProcessMemory]
    /// The sums over the processes, and their distinct memory.
    public let total: MemoryTotal
    /// The memory that is charged to the cgroup; `nil` if the scope is not a cgroup.
    public let cgroupCharge: CgroupCharge?
    /// How the processes were found.
    public let search: DiscoveryMethod
    /// The reasons why processes may be missing; empty if none is.
    public let gaps: Set<ProcessGap>
    /// The CPU times of the processes; `nil` if no process was listed.
    var times: ProcessTimesReading?

    /// Whether no process is missing, as far as the kernel reports.
    public var isComplete: Bool { gaps.isEmpty }

    /// Returns the CPU time that the processes used since an earlier snapshot of the same scope; `nil` if one of the two
    /// has ``MemoryDetail/totals``.
    ///
    /// The times are from `stat`, which the measurement reads anyway: no file is read for them. What is counted, and when
    /// it is a lower bound, is explained at ``ProcessUsageSnapshot/cpuTime(since:)``. After the root of a tree has exited,
    /// a ``MemorySampler`` follows its descendants: the time is a lower bound in the pass that finds this.
    ///
    /// To add up the time from snapshot to snapshot, use a ``CPUTimeCounter``.
    ///
    /// - Parameter earlier: The earlier snapshot.
    public func cpuTime(since earlier: MemorySnapshot) -> ProcessCPUTime? {
        guard let times, let earlierTimes = earlier.times else { return nil }
        return times.since(earlierTimes).time
    }
}

/// One process of a snapshot.
public struct ProcessMemory: Sendable, Hashable {
    /// The process's pid in the caller's pid namespace.
    public let pid: Int32
    /// The parent's pid, from field 4 of `/proc/PID/stat`; 0 if the parent is outside of the pid namespace, `nil` if
    /// the file could not be read.
    public let parentPID: Int32?
    /// The command, from field 2 of `/proc/PID/stat`, at most 15 bytes; `nil` if the file could not be read.
    ///
    /// The process can set its command. It may contain any character, including line breaks.
    public let command: String?
    /// The start time of the process, in clock ticks since boot, from field 22 of `/proc/PID/stat`. Together with
    /// ``pid`` it identifies the process, even if the pid is reused.
    public let startTimeTicks: Int?
    /// The CPU time of the process in user mode, in clock ticks, from field 14 of `/proc/PID/stat`: see ``ticksPerSecond``.
    public let userTicks: Int?
    /// The CPU time of the process in kernel mode, in clock ticks, from field 15 of `/proc/PID/stat`.
    public let systemTicks: Int?
    /// The number of generations between the process and the root of its tree; 0 outside of trees.
    public let depth: Int
    /// The figures of the process's memory.
    public let usage: MemoryUsage
    /// The pid of the process in this snapshot that has the same address space, and whose figures are counted for both
    /// in the totals; `nil` if there is none. `kcmp(2)` reports it.
    ///
    /// A process that was created by `vfork` or `posix_spawn` shares its parent's address space until it executes a
    /// program. One that was created by `clone` with `CLONE_VM`, but not as a thread, shares it permanently. For each
    /// of them the kernel reports all of the memory, in PSS and USS too.
    public let sharesMemoryWith: Int32?
    /// The pid of a process in this snapshot that may have the same address space; `nil` if there is none. The sizes of
    /// both are equal, one was forked from the other and has executed no program since, and the kernel does not allow
    /// the caller to compare them. The totals count both.
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
        try names.encode(userTicks, forKey: "userTicks")
        try names.encode(systemTicks, forKey: "systemTicks")
        try names.encode(depth, forKey: "depth")
        try names.encode(sharesMemoryWith, forKey: "sharesMemoryWith")
        try names.encode(mayShareMemoryWith, forKey: "mayShareMemoryWith")
    }
}
