import CLinux

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

// The name that a method below takes over.
private let libcGetgroups = unsafe getgroups

/// What the kernel tells of processes, and of the caller's rights over them, without a file.
extension Syscalls {
    /// How the memory maps of two threads are ordered, or that they are one, as after `vfork` or `clone` with `CLONE_VM`.
    ///
    /// The corresponding system call is `kcmp`: it needs the right to trace both.
    static func compareMemoryMaps(_ first: Int32, _ second: Int32) throws(Errno) -> MemoryMapOrder {
        switch try retrying({ procmem_compare_memory_maps(first, second) }) {
        case 0: .same
        case 1: .before
        default: .after
        }
    }

    /// The calling thread's id. The corresponding C function is `gettid`.
    static var threadID: Int32 { procmem_thread_id() }

    /// Whether the calling thread may trace any process of its user namespace. The corresponding C constant is
    /// `CAP_SYS_PTRACE`.
    static var mayTraceAll: Bool { procmem_has_capability(19) == 1 }

    /// Whether a group is the calling thread's effective one, or one of its supplementary ones.
    static func isInGroup(_ group: UInt32) -> Bool {
        if getegid() == group { return true }
        let count = libcGetgroups(0, nil)
        guard count > 0 else { return false }
        var groups = [gid_t](repeating: 0, count: Int(count))
        let filled = unsafe libcGetgroups(count, &groups)
        return groups.prefix(max(0, Int(filled))).contains(group)
    }

    /// Whether the scheduler knows a process or thread by this id, wherever `/proc` shows it or not.
    static func isKnownToScheduler(_ id: Int32) -> Bool {
        (try? schedulingPolicy(of: id)) != nil
    }

    /// Whether a file has so many bytes at its beginning.
    static func holdsBytes(_ file: borrowing FileDescriptor, count: Int) -> Bool {
        let descriptor = file.rawValue
        return unsafe withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { buffer in
            unsafe (try? read(descriptor, into: buffer, from: 0)) == count
        }
    }

    /// Has a function called in every child that is forked from now on; `false` where that cannot be had.
    static func registerForkChildHandler(_ function: @convention(c) () -> Void) -> Bool {
        procmem_at_fork_in_child(function) == 0
    }

    /// Whether the calling process is in the pid namespace that the system began with, from which all processes are seen.
    ///
    /// The kernel gives that namespace the same number on every system. The corresponding C constant is
    /// `PROC_PID_INIT_INO`.
    static var isInInitialPIDNamespace: Bool {
        var file = stat()
        return unsafe stat("/proc/self/ns/pid", &file) == 0 && file.st_ino == 0xEFFF_FFFC
    }

    /// The number that the link `/proc/self` leads to: the caller's id in the pid namespace that `/proc` is mounted for.
    /// `nil` where there is no such link.
    static var processIDShownByProc: Int32? {
        unsafe withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { buffer -> Int32? in
            guard let start = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
            let count = unsafe readlink("/proc/self", start, buffer.count)
            guard count > 0, count < buffer.count else { return nil }
            let target = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            return target.pid(in: 0..<count)
        }
    }
}

/// How the kernel orders the memory maps of two processes.
enum MemoryMapOrder {
    case same, before, after
}
