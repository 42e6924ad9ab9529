/// Which processes a snapshot is about.
public struct MemoryScope: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case processes([ProcessSelector])
        case trees([ProcessSelector])
        case cgroup(String)
        case all
    }

    let kind: Kind

    /// One process. A thread's id stands for its process.
    public static func process(_ pid: Int32) -> MemoryScope { processes([pid]) }

    /// Several processes. One that is named twice, or by its threads' ids, is counted once.
    public static func processes(_ pids: [Int32]) -> MemoryScope {
        MemoryScope(kind: .processes(pids.map(ProcessSelector.id)))
    }

    /// The calling process: below a directory that stands in for `/`, the one that `proc/self` is.
    public static var current: MemoryScope { MemoryScope(kind: .processes([.current])) }

    /// The calling process, as ``current`` has it, and all of its descendants.
    public static var currentTree: MemoryScope { MemoryScope(kind: .trees([.current])) }

    /// A process and all of its descendants.
    ///
    /// Found through `/proc/PID/task/TID/children`, or by a look at every process where the kernel has no such files. A
    /// descendant whose parent has ended belongs to `init` and is no longer found this way.
    public static func tree(root: Int32) -> MemoryScope { trees(roots: [root]) }

    /// Several processes and all of their descendants. A process in two of the trees is counted once.
    public static func trees(roots: [Int32]) -> MemoryScope {
        MemoryScope(kind: .trees(roots.map(ProcessSelector.id)))
    }

    /// The processes of a cgroup and of all cgroups below it.
    ///
    /// - Parameter path: The cgroup as `/proc/PID/cgroup` names it, or its directory below a mount such as
    ///   `/sys/fs/cgroup`.
    public static func cgroup(_ path: String) -> MemoryScope { MemoryScope(kind: .cgroup(path)) }

    /// Every process that `/proc` shows.
    public static var all: MemoryScope { MemoryScope(kind: .all) }
}
