extension MemoryTotal {
    /// - Parameter physical: What they hold together.
    init(_ processes: [ProcessMemory], holding physical: PhysicalMemory) {
        let usages = processes.map(\.usage)
        let counted = processes.filter { $0.sharesMemoryWith == nil }.map(\.usage)
        processCount = processes.count
        memorylessCount = usages.count { !$0.mayHoldMemory }
        rssBytes = counted.compactMap(\.rssBytes).saturatingSum
        pssBytes = counted.compactMap(\.pssBytes).saturatingSum
        ussBytes = counted.compactMap(\.ussBytes).saturatingSum
        swapBytes = counted.compactMap(\.swapPssBytes).saturatingSum
        figureCounts = FigureCounts(
            rss: usages.count { $0.rssBytes != nil },
            pss: usages.count { $0.pssBytes != nil },
            uss: usages.count { $0.ussBytes != nil },
            swap: usages.count { $0.swapPssBytes != nil }
        )
        unreadableRSSBytes = counted.filter { $0.unavailable != nil }.compactMap(\.rssBytes).saturatingSum ?? 0
        sources = usages.reduce(into: [:]) { $0[$1.source, default: 0] += 1 }
        oldestAge = usages.compactMap(\.source.age).max()
        unavailableCount = usages.count { $0.unavailable != nil }
        physicalBytes = physical
    }
}

extension MemoryUsage {
    /// RSS less what is backed by files or is shared memory: what no other process maps, unless it was forked.
    var anonymousBytes: Int? {
        guard let rssBytes, let sharedBytes else { return nil }
        return max(0, rssBytes - sharedBytes)
    }

    /// Whether there can be memory behind the process.
    var mayHoldMemory: Bool {
        switch unavailable {
        case .kernelThread, .zombie, .exited: false
        default: true
        }
    }
}

extension [Int] {
    /// The sum of sizes, at most `Int.max`; `nil` for none.
    var saturatingSum: Int? { isEmpty ? nil : reduce(0) { $0.saturatingAdding($1) } }
}
