import ProcMem

/// What is known of one scope from reading to reading: its CPU time, and whether its root has exited.
struct ScopeTracker {
    /// What has happened to a scope.
    enum Event: Equatable {
        /// The root of a tree has exited; its descendants are followed.
        case rootExited(pid: Int32)
        /// The scope is not followed any more, because no process is left, or for the reason.
        case ended(ProcMemError?)
        /// The scope could not be read, and is read again in the next pass.
        case failed(ProcMemError)
        /// The scope can be read again.
        case recovered
    }

    /// The figures of one reading.
    struct Sample {
        let scope: NamedScope
        let snapshot: MemorySnapshot
        /// The CPU time since the reading before; `nil` in the first one.
        let cpuTime: ProcessCPUTime?
        /// The cgroup to read the limits of; `nil` for those of a process.
        let cgroup: String?
        /// The CPU time since the first reading. It never falls.
        let cpu: CPUTimeCounter
    }

    private struct Root {
        let pid: Int32
        let startTimeTicks: Int?
    }

    let scope: NamedScope
    private(set) var hasEnded = false
    /// Whether the scope was read at least once.
    private(set) var hasBeenRead = false
    private(set) var cpu = CPUTimeCounter()
    /// The root of a tree; `nil` before the first reading.
    private var root: Root?
    private var hasRootExited = false
    private var hasFailed = false
    private let sysroot: String
    /// The directory of the cgroup that the process of `cgroup-of` was in at the first reading; `nil` before, and for another
    /// scope.
    private(set) var cgroup: String?
    private var isReplaced = false
    /// The CPU time of the cgroup at the last reading.
    private var cgroupTime: (microseconds: Int, cgroup: String?, instant: ContinuousClock.Instant)?

    /// - Parameter sysroot: The directory that contains the kernel's files; `nil` for the live system.
    init(_ scope: NamedScope, sysroot: String? = nil) {
        self.scope = scope
        self.sysroot = sysroot ?? ""
    }

    /// Takes the result of a reading.
    ///
    /// - Returns: The figures, unless the reading failed or no process is left; and what has happened.
    mutating func take(_ result: Result<MemorySnapshot, ProcMemError>) -> (sample: Sample?, events: [Event]) {
        guard !hasEnded else { return (nil, []) }
        switch result {
        case .failure(let error): return (nil, fail(with: error))
        case .success(let snapshot): return take(snapshot)
        }
    }

    /// Returns, once, the scope to measure from now on in place of that of the caller: the cgroup that the process of
    /// `cgroup-of` was in. The pid may be given to another process.
    mutating func takeReplacement() -> ProcessScope? {
        guard let cgroup, !isReplaced, !hasEnded else { return nil }
        isReplaced = true
        return .cgroup(cgroup)
    }

    /// Returns the number of CPUs that the cgroup used on average since the last call; `nil` if it is not known.
    mutating func utilization(ofCgroup time: CgroupCPUTime?, at instant: ContinuousClock.Instant) -> Double? {
        guard let time, let microseconds = time.usageMicroseconds else { return nil }
        defer { cgroupTime = (microseconds, time.cgroup, instant) }
        guard let cgroupTime, cgroupTime.cgroup == time.cgroup, microseconds >= cgroupTime.microseconds else {
            return nil
        }
        let elapsed = cgroupTime.instant.duration(to: instant)
        let used = Duration.microseconds(microseconds - cgroupTime.microseconds)
        return elapsed > .zero ? used / elapsed : nil
    }

    private mutating func take(_ snapshot: MemorySnapshot) -> (sample: Sample?, events: [Event]) {
        var events: [Event] = hasFailed ? [.recovered] : []
        hasFailed = false
        if !hasRootExited, let exited = exitedRoot(in: snapshot) {
            hasRootExited = true
            events.append(.rootExited(pid: exited))
        }
        if root == nil, case .tree = scope.kind, let first = snapshot.processes.first {
            root = Root(pid: first.pid, startTimeTicks: first.startTimeTicks)
        }
        if cgroup == nil, case .cgroupOf = scope.kind, let path = snapshot.cgroupCharge?.path, path.hasPrefix(sysroot),
            // Bytes that are not UTF-8 were replaced: no cgroup has this name.
            !path.contains("\u{FFFD}")
        {
            cgroup = String(path.dropFirst(sysroot.count))
        }
        if endsWithItsProcesses, snapshot.hasEnded {
            return (nil, events + end(nil))
        }
        let cpuTime = cpu.advance(to: snapshot)
        hasBeenRead = true
        let sample = Sample(scope: scope, snapshot: snapshot, cpuTime: cpuTime, cgroup: namedCgroup, cpu: cpu)
        return (sample, events)
    }

