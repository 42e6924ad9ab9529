/// The CPU time that several processes used between two readings.
public struct ProcessCPUTime: Sendable, Hashable {
    /// The CPU time in clock ticks: see ``ticksPerSecond``.
    public let ticks: Int
    /// The CPU time of each process that is in both readings, or that started in between, in clock ticks, by its id.
    ///
    /// Each is exact up to the kernel's truncation: less than two ticks, one of user and one of kernel time.
    public let ticksByPID: [Int32: Int]
    /// The time between the beginnings of the two readings.
    public let elapsed: Duration
    /// Whether ``ticks`` may lack the time of a process that exited in between, or that was not among the processes before.
    public let isLowerBound: Bool

    /// The CPU time in seconds.
    public var seconds: Double { Double(ticks) / Double(ticksPerSecond) }

    /// The number of CPUs that the processes used on average: 1 is one CPU all of the time. 0 if no time has passed.
    public var utilization: Double { rate(ticks) }

    /// Returns the number of CPUs that one process used on average; `nil` if its time is not known.
    ///
    /// - Parameter pid: The id of the process.
    public func utilization(of pid: Int32) -> Double? { ticksByPID[pid].map(rate) }

    private func rate(_ ticks: Int) -> Double {
        let elapsedSeconds = Double(elapsed.wholeNanoseconds) / 1e9
        return elapsedSeconds > 0 ? Double(ticks) / Double(ticksPerSecond) / elapsedSeconds : 0
    }
}

extension ProcessUsageSnapshot {
    /// Returns the CPU time that the processes used since an earlier reading of the same scope.
    ///
    /// A process that is in both readings adds the difference of its times. A process that started in between adds all of
    /// its time. In a tree, and for all processes, the time of a process that exited in between is part of what its parent
    /// reports of children for which it has waited (`cutime` and `cstime`). That sum also contains what the process had used
    /// before the earlier reading, which is subtracted. For named processes, and for those of a cgroup, children are not
    /// counted: ``CgroupCPUTime`` has all of a cgroup's time.
    ///
    /// The kernel does not add the time of a child whose parent ignores `SIGCHLD`. If the parent exits first, its child
    /// belongs to `init` or to a subreaper, which may be outside of the scope. ``ProcessCPUTime/isLowerBound`` is then `true`,
    /// as far as the readings show it. They do not show
    /// - a parent that has set `SA_NOCLDWAIT`, or has ignored `SIGCHLD` only in between,
    /// - a process that started in between, lost its parent, and exited.
    ///
    /// The kernel truncates user and kernel time of each process and of its exited children. An exited process can therefore
    /// add up to four ticks that it did not use. The processes of a reading are read one after the other: one that exits
    /// meanwhile may count in its parent with its time before the earlier reading.
    ///
    /// - Parameter earlier: The earlier reading.
    public func cpuTime(since earlier: ProcessUsageSnapshot) -> ProcessCPUTime {
        times.since(earlier.times).time
    }

    private var times: ProcessTimesReading {
        ProcessTimesReading(
            processes: processes.map(ProcessTimes.init),
            isComplete: gaps.isEmpty,
            instant: instant,
            uptimeTicks: uptimeTicks,
            coverage: coverage
        )
    }
}

/// The CPU times of one process at the time of a reading.
struct ProcessTimes: Sendable, Hashable {
    let pid: Int32
    let parentPID: Int32?
    let startTimeTicks: Int?
    /// The CPU time in user and kernel mode, in clock ticks.
    let cpuTicks: Int?
    /// The CPU time of the descendants that have exited and were waited for, in clock ticks.
    let childTicks: Int?
    /// See ``ProcessUsage/ignoresExitsOfChildren``.
    let ignoresExitsOfChildren: Bool

    init(_ usage: ProcessUsage) {
        pid = usage.pid
        parentPID = usage.parentPID
        startTimeTicks = usage.startTimeTicks
        cpuTicks = usage.cpuTicks
        childTicks = usage.childTicks
        ignoresExitsOfChildren = usage.ignoresExitsOfChildren
    }

    /// - Parameter stat: The contents of `stat`; `nil` if it could not be read.
    init(pid: Int32, _ stat: ProcessStat?) {
        self.pid = pid
        parentPID = stat?.parentPID
        startTimeTicks = stat?.startTimeTicks
        let live = stat?.withTimes
        cpuTicks = Self.sum(live?.userTicks, live?.systemTicks)
        childTicks = Self.sum(live?.childUserTicks, live?.childSystemTicks)
        ignoresExitsOfChildren = stat?.ignoresExitsOfChildren ?? true
    }

    /// Returns the sum; `nil` if a part is not known.
    static func sum(_ first: Int?, _ second: Int?) -> Int? {
        guard let first, let second else { return nil }
        return first.saturatingAdding(second)
    }
}

extension ProcessStat {
    /// The same figures; `nil` if the process is being removed, when the kernel reports 0 for all of its times.
    var withTimes: ProcessStat? { threadCount > 0 ? self : nil }
}

/// The CPU times of the processes of a scope at the time of a reading.
struct ProcessTimesReading: Sendable, Hashable {
    let processes: [ProcessTimes]
    /// Whether no process is missing.
    let isComplete: Bool
    /// The instant at which the reading began.
    let instant: ContinuousClock.Instant
    /// The time since boot at that instant, in clock ticks; `nil` if it is not known.
    let uptimeTicks: Int?
    let coverage: ProcessUsageSnapshot.Coverage

