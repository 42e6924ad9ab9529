/// Which processes a snapshot is about.
public struct MemoryScope: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case processes([Int32])
        case trees([Int32])
        case cgroup(String)
        case all
    }

    let kind: Kind

    /// One process. A thread's id stands for its process.
    public static func process(_ pid: Int32) -> MemoryScope { processes([pid]) }

    /// Several processes. One that is named twice, or by its threads' ids, is counted once.
    public static func processes(_ pids: [Int32]) -> MemoryScope { MemoryScope(kind: .processes(pids)) }

    /// A process and all of its descendants.
    ///
    /// Found through `/proc/PID/task/TID/children`, or by a look at every process where the kernel has no such files. A
    /// descendant whose parent has ended belongs to `init` and is no longer found this way.
    public static func tree(root: Int32) -> MemoryScope { trees(roots: [root]) }

    /// Several processes and all of their descendants. A process in two of the trees is counted once.
    public static func trees(roots: [Int32]) -> MemoryScope { MemoryScope(kind: .trees(roots)) }

    /// The processes of a cgroup and of all cgroups below it.
    ///
    /// - Parameter path: The cgroup as `/proc/PID/cgroup` names it, or its directory below a mount such as
    ///   `/sys/fs/cgroup`.
    public static func cgroup(_ path: String) -> MemoryScope { MemoryScope(kind: .cgroup(path)) }

    /// Every process that `/proc` shows.
    public static var all: MemoryScope { MemoryScope(kind: .all) }
}
