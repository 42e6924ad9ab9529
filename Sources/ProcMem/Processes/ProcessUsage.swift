/// The number of clock ticks per second, the unit of the CPU and start times in `/proc/PID/stat`: 100, unless the kernel's
/// interface was changed. The corresponding C function is `sysconf(_SC_CLK_TCK)`.
public var ticksPerSecond: Int { Syscalls.ticksPerSecond }

/// The CPU time, the threads and the open files of one process. A figure that is not known is `nil`, never 0.
///
/// Times are in clock ticks, usually of 10 ms: see ``ticksPerSecond``. The kernel truncates each of them.
public struct ProcessUsage: Sendable, Hashable {
    /// The process's id in the caller's pid namespace.
    public let pid: Int32
    /// The parent's id, `stat` field 4; 0 if the parent is outside of the pid namespace.
    public let parentPID: Int32?
    /// The command, `stat` field 2, at most 15 bytes, more for a kernel thread. A process can set its own: it may contain any
    /// character.
    public let command: String?
    /// The time at which the process started, in clock ticks since boot, `stat` field 22.
    public let startTimeTicks: Int?
    /// The number of levels between the process and the root of its tree; 0 outside of trees.
    public let depth: Int
    /// The CPU time in user mode of all threads, including those that have exited, `stat` field 14.
    public let userTicks: Int?
    /// The CPU time in kernel mode of all threads, including those that have exited, `stat` field 15.
    public let systemTicks: Int?
    /// The user time of the descendants that have exited and were waited for, `stat` field 16.
    public let childUserTicks: Int?
    /// The kernel time of the descendants that have exited and were waited for, `stat` field 17.
    public let childSystemTicks: Int?
    /// The number of threads, `stat` field 20.
    public let threadCount: Int?
    /// The number of open file descriptors, the entries of `/proc/PID/fd`; `nil` unless it was requested.
    ///
    /// Requires the right to read the directory, which belongs to the user of a dumpable process and else to root: the same
    /// user, or `CAP_DAC_READ_SEARCH`. For the calling process, it includes the descriptors of the reading itself.
    public let openFileCount: Int?
    /// The soft limit of open file descriptors, `Max open files` in `/proc/PID/limits`; `nil` unless it was requested.
    public let openFileLimit: Int?
    /// The reason why figures that were requested are missing; `nil` if none is missing.
    public let unavailable: UnavailableReason?
    /// Whether the process ignores `SIGCHLD`, so that the kernel does not add the time of its children to its figures:
    /// `stat` field 33; `true` if that is not known. Kernel threads ignore all signals, and nothing waits for one that ends.
    let ignoresExitsOfChildren: Bool

    /// The CPU time in user and kernel mode; `nil` if one of the two is not known.
    public var cpuTicks: Int? { ProcessTimes.sum(userTicks, systemTicks) }

    /// The CPU time of the descendants that have exited and were waited for; `nil` if a part is not known.
    var childTicks: Int? { ProcessTimes.sum(childUserTicks, childSystemTicks) }

    /// The time from boot to the start of the process, in seconds.
    public var startSecondsSinceBoot: Double? { startTimeTicks.map { Double($0) / Double(ticksPerSecond) } }
}

/// The CPU time, the threads and the open files of several processes, which were read one after the other.
///
/// The difference of two of them is the CPU time in between: ``cpuTime(since:)``.
public struct ProcessUsageSnapshot: Sendable, Hashable {
    /// The processes, in the order of ``ProcessList/processes``.
    public let processes: [ProcessUsage]
    /// How the processes were found.
    public let search: DiscoveryMethod
    /// The reasons why processes may be missing; empty if none is.
    public let gaps: Set<ProcessGap>
    /// The instant at which the reading began.
    public let instant: ContinuousClock.Instant
    /// The duration of the reading.
    public let elapsed: Duration
    /// The wall-clock time of boot, in seconds since 1970; `nil` below a directory that replaces `/`.
    ///
    /// Added to ``ProcessUsage/startSecondsSinceBoot`` it gives the wall-clock time at which a process started. It changes
    /// whenever the clock is set.
    public let bootSecondsSince1970: Double?
    /// The time since boot at which the reading began, in clock ticks; `nil` if it is not known.
    let uptimeTicks: Int?
    /// Which exits of children the processes of the scope report.
    let coverage: Coverage

    enum Coverage: Sendable, Hashable {
        /// The scope is a list of processes; their children are not part of it.
        case named
        /// The scope contains the descendants of its processes.
        case descendants
        /// A process outside of the scope, or the excluded caller, may wait for processes of it.
        case some
    }

    /// Whether no process is missing, as far as the kernel reports.
    public var isComplete: Bool { gaps.isEmpty }

    /// The sum of the user times in clock ticks, over the processes of which it is known; `nil` if it is known of none.
    public var userTicks: Int? { sum(\.userTicks) }
    /// The sum of the kernel times in clock ticks, as ``userTicks``.
    public var systemTicks: Int? { sum(\.systemTicks) }
    /// The sum of the numbers of threads, as ``userTicks``.
    public var threadCount: Int? { sum(\.threadCount) }
    /// The sum of the numbers of open descriptors, as ``userTicks``.
    public var openFileCount: Int? { sum(\.openFileCount) }

    private func sum(_ figure: KeyPath<ProcessUsage, Int?>) -> Int? {
        processes.compactMap { $0[keyPath: figure] }.saturatingSum
    }
}

