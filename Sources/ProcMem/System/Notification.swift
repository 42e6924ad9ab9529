import Synchronization

/// A set of inotify watches with one descriptor, which becomes readable when a watched file changes (`inotify(7)`).
///
/// If the kernel provides no queue (at most 128 for each user unless configured otherwise) or no watch, the descriptor
/// does not become readable. The next ``watch(_:open:)`` tries again.
struct FileWatches: ~Copyable {
    private var queue: FileDescriptor?
    private var watchDescriptors: Set<Int32> = []

    /// The descriptor to wait for; negative if there is no queue.
    var descriptor: Int32 {
        switch queue {
        case .some(let queue): queue.rawValue
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
        if descriptor < 0 { queue = try? Syscalls.fileNotifications() }
        let queue = descriptor
        guard queue >= 0 else { return }
        var current: Set<Int32> = []
        add(queue, &current)
        for watchDescriptor in watchDescriptors.subtracting(current) { Syscalls.unwatch(watchDescriptor, on: queue) }
        watchDescriptors = current
    }

    /// Discards the queued events.
    mutating func drain() {
        let queue = descriptor
        guard queue >= 0 else { return }
        do {
            try Syscalls.drain(queue)
        } catch {
            // Reading failed: another part of the program, for example a loop that closes all descriptors, has closed
            // the queue.
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
    borrowing func wait(
        until stop: StopSignal,
        urgent: Int32 = -1,
        milliseconds: Int32,
        debounceMilliseconds: Int32
    ) throws(Errno) -> Syscalls.Urgency? {
        let happened = try Syscalls.wait(for: stop.descriptor, descriptor, urgent: urgent, milliseconds: milliseconds)
        if happened.first || stop.isSignalled { return nil }
        guard happened.second else { return happened.urgency }
        let isStopped = try Syscalls.wait(for: stop.descriptor, -1, milliseconds: debounceMilliseconds).first
        return isStopped || stop.isSignalled ? nil : happened.urgency
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
/// The signal itself is a flag in memory; the descriptor only ends a wait early. If it cannot be written, the thread finds
/// the flag when its wait is over.
final class StopSignal: Sendable {
    private let event: FileDescriptor
    private let owner = Syscalls.pid
    private let flag = Atomic<Bool>(false)

    init() throws(Errno) {
        event = try Syscalls.event()
    }

    /// Whether ``signal()`` was called.
    var isSignalled: Bool { flag.load(ordering: .acquiring) }

    /// The descriptor, which is readable after ``signal()``.
    var descriptor: Int32 { event.rawValue }

    /// Makes the descriptor readable. Has no effect in a forked child, which shares the descriptor with its parent.
    func signal() {
        guard Syscalls.pid == owner else { return }
        flag.store(true, ordering: .releasing)
        Syscalls.raise(event)
    }
}
