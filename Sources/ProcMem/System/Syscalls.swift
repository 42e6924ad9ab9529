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
    /// The monotonic time in milliseconds, with the resolution of the kernel's timer tick. Reading it costs less than a
    /// precise clock.
    static var coarseMilliseconds: Int {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
    }

    /// The monotonic time in nanoseconds, without the time during which the system was suspended.
    static var monotonicNanoseconds: Int {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
    }

    /// The time since boot in seconds, including the time during which the system was suspended. Start times of
    /// processes refer to this clock.
    static var secondsSinceBoot: Double {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
