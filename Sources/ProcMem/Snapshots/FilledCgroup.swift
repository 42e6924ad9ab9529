/// The anonymous memory that the kernel charges to a cgroup: `anon` (v2) or `total_rss` (v1) in `memory.stat`.
///
/// Each anonymous page that a process maps counts once. Where some processes are exactly those of the cgroup, the charge is
/// an estimate of their anonymous memory. It is no bound of it: a page is charged to the cgroup in which a process first
/// touched it, and stays charged there when processes are moved.
struct AnonymousCharge: Hashable, Sendable {
    let bytes: Int
    /// The amount by which the kernel's count may differ from the present state.
    let lagBytes: Int

    /// Returns the charge, limited to bounds; `nil` if the bounds contradict it by more than the kernel's count may lag.
    func bytes(within bounds: ByteBounds) -> Int? {
        let likely = ByteBounds(lower: bytes - min(lagBytes, bytes), upper: bytes.saturatingAdding(lagBytes))
        return bounds.intersection(likely).map { _ in bounds.clamp(bytes) }
    }
}

/// A cgroup that the processes of a census fill.
struct FilledCgroup: Sendable {
    private let directory: CgroupDirectory
    private let filling: CgroupFilling

    init(_ directory: CgroupDirectory, _ filling: CgroupFilling) {
        self.directory = directory
        self.filling = filling
    }

    /// Returns the anonymous charge, if the processes still fill the cgroup after the charge was read.
    ///
    /// The processes filled it when they were found. If they fill it again after everything was read, the charge applies to
    /// them, unless a process has entered and left the cgroup in between.
    ///
    /// - Parameter usage: The memory charged to the cgroup, if the caller has read it.
    func charge(
        knowing usage: CgroupMemoryUsage?,
        _ features: KernelPageFeatures,
        in root: SystemRoot
    ) -> AnonymousCharge? {
        let bytes = usage.map(\.anonBytes) ?? (try? CgroupMemoryFiles(of: directory, in: root).stat().anonBytes)
        // If the lag is not known, it is not known either whether other figures contradict the charge.
        guard let bytes, let lagBytes = features.chargeLagBytes, filling.fills(directory, in: root) else { return nil }
        return AnonymousCharge(bytes: bytes, lagBytes: lagBytes)
    }
}

extension ProcessCensus {
    /// Finds the cgroup that the processes fill. For the processes of a cgroup, it is the one from which they were listed.
    ///
    /// - Parameter maximumDuration: The time after which the search, and the later check of its result, are given up.
    mutating func findFilledCgroup(within maximumDuration: Duration, in root: SystemRoot) {
        let holders = members.lazy.filter { $0.value?.mayHoldMemory ?? true }
        // If processes may be missing, the search took all the time, or the lists are not complete. Programs that were
        // executed share no anonymous pages: without a forked process, the sum of their counters is right.
        guard gaps.isEmpty, let first = holders.first,
            holders.contains(where: { $0.stat?.isForkWithoutExec != false })
        else { return }
        let filling = CgroupFilling(
            members.lazy.map(\.pid),
            holders: holders.map(\.pid),
            maximumDuration: maximumDuration
        )
        let directory = cgroup ?? filling.cgroup(of: first.pid, parent: first.stat?.parentPID ?? 0, in: root)
        filled = directory.map { FilledCgroup($0, filling) }
    }
}
