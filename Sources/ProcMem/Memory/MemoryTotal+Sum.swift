extension MemoryTotal {
    init(_ processes: [ProcessMemory]) {
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
        unavailableCount = usages.count { $0.unavailable != nil }
        let isCertain = processes.allSatisfy { $0.mayShareMemoryWith == nil }
        physicalBytes = PhysicalMemory(counted, isEachCountedOnce: isCertain)
    }
}

extension PhysicalMemory {
    /// What the figures of the single processes say about all of them together.
    ///
    /// - Parameter isEachCountedOnce: Whether it is certain that no two of them have one memory.
    init(_ usages: [MemoryUsage], isEachCountedOnce: Bool) {
        // Of each process with PSS that is its part. Of the others RSS is the most that they can add, and the anonymous
        // part of the largest is there in any case.
        let parts = usages.filter(\.mayHoldMemory)
        let shares = parts.compactMap(\.pssBytes).saturatingSum ?? 0
        let others = parts.filter { $0.pssBytes == nil }
        let largest = others.compactMap(\.anonymousBytes).max() ?? 0
        let mostOfOthers = others.compactMap(\.rssBytes).saturatingSum ?? 0
        lower = max(shares, largest)
        upper = others.contains { $0.rssBytes == nil } ? nil : [shares, mostOfOthers].saturatingSum
        estimate = others.isEmpty ? shares : parts.count == 1 ? others[0].rssBytes : nil
        proven = upper != nil && isEachCountedOnce
    }
}

extension MemoryUsage {
    /// RSS less what is backed by files or is shared memory: what no other process maps, unless it was forked.
    fileprivate var anonymousBytes: Int? {
        guard let rssBytes, let sharedBytes else { return nil }
        return max(0, rssBytes - sharedBytes)
    }

    /// Whether there can be memory behind the process.
    fileprivate var mayHoldMemory: Bool {
        switch unavailable {
        case .kernelThread, .zombie, .exited: false
        default: true
        }
    }
}

extension [Int] {
    /// The sum of sizes, at most `Int.max`; `nil` for none.
    fileprivate var saturatingSum: Int? {
        guard let first else { return nil }
        return dropFirst().reduce(first) { sum, value in
            let (result, overflow) = sum.addingReportingOverflow(value)
            return overflow ? .max : result
        }
    }
}
