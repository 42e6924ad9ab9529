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

/// The JSON of `procmem` without arguments.
struct SummaryAnswer: Encodable {
    let cpu: CPUAnswer
    let container: ContainerMemory
    let memory: [MemorySnapshot]
}
