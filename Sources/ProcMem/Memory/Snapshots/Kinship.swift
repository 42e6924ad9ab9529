/// What the bounds need to know of each process and of its relations.
struct Kinship {
    private(set) var members: [ForkFamilies.Member] = []
    private(set) var sharedSumBytes = 0
    private(set) var likelySharedBytes = 0
    /// Whether all that may hold memory tell how much.
    private(set) var knowsAll = true

    init(_ processes: [ProcessMemory], _ stats: [ProcessStat?], pageSizeBytes: Int) {
        var largestShared: [ProgramLayout: Int] = [:]
        // Parents of processes that have executed a program: until then these may have run in their parent's memory.
        let parents = Set(stats.compactMap { $0.flatMap { $0.hasNotExecuted ? nil : $0.parentID } })
        for (process, stat) in zip(processes, stats) {
            guard let stat, let anonymous = process.usage.anonymousBytes, let shared = process.usage.sharedBytes else {
                knowsAll = knowsAll && stat.map { Self.holdsNothing($0, process.usage) } ?? false
                continue
            }
            let isCounted = process.sharesMemoryWith == nil
            members.append(
                ForkFamilies.Member(
                    pid: process.pid,
                    parentPID: stat.parentID,
                    hasNotExecuted: stat.hasNotExecuted,
                    layout: stat.layout,
                    // The faults of who shares another's memory brought pages there.
                    anonymousBytes: isCounted ? anonymous : 0,
                    faultBytes: stat.faultCount.flatMap { faults in
                        let (bytes, overflow) = faults.multipliedReportingOverflow(by: pageSizeBytes)
                        return overflow ? nil : bytes
                    },
                    mayLackFaults: stat.childFaultCount != 0 || parents.contains(process.pid)
                )
            )
            guard isCounted else { continue }
            sharedSumBytes = sharedSumBytes.saturatingAdding(shared)
            if let layout = stat.layout {
                largestShared[layout] = max(largestShared[layout] ?? 0, shared)
            } else {
                likelySharedBytes = likelySharedBytes.saturatingAdding(shared)
            }
        }
        likelySharedBytes = largestShared.values.reduce(likelySharedBytes) { $0.saturatingAdding($1) }
    }
    /// Whether a process that tells nothing has nothing: a main thread may end, or be on its way out, before the others.
    private static func holdsNothing(_ stat: ProcessStat, _ usage: MemoryUsage) -> Bool {
        stat.isKernelThread || (usage.unavailable == .zombie && stat.threadCount <= 1)
    }
}
