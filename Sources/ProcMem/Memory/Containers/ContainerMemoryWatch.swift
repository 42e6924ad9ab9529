/// The body of the watcher thread: read the memory, report what has changed, wait, repeat.
struct ContainerMemoryWatch: Sendable {
    let process: ProcessSelector
    let root: SystemRoot
    let thresholds: [AvailableThreshold]
    let pressure: PressureThreshold?
    let pollMilliseconds: Int32
    let debounceMilliseconds: Int32
    let usesNotification: Bool

    /// The interval at which the counts of events are read where the kernel does not notify of them.
    fileprivate var eventPollMilliseconds: Int32 { max(10, pollMilliseconds / 20) }

    /// Delivers changes until the stop signal arrives or the process has exited.
    func run(until stop: StopSignal, _ deliver: (ContainerMemoryChange) -> Void) throws(ProcMemError) {
        let process = try process.validated(in: root)
        let lifetime = try ProcessLifetime(of: process, in: root)
        // Throws if the process does not exist or is hidden, or if nothing can be read.
        switch process {
        case .current: _ = try ContainerMemory(of: process, in: root, .limitsAlone)
        case .id(let pid): _ = try ContainerMemory(of: pid, in: root)
        }
        try lifetime.check()
        var memory = WatchedMemory(self, of: process)
        // Limits that could not be read would appear as changes later.
        guard !memory.isStale else {
            throw ProcMemError(.outOfResources, path: root.text(ProcPath(process, "cgroup")))
        }
        var urgency = Syscalls.Urgency.none
        // Delivered when the files are watched: what a consumer does next is then noticed.
        var changes: [ContainerMemoryChange] = []
        while true {
            memory.update(urgency) { changes.append($0) }
            var hasEnded = false
            do {
                try lifetime.check()
                try memory.follow({ changes.append($0) }, lifetime)
            } catch {
                hasEnded = error.isEndOfProcess
                guard hasEnded || error.code == .outOfResources else { throw error }
            }
            // The kernel may have counted an event since the last reading.
            if hasEnded { memory.update(.none) { changes.append($0) } }
            changes.forEach(deliver)
            if hasEnded { return }
            changes.removeAll(keepingCapacity: true)
            do throws(Errno) {
                guard let next = try memory.wait(until: stop) else { return }
                urgency = next
            } catch {
                throw ProcMemError(.system(error), path: "poll")
            }
        }
    }
}

/// The open files of a watched process's cgroups, and what was last reported of them.
private struct WatchedMemory: ~Copyable {
    private let watch: ContainerMemoryWatch
    private let process: ProcessSelector
    private var kept: OpenMemoryFiles
    private var notifications = FileWatches()
    private var pressure: PressureWatch
    private var detector: MemoryChangeDetector
    private var observation: MemoryChangeDetector.Observation
    private var resolvedAt: Int
    /// Whether the last reading failed.
    private var hasFailed = false
    /// Whether the pressure has exceeded the threshold before the first successful reading.
    private var isPressurePending = false
    /// The warnings of the last change; `nil` before the first.
    private var reportedWarnings: [String]?
    /// Whether the files could not be opened again for lack of descriptors or memory.
    private(set) var isStale: Bool

    private static var millisecondsBetweenResolutions: Int { 1000 }

    init(_ watch: ContainerMemoryWatch, of process: ProcessSelector) {
        (self.watch, self.process) = (watch, process)
        pressure = PressureWatch(watch.pressure)
        detector = MemoryChangeDetector(thresholds: watch.thresholds)
        observation = .init(reading: .init(isComplete: false))
        resolvedAt = Syscalls.coarseMilliseconds
        kept = OpenMemoryFiles(of: process, in: watch.root)
        isStale = kept.isOutOfResources
        attach()
    }

    /// Watches the files that are open. This happens before they are read: a write in between wakes the thread.
    private mutating func attach() {
        if watch.usesNotification { notifications.watch(kept.notifyingFiles()) }
        observation.ownCgroup = kept.ownCgroup
        observation.cgroups = kept.cgroups
        observation.version = kept.version
        let directory = kept.version == .v2 ? kept.chargedDirectory : nil
        pressure.attach(to: directory, usesTriggers: watch.usesNotification, in: watch.root)
    }

