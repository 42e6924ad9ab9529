import ProcMem
import ProcMemMetrics

extension PrometheusText {
    /// Adds the figures of processes, as gauges.
    mutating func add(_ snapshot: MemorySnapshot, group: String?) {
        let total = snapshot.total
        add(.distinctMemory, total.distinctBytes.estimate, group: group)
        add(.distinctMemoryLower, total.distinctBytes.lower, group: group)
        add(.distinctMemoryUpper, total.distinctBytes.upper, group: group)
        // Of a list that was cut short, the sums are not known.
        if snapshot.gaps.isDisjoint(with: [.timeLimit, .countLimit]) {
            add(.rss, total.rssBytes, group: group)
            add(.processes, total.processCount, group: group)
        }
        add(.unavailableProcesses, total.unavailableCount, group: group)
        add(.passDuration, Double(snapshot.elapsed.microseconds) / 1e6, group: group)
    }

    /// Adds the memory of a container, as gauges.
    mutating func add(_ memory: ContainerMemory, group: String?) {
        add(.containerUsage, memory.usageBytes, group: group)
        add(.containerWorkingSet, memory.workingSetBytes, group: group)
        add(.containerAvailable, memory.availableBytes, group: group)
        add(.containerAnonymous, memory.anonBytes, group: group)
        add(.containerLimit, memory.limitBytes, group: group)
        add(.containerSoftLimit, memory.highBytes, group: group)
        add(.containerPeak, memory.peakBytes, group: group)
    }

    /// Adds the number of CPUs and the quota, as gauges.
    mutating func add(_ limits: CPULimits, _ rounding: CPULimits.Rounding = .up, group: String?) {
        add(.effectiveCPUCount, limits.effectiveCPUCount(rounding: rounding), group: group)
        add(.cpuLimit, limits.binding?.quota.cpus, group: group)
    }
}
