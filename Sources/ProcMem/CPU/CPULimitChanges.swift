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

    /// - Parameter usesNotification: `false` to do without, as where the kernel grants none.
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

/// What a thread does that follows the limits of one process: it looks, waits, and looks again.
struct CPULimitWatch: Sendable {
    let process: ProcessSelector
    let root: SystemRoot
    let pollMilliseconds: Int32
    let debounceMilliseconds: Int32
    let usesNotification: Bool

    /// Delivers the limits now and whenever they differ, until it is told to stop or the process is gone.
    func run(until stop: StopSignal, _ deliver: (CPULimits) -> Void) throws(ProcMemError) {
        let process = try process.validated(in: root)
        let identity = Identity(process, in: root)
        var files = FileWatches()
        var known: CPULimits?
        repeat {
            files.drain()
            // Watched first, then read: what is written in between wakes up, and is read again.
            if usesNotification { files.watch(limitFiles()) { (path) throws(FileReadError) in try root.open(path) } }
            let limits: CPULimits
            do {
                limits = try CPULimits(of: process, in: root, countsOnline: true)
                try identity.check()
            } catch {
                if known != nil, error.isEndOfProcess { return }
                throw error
            }
            if let known, known.isEquivalent(to: limits) { continue }
            known = limits
            deliver(limits)
        } while try wait(for: files.descriptor, until: stop)
    }

    /// The files of every level whose writes are limits that change, each with a NUL at its end.
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

    /// Waits until it is time to look again; `false` when it is time to stop.
    private func wait(for files: Int32, until stop: StopSignal) throws(ProcMemError) -> Bool {
        do throws(Errno) {
            let happened = try Syscalls.wait(for: stop.descriptor, files, milliseconds: pollMilliseconds)
            if happened.first { return false }
            guard happened.second else { return true }
            // What follows within a moment belongs to it: quota and period are two writes.
            return try !Syscalls.wait(for: stop.descriptor, -1, milliseconds: debounceMilliseconds).first
        } catch {
            throw ProcMemError(.system(error), path: "poll")
        }
    }
}

extension CPULimitWatch {
    /// Tells whether an id still means the process that it meant at first.
    private struct Identity: ~Copyable {
        private let directory: ProcessDirectory?

        init(_ process: ProcessSelector, in root: SystemRoot) {
            // None for the own process, and where it is hidden: the limits themselves then tell what can be known.
            directory =
                switch process {
                case .current: nil
                case .id: try? ProcessDirectory(process, in: root)
                }
        }

        borrowing func check() throws(ProcMemError) {
            switch directory {
            case .none: return
            case .some(let directory):
                let stat: ProcessStat
                do {
                    stat = try directory.stat()
                } catch {
                    // The directory stays that of the first process, whoever has the id now.
                    guard error == .system(.noSuchProcess) else { return }
                    throw ProcMemError(error, path: "/proc/\(directory.process.threadID)")
                }
                // A main thread can end before the others: then the process goes on.
                guard stat.isZombie, stat.threadCount <= 1 else { return }
                throw ProcMemError(.zombie, path: "/proc/\(directory.process.threadID)")
            }
        }
    }
}

extension ProcMemError {
    fileprivate var isEndOfProcess: Bool { code == .noSuchProcess || code == .exited || code == .zombie }
}

extension CPULimitWatch {
    /// Starts a thread that looks, and ends when nobody listens any more.
    func answers() -> AsyncStream<Result<CPULimits, ProcMemError>> {
        let (stream, listener) = AsyncStream.makeStream(
            of: Result<CPULimits, ProcMemError>.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        do throws(Errno) {
            let stop = try StopSignal()
            listener.onTermination = { _ in stop.signal() }
            try BackgroundThread.start("procmem-cpu") {
                do throws(ProcMemError) {
                    try run(until: stop) { listener.yield(.success($0)) }
                } catch {
                    listener.yield(.failure(error))
                }
                listener.finish()
            }
        } catch {
            listener.yield(.failure(ProcMemError(.outOfResources, path: "CPULimitChanges", errno: error.rawValue)))
            listener.finish()
        }
        return stream
    }
}