    /// Reads the open files, and reports what has changed.
    mutating func update(_ urgency: Syscalls.Urgency, _ deliver: (ContainerMemoryChange) -> Void) {
        notifications.drain()
        var causes: [ContainerMemoryChange.Cause] = []
        do {
            try read()
            if detector.suspectsHiddenLimit(observation) { try read() }
            hasFailed = false
            causes = detector.causes(of: observation)
        } catch {
            hasFailed = true
        }
        if pressure.isExceeded(urgency) { isPressurePending = true }
        let warnings = warnings
        // The first change has the cause `.start`.
        if reportedWarnings != nil || !causes.isEmpty {
            if isPressurePending { causes.append(.pressure) }
            isPressurePending = false
            if causes.isEmpty, warnings != reportedWarnings { causes.append(.warnings) }
        }
        guard !causes.isEmpty else { return }
        reportedWarnings = warnings
        let stalls = pressure.pressure()
        for cause in causes {
            deliver(
                ContainerMemoryChange(cause: cause, memory: observation.reading, pressure: stalls, warnings: warnings)
            )
        }
    }

    private mutating func read() throws(FileReadError) {
        var limits = observation.limits
        observation.limits = []
        limits.removeAll(keepingCapacity: true)
        defer { observation.limits = limits }
        observation.reading = try kept.reading { limits.append($0) }
        if isStale { observation.reading.isComplete = false }
    }

    private var warnings: [String] {
        var warnings = pressure.warning.map { [$0] } ?? []
        if !watch.thresholds.isEmpty, observation.reading.availableBytes == nil {
            warnings.append("the available memory is not known: neither a limit nor MemAvailable can be read")
        }
        return warnings
    }

    /// Opens the files again if the process may be in other cgroups, or if files may have been replaced.
    mutating func follow(
        _ deliver: (ContainerMemoryChange) -> Void,
        _ lifetime: borrowing ProcessLifetime
    ) throws(ProcMemError) {
        let isDue = Syscalls.coarseMilliseconds - resolvedAt >= Self.millisecondsBetweenResolutions
        // The files of a directory are replaced in ways that a kernel's are not.
        guard isDue || hasFailed || !watch.root.isLive || !kept.isMembershipUnchanged() else { return }
        resolvedAt = Syscalls.coarseMilliseconds
        let files = OpenMemoryFiles(of: process, in: watch.root)
        isStale = files.isOutOfResources || files.isMembershipUnknown
        // A lack of descriptors, or a file that may not be read any more, never makes an answer larger: the earlier files remain.
        guard !isStale else { return }
        // On v1, the kernel reports that a process which has just exited is in the root.
        try lifetime.check()
        if case .id = process, !files.hasMembership {
            throw ProcMemError(.noSuchProcess, path: watch.root.text(ProcPath(directoryOf: process)))
        }
        kept = files
        attach()
        update(.none, deliver)
    }

    /// Waits until the files must be read again; `nil` if the thread must stop.
    ///
    /// Where the kernel does not notify of events, the two files with their counts are read more often than the others.
    borrowing func wait(until stop: StopSignal) throws(Errno) -> Syscalls.Urgency? {
        var remaining = min(watch.pollMilliseconds, pressure.pollMilliseconds ?? .max)
        let pollsEvents = kept.version == .v1 || notifications.descriptor < 0
        let step = pollsEvents ? watch.eventPollMilliseconds : remaining
        while true {
            let result = try notifications.wait(
                until: stop,
                urgent: pressure.triggerDescriptor,
                milliseconds: min(step, remaining),
                debounceMilliseconds: watch.debounceMilliseconds
            )
            guard let (urgency, isTimeOver) = result else { return nil }
            remaining -= step
            if !isTimeOver || remaining <= 0 || kept.events(differFrom: observation.reading.events) { return urgency }
        }
    }
}

/// The changes that a watcher thread has found and that an iterator has not returned yet.
final class ContainerMemoryMailbox: Sendable {
    private let pending = Monitor(PendingMemoryChanges())

    func next() -> ContainerMemoryChange? { pending.withLock { $0.removeFirst() } }

    /// Starts the watcher thread, which exits when the stream has no consumer any more. The stream signals that there
    /// may be changes.
    func signals(from watch: ContainerMemoryWatch) -> AsyncStream<Result<Void, ProcMemError>> {
        WatcherThread.results(on: "procmem-memory") { [self] (stop, deliver) throws(ProcMemError) in
            try watch.run(until: stop) { change in
                pending.withLock { $0.add(change) }
                deliver(())
            }
        } failure: { error in
            ProcMemError(.outOfResources, path: "ContainerMemoryChanges", errno: error.rawValue)
        }
    }
}
