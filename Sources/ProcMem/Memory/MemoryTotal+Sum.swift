extension MemoryTotal {
    init(_ processes: [ProcessMemory]) {
        let usages = processes.map(\.usage)
        processCount = processes.count
        rssBytes = Self.sum(usages, \.rssBytes)
        pssBytes = Self.sum(usages, \.pssBytes)
        ussBytes = Self.sum(usages, \.ussBytes)
        swapBytes = Self.sum(usages, \.swapPssBytes)
        sources = usages.reduce(into: [:]) { $0[$1.source, default: 0] += 1 }
        unavailableCount = usages.count { $0.unavailable != nil }
        physicalBytes = PhysicalMemory(usages)
    }

    private static func sum(_ usages: [MemoryUsage], _ figure: KeyPath<MemoryUsage, Int?>) -> Int? {
        usages.compactMap { $0[keyPath: figure] }.saturatingSum
    }
}

extension PhysicalMemory {
    /// What the figures of the single processes say about all of them together.
    init(_ usages: [MemoryUsage]) {
        // Of each process with PSS that is its part. Of the others RSS is the most that they can add, and the anonymous
        // part of the largest is there in any case.
        let parts = usages.filter { $0.holdsMemory }
        let shares = parts.compactMap(\.pssBytes).saturatingSum ?? 0
        let others = parts.filter { $0.pssBytes == nil }
        let largest = others.compactMap { usage in usage.anonymousBytes }.max() ?? 0
        let mostOfOthers = others.compactMap(\.rssBytes).saturatingSum ?? 0
        lower = max(shares, largest)
        upper = others.contains { $0.rssBytes == nil } ? nil : [shares, mostOfOthers].saturatingSum
        estimate = others.isEmpty ? shares : parts.count == 1 ? others[0].rssBytes : nil
        proven = upper != nil
    }
}

extension MemoryUsage {
    /// RSS less what is backed by files or is shared memory: what no other process maps, unless it was forked.
    fileprivate var anonymousBytes: Int? {
        guard let rssBytes, let sharedBytes else { return nil }
        return max(0, rssBytes - sharedBytes)
    }

    /// Whether there can be memory behind the process.
    fileprivate var holdsMemory: Bool {
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
