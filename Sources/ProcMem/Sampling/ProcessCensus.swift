/// The processes of a scope, and what their counters say.
struct ProcessCensus: Sendable {
    typealias Member = ProcessWalk<MemoryUsage>.Member

    var members: [Member]
    let search: ProcessSearch
    let gaps: Set<ProcessGap>
    /// The cgroup that the scope is; `nil` for another scope.
    let cgroup: CgroupDirectory?

    /// Whether all children of the members are among them, so far as is known.
    var knowsChildren: Bool { search != .named && gaps.isEmpty }

    /// Whether who is new among the members was forked from one of them, and nobody is missing.
    var isWholeTree: Bool { gaps.isEmpty && (search == .childrenFiles || search == .scan) }

    /// Finds the processes, and looks at each by a mode's file.
    ///
    /// - Parameter isConcurrent: Whether several threads may look. A thread takes a process id: whoever goes by the newest id
    ///   to know whether somebody was forked must start none.
    init(
        of scope: ProcessScope,
        mode: MemoryMode,
        limits: WalkLimits,
        isConcurrent: Bool,
        in root: KernelRoot
    ) throws(ProcMemError) {
        var limits = limits
        if case .bounded(let budget) = mode { limits.maximumDuration = min(limits.maximumDuration, budget) }
        var walk = ProcessWalk(in: root, budget: WalkBudget(limits), isConcurrent: isConcurrent && mode != .accurate) {
            (directory, stat) throws(ReadFailure) in
            try directory.memoryUsage(stat, mode: mode, pageSizeBytes: root.pageSizeBytes)
        }
        try walk.visit(scope)
        self.init(members: walk.members, search: walk.search, gaps: walk.gaps, cgroup: walk.cgroup)
    }

    init(members: [Member], search: ProcessSearch, gaps: Set<ProcessGap>, cgroup: CgroupDirectory?) {
        self.members = members
        self.search = search
        self.gaps = gaps
        self.cgroup = cgroup
    }
}
