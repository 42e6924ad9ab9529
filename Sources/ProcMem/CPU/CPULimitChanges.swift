/// The CPU limits of a process: as they are now, then each time they have changed.
///
/// For a program that sizes its pools by ``CPULimits`` and outlives its limits:
///
///     for try await limits in CPULimitChanges() {
///         pool.resize(to: limits.effectiveCPUCount())
///     }
///
/// **What is told at once**, by `inotify(7)`: a write to `cpu.max` (v2), `cpu.cfs_quota_us` or `cpu.cfs_period_us` (v1) of
/// the process's cgroup or of any visible level above it, whoever makes it and through whichever mount: seen with cgroup
/// namespaces, second mounts and bind mounts of v2 on Linux 5.10, 6.1 and 6.12. Writes within `debounce` of the first are told together: a v1
/// limit is two files.
///
/// **What is looked for** every `pollInterval`, as the kernel notifies nobody of it: the affinity mask and the scheduling
/// policy, the CPUs that are online, a move to another cgroup (whose files are watched from then on), the `cpu` controller
/// switched on or off, mounts, and the end of the process. Where the kernel grants no notification, writes are looked for
/// as well: `EMFILE` for more than `fs.inotify.max_user_instances` of a user, `ENOSPC` for more than `max_user_watches`, a
/// kernel without `inotify`. Each look tries again.
///
/// Two answers differ where they differ in anything but their warnings. Who asks late gets the newest answer alone.
///
/// Each iterator works by itself: one thread, which waits, and two descriptors, a third for another process. They are there
/// from the making of the iterator until the task that waits for it is cancelled (``AsyncIterator/next()`` then returns
/// `nil` at once), the sequence ends, or the iterator is let go. Every look costs what ``CPULimits/current(in:)`` does, and
/// about as much again to see that the right files are watched: 0.3 ms of CPU time for one level, measured once a second.
/// It grows with the number of levels. No privileges are needed. `inotify` is there since Linux 2.6.13.
///
/// The sequence ends when the process does. It throws ``ProcMemError`` with `invalidArgument` for an id below 1,
/// `noSuchProcess` or `zombie` where there is no such process at first, `outOfResources` where no thread or descriptor
/// can be had, and what ``CPULimits/current(in:)`` throws; nothing follows an error.
public struct CPULimitChanges: AsyncSequence, Sendable {
    /// What is told.
    public typealias Element = CPULimits
    /// What is thrown.
    public typealias Failure = ProcMemError

    private let watch: CPULimitWatch

    /// The limits of a process.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace; the calling process where it is `nil`.
    ///   - pollInterval: How often to look for what the kernel does not tell. At least 10 milliseconds; less counts as that.
    ///   - debounce: How long to wait for more after a file has been written.
    ///   - root: Where the kernel's files are.
    public init(
        of processID: Int32? = nil,
        pollInterval: Duration = .seconds(1),
        debounce: Duration = .milliseconds(10),
        in root: KernelRoot = .live
    ) {
        self.init(
            of: processID,
            pollInterval: pollInterval,
            debounce: debounce,
            in: root,
            usesNotification: true
        )
    }

    /// - Parameter usesNotification: `false` to do without, as where the kernel grants none.
    init(
        of processID: Int32?,
        pollInterval: Duration,
        debounce: Duration = .milliseconds(10),
        in root: KernelRoot = .live,
        usesNotification: Bool
    ) {
        watch = CPULimitWatch(
            process: processID.map(ProcessSelector.id) ?? .current,
            root: root,
            pollMilliseconds: Swift.max(10, pollInterval.wholeMilliseconds),
            debounceMilliseconds: debounce.wholeMilliseconds,
            usesNotification: usesNotification
        )
    }

    /// Begins to watch.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(watch)
    }
}

extension CPULimitChanges {
    /// One who watches, with a thread of its own.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private var answers: AsyncStream<Result<CPULimits, ProcMemError>>.AsyncIterator
        private var known: CPULimits?

        fileprivate init(_ watch: CPULimitWatch) {
            answers = watch.answers().makeAsyncIterator()
        }

        /// The limits at first, later the next ones that differ from those returned before; `nil` when the process has
        /// ended or the task has been cancelled.
        public mutating func next() async throws(ProcMemError) -> CPULimits? {
            try await next(isolation: #isolation)
        }

        /// As ``next()``, on the caller's actor.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ProcMemError) -> CPULimits? {
            while !Task.isCancelled, let answer = await answers.next(isolation: actor) {
                let limits = try answer.get()
                // Changed and changed back while nobody asked.
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

extension Duration {
    /// Milliseconds as the kernel's waiting functions take them: rounded up, and no less than 0.
    fileprivate var wholeMilliseconds: Int32 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, exceeds) = whole.addingReportingOverflow((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        return overflows || exceeds ? .max : Int32(clamping: sum)
    }
}
