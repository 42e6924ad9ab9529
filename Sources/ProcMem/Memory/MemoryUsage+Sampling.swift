extension MemoryUsage {
    /// What samples add to the counters of a process; the reason where they cannot be had.
    func sampled(
        _ process: ProcessSelector,
        _ stat: ProcessStat,
        reads: Int,
        in root: KernelRoot
    ) throws(ReadFailure) -> MemoryUsage {
        guard anonymousBytes != nil else { return self }
        var members = [ProcessWalk<MemoryUsage>.Member(pid: stat.processID, depth: 0, stat: stat, value: self)]
        let sampled = SampledMembers(
            members,
            named: process,
            isCounted: { _ in true },
            knowsChildren: false,
            in: root
        )
        _ = try sampled.sample(&members, reads: reads, isClosed: false, in: root)
        return members[0].value ?? self
    }
}
