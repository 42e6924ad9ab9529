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

/// How the processes of a list were found.
public enum DiscoveryMethod: String, Sendable, Hashable, CaseIterable {
    /// The caller named them.
    case named
    /// Through `/proc/PID/task/TID/children`, one small file for each thread.
    case childrenFiles
    /// By a look at every process that `/proc` shows.
    case scan
    /// Through `cgroup.procs` of a cgroup and of those below it.
    case cgroupFiles
}

/// Why a list may lack processes.
public enum ProcessGap: String, Sendable, Hashable, CaseIterable {
    /// There were more than ``SearchLimits/maximumCount``.
    case countLimit
    /// ``SearchLimits/maximumDuration`` was over before all were looked at.
    case timeLimit
    /// `/proc` hides processes from the caller, or whose children they are (`hidepid`), or a cgroup's list may not be read.
    case hidden
    /// The cgroup has processes outside of the caller's pid namespace, which have no id in it; on v1, where the kernel leaves
    /// them out of its list, it may have.
    case otherNamespace
}

/// How far a walk over processes goes before it stops and says so.
///
/// A tree that grows faster than it is walked has no end, and a cgroup or a system may have more processes than a caller
/// has time for.
public struct SearchLimits: Sendable, Hashable {
    /// How many processes are looked at. Linux allows 4,194,304; few systems see 32,768.
    public var maximumCount: Int
    /// After what time no further process is looked at. A look that has begun is finished.
    public var maximumDuration: Duration

    /// - Parameters:
    ///   - maximumCount: How many processes are looked at.
    ///   - maximumDuration: After what time no further process is looked at.
    public init(maximumCount: Int = 131_072, maximumDuration: Duration = .seconds(60)) {
        self.maximumCount = maximumCount
        self.maximumDuration = maximumDuration
    }
}

/// What is left of the limits while a walk goes on.
struct SearchBudget: Sendable {
    private let limits: SearchLimits
    private let elapsed: @Sendable () -> Duration
    private(set) var gaps: Set<ProcessGap> = []

    init(_ limits: SearchLimits) {
        let start = ContinuousClock.now
        self.init(limits) { start.duration(to: .now) }
    }

    /// - Parameter elapsed: The time since the walk began.
    init(_ limits: SearchLimits, elapsed: @escaping @Sendable () -> Duration) {
        self.limits = limits
        self.elapsed = elapsed
    }

    /// Whether one more may be looked at, after so many; what stands against it is noted.
    mutating func allows(another count: Int) -> Bool {
        if count >= limits.maximumCount {
            gaps.insert(.countLimit)
            return false
        }
        return allowsTime()
    }

    /// Whether there is time left; that there is none is noted.
    mutating func allowsTime() -> Bool {
        if elapsed() < limits.maximumDuration { return true }
        gaps.insert(.timeLimit)
        return false
    }

    /// As many of a list as may still be looked at, after so many; that some are too many is noted.
    mutating func allowed<Process>(of processes: [Process], after count: Int) -> ArraySlice<Process> {
        let allowed = processes.prefix(max(0, limits.maximumCount - count))
        if allowed.count < processes.count { gaps.insert(.countLimit) }
        return allowed
    }

    mutating func note(_ gap: ProcessGap) {
        gaps.insert(gap)
    }
}
