/// The CPU limits of a process: the current limits first, then the new limits after each change.
///
/// For a program that sizes its thread pools by ``CPULimits``, and whose limits may change while it runs:
///
///     for try await limits in CPULimitChanges() {
///         pool.resize(to: limits.effectiveCPUCount())
///     }
///
/// **Reported immediately**, through `inotify(7)`: a write to `cpu.max` (v2), `cpu.cfs_quota_us` or `cpu.cfs_period_us`
/// (v1) of the process's cgroup or of any visible level above it, by any process and through any mount. This was
/// verified with cgroup namespaces, second mounts and bind mounts of v2 on Linux 5.10, 6.1 and 6.12. Writes that follow
/// the first within `debounce` are reported together with it, because a v1 limit consists of two files.
///
/// **Polled** every `pollInterval`, because the kernel sends no notification: the affinity mask and the scheduling
/// policy, the CPUs that are online, a move to another cgroup (whose files are watched from then on), the `cpu`
/// controller being enabled or disabled, mounts, and the exit of the process. Writes are polled too if notification is
/// not available: `EMFILE` if a user has more than `fs.inotify.max_user_instances` instances, `ENOSPC` for more than
/// `max_user_watches` watches, or a kernel without `inotify`. Each poll tries to enable notification again.
///
/// Values that differ only in ``CPULimits/warnings`` count as equal. A slow consumer receives only the latest value.
///
/// Each iterator has its own thread, which waits, and two descriptors, or three for another process. It keeps them
/// until the task that waits for it is cancelled (``AsyncIterator/next()`` then returns `nil` immediately), the
/// sequence ends, or the iterator is released. Each reading costs as much as ``CPULimits/current(in:)``, and about as
/// much again to verify that the right files are watched. The cost grows with the number of levels. No privileges are
/// required. Notification requires Linux 2.6.13.
///
/// In a child that the program forks, an iterator of the parent ends; releasing it does not affect the parent. If the program
/// closes the descriptors of an iterator, changes are polled until new ones can be opened.
///
/// The sequence ends when the process exits. It throws ``ProcMemError`` with `invalidArgument` for an id below 1,
/// `noSuchProcess` or `zombie` if the process does not exist or has exited at the start, `outOfResources` if no thread
/// or descriptor is available at the start, and the errors of ``CPULimits/current(in:)``. An error ends the sequence.
/// If no descriptor is left after the start, limits that cannot be read are not reported as changed.
public struct CPULimitChanges: AsyncSequence, Sendable {
    /// The limits after each change.
    public typealias Element = CPULimits
    /// The error that ends the sequence.
    public typealias Failure = ProcMemError

    private let watch: CPULimitWatch

    /// Creates the sequence of a process's limits.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace; `nil` for the calling process.
    ///   - pollInterval: The interval at which to read what the kernel sends no notification for. At least 10
    ///     milliseconds; a shorter interval counts as 10 milliseconds.
    ///   - debounce: The time to wait for further writes after a file has been written.
    ///   - root: The directory that contains the kernel's files.
    public init(
        of pid: Int32? = nil,
        pollInterval: Duration = .seconds(1),
        debounce: Duration = .milliseconds(10),
        in root: SystemRoot = .live
    ) {
        self.init(
            of: pid,
            pollInterval: pollInterval,
            debounce: debounce,
            in: root,
            usesNotification: true
        )
    }

    /// - Parameter usesNotification: `false` to poll writes too, as on a system where notification is not available.
    init(
        of pid: Int32?,
        pollInterval: Duration,
        debounce: Duration = .milliseconds(10),
        in root: SystemRoot = .live,
        usesNotification: Bool
    ) {
        watch = CPULimitWatch(
            process: pid.map(ProcessSelector.id) ?? .current,
            root: root,
            pollMilliseconds: Swift.max(10, pollInterval.wholeMilliseconds),
            debounceMilliseconds: debounce.wholeMilliseconds,
            usesNotification: usesNotification
        )
    }

    /// Starts to watch the limits, on a thread.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(watch)
    }
}