/// Reads the CPU time, the threads and, on request, the open files of several processes.
///
/// For each process, the call opens the directory `/proc/PID` and reads `stat`; in a tree, it also reads `children` of each
/// thread. The cost grows with the number of processes. With open files, `limits` and the directory `fd` are read too: two
/// more files for each process, at a cost that grows with its descriptors.
///
/// `stat` and `limits` require no privileges unless `/proc` hides the process. `fd` belongs to the user of the process, or
/// to root if it is not dumpable. Without the right to read it, ``ProcessUsage/openFileCount`` is `nil`, and
/// ``ProcessUsage/unavailable`` is `permissionDenied`.
///
/// - Parameters:
///   - scope: The processes.
///   - includesOpenFiles: Whether to count the open descriptors too.
///   - limits: The maximum number of processes, and the maximum duration of the search.
///   - root: The directory below which the kernel's files are read.
/// - Throws: ``ProcMemError`` as ``processList(of:limits:in:)``.
public func processUsage(
    of scope: ProcessScope,
    includingOpenFiles includesOpenFiles: Bool = false,
    limits: SearchLimits = SearchLimits(),
    in root: SystemRoot = .live
) throws(ProcMemError) -> ProcessUsageSnapshot {
    let instant = ContinuousClock.now
    let uptime = uptimeSeconds(in: root)
    let bootSeconds = root.isLive ? uptime.map { Syscalls.secondsSince1970 - $0 } : nil
    var walk = ProcessWalk<OpenFileFigures>(
        in: root,
        budget: SearchBudget(limits),
        isConcurrent: true,
        read: includesOpenFiles ? OpenFileFigures.read : nil
    )
    try walk.visit(scope)
    return ProcessUsageSnapshot(
        processes: walk.members.map(ProcessUsage.init),
        search: walk.search,
        gaps: walk.gaps,
        instant: instant,
        elapsed: instant.duration(to: .now),
        bootSecondsSince1970: bootSeconds,
        uptimeTicks: uptime.map { Int(saturating: $0 * Double(ticksPerSecond)) },
        coverage: scope.coverage
    )
}

/// Returns the time since boot in seconds: below a directory that replaces `/`, the first field of `/proc/uptime`.
func uptimeSeconds(in root: SystemRoot) -> Double? {
    guard !root.isLive else { return Syscalls.secondsSinceBoot }
    return try? root.read(ProcPath(file: "/proc/uptime"), Uptime.readOptions, Uptime.init(parsing:)).seconds
}

/// The number of open descriptors of a process, and its limit.
private struct OpenFileFigures: Sendable {
    private(set) var count: Int?
    private(set) var limit: Int?
    private(set) var unavailable: UnavailableReason?

    @Sendable static func read(
        _ directory: borrowing ProcessDirectory,
        _ stat: ProcessStat
    ) throws(FileReadError) -> OpenFileFigures {
        OpenFileFigures(of: directory, stat)
    }

    private init(of directory: borrowing ProcessDirectory, _ stat: ProcessStat) {
        do {
            limit = try directory.read(
                ProcPath(file: "limits"),
                ProcessLimits.readOptions,
                ProcessLimits.init(parsing:)
            ).openFileCount
        } catch {
            unavailable = directory.unavailableReason(ofOneAmongSeveral: error)
        }
        do {
            if stat.isZombie {
                // The main thread has exited, and has no files any more; those of the process are the files of its threads.
                count = try directory.firstValueFromLiveThread(of: stat) { (id) throws(FileReadError) in
                    try directory.open(ProcPath(task: id, "fd"), as: .directory).entryCount()
                }
                if count == nil { unavailable = unavailable ?? .zombie }
            } else {
                count = try directory.open(ProcPath(file: "fd"), as: .directory).entryCount()
            }
        } catch {
            unavailable = unavailable ?? directory.unavailableReason(ofOneAmongSeveral: error)
        }
    }
}

extension ProcessUsage {
    fileprivate init(_ member: ProcessWalk<OpenFileFigures>.Member) {
        pid = member.pid
        depth = member.depth
        let stat = member.stat
        parentPID = stat?.parentPID
        command = stat?.command
        startTimeTicks = stat?.startTimeTicks
        let live = stat?.withTimes
        userTicks = live?.userTicks
        systemTicks = live?.systemTicks
        childUserTicks = live?.childUserTicks
        childSystemTicks = live?.childSystemTicks
        threadCount = live?.threadCount
        ignoresExitsOfChildren = stat?.ignoresExitsOfChildren ?? true
        openFileCount = member.value?.count
        openFileLimit = member.value?.limit
        var reason = member.unavailableReason
        if stat == nil { reason = reason ?? .permissionDenied }
        if stat != nil, live == nil { reason = .exited }
        let times = [live?.userTicks, live?.systemTicks, live?.childUserTicks, live?.childSystemTicks]
        if live != nil, times.contains(nil) { reason = reason ?? .malformed }
        unavailable = reason ?? member.value?.unavailable
    }
}

extension ProcessScope {
    var coverage: ProcessUsageSnapshot.Coverage {
        switch kind {
        case .processes: .named
        case .trees, .all: excludesCaller ? .some : .descendants
        case .cgroup, .cgroupOf: .some
        }
    }
}

extension ProcessUsage: Encodable {
    /// Encodes every figure, `null` where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(pid, forKey: "pid")
        try names.encode(parentPID, forKey: "parentPID")
        try names.encode(command, forKey: "command")
        try names.encode(startTimeTicks, forKey: "startTimeTicks")
        try names.encode(depth, forKey: "depth")
        try names.encode(userTicks, forKey: "userTicks")
        try names.encode(systemTicks, forKey: "systemTicks")
        try names.encode(childUserTicks, forKey: "childUserTicks")
        try names.encode(childSystemTicks, forKey: "childSystemTicks")
        try names.encode(threadCount, forKey: "threads")
        try names.encode(openFileCount, forKey: "openFiles")
        try names.encode(openFileLimit, forKey: "openFileLimit")
        try names.encode(unavailable?.rawValue, forKey: "unavailable")
    }
}
