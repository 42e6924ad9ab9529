import Synchronization

/// A set of inotify watches with one descriptor, which becomes readable when a watched file changes (`inotify(7)`).
///
/// If the kernel provides no queue (at most 128 for each user unless configured otherwise) or no watch, the descriptor
/// does not become readable. The next ``watch(_:open:)`` tries again, and also if another part of the program, for example a
/// loop that closes all descriptors, has closed the queue. The thread that watches the first file must be the one that waits.
struct FileWatches: ~Copyable {
    private var queue: LastingDescriptor?
    private var watchDescriptors: Set<Int32> = []

    /// The descriptor to wait for; negative if there is no queue, or if another part of the program has closed it,
    /// and in a forked child.
    var descriptor: Int32 {
        switch queue {
        case .some(let queue): queue.checkedValue
        case .none: -1
        }
    }

    /// Replaces the set of watched files.
    ///
    /// A file that is already watched keeps its watch and its queued events. A file that has replaced it under the same
    /// name gets a new watch: the kernel does not report every removal (up to Linux 6.18, it does not report the
    /// removal of a cgroup).
    ///
    /// - Parameters:
    ///   - paths: The paths; each ends in a NUL byte.
    ///   - open: Opens one of these paths.
    mutating func watch(
        _ paths: [[UInt8]],
        open: (Span<UInt8>) throws(FileReadError) -> FileDescriptor
    ) {
        replace { (queue, current) in
            for path in paths {
                guard let file = try? open(path.span),
                    let watchDescriptor = try? Syscalls.watch(file.rawValue, on: queue)
                else { continue }
                current.insert(watchDescriptor)
            }
        }
    }

    /// Replaces the set of watched files by files that are open.
    mutating func watch(_ files: [Int32]) {
        replace { (queue, current) in
            for file in files {
                if let watchDescriptor = try? Syscalls.watch(file, on: queue) { current.insert(watchDescriptor) }
            }
        }
    }

    private mutating func replace(by add: (_ queue: Int32, _ watchDescriptors: inout Set<Int32>) -> Void) {
        if descriptor < 0 {
            watchDescriptors = []
            queue = Self.makeQueue()
        }
        let queue = descriptor
        guard queue >= 0 else { return }
        var current: Set<Int32> = []
        add(queue, &current)
        for watchDescriptor in watchDescriptors.subtracting(current) { Syscalls.unwatch(watchDescriptor, on: queue) }
        watchDescriptors = current
    }

    private static func makeQueue() -> LastingDescriptor? {
        guard let queue = try? Syscalls.fileNotifications() else { return nil }
        // The thread that creates the queue is the only one that uses it.
        return LastingDescriptor(queue, markedAs: .thread)
    }

    /// Discards the queued events.
    mutating func drain() {
        let queue = descriptor
        guard queue >= 0 else { return }
        do {
            try Syscalls.drain(queue)
        } catch {
            self.queue = nil
            watchDescriptors = []
        }
    }
}

extension FileWatches {
    /// Waits until a watched file has changed, an urgent event is reported, or the time is over; `nil` if the thread must
    /// stop.
    ///
    /// - Parameters:
    ///   - urgent: A descriptor that reports urgent events (`POLLPRI`), or a negative number.
    ///   - debounceMilliseconds: The time to wait for further changes after the first: a change may consist of several
    ///     writes.
    /// - Returns: Whether an urgent event was reported, and whether the time is over without any event.
    borrowing func wait(
        until stop: StopSignal,
        urgent: Int32 = -1,
        milliseconds: Int32,
        debounceMilliseconds: Int32
    ) throws(Errno) -> (urgency: Syscalls.Urgency, isTimeOver: Bool)? {
        if stop.isSignalled { return nil }
        let milliseconds = stop.limit(milliseconds)
        let happened = try Syscalls.wait(for: stop.descriptor, descriptor, urgent: urgent, milliseconds: milliseconds)
        if stop.isSignalled { return nil }
        if happened.first { stop.loseDescriptor() }
        guard happened.second else { return (happened.urgency, happened.urgency == .none) }
        _ = try Syscalls.wait(for: stop.descriptor, -1, milliseconds: debounceMilliseconds)
        return stop.isSignalled ? nil : (happened.urgency, false)
    }
}

/// A thread that waits for changes on behalf of an asynchronous sequence.
enum WatcherThread {
    /// Starts the thread, which exits when the stream has no consumer any more: the stop signal arrives then. The stream
    /// has only the latest result.
    ///
    /// - Parameters:
    ///   - name: The name of the thread in the kernel's lists, which show its first 15 bytes.
    ///   - body: Delivers results until the stop signal arrives. An error is delivered as the last result.
    ///   - failure: Returns the error if no thread or no descriptor is available.
    static func results<Element: Sendable, Failure: Error>(
        on name: StaticString,
        _ body: @escaping @Sendable (StopSignal, (Element) -> Void) throws(Failure) -> Void,
        failure: (Errno) -> Failure
    ) -> AsyncStream<Result<Element, Failure>> {
        let (stream, listener) = AsyncStream.makeStream(
            of: Result<Element, Failure>.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        do throws(Errno) {
            let stop = try StopSignal()
            listener.onTermination = { _ in stop.signal() }
            try BackgroundThread.start(name) {
                do throws(Failure) {
                    try body(stop) { listener.yield(.success($0)) }
                } catch {
                    listener.yield(.failure(error))
                }
                listener.finish()
            }
        } catch {
            listener.yield(.failure(failure(error)))
            listener.finish()
        }
        return stream
    }
}

/// A signal that makes a thread stop waiting for descriptors. It cannot be reset.
///
/// The signal itself is a flag in memory; the descriptor only ends the wait. If another part of the program has closed the
/// descriptor, nothing is written to its number, and nothing waits for it: the thread finds the flag at its next poll.
final class StopSignal: Sendable {
    private let event: LastingDescriptor
    private let owner = ForkGeneration.current
    private let flag = Atomic<Bool>(false)
    /// Whether the descriptor was readable although the signal was not given: then its number refers to another event.
    private let hasLostDescriptor = Atomic<Bool>(false)

    init() throws(Errno) {
        event = LastingDescriptor(try Syscalls.event(), markedAs: .process)
    }

    /// Whether ``signal()`` was called.
    var isSignalled: Bool { flag.load(ordering: .acquiring) }

    /// The descriptor, which is readable after ``signal()``; negative if another part of the program has closed it.
    var descriptor: Int32 { hasLostDescriptor.load(ordering: .relaxed) ? -1 : event.checkedValue }

    /// Notes that the descriptor is readable for another reason than ``signal()``.
    func loseDescriptor() { hasLostDescriptor.store(true, ordering: .relaxed) }

    /// Returns the longest time to wait: at most a quarter of a second if the descriptor cannot end the wait.
    func limit(_ milliseconds: Int32) -> Int32 {
        descriptor >= 0 ? milliseconds : milliseconds < 0 ? 250 : min(milliseconds, 250)
    }

    /// Makes the descriptor readable. Has no effect in a forked child, which shares the descriptor with its parent.
    func signal() {
        guard owner.isCurrent else { return }
        flag.store(true, ordering: .releasing)
        let descriptor = descriptor
        if descriptor >= 0 { Syscalls.raise(descriptor) }
    }
}
