// The one door to libc. Nothing else in ProcMem calls the kernel, but for ProcessTable, which goes through procps.

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

/// System calls, retried on `EINTR`, with errors as values.
enum Syscalls {
    /// Calls again while a signal handler interrupted the call.
    @inline(__always)
    static func retrying<R: FixedWidthInteger>(_ call: () -> R) throws(Errno) -> R {
        while true {
            let result = call()
            if result != -1 { return result }
            let error = Errno.current
            if error != .interrupted { throw error }
        }
    }

    /// The size of a page in bytes; 4096 on x86-64, 4096, 16384 or 65536 on arm64.
    static let pageSizeBytes = max(1, sysconf(Int32(_SC_PAGESIZE)))

    /// How many ticks of `/proc/PID/stat` a second has; 100 unless the kernel's interface was changed.
    static let ticksPerSecond = max(1, sysconf(Int32(_SC_CLK_TCK)))

    static var pid: Int32 { getpid() }

    /// How many files the process may have open. The corresponding C constant is `RLIMIT_NOFILE`.
    static var maximumOpenFiles: Int {
        var limit = rlimit()
        // Glibc declares the number as an enumeration, musl as an integer.
        guard unsafe getrlimit(openFilesResource, &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_cur)
    }

    // MARK: Scheduling

    /// Hands over the affinity mask of a thread, as words of 64 CPUs, lowest first. 0 is the calling thread.
    ///
    /// The kernel refuses a mask that is smaller than its own with `EINVAL`: the mask grows until it fits.
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
                // 2^20 CPUs is 128 times what any Linux can be built for.
                guard error == .invalidArgument, wordCount < (1 << 20) / UInt64.bitWidth else { throw error }
                wordCount *= 2
            }
        }
    }

    /// The scheduling policy of a thread, as the number of `sched_setscheduler`. 0 is the calling thread.
    static func schedulingPolicy(of threadID: Int32) throws(Errno) -> Int32 {
        // The number may carry a flag. The corresponding C constant is `SCHED_RESET_ON_FORK`.
        try retrying { sched_getscheduler(threadID) } & ~0x4000_0000
    }
}

extension Syscalls {
    /// Milliseconds that never go back, brought up to date by the kernel's tick alone: a few nanoseconds to ask for.
    static var coarseMilliseconds: Int {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
    }

    /// Nanoseconds that never go back; the system's sleep is not counted.
    static var monotonicNanoseconds: Int {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec)
    }

    /// Seconds since the system was started, its sleep included: what start times of processes are counted by.
    static var secondsSinceBoot: Double {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_BOOTTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
