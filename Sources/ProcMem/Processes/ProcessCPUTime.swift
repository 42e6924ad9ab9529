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
    /// Whether ``ticks`` may lack a part, because the time of a process that exited in between, or that was not among the
    /// processes before, is not known.
    public let isLowerBound: Bool

    /// The CPU time in seconds.
    public var seconds: Double { Double(ticks) / Double(ticksPerSecond) }

    /// The number of CPUs that the processes used on average: 1 is one CPU all of the time. 0 if no time has passed.
    public var utilization: Double {
        let elapsedSeconds = Double(elapsed.wholeNanoseconds) / 1e9
        return elapsedSeconds > 0 ? seconds / elapsedSeconds : 0
    }
}

extension ProcessUsageSnapshot {
    /// Returns the CPU time that the processes used since an earlier reading of the same scope.
    ///
    /// A process that is in both readings adds the difference of its times. A process that started in between adds all of
    /// its time. The time of a process that exited in between is part of its parent's figures for children that were
    /// waited for, which also contain what the process had used before the earlier reading: that is subtracted.
    ///
    /// The kernel does not add a child's time if nothing waits for it: its parent ignores `SIGCHLD`, or has exited, so that
    /// a process outside of the scope waits. ``ProcessCPUTime/isLowerBound`` is then `true`, as far as the readings show
    /// it. They do not show a parent that has set `SA_NOCLDWAIT`, or has ignored `SIGCHLD` only in between.
    ///
    /// - Parameter earlier: The earlier reading.
    public func cpuTime(since earlier: ProcessUsageSnapshot) -> ProcessCPUTime {
        var account = CPUTimeAccount(earlier)
        for process in processes { account.add(process) }
        account.subtractExited()
        return ProcessCPUTime(
            ticks: account.ticks,
            ticksByPID: account.ticksByPID,
            elapsed: earlier.instant.duration(to: instant),
            isLowerBound: account.isLowerBound || !gaps.isEmpty || !earlier.gaps.isEmpty
        )
    }
}

/// The CPU time of processes between two readings, by where the kernel reports it.
private struct CPUTimeAccount {
    private struct Identity: Hashable {
        let pid: Int32
        let startTimeTicks: Int
    }

    private let uptimeTicks: Int?
    /// The processes of the earlier reading that are not in the later one.
    private var exited: [Identity: ProcessUsage] = [:]
    private let earlier: [Int32: ProcessUsage]
    /// The time of exited descendants for which a process of both readings has waited since the earlier one.
    private var waitedTicks: [Int32: Int] = [:]
    private(set) var ticks = 0
    private(set) var ticksByPID: [Int32: Int] = [:]
    private(set) var isLowerBound = false

    init(_ snapshot: ProcessUsageSnapshot) {
        uptimeTicks = snapshot.uptimeTicks
        earlier = Dictionary(snapshot.processes.map { ($0.pid, $0) }) { first, _ in first }
        for process in snapshot.processes {
            guard let identity = Self.identity(of: process) else {
                isLowerBound = true
                continue
            }
            exited[identity] = process
            if process.ignoresExitsOfChildren { isLowerBound = true }
        }
    }

    private static func identity(of process: ProcessUsage) -> Identity? {
        process.startTimeTicks.map { Identity(pid: process.pid, startTimeTicks: $0) }
    }

    /// Adds a process of the later reading.
    mutating func add(_ process: ProcessUsage) {
        guard let identity = Self.identity(of: process), let own = process.cpuTicks, let ofChildren = process.childTicks
        else {
            isLowerBound = true
            return
        }
        if process.ignoresExitsOfChildren { isLowerBound = true }
        if let before = exited.removeValue(forKey: identity) {
            guard let ownBefore = before.cpuTicks, let ofChildrenBefore = before.childTicks else {
                isLowerBound = true
                return
            }
            add(max(0, own - ownBefore), of: process.pid)
            waitedTicks[process.pid] = max(0, ofChildren - ofChildrenBefore)
        } else if let uptimeTicks, identity.startTimeTicks >= uptimeTicks {
            add(own, of: process.pid)
            ticks = ticks.saturatingAdding(ofChildren)
        } else {
            // It ran before, outside of the scope: how much of its time is new is not known.
            isLowerBound = true
        }
    }

    private mutating func add(_ own: Int, of pid: Int32) {
        ticksByPID[pid] = own
        ticks = ticks.saturatingAdding(own)
    }

    /// Adds the time of the processes that have exited, without the part that they had used before the earlier reading.
    mutating func subtractExited() {
        for process in exited.values {
            guard let own = process.cpuTicks, let ofChildren = process.childTicks,
                let ancestor = remainingAncestor(of: process)
            else {
                isLowerBound = true
                continue
            }
            waitedTicks[ancestor, default: 0] -= own.saturatingAdding(ofChildren)
        }
        for waited in waitedTicks.values {
            // No process of the scope has waited for one of them.
            if waited < 0 { isLowerBound = true }
            ticks = ticks.saturatingAdding(max(0, waited))
        }
    }

    /// Returns the id of the nearest ancestor that is in both readings: if the ancestors in between have exited too, their
    /// figures contain those of the process, or the ancestor has adopted it.
    private func remainingAncestor(of process: ProcessUsage) -> Int32? {
        var next = process.parentPID
        // Reused ids can make the parents of processes circular.
        for _ in 0..<earlier.count {
            guard let pid = next else { return nil }
            if waitedTicks[pid] != nil { return pid }
            next = earlier[pid]?.parentPID
        }
        return nil
    }
}
