/// Which processes a list or a snapshot is about.
public struct ProcessScope: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case processes([ProcessSelector])
        case trees([ProcessSelector], exhaustive: Bool)
        case cgroup(String)
        case cgroupOf(ProcessSelector)
        case all
    }

    let kind: Kind
    /// Whether the calling process is left out.
    private(set) var excludesCaller = false

    private init(kind: Kind) { self.kind = kind }

    /// The same processes without the calling one, so that a tool does not measure itself. Its descendants stay.
    public var excludingCaller: ProcessScope {
        var scope = self
        scope.excludesCaller = true
        return scope
    }

    /// One process. A thread's id stands for its process.
    public static func process(_ pid: Int32) -> ProcessScope { processes([pid]) }

    /// Several processes. One that is named twice, or by its threads' ids, is counted once.
    public static func processes(_ pids: [Int32]) -> ProcessScope {
        ProcessScope(kind: .processes(pids.map(ProcessSelector.id)))
    }

    /// The calling process: below a directory that stands in for `/`, the one that `proc/self` is.
    public static var current: ProcessScope { ProcessScope(kind: .processes([.current])) }

    /// The calling process, as ``current`` has it, and all of its descendants.
    public static var currentTree: ProcessScope { ProcessScope(kind: .trees([.current], exhaustive: false)) }

    /// A process and all of its descendants.
    ///
    /// They are found through `/proc/PID/task/TID/children` of every thread, or by a look at every process where the
    /// kernel has no such files (before Linux 3.5, or without `CONFIG_PROC_CHILDREN`). Such a file may pass over a live
    /// child when another one exits while it is read (proc(5)).
    ///
    /// A descendant whose parent has ended belongs to `init`, or to a subreaper, and is no longer found from its former
    /// ancestors: ``cgroup(of:)`` finds it.
    ///
    /// - Parameters:
    ///   - root: The process's id.
    ///   - exhaustive: Whether to look at every process of the system instead, which passes over nobody that is alive all
    ///     the while, and costs about 10 µs for each process of the system.
    public static func tree(root: Int32, exhaustive: Bool = false) -> ProcessScope {
        trees(roots: [root], exhaustive: exhaustive)
    }

    /// Several processes and all of their descendants. A process in two of the trees is counted once.
    public static func trees(roots: [Int32], exhaustive: Bool = false) -> ProcessScope {
        ProcessScope(kind: .trees(roots.map(ProcessSelector.id), exhaustive: exhaustive))
    }

    /// The processes of a cgroup and of all cgroups below it.
    ///
    /// - Parameter path: The cgroup as `/proc/PID/cgroup` names it, or its directory below a mount such as
    ///   `/sys/fs/cgroup`.
    public static func cgroup(_ path: String) -> ProcessScope { ProcessScope(kind: .cgroup(path)) }

    /// The processes of the cgroup that a process is in, by the memory controller, and of all cgroups below it.
    ///
    /// - Parameter pid: A process of that cgroup.
    public static func cgroup(of pid: Int32) -> ProcessScope { ProcessScope(kind: .cgroupOf(.id(pid))) }

    /// The processes of the cgroup that the calling process is in, and of all cgroups below it: in a container, the
    /// container's.
    public static var currentCgroup: ProcessScope { ProcessScope(kind: .cgroupOf(.current)) }

    /// Every process that `/proc` shows.
    public static var all: ProcessScope { ProcessScope(kind: .all) }
}