    private mutating func fail(with error: ProcMemError) -> [Event] {
        let isExit = [.exited, .noSuchProcess].contains(error.code)
        // An error of a scope that was read before may pass. A cgroup that is removed does not come back.
        guard isExit || error.code == .invalidArgument || !hasBeenRead && error.code != .outOfResources else {
            defer { hasFailed = true }
            return hasFailed ? [] : [.failed(error)]
        }
        var events: [Event] = []
        if isExit, case .tree = scope.kind, !hasRootExited, let root { events.append(.rootExited(pid: root.pid)) }
        return events + end(isExit && hasBeenRead ? nil : error)
    }

    private mutating func end(_ error: ProcMemError?) -> [Event] {
        hasEnded = true
        return [.ended(error)]
    }

    private var namedCgroup: String? {
        if case .cgroup(let path) = scope.kind { path } else { cgroup }
    }

    /// Whether the scope ends when no process is left. A cgroup without a process may have one later.
    private var endsWithItsProcesses: Bool {
        switch scope.kind {
        case .tree, .process: true
        case .cgroup, .cgroupOf, .all: false
        }
    }

    /// Returns the pid of a tree's root that has exited; `nil` if it has not, as far as the snapshot shows.
    private func exitedRoot(in snapshot: MemorySnapshot) -> Int32? {
        // A list that was cut short says nothing of the rest.
        guard let root, snapshot.gaps.isDisjoint(with: [.countLimit, .timeLimit]) else { return nil }
        let row = snapshot.processes.first {
            $0.pid == root.pid && ($0.startTimeTicks == nil || $0.startTimeTicks == root.startTimeTicks)
        }
        guard let row else { return root.pid }
        return [.zombie, .exited].contains(row.usage.unavailable) ? root.pid : nil
    }
}

extension MemorySnapshot {
    /// Whether all processes have exited. One of them is a zombie, whose row stays until its parent waits for it.
    var hasEnded: Bool {
        let reasons = processes.map(\.usage.unavailable)
        return reasons.contains(.zombie) && reasons.allSatisfy { $0 == .zombie || $0 == .exited }
    }
}

/// The limits that apply to a scope.
struct ScopeLimits {
    /// The memory of the container: the cgroup of the scope, or that of the tree's root or of its first process that has not
    /// exited; `nil` for all processes, and if it could not be read.
    private(set) var container: ContainerMemory?
    /// The CPU limits of that process; `nil` if there is no such process, or if they could not be read.
    private(set) var cpu: CPULimits?
    /// The CPU time of a cgroup, with that of processes that have exited; `nil` for another scope.
    private(set) var cpuTime: CgroupCPUTime?
    /// The number of CPUs that a cgroup used on average since the last reading: 1 is one CPU all of the time; `nil` in the
    /// first reading, and for another scope.
    var cgroupUtilization: Double?

    init(of sample: ScopeTracker.Sample, in root: SystemRoot) {
        if let path = sample.cgroup {
            container = try? ContainerMemory(ofCgroup: path, in: root)
            cpuTime = try? CgroupCPUTime(ofCgroup: path, in: root)
            return
        }
        switch sample.scope.kind {
        case .all, .cgroup, .cgroupOf: break
        case .tree, .process:
            let living = sample.snapshot.processes.first { ![.zombie, .exited].contains($0.usage.unavailable) }
            guard let living else { return }
            container = try? ContainerMemory(of: living.pid, in: root)
            cpu = try? CPULimits(of: living.pid, in: root)
        }
    }
}
