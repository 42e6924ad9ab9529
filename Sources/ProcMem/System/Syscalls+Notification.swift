import CLinux

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

// The names that the methods below take over.
private let libcWrite = unsafe write
private let libcPoll = unsafe poll

/// Waiting for what happens to files, and on threads.
extension Syscalls {
    /// A counter to wait for, at 0. The corresponding C function is `eventfd`.
    static func event() throws(Errno) -> FileDescriptor {
        FileDescriptor(adopting: try retrying { procmem_event() })
    }

    /// Makes an event readable, for good.
    static func raise(_ event: borrowing FileDescriptor) {
        let descriptor = event.rawValue
        var one: UInt64 = 1
        // The counter is full at 2^64 - 1: an event that cannot be raised is up already.
        _ = try? retrying { unsafe libcWrite(descriptor, &one, MemoryLayout<UInt64>.size) }
    }

    /// A queue of what happens to files, empty. The corresponding C function is `inotify_init1`.
    static func fileNotifications() throws(Errno) -> FileDescriptor {
        // IN_CLOEXEC and IN_NONBLOCK are these by definition.
        FileDescriptor(adopting: try retrying { inotify_init1(O_CLOEXEC | O_NONBLOCK) })
    }

    /// Has writes to an open file, its replacement and its removal queued; the same file has one number in a queue.
    static func watch(_ file: borrowing FileDescriptor, on queue: Int32) throws(Errno) -> Int32 {
        // The link leads to this very file: a path would be looked up anew, and may be longer than one call takes.
        let path = Array("/proc/self/fd/\(file.rawValue)".utf8) + [0]
        let events = UInt32(IN_MODIFY) | UInt32(IN_ATTRIB) | UInt32(IN_MOVE_SELF) | UInt32(IN_DELETE_SELF)
        return try unsafe withCPath(path.span) { (path) throws(Errno) in
            try retrying { unsafe inotify_add_watch(queue, path, events) }
        }
    }

    /// Has nothing more queued for a number. The kernel may have done so already, where the file is gone.
    static func unwatch(_ number: Int32, on queue: Int32) {
        _ = inotify_rm_watch(queue, number)
    }

    /// Takes out of a queue what is in it.
    static func drain(_ queue: Int32) throws(Errno) {
        do {
            // Room for any record: of 16 bytes and a name, which a file that is watched by itself has not.
            try unsafe withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 8) { (buffer) throws(Errno) in
                while try unsafe read(queue, into: buffer) > 0 {}
            }
        } catch {
            if error != .wouldBlock { throw error }
        }
    }

    /// Waits until one of two descriptors has something to read, or nothing more can be expected from it.
    ///
    /// A negative number stands for no descriptor.
    static func wait(
        for first: Int32,
        _ second: Int32,
        milliseconds: Int32
    ) throws(Errno) -> (first: Bool, second: Bool) {
        var first = pollfd(fd: first, events: Int16(POLLIN), revents: 0)
        var second = pollfd(fd: second, events: Int16(POLLIN), revents: 0)
        try unsafe withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { (descriptors) throws(Errno) in
            unsafe descriptors.initializeElement(at: 0, to: first)
            unsafe descriptors.initializeElement(at: 1, to: second)
            _ = try retrying { unsafe libcPoll(descriptors.baseAddress, 2, milliseconds) }
            first = unsafe descriptors[0]
            second = unsafe descriptors[1]
        }
        return (first.revents != 0, second.revents != 0)
    }
}
