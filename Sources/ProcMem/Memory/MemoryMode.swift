/// How exactly to look, and at what price: the value by which callers switch.
public enum MemoryMode: Sendable, Hashable {
    /// RSS and shared memory from `/proc/PID/statm`.
    ///
    /// Three system calls, about 5 µs, whatever the size of the process. Needs no privileges unless `/proc` hides the
    /// process.
    case cheap
    /// PSS, USS and swap from `/proc/PID/smaps_rollup` (since Linux 4.14; `smaps` before).
    ///
    /// The kernel walks every mapped page: about 30 µs and 40–47 ns for each page of 4 KiB, 18 ms for 2 GiB. For that
    /// time it holds the memory-map lock of the **target**, which cannot map memory meanwhile: a stall of 47 ms was
    /// measured in a process of 4 GiB. Do not call it from an event loop, nor often. Needs the right to trace the
    /// process: to be its owner while it is dumpable, or CAP_SYS_PTRACE or CAP_PERFMON.
    case accurate
}
