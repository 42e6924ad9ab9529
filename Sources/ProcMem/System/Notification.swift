/// Files whose changes wake up who waits, by `inotify(7)`.
///
/// Where the kernel gives no queue (128 for a user unless configured otherwise) or no watch, nothing wakes up, and the
/// next ``watch(_:open:)`` tries again.
struct FileWatches: ~Copyable {
    private var queue: FileDescriptor?
    private var numbers: Set<Int32> = []

    /// To wait for; negative where there is no queue.
    var descriptor: Int32 {
        switch queue {
        case .some(let queue): queue.rawValue
        case .none: -1
        }
    }

    /// Watches these files and no others from now on.
    ///
    /// A file that has been watched keeps its number, and what is queued of it. One that replaced it under its name has
    /// another number: the kernel does not tell of every removal (of a cgroup, no kernel up to 6.18 does).
    ///
    /// - Parameters:
    ///   - paths: Each ends in a NUL byte.
    ///   - open: Opens such a path.
    mutating func watch(
        _ paths: [[UInt8]],
        open: (Span<UInt8>) throws(FileReadError) -> FileDescriptor
    ) {
        if descriptor < 0 { queue = try? Syscalls.fileNotifications() }
        let queue = descriptor
        guard queue >= 0 else { return }
        var current: Set<Int32> = []
        for path in paths {
            guard let file = try? open(path.span), let number = try? Syscalls.watch(file, on: queue) else {
                continue
            }
            current.insert(number)
        }
        for number in numbers.subtracting(current) { Syscalls.unwatch(number, on: queue) }
        numbers = current
    }

    /// Forgets what has happened so far.
    mutating func drain() {
        let queue = descriptor
        guard queue >= 0 else { return }
        do {
            try Syscalls.drain(queue)
        } catch {
            // Nobody else closes it but a program that closes all there is.
            self.queue = nil
            numbers = []
        }
    }
}

/// Tells a thread that waits for descriptors to stop, once and for good.
final class StopSignal: Sendable {
    private let event: FileDescriptor

    init() throws(Errno) {
        event = try Syscalls.event()
    }

    /// Readable once the signal has been given.
    var descriptor: Int32 { event.rawValue }

    func signal() {
        Syscalls.raise(event)
    }
}
