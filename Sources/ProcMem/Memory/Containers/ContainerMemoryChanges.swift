/// The changes of the memory of a process's container, each with its cause: limits, events, pressure, and how much memory
/// is left.
///
/// For a program that frees memory before the kernel kills a process:
///
///     for try await change in ContainerMemoryChanges(below: [.share(0.2)]) {
///         switch change.cause {
///         case .availableBelow: cache.shrink()
///         case .limit, .softLimit: cache.resize(to: change.memory.effectiveMemoryBytes)
///         default: break
///         }
///     }
///
/// The first element has the cause ``ContainerMemoryChange/Cause/start`` and the current figures. Each further element has
/// one cause:
///
/// **Limits**: `memory.max` or `memory.high` (v2), or `memory.limit_in_bytes` (v1), of any visible level has changed.
/// Reported immediately, through `inotify(7)`.
///
/// **Events** of the charged cgroup and its descendants: the OOM killer has killed a process, the limit was hit, the soft
/// limit was breached. From `memory.events` (v2), reported immediately, through `inotify(7)`; the kernel notifies at most
/// once in 10 milliseconds. On v1, and without `inotify`, the counts are read every twentieth of
/// `pollInterval`, at most every 10 milliseconds: by default every 50, with two system calls. A limit that is hit at a level above is counted
/// there, and not here. The counts end with the cgroup: events between the last reading and the removal of
/// the cgroup, for example by a supervisor as soon as the last process has been killed, are lost.
///
/// **Pressure**: processes have waited for memory for a larger share of a window than `pressure`. Where the caller may
/// write `memory.pressure` (v2: as root, or in a cgroup that was delegated to it), the kernel reports it, by a trigger and
/// `POLLPRI`, at most once in each window. Elsewhere, as in an ordinary container, which mounts the file read-only,
/// `total` in the file is polled, eight times in each window. On v1 there is no pressure of a cgroup, and
/// ``ContainerMemoryChange/warnings`` says so, as it does if the kernel does not count pressure. A warning that arises or
/// ends later is a change with the cause ``ContainerMemoryChange/Cause/warnings``.
///
/// **Available memory** has fallen below a threshold, or has risen again above it by a tenth of the threshold. Polled at
/// `pollInterval`, and read at each notification.
///
/// Also polled: a move to another cgroup (whose files are watched from then on), the exit of the process, and everything
/// that notification reports if it is not available: `EMFILE` if a user has more than `fs.inotify.max_user_instances`
/// instances, `ENOSPC` for more than `max_user_watches` watches. Notification is tried again at most once a second.
///
/// Changes within `debounce` of the first are read together. Changes that a slow consumer has not received are merged:
/// counts of events are added, and a limit that changed and changed back is not reported.
///
/// Each iterator has its own thread, which waits, and keeps three descriptors, two to four for each level, and up to four
/// more. It keeps them until the task that waits for it is cancelled (``AsyncIterator/next()`` then returns `nil`
/// immediately), the sequence ends, or the iterator is released. Each poll costs as much as
/// ``ContainerMemoryReader/read()``; once a second the files are found and opened again. The cost grows with the number of
/// levels. No privileges are required. Pressure requires Linux 4.20, its triggers 5.2.
///
/// In a child that the program forks, an iterator of the parent ends; releasing it does not affect the parent. If the program
/// closes the descriptors of an iterator, changes are polled until new ones can be opened.
///
/// The sequence ends when the process exits; events that were counted for it before are still returned. It throws
/// ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` or `zombie` if the process does not exist or
/// has exited at the start, `outOfResources` if no thread or descriptor is available at the start, and the errors of
/// ``ContainerMemory/current(in:)``. An error ends the sequence. If no descriptor is left later, the files that are open
/// remain, and ``ContainerMemoryReader/Reading/isComplete`` is `false`.
public struct ContainerMemoryChanges: AsyncSequence, Sendable {
    /// A change and its cause.
    public typealias Element = ContainerMemoryChange
    /// The error that ends the sequence.
    public typealias Failure = ProcMemError

    private let watch: ContainerMemoryWatch

    /// Creates the sequence of changes of a process's container.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace; `nil` for the calling process.
    ///   - thresholds: The amounts of available memory to report when they are crossed.
    ///   - pressure: The pressure to report; `nil` for none.
    ///   - pollInterval: The interval at which to read what the kernel sends no notification for; counts of events are read
    ///     every twentieth of it, at most every 10 milliseconds. At least 10 milliseconds; a shorter interval counts as 10 milliseconds.
    ///   - debounce: The time to wait for further changes after a notification.
    ///   - root: The directory that contains the kernel's files.
    public init(
        of pid: Int32? = nil,
        below thresholds: [AvailableThreshold] = [],
        pressure: PressureThreshold? = nil,
        pollInterval: Duration = .seconds(1),
        debounce: Duration = .milliseconds(10),
        in root: SystemRoot = .live
    ) {
        self.init(
            of: pid,
            below: thresholds,
            pressure: pressure,
            pollInterval: pollInterval,
            debounce: debounce,
            in: root,
            usesNotification: true
        )
    }

    /// - Parameter usesNotification: `false` to poll everything, as on a system where notification is not available.
    init(
        of pid: Int32? = nil,
        below thresholds: [AvailableThreshold] = [],
        pressure: PressureThreshold? = nil,
        pollInterval: Duration,
        debounce: Duration = .milliseconds(10),
        in root: SystemRoot = .live,
        usesNotification: Bool
    ) {
        watch = ContainerMemoryWatch(
            process: pid.map(ProcessSelector.id) ?? .current,
            root: root,
            thresholds: thresholds,
            pressure: pressure,
            pollMilliseconds: Swift.max(10, pollInterval.wholeMilliseconds),
            debounceMilliseconds: debounce.wholeMilliseconds,
            usesNotification: usesNotification
        )
    }

    /// Starts to watch the memory, on a thread.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(watch)
    }
}

extension ContainerMemoryChanges {
    /// An iterator, backed by its own watcher thread.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let mailbox = ContainerMemoryMailbox()
        private var signals: AsyncStream<Result<Void, ProcMemError>>.AsyncIterator
        /// The error that ends the sequence after the last change.
        private var failure: ProcMemError?
        private let owner = ForkGeneration.current

        fileprivate init(_ watch: ContainerMemoryWatch) {
            signals = mailbox.signals(from: watch).makeAsyncIterator()
        }

        /// Returns the current figures first, and later the next change.
        ///
        /// - Returns: The change; `nil` after the process has exited or the task has been cancelled.
        public mutating func next() async throws(ProcMemError) -> ContainerMemoryChange? {
            try await next(isolation: #isolation)
        }

        /// Returns the next change, as ``next()`` does, on the caller's actor.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ProcMemError) -> ContainerMemoryChange? {
            // A forked child does not have the thread.
            while !Task.isCancelled, owner.isCurrent {
                if let change = mailbox.next() { return change }
                if let failure {
                    self.failure = nil
                    throw failure
                }
                // The stream ends only after the last change was put into the mailbox.
                guard let signal = await signals.next(isolation: actor) else {
                    return Task.isCancelled ? nil : mailbox.next()
                }
                if case .failure(let error) = signal { failure = error }
            }
            return nil
        }
    }
}

@available(*, unavailable)
extension ContainerMemoryChanges.AsyncIterator: Sendable {}
