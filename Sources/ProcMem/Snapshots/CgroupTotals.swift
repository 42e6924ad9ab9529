extension SnapshotBuilder {
    /// Builds a snapshot of a cgroup without its processes.
    ///
    /// - Parameter start: The time at which the pass began.
    /// - Throws: ``ProcMemError`` with `invalidArgument` if the scope is not a cgroup, or does not exist.
    borrowing func totals(since start: ContinuousClock.Instant) throws(ProcMemError) -> MemorySnapshot {
        guard !scope.excludesCaller, let cgroup = try scope.cgroup(in: root) else {
            throw ProcMemError(
                .invalidArgument,
                path: "MemoryDetail.totals",
                detail: "the kernel has totals of whole cgroups alone; name a cgroup, without excludingCaller"
            )
        }
        let usage = CgroupMemoryUsage(CgroupMemoryFiles(of: cgroup, in: root), .charge)
        let distinct = DistinctMemory(chargedTo: usage, KernelPageFeatures(in: root))
        return MemorySnapshot(
            mode: mode,
            elapsed: start.duration(to: .now),
            processes: [],
            total: MemoryTotal(unlistedHolding: distinct),
            cgroupCharge: CgroupCharge(path: root.text(cgroup.path + [0]), usage, holding: distinct),
            search: .unlisted,
            gaps: []
        )
    }
}

extension DistinctMemory {
    /// The distinct memory of the processes of a cgroup, from the memory that is charged to it.
    ///
    /// The charge counts each page once. The estimate is the part of it that any process maps. Only the whole system bounds
    /// what the processes map without an assumption, because a page that they map may be charged to any cgroup. For
    /// anonymous pages, the charge is the bound if processes stay in the cgroup in which they first touched their memory.
    /// For pages of files it is none: the first cgroup that read a library is charged for it.
    ///
    /// - Parameters:
    ///   - usage: The memory charged to the cgroup.
    ///   - features: The memory of the system, and the lag of the charge.
    init(chargedTo usage: CgroupMemoryUsage, _ features: KernelPageFeatures) {
        let system = features.systemMemory
        func limit(_ bytes: Int?) -> ByteBounds { ByteBounds(lower: 0, upper: bytes ?? .max) }
        let others = BoundsEvidence(proven: limit(system?.sharedBytes) + limit(system?.hugetlbBytes))
        var anonymous = BoundsEvidence(proven: limit(system?.anonymousBytes))
        if let anonBytes = usage.anonBytes, let lagBytes = features.chargeLagBytes {
            anonymous.assume(
                ByteBounds(lower: max(0, anonBytes - lagBytes), upper: anonBytes.saturatingAdding(lagBytes)),
                [.chargesFollowProcesses]
            )
        }
        let (bounds, assumptions) = (anonymous + others).narrowest
        estimate = usage.mappedBytes.map { bounds.clamp($0.saturatingAdding(usage.hugetlbBytes ?? 0)) }
        lower = bounds.lower
        upper = bounds.upper < .max ? bounds.upper : nil
        isProven = false
        self.assumptions = assumptions
    }
}

extension DistinctMemory {
    /// Returns the distinct memory of all processes of a cgroup, of which only some were read.
    ///
    /// The memory of some processes is a lower bound of that of all.
    ///
    /// - Parameter totals: The distinct memory of the cgroup's processes, from its charge.
    func extended(by totals: DistinctMemory) -> DistinctMemory {
        let isHigher = lower > totals.lower
        let bounds = ByteBounds(lower: max(lower, totals.lower), upper: max(lower, totals.upper ?? .max))
        return DistinctMemory(
            estimate: totals.estimate.map(bounds.clamp),
            lower: bounds.lower,
            // Contradicting bounds are wrong by an unknown amount.
            upper: totals.upper.flatMap { $0 >= lower ? $0 : nil },
            isProven: false,
            assumptions: isHigher ? assumptions.union(totals.assumptions) : totals.assumptions
        )
    }
}
