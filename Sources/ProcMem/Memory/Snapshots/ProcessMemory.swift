/// One process of a snapshot.
public struct ProcessMemory: Sendable, Hashable {
    /// The process's id in the caller's pid namespace.
    public let pid: Int32
    /// The parent's id; 0 where it is outside of the pid namespace, `nil` where `/proc` does not tell.
    public let parentPID: Int32?
    /// The command, from field 2 of `/proc/PID/stat`, at most 15 bytes; `nil` where `/proc` does not tell.
    ///
    /// Whatever the process chose to call itself: it may hold any character, line breaks too.
    public let command: String?
    /// When the process began, in clock ticks since boot, from field 22 of `/proc/PID/stat`. With ``pid`` it names the
    /// process, also when the id is used again.
    public let startTimeTicks: Int?
    /// How far below the root of its tree the process is; 0 outside of trees.
    public let depth: Int
    /// Its memory.
    public let usage: MemoryUsage
    /// The process of this snapshot that has the very same memory, and whose figures stand for both in the totals; `nil`
    /// for none.
    ///
    /// A process has another's memory between `vfork`, or `posix_spawn`, and the program that it executes, and for good
    /// when it was made by `clone` with `CLONE_VM` and not as a thread. Each of them shows all of the memory as its own,
    /// in PSS and USS too. Told by `kcmp(2)`.
    public let sharesMemoryWith: Int32?
    /// A process of this snapshot that may have the very same memory: their sizes are equal, one was forked from the
    /// other's program, and the kernel does not let the caller ask. The totals count both.
    public let mayShareMemoryWith: Int32?
}
