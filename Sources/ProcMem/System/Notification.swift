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
        if descriptor < 0 { queue = try? Syscalls.fileNotifications() }
        let queue = descriptor
        guard queue >= 0 else { return }
        var current: Set<Int32> = []
        for path in paths {
            guard let file = try? open(path.span), let watchDescriptor = try? Syscalls.watch(file, on: queue) else {
                continue
            }
            current.insert(watchDescriptor)
        }
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

/// A signal that makes a thread stop waiting for descriptors. It cannot be reset.
final class StopSignal: Sendable {
    private let event: FileDescriptor

    init() throws(Errno) {
        event = try Syscalls.event()
    }

    /// The descriptor, which is readable after ``signal()``.
    var descriptor: Int32 { event.rawValue }

    func signal() {
        Syscalls.raise(event)
    }
}
