/// The set of processes that a list or a snapshot covers.
public struct ProcessScope: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case processes([ProcessSelector])
        case trees([ProcessSelector], exhaustive: Bool)
        case cgroup(String)
        case cgroupOf(ProcessSelector)
        case all
    }

    let kind: Kind
    /// Whether the calling process is excluded.
    private(set) var excludesCaller = false

    private init(kind: Kind) { self.kind = kind }

    /// Whether it is of trees.
    var isOfTrees: Bool { if case .trees = kind { true } else { false } }
    /// Whether the caller names processes by their pids, alone or as the roots of trees.
    var namesProcesses: Bool { if case .processes = kind { true } else { isOfTrees } }

    /// The same processes without the calling process, so that a tool does not measure itself. Its descendants are
    /// included.
    public var excludingCaller: ProcessScope {
        var scope = self
        scope.excludesCaller = true
        return scope
    }

    /// Returns the scope of one process. A thread's id selects its process.
    public static func process(_ pid: Int32) -> ProcessScope { processes([pid]) }

    /// Returns the scope of several processes. A process that is named twice, or by ids of its threads, is counted
    /// once.
    public static func processes(_ pids: [Int32]) -> ProcessScope {
        ProcessScope(kind: .processes(pids.map(ProcessSelector.id)))
    }

    /// The calling process; with a root directory other than `/`, the process of its `proc/self`.
    public static var current: ProcessScope { ProcessScope(kind: .processes([.current])) }

    /// The calling process, as in ``current``, and all of its descendants.
    public static var currentTree: ProcessScope { ProcessScope(kind: .trees([.current], exhaustive: false)) }

    /// Returns the scope of a process and all of its descendants.
    ///
    /// The descendants are found through `/proc/PID/task/TID/children` of every thread. If the kernel does not have
    /// these files (before Linux 3.5, or without `CONFIG_PROC_CHILDREN`), the parents of all processes are read
    /// instead. A `children` file may omit a live child if another child exits while the file is read (proc(5)).
    ///
    /// After a parent exits, its children belong to `init` or to a subreaper and are no longer found from their former
    /// ancestors: ``cgroup(of:)`` finds them.
    ///
    /// - Parameters:
    ///   - root: The process's id.
    ///   - exhaustive: Whether to read the parents of all processes of the system instead. This finds every process
    ///     that is alive during the whole search, and its cost grows with the number of processes of the system.
    public static func tree(root: Int32, exhaustive: Bool = false) -> ProcessScope {
        trees(roots: [root], exhaustive: exhaustive)
    }

    /// Returns the scope of several processes and all of their descendants. A process in two of the trees is counted
    /// once.
    public static func trees(roots: [Int32], exhaustive: Bool = false) -> ProcessScope {
        ProcessScope(kind: .trees(roots.map(ProcessSelector.id), exhaustive: exhaustive))
    }

    /// Returns the scope of the processes of a cgroup and of all its descendants.
    ///
    /// - Parameter path: The cgroup as `/proc/PID/cgroup` names it, or its directory below a mount point such as
    ///   `/sys/fs/cgroup`.
    public static func cgroup(_ path: String) -> ProcessScope { ProcessScope(kind: .cgroup(path)) }

    /// Returns the scope of the processes of a process's cgroup in the memory controller's hierarchy, and of all its
    /// descendants.
    ///
    /// - Parameter pid: A process of the cgroup.
    public static func cgroup(of pid: Int32) -> ProcessScope { ProcessScope(kind: .cgroupOf(.id(pid))) }

    /// The processes of the calling process's cgroup and of all its descendants: in a container, the processes of the
    /// container.
    public static var currentCgroup: ProcessScope { ProcessScope(kind: .cgroupOf(.current)) }

    /// Every process that `/proc` shows.
    public static var all: ProcessScope { ProcessScope(kind: .all) }
}

extension ProcessScope {
    var isCgroup: Bool {
        switch kind {
        case .cgroup, .cgroupOf: true
        case .processes, .trees, .all: false
        }
    }

    /// Finds the directory of the cgroup; `nil` if the scope is not a cgroup.
    func cgroup(in root: SystemRoot) throws(ProcMemError) -> CgroupDirectory? {
        switch kind {
        case .cgroup(let path): try CgroupDirectory(named: path, in: root)
        case .cgroupOf(let process): try CgroupDirectory(of: process.validated(in: root), in: root)
        case .processes, .trees, .all: nil
        }
    }
}