extension CPULimitChanges {
    /// An iterator, backed by its own watcher thread.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private var answers: AsyncStream<Result<CPULimits, ProcMemError>>.AsyncIterator
        private var known: CPULimits?
        private let owner = ForkGeneration.current

        fileprivate init(_ watch: CPULimitWatch) {
            answers = watch.answers().makeAsyncIterator()
        }

        /// Returns the current limits first, and later the next limits that differ from those returned before.
        ///
        /// - Returns: The limits; `nil` after the process has exited or the task has been cancelled.
        public mutating func next() async throws(ProcMemError) -> CPULimits? {
            try await next(isolation: #isolation)
        }

        /// Returns the next limits, as ``next()`` does, on the caller's actor.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ProcMemError) -> CPULimits? {
            // A forked child does not have the thread.
            while !Task.isCancelled, owner.isCurrent, let answer = await answers.next(isolation: actor) {
                let limits = try answer.get()
                // The limits changed and changed back between two calls.
                if let known, known.isEquivalent(to: limits) { continue }
                known = limits
                return limits
            }
            return nil
        }
    }
}

@available(*, unavailable)
extension CPULimitChanges.AsyncIterator: Sendable {}

/// The body of the watcher thread: read the limits, wait for a change, repeat.
struct CPULimitWatch: Sendable {
    let process: ProcessSelector
    let root: SystemRoot
    let pollMilliseconds: Int32
    let debounceMilliseconds: Int32
    let usesNotification: Bool

    /// Delivers the limits immediately and after each change, until the stop signal arrives or the process has exited.
    func run(until stop: StopSignal, _ deliver: (CPULimits) -> Void) throws(ProcMemError) {
        let process = try process.validated(in: root)
        let lifetime = try ProcessLifetime(of: process, in: root)
        var files = FileWatches()
        var known: CPULimits?
        repeat {
            files.drain()
            // Watches are added before the files are read: a write in between wakes the thread, which then reads again.
            if usesNotification { files.watch(limitFiles()) { (path) throws(FileReadError) in try root.open(path) } }
            let limits: CPULimits
            do {
                limits = try CPULimits(of: process, in: root, .all)
                try lifetime.check()
            } catch {
                if known != nil, error.isEndOfProcess { return }
                if known != nil, error.code == .outOfResources { continue }
                throw error
            }
            if limits.isOutOfResources {
                // The limits that could not be read have not changed. They are read again after the poll interval.
                if known != nil { continue }
                // At the start, they would appear as changes later.
                throw ProcMemError(.outOfResources, path: root.text(ProcPath(process, "cgroup")))
            }
            if let known, known.isEquivalent(to: limits) { continue }
            known = limits
            deliver(limits)
        } while try wait(for: files, until: stop)
    }

    /// Returns the paths of the limit files of every level, each with a NUL at its end.
    private func limitFiles() -> [[UInt8]] {
        guard let hierarchy = CgroupHierarchy.find(.cpu, of: process, in: root).hierarchy else { return [] }
        let names: [StaticString] =
            switch hierarchy.version {
            case .v1: ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
            case .v2: ["cpu.max"]
            }
        return (0..<hierarchy.levelCount).flatMap { level in
            names.map { hierarchy.path(of: $0, atLevel: level) }
        }
    }

    /// Waits until the limits must be read again; `false` if the thread must stop.
    private func wait(for files: borrowing FileWatches, until stop: StopSignal) throws(ProcMemError) -> Bool {
        do throws(Errno) {
            return try files.wait(
                until: stop,
                milliseconds: pollMilliseconds,
                debounceMilliseconds: debounceMilliseconds
            ) != nil
        } catch {
            throw ProcMemError(.system(error), path: "poll")
        }
    }
}

extension CPULimitWatch {
    /// Starts the watcher thread, which exits when the stream has no consumer any more.
    func answers() -> AsyncStream<Result<CPULimits, ProcMemError>> {
        WatcherThread.results(on: "procmem-cpu") { (stop, deliver) throws(ProcMemError) in
            try run(until: stop, deliver)
        } failure: { error in
            ProcMemError(.outOfResources, path: "CPULimitChanges", errno: error.rawValue)
        }
    }
}