    /// Returns the CPU time since an earlier reading of the same scope: see ``ProcessUsageSnapshot/cpuTime(since:)``.
    ///
    /// - Parameters:
    ///   - earlier: The earlier reading.
    ///   - unsettledTicks: What the reading before has left unsettled.
    /// - Returns: The time; and that of exited processes which was counted before the earlier reading, and which no process
    ///   has reported yet.
    func since(
        _ earlier: ProcessTimesReading,
        settling unsettledTicks: Int = 0
    ) -> (time: ProcessCPUTime, unsettledTicks: Int) {
        // Where processes are missing, the children of a parent are not known either.
        let isComplete = isComplete && earlier.isComplete
        var account = CPUTimeAccount(earlier)
        for process in processes { account.add(process) }
        let exited = account.exitedTicks(settling: unsettledTicks)
        let hasAllTime =
            switch coverage {
            // The time of a named process is its own.
            case .named: !exited.isAny
            case .descendants: exited.isKnown && !account.ignoresExits
            case .some: false
            }
        let ofExited = coverage == .descendants && isComplete ? exited.ticks : 0
        let time = ProcessCPUTime(
            ticks: account.ticks.saturatingAdding(ofExited),
            ticksByPID: account.ticksByPID,
            elapsed: earlier.instant.duration(to: instant),
            isLowerBound: !hasAllTime || !account.knowsAll || !isComplete
        )
        return (time, exited.unsettledTicks)
    }
}

/// The CPU time of processes between two readings, by where the kernel reports it.
private struct CPUTimeAccount {
    private struct Identity: Hashable {
        let pid: Int32
        let startTimeTicks: Int
    }

    /// The time of exited processes, from the figures of those that have waited for them.
    struct Exited {
        /// Whether a process of the earlier reading has exited.
        var isAny = false
        /// Whether a process of the scope has waited for each of them, as far as the readings show it.
        var isKnown = true
        var ticks = 0
        /// The time before the earlier reading of processes for which no process of the scope has waited yet.
        var unsettledTicks = 0
    }

    private let uptimeTicks: Int?
    /// The processes of the earlier reading that are not in the later one.
    private var exited: [Identity: ProcessTimes] = [:]
    /// The ids of the processes that are in both readings.
    private var remaining: Set<Int32> = []
    /// The time of children for which the processes have waited since the earlier reading.
    private var waitedTicks = 0
    private(set) var ticks = 0
    private(set) var ticksByPID: [Int32: Int] = [:]
    /// Whether the times of all processes are known.
    private(set) var knowsAll = true
    /// Whether a process ignores the exits of its children.
    private(set) var ignoresExits = false

    init(_ reading: ProcessTimesReading) {
        uptimeTicks = reading.uptimeTicks
        for process in reading.processes {
            guard let identity = Self.identity(of: process) else {
                knowsAll = false
                continue
            }
            exited[identity] = process
            if process.ignoresExitsOfChildren { ignoresExits = true }
        }
    }

    private static func identity(of process: ProcessTimes) -> Identity? {
        process.startTimeTicks.map { Identity(pid: process.pid, startTimeTicks: $0) }
    }

    /// Adds a process of the later reading.
    mutating func add(_ process: ProcessTimes) {
        guard let identity = Self.identity(of: process), let own = process.cpuTicks, let ofChildren = process.childTicks
        else {
            knowsAll = false
            return
        }
        if process.ignoresExitsOfChildren { ignoresExits = true }
        if let before = exited.removeValue(forKey: identity) {
            remaining.insert(process.pid)
            guard let ownBefore = before.cpuTicks, let ofChildrenBefore = before.childTicks else {
                knowsAll = false
                return
            }
            add(max(0, own - ownBefore), max(0, ofChildren - ofChildrenBefore), of: process.pid)
        } else if let uptimeTicks, identity.startTimeTicks >= uptimeTicks {
            add(own, ofChildren, of: process.pid)
        } else {
            // It ran before, outside of the scope: how much of its time is new is not known.
            knowsAll = false
        }
    }

    private mutating func add(_ own: Int, _ ofChildren: Int, of pid: Int32) {
        ticksByPID[pid] = own
        ticks = ticks.saturatingAdding(own)
        waitedTicks = waitedTicks.saturatingAdding(ofChildren)
    }

    /// Returns the time of the exited processes, without what they had used before the earlier reading.
    ///
    /// The two sums are over all processes. An exited process may have been waited for by its parent, or by a subreaper that
    /// has adopted it.
    ///
    /// - Parameter earlierTicks: The same time of processes that had exited before the earlier reading.
    func exitedTicks(settling earlierTicks: Int) -> Exited {
        var result = Exited()
        var ticksBefore = 0
        for process in exited.values {
            result.isAny = true
            ticksBefore = ticksBefore.saturatingAdding(process.cpuTicks ?? 0).saturatingAdding(process.childTicks ?? 0)
            // Without its parent, the process may belong to one outside of the scope.
            let hasParent = process.parentPID.map { remaining.contains($0) } ?? false
            if !hasParent || process.cpuTicks == nil || process.childTicks == nil { result.isKnown = false }
        }
        // No process of the scope has waited for one of them.
        let before = ticksBefore.saturatingAdding(earlierTicks)
        if before > waitedTicks { result.isKnown = false }
        result.ticks = max(0, waitedTicks - before)
        // What is not reported by the next reading never will be: the parent ignores the exits, or is outside of the scope.
        result.unsettledTicks = max(0, ticksBefore - max(0, waitedTicks - earlierTicks))
        return result
    }
}
