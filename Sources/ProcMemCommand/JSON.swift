import FoundationEssentials
import ProcMem

extension Encodable {
    /// Returns JSON with its names in alphabetical order, on one line or indented.
    func json(onOneLine: Bool = false) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if !onOneLine { encoder.outputFormatting.insert(.prettyPrinted) }
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// The JSON of `procmem cpu`: the limits, the width of Swift's thread pool, and the measured throttling.
struct CPUAnswer: Encodable {
    let limits: CPULimits
    var rounding = CPULimits.Rounding.up
    var observation: ThrottlingObservation?

    private enum Name: String, CodingKey {
        case effectiveCPUCount, swiftPoolWidth, throttling
    }

    func encode(to encoder: any Encoder) throws {
        try limits.encode(to: encoder)
        var names = encoder.container(keyedBy: Name.self)
        // Replaces the count in `limits`, which is always rounded up.
        try names.encode(limits.effectiveCPUCount(rounding: rounding), forKey: .effectiveCPUCount)
        try names.encode(limits.swiftPoolWidth, forKey: .swiftPoolWidth)
        try names.encode(observation.map { ObservedThrottling($0, under: limits) }, forKey: .throttling)
    }
}

/// The growth of the throttling counters, and whether it reveals a limit that is not visible.
private struct ObservedThrottling: Encodable {
    private let observation: ThrottlingObservation
    private let limits: CPULimits

    init(_ observation: ThrottlingObservation, under limits: CPULimits) {
        self.observation = observation
        self.limits = limits
    }

    private enum Name: String, CodingKey {
        case elapsedMicroseconds, cgroup, periods, throttledPeriods, throttledMicroseconds, localThrottledMicroseconds
        case hiddenLimit, warnings
    }

    func encode(to encoder: any Encoder) throws {
        var names = encoder.container(keyedBy: Name.self)
        try names.encode(observation.elapsed.microseconds, forKey: .elapsedMicroseconds)
        try names.encode(observation.later.cgroup, forKey: .cgroup)
        try names.encode(observation.growth(\.periods), forKey: .periods)
        try names.encode(observation.growth(\.throttledPeriods), forKey: .throttledPeriods)
        try names.encode(observation.growth(\.throttledMicroseconds), forKey: .throttledMicroseconds)
        try names.encode(observation.growth(\.localThrottledMicroseconds), forKey: .localThrottledMicroseconds)
        try names.encode(observation.showsHiddenLimit(under: limits), forKey: .hiddenLimit)
        try names.encode(observation.later.warnings, forKey: .warnings)
    }
}

/// The JSON of `procmem memory`: the snapshot, its processes in the selected order, and the groups.
struct MemoryAnswer: Encodable {
    let snapshot: MemorySnapshot
    var selection = MemorySelection()

    private enum Name: String, CodingKey {
        case processes, groups
    }

    func encode(to encoder: any Encoder) throws {
        try snapshot.encode(to: encoder)
        var names = encoder.container(keyedBy: Name.self)
        if let sorting = selection.sorting, sorting != .count {
            // Replaces the processes of the snapshot.
            let rows = snapshot.processes.map { MemoryRow($0) }.sorted(by: sorting)
            try names.encode(rows.flatMap(\.processes), forKey: .processes)
        }
        if selection.isByCommand {
            let groups = selection.rows(of: snapshot.processes, in: snapshot.mode)
            try names.encode(groups.map { MemoryGroup(row: $0) }, forKey: .groups)
        }
    }
}

/// The sums over the processes of one command. Names that a process or the total has too have the same meaning.
struct MemoryGroup: Encodable {
    let row: MemoryRow
    /// Whether the CPU time between two readings belongs to the answer.
    var hasCPU = false

    private enum Name: String, CodingKey {
        case command, processCount, rssBytes, sharedBytes, anonymousBytes, fileBytes, shmemBytes, pssBytes, ussBytes
        case swapBytes, lazilyFreedBytes, hugePagesBytes, hugetlbBytes, peakRSSBytes, ussStandardErrorBytes
        case oldestAgeMilliseconds, sources, unavailableCount, cpuUtilization
    }

    func encode(to encoder: any Encoder) throws {
        var names = encoder.container(keyedBy: Name.self)
        try names.encode(row.command, forKey: .command)
        try names.encode(row.processes.count, forKey: .processCount)
        try names.encode(row.bytes(.rss), forKey: .rssBytes)
        try names.encode(row.bytes(.shared), forKey: .sharedBytes)
        try names.encode(row.bytes(.anon), forKey: .anonymousBytes)
        try names.encode(row.bytes(.file), forKey: .fileBytes)
        try names.encode(row.bytes(.shmem), forKey: .shmemBytes)
        try names.encode(row.bytes(.pss), forKey: .pssBytes)
        try names.encode(row.bytes(.uss), forKey: .ussBytes)
        // As in the total: the sum of the shares.
        try names.encode(row.swapShare, forKey: .swapBytes)
        try names.encode(row.bytes(.lazyfree), forKey: .lazilyFreedBytes)
        try names.encode(row.bytes(.hugepages), forKey: .hugePagesBytes)
        try names.encode(row.bytes(.hugetlb), forKey: .hugetlbBytes)
        try names.encode(row.bytes(.peak), forKey: .peakRSSBytes)
        try names.encode(row.bytes(.error).map { $0 / 2 }, forKey: .ussStandardErrorBytes)
        try names.encode(row.age.map { $0.microseconds / 1000 }, forKey: .oldestAgeMilliseconds)
        let sources = row.processes.map { ($0.usage.source.name, 1) }
        try names.encode(Dictionary(sources, uniquingKeysWith: +), forKey: .sources)
        try names.encode(row.processes.count { $0.usage.unavailable != nil }, forKey: .unavailableCount)
        if hasCPU { try names.encode(row.utilization, forKey: .cpuUtilization) }
    }
}

/// The JSON of a line of `procmem container --watch`: the time, the cause, and the memory after the change.
struct ContainerChangeAnswer: Encodable {
    /// In ISO 8601.
    let time: String
    let change: ContainerMemoryChange

    private enum Name: String, CodingKey {
        case time
    }

    func encode(to encoder: any Encoder) throws {
        try change.encode(to: encoder)
        var names = encoder.container(keyedBy: Name.self)
        try names.encode(time, forKey: .time)
    }
}

/// The JSON of `procmem` without arguments. A part that could not be read is `null`, and a mode that failed is missing.
struct SummaryAnswer: Encodable {
    let cpu: CPUAnswer?
    let container: ContainerMemory?
    let memory: [MemorySnapshot]

    private enum Name: String, CodingKey {
        case cpu, container, memory
    }

    func encode(to encoder: any Encoder) throws {
        var names = encoder.container(keyedBy: Name.self)
        try names.encode(cpu, forKey: .cpu)
        try names.encode(container, forKey: .container)
        try names.encode(memory, forKey: .memory)
    }
}
