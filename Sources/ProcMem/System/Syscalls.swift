// The only access to libc. Nothing else in ProcMem calls the kernel, except ProcessTable, which uses procps.

import CLinux

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

#if canImport(Glibc)
    private let openFilesResource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
    private let openFilesResource = RLIMIT_NOFILE
#endif

// Alias: a method below shadows this libc function.
private let libcGetgroups = unsafe getgroups

/// System calls that are retried on `EINTR` and report errors as values.
enum Syscalls {
    /// Repeats a call until no signal handler interrupts it.
    @inline(__always)
    static func retrying<R: FixedWidthInteger>(_ call: () -> R) throws(Errno) -> R {
        while true {
            let result = call()
            if result != -1 { return result }
            let error = Errno.current
            if error != .interrupted { throw error }
        }
    }

    /// The size of a page in bytes: 4096 on x86-64; 4096, 16384 or 65536 on arm64.
    static let pageSizeBytes = max(1, sysconf(Int32(_SC_PAGESIZE)))

    /// The number of clock ticks per second in `/proc/PID/stat`; 100, unless the kernel's interface was changed.
    static let ticksPerSecond = max(1, sysconf(Int32(_SC_CLK_TCK)))

    static var pid: Int32 { getpid() }

    /// The maximum number of open files of the process. The corresponding C constant is `RLIMIT_NOFILE`.
    static var maximumOpenFiles: Int {
        var limit = rlimit()
        // Glibc declares the resource number as an enumeration, musl as an integer.
        guard unsafe getrlimit(openFilesResource, &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_cur)
    }

    /// The machine's memory in bytes, even if `/proc/meminfo` is hidden; `nil` if it is not known. The corresponding C
    /// function is `sysinfo`.
    static var totalMemoryBytes: Int? {
        let bytes = Int(clamping: procmem_total_memory())
        return bytes > 0 ? bytes : nil
    }

    // MARK: Filters

    /// Whether the calling thread is under a seccomp filter. The filter may end the process for a system call that it
    /// does not know, so a thread under a filter makes only calls that the allow-lists in use contain:
    /// `@system-service` of systemd 247, and the default profiles of Docker and containerd.
    ///
    /// Checked before each of these calls, because a filter belongs to a thread and can be installed at any time. The
    /// corresponding C constant is `PR_GET_SECCOMP`.
    static var isFiltered: Bool { procmem_is_filtered() != 0 }

    // MARK: Scheduling

    /// Passes the affinity mask of a thread to a closure, as words of 64 CPUs, lowest first. Thread 0 is the calling
    /// thread.
    ///
    /// The kernel rejects a buffer that is smaller than its own mask with `EINVAL`, so the buffer grows until the mask
    /// fits.
    static func withAffinityMask<R>(of threadID: Int32, _ body: (Span<UInt64>) -> R) throws(Errno) -> R {
        var wordCount = 1024 / UInt64.bitWidth
        while true {
            do throws(Errno) {
                return try unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: wordCount) {
                    (words) throws(Errno) in
                    unsafe words.initialize(repeating: 0)
                    let size = wordCount * MemoryLayout<UInt64>.size
                    _ = try retrying { unsafe procmem_sched_getaffinity(threadID, size, words.baseAddress) }
                    return body(unsafe Span(_unsafeElements: words))
                }
            } catch {
                // 2^20 CPUs is 128 times the maximum that Linux can be built for.
                guard error == .invalidArgument, wordCount < (1 << 20) / UInt64.bitWidth else { throw error }
                wordCount *= 2
            }
        }
    }

    /// Returns the scheduling policy of a thread, as the number used by `sched_setscheduler`. Thread 0 is the calling
    /// thread.
    static func schedulingPolicy(of threadID: Int32) throws(Errno) -> Int32 {
        // The kernel may add a flag to the number. The corresponding C constant is `SCHED_RESET_ON_FORK`.
        try retrying { sched_getscheduler(threadID) } & ~0x4000_0000
    }
}

extension Syscalls {
    // Not with `timespec` here: in an optimised build, the compiler may find that type in a private module of the runtime first,
    // and then refuses its members (Swift 6.3.1).

    /// The monotonic time in milliseconds, with the resolution of the kernel's timer tick. Reading it costs less than a
    /// precise clock.
    static var coarseMilliseconds: Int { Int(procmem_nanoseconds(CLOCK_MONOTONIC_COARSE)) / 1_000_000 }

    /// The monotonic time in nanoseconds, without the time during which the system was suspended.
    static var monotonicNanoseconds: Int { Int(procmem_nanoseconds(CLOCK_MONOTONIC)) }

    /// The time since boot in seconds, including the time during which the system was suspended. Start times of
    /// processes refer to this clock.
    static var secondsSinceBoot: Double { Double(procmem_nanoseconds(CLOCK_BOOTTIME)) / 1e9 }

    /// The wall-clock time in seconds since 1970.
    static var secondsSince1970: Double { Double(procmem_nanoseconds(CLOCK_REALTIME)) / 1e9 }
}

/// Information about processes, and about the caller's rights over them, that is not read from a file.
extension Syscalls {
    /// Returns the order of the memory maps of two threads, or that they share one map, as after `vfork` or `clone`
    /// with `CLONE_VM`.
    ///
    /// The corresponding system call is `kcmp`. It requires the right to trace both threads. The default profiles of
    /// Docker and containerd do not contain it, so it is not made under a seccomp filter, and the error is
    /// ``Errno/noFunction``.
    static func compareMemoryMaps(_ first: Int32, _ second: Int32) throws(Errno) -> MemoryMapOrder {
        guard !isFiltered else { throw .noFunction }
        return switch try retrying({ procmem_compare_memory_maps(first, second) }) {
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

    /// Returns whether a file has contents: whether a read of this many bytes at its beginning returns any.
    ///
    /// A read that returns nothing is made a second time: the answer that a file is empty must not depend on a single one.
    static func hasContents(_ file: borrowing FileDescriptor, byteCount: Int) throws(Errno) -> Bool {
        let descriptor = file.rawValue
        return try unsafe withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 8) { (buffer) throws(Errno) in
            for _ in 0..<2 where unsafe try read(descriptor, into: buffer, from: 0) > 0 { return true }
            return false
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