/// The method by which the processes of a list were found.
public enum DiscoveryMethod: String, Sendable, Hashable, CaseIterable {
    /// The caller named the processes.
    case named
    /// Through `/proc/PID/task/TID/children`, one small file for each thread.
    case childrenFiles
    /// By reading every process that `/proc` shows.
    case scan
    /// Through `cgroup.procs` of a cgroup and of its descendants.
    case cgroupFiles
    /// The processes were not listed: only the totals of their cgroup were read (``MemoryDetail/totals``).
    case unlisted
}

/// The reason why processes may be missing from a list.
public enum ProcessGap: String, Sendable, Hashable, CaseIterable {
    /// There were more processes than ``SearchLimits/maximumCount``.
    case countLimit
    /// ``SearchLimits/maximumDuration`` had passed before all processes were read.
    case timeLimit
    /// `/proc` hides processes or their parents from the caller (`hidepid`), or the caller may not read a cgroup's
    /// list.
    case hidden
    /// The cgroup has processes outside the caller's pid namespace, which have no id in it. On v1 the kernel omits them
    /// from its list: the cgroup may have some.
    case otherNamespace
}

/// The limits at which a search for processes stops and reports a gap, and what a sampler may keep open.
///
/// A tree that grows faster than it is searched has no end, and reading all processes of a cgroup or a system may take
/// more time than the caller has.
public struct SearchLimits: Sendable, Hashable {
    /// The maximum number of processes to read. Linux allows 4,194,304; few systems reach 32,768.
    public var maximumCount: Int
    /// The time after which no further process is read. A read that has started is completed.
    public var maximumDuration: Duration
    /// The number of files that a ``MemorySampler`` may keep open, two for each process; `nil` for a quarter of the
    /// descriptors that the calling process may open (`RLIMIT_NOFILE`).
    ///
    /// The scopes of a ``MultiScopeSampler`` share this number equally. If there are more processes, each pass searches for
    /// them and opens their files again, which takes several system calls for each process. A program that opens few files
    /// itself can allow more.
    public var maximumOpenFileCount: Int?

    /// Creates limits for a search.
    ///
    /// - Parameters:
    ///   - maximumCount: The maximum number of processes to read.
    ///   - maximumDuration: The time after which no further process is read.
    ///   - maximumOpenFileCount: The number of files that a ``MemorySampler`` may keep open; `nil` for a quarter of the
    ///     descriptors that the calling process may open.
    public init(
        maximumCount: Int = 131_072,
        maximumDuration: Duration = .seconds(60),
        maximumOpenFileCount: Int? = nil
    ) {
        self.maximumCount = maximumCount
        self.maximumDuration = maximumDuration
        self.maximumOpenFileCount = maximumOpenFileCount
    }
}

/// The remaining count and time during a search, and the gaps so far.
struct SearchBudget: Sendable {
    private let limits: SearchLimits
    private let elapsed: @Sendable () -> Duration
    private(set) var gaps: Set<ProcessGap> = []

    init(_ limits: SearchLimits) {
        let start = ContinuousClock.now
        self.init(limits) { start.duration(to: .now) }
    }

    /// - Parameter elapsed: Returns the time since the search started.
    init(_ limits: SearchLimits, elapsed: @escaping @Sendable () -> Duration) {
        self.limits = limits
        self.elapsed = elapsed
    }

    /// Returns whether another process may be read after `count` processes, and notes the gap if not.
    mutating func allows(another count: Int) -> Bool {
        if count >= limits.maximumCount {
            gaps.insert(.countLimit)
            return false
        }
        return allowsTime()
    }

    /// Returns whether time is left, and notes the gap if not.
    mutating func allowsTime() -> Bool {
        if elapsed() < limits.maximumDuration { return true }
        gaps.insert(.timeLimit)
        return false
    }

    /// Whether the caller has lowered the maximum number of processes.
    var isCountLowered: Bool { limits.maximumCount < SearchLimits().maximumCount }

    /// Returns the part of a list that may still be read after `count` processes, and notes the gap if others remain.
    mutating func allowed<Process>(of processes: [Process], after count: Int) -> ArraySlice<Process> {
        let allowed = processes.prefix(max(0, limits.maximumCount - count))
        if allowed.count < processes.count { gaps.insert(.countLimit) }
        return allowed
    }

    mutating func note(_ gap: ProcessGap) {
        gaps.insert(gap)
    }
}
