import CLinux

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

// Alias: a method below shadows this libc function.
private let libcGetgroups = unsafe getgroups

/// Information about processes, and about the caller's rights over them, that is not read from a file.
extension Syscalls {
    /// Returns the order of the memory maps of two threads, or that they share one map, as after `vfork` or `clone`
    /// with `CLONE_VM`.
    ///
    /// The corresponding system call is `kcmp`. It requires the right to trace both threads.
    static func compareMemoryMaps(_ first: Int32, _ second: Int32) throws(Errno) -> MemoryMapOrder {
        switch try retrying({ procmem_compare_memory_maps(first, second) }) {
        case 0: .same
        case 1: .before
        default: .after
        }
    }

    /// The id of the calling thread. The corresponding C function is `gettid`.
    static var threadID: Int32 { procmem_thread_id() }

    /// Whether the calling thread may trace any process of its user namespace. The corresponding C constant is
    /// `CAP_SYS_PTRACE`.
    static var mayTraceAll: Bool { procmem_has_capability(19) == 1 }

    /// Returns whether a group is the effective group or a supplementary group of the calling thread.
    static func isInGroup(_ group: UInt32) -> Bool {
        if getegid() == group { return true }
        let count = libcGetgroups(0, nil)
        guard count > 0 else { return false }
        var groups = [gid_t](repeating: 0, count: Int(count))
        let filled = unsafe libcGetgroups(count, &groups)
        return groups.prefix(max(0, Int(filled))).contains(group)
    }

    /// Returns whether the scheduler knows a process or thread with this id, even if `/proc` does not show it.
    static func isKnownToScheduler(_ id: Int32) -> Bool {
        (try? schedulingPolicy(of: id)) != nil
    }

    /// Returns whether this many bytes can be read from the beginning of a file.
    static func canRead(byteCount: Int, from file: borrowing FileDescriptor) -> Bool {
        let descriptor = file.rawValue
        return unsafe withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) { buffer in
            unsafe (try? read(descriptor, into: buffer, from: 0)) == byteCount
        }
    }

    /// Registers a function that is called in every child that is forked from now on. Returns `false` if the
    /// registration fails.
    static func registerForkChildHandler(_ function: @convention(c) () -> Void) -> Bool {
        procmem_at_fork_in_child(function) == 0
    }

    /// Whether the calling process is in the initial pid namespace, in which all processes are visible.
    ///
    /// The kernel gives this namespace the same inode number on every system. The corresponding C constant is
    /// `PROC_PID_INIT_INO`.
    static var isInInitialPIDNamespace: Bool {
        var file = stat()
        return unsafe stat("/proc/self/ns/pid", &file) == 0 && file.st_ino == 0xEFFF_FFFC
    }

    /// Reads the target of the link `/proc/self`: the caller's id in the pid namespace of the mounted `/proc`. Returns `nil`
    /// if there is no such link: `/proc` is not mounted, or its namespace does not contain the caller.
    static func processIDShownByProc() throws(Errno) -> Int32? {
        try unsafe withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { (buffer) throws(Errno) -> Int32? in
            guard let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
            let count: Int
            do throws(Errno) {
                count = try retrying { unsafe readlink("/proc/self", start, buffer.count) }
            } catch  where error == .noSuchFileOrDirectory || error == .notDirectory {
                return nil
            }
            guard count < buffer.count else { return nil }
            let target = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            return target.pid(in: 0..<count)
        }
    }
}

/// The order of the memory maps of two processes, as the kernel defines it.
enum MemoryMapOrder {
    case same, before, after
}
