import CLinux

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

// Aliases: the methods below shadow these libc functions.
private let libcWrite = unsafe write
private let libcPoll = unsafe poll

/// Notification of file changes, and waiting for descriptors.
extension Syscalls {
    /// Returns an event counter with the value 0. The corresponding C function is `eventfd`.
    static func event() throws(Errno) -> FileDescriptor {
        FileDescriptor(adopting: try retrying { procmem_event() })
    }

    /// Makes an event readable permanently.
    static func raise(_ descriptor: Int32) {
        var one: UInt64 = 1
        // Writing fails only if the counter is at its maximum of 2^64 - 1: then the event is readable already.
        _ = try? retrying { unsafe libcWrite(descriptor, &one, MemoryLayout<UInt64>.size) }
    }

    /// Returns an empty queue of file events. The corresponding C function is `inotify_init1`.
    static func fileNotifications() throws(Errno) -> FileDescriptor {
        // IN_CLOEXEC and IN_NONBLOCK have these values by definition.
        FileDescriptor(adopting: try retrying { inotify_init1(O_CLOEXEC | O_NONBLOCK) })
    }

    /// Queues an event for each write to an open file and for its replacement and removal. Returns the watch
    /// descriptor, which is the same for every watch of one file in one queue.
    static func watch(_ file: Int32, on queue: Int32) throws(Errno) -> Int32 {
        // The link leads to exactly this file. The path of the file would be resolved again, and may be too long for
        // one call.
        let path = Array("/proc/self/fd/\(file)".utf8) + [0]
        let events = UInt32(IN_MODIFY) | UInt32(IN_ATTRIB) | UInt32(IN_MOVE_SELF) | UInt32(IN_DELETE_SELF)
        return try unsafe withCPath(path.span) { (path) throws(Errno) in
            try retrying { unsafe inotify_add_watch(queue, path, events) }
        }
    }

    /// Removes a watch. The kernel may already have removed it, if the file no longer exists.
    static func unwatch(_ watchDescriptor: Int32, on queue: Int32) {
        _ = inotify_rm_watch(queue, watchDescriptor)
    }

    /// Removes all events from a queue.
    static func drain(_ queue: Int32) throws(Errno) {
        do {
            // The buffer fits any event: 16 bytes and a name, which events of a watched file do not have.
            try unsafe withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { (buffer) throws(Errno) in
                while try unsafe read(queue, into: buffer) > 0 {}
            }
        } catch {
            if error != .wouldBlock { throw error }
        }
    }

    /// Waits until one of two descriptors is readable or reports an error or a hang-up.
    ///
    /// A negative descriptor is ignored.
    static func wait(
        for first: Int32,
        _ second: Int32,
        milliseconds: Int32
    ) throws(Errno) -> (first: Bool, second: Bool) {
        let result = try wait(for: first, second, urgent: -1, milliseconds: milliseconds)
        return (result.first, result.second)
    }

    /// What a wait for an urgent event found.
    enum Urgency {
        case none
        case event
        /// The descriptor reports an error: no event will follow.
        case failure
    }

    /// Waits until one of two descriptors is readable, or a third one reports an urgent event (`POLLPRI`). Each also
    /// ends the wait if it reports an error or a hang-up.
    ///
    /// A negative descriptor is ignored.
    static func wait(
        for first: Int32,
        _ second: Int32,
        urgent third: Int32,
        milliseconds: Int32
    ) throws(Errno) -> (first: Bool, second: Bool, urgency: Urgency) {
        var first = pollfd(fd: first, events: Int16(POLLIN), revents: 0)
        var second = pollfd(fd: second, events: Int16(POLLIN), revents: 0)
        var third = pollfd(fd: third, events: Int16(POLLPRI), revents: 0)
        try unsafe withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 3) { (descriptors) throws(Errno) in
            unsafe descriptors.initializeElement(at: 0, to: first)
            unsafe descriptors.initializeElement(at: 1, to: second)
            unsafe descriptors.initializeElement(at: 2, to: third)
            // The kernel accepts at most as many entries as the process may have open files.
            let count = nfds_t(third.fd < 0 ? 2 : 3)
            _ = try retrying { unsafe libcPoll(descriptors.baseAddress, count, milliseconds) }
            first = unsafe descriptors[0]
            second = unsafe descriptors[1]
            third = unsafe descriptors[2]
        }
        let hasFailed = third.revents & Int16(POLLERR | POLLHUP | POLLNVAL) != 0
        let urgency = hasFailed ? Urgency.failure : third.revents == 0 ? .none : .event
        return (first.revents != 0, second.revents != 0, urgency)
    }

    /// Writes a request to a file that is open for it, in one call. The kernel may refuse it with an error.
    static func write(_ text: String, to file: borrowing FileDescriptor) throws(Errno) {
        let descriptor = file.rawValue
        let bytes = Array(text.utf8)
        _ = try retrying { unsafe libcWrite(descriptor, bytes, bytes.count) }
    }
}
