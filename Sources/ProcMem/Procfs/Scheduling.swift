/// A set of CPUs, by their numbers in `/sys/devices/system/cpu`.
public struct CPUSet: Sendable, Hashable {
    /// The CPUs as ascending ranges that neither overlap nor adjoin.
    public let ranges: [ClosedRange<Int>]
    /// The number of CPUs in the set.
    public let count: Int

    /// The largest accepted CPU number. The kernel can be built for at most 8,192 CPUs, so a file with a far larger
    /// number was not written by a kernel.
    static let largestNumber = (1 << 20) - 1

    /// Creates a set from ranges in any order; CPUs below 0 or above 1,048,575 are omitted.
    public init(_ ranges: some Sequence<ClosedRange<Int>>) {
        let possible = 0...Self.largestNumber
        var merged: [ClosedRange<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where range.overlaps(possible) {
            let range = range.clamped(to: possible)
            if let last = merged.last, range.lowerBound <= last.upperBound + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
        self.count = merged.reduce(0) { $0 + $1.count }
    }

    /// Returns whether a CPU is in the set.
    public func contains(_ cpu: Int) -> Bool {
        ranges.contains { $0.contains(cpu) }
    }

    /// Returns whether every CPU of another set is in this set.
    func isSuperset(of other: CPUSet) -> Bool { intersection(other) == other }

    /// Returns the CPUs that are in both sets.
    func intersection(_ other: CPUSet) -> CPUSet {
        var common: [ClosedRange<Int>] = []
        var (own, others) = (0, 0)
        while own < ranges.count, others < other.ranges.count {
            let (range, otherRange) = (ranges[own], other.ranges[others])
            if range.overlaps(otherRange) { common.append(range.clamped(to: otherRange)) }
            if range.upperBound < otherRange.upperBound { own += 1 } else { others += 1 }
        }
        return CPUSet(common)
    }
}

extension CPUSet: CustomStringConvertible {
    /// The set in the kernel's list format, for example `0-3,7`; empty for the empty set.
    public var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}

extension CPUSet {
    static let listOptions = FileReadOptions(expectedBytes: 1024, limitBytes: 1 << 20, isOnePiece: true)

    /// Reads the CPUs that are online from `/sys/devices/system/cpu/online`, and whether the kernel provides that list.
    /// lxcfs covers it with a list of its own; files below a directory do not show this, and count as the kernel's.
    static func online(in root: SystemRoot) throws(FileReadError) -> (cpus: CPUSet, isOfKernel: Bool) {
        let file = try root.open(onlinePath)
        let cpus = try file.withContents(listOptions, CPUSet.init(parsingList:))
        return (cpus, !root.isLive || Syscalls.isOnSysfs(file))
    }

    /// The memory nodes that are online, in the same format, from `/sys/devices/system/node/online`.
    static func onlineNodes(in root: SystemRoot) throws(FileReadError) -> CPUSet {
        try root.read(ProcPath(file: "/sys/devices/system/node/online"), listOptions, CPUSet.init(parsingList:))
    }

    /// Reads the CPUs that exist, whether online or not, from `/sys/devices/system/cpu/present`.
    static func present(in root: SystemRoot) throws(FileReadError) -> CPUSet {
        try root.read(ProcPath(file: "/sys/devices/system/cpu/present"), listOptions, CPUSet.init(parsingList:))
    }

    /// Reads the isolated CPUs from `/sys/devices/system/cpu/isolated`. The file has an empty line if there are none,
    /// which is reported as malformed. Requires Linux 4.2.
    static func isolated(in root: SystemRoot) throws(FileReadError) -> CPUSet {
        try root.read(ProcPath(file: "/sys/devices/system/cpu/isolated"), listOptions, CPUSet.init(parsingList:))
    }

    static var onlinePath: ProcPath { ProcPath(file: "/sys/devices/system/cpu/online") }

    /// Parses the kernel's list format, as in `/sys/devices/system/cpu/online`: `0-3,7`.
    init(parsingList bytes: Span<UInt8>) throws(ParseError) {
        let parseError = ParseError("a list of CPUs, for example 0-3,7")
        guard let field = bytes.onlyField else { throw parseError }
        var ranges: [ClosedRange<Int>] = []
        var start = field.lowerBound
        while start <= field.upperBound {
            let end = bytes.firstIndex(of: UInt8(ascii: ","), in: start..<field.upperBound) ?? field.upperBound
            let dash = bytes.firstIndex(of: UInt8(ascii: "-"), in: start..<end)
            guard let first = bytes.decimal(in: start..<(dash ?? end)),
                let last = bytes.decimal(in: (dash.map { $0 + 1 } ?? start)..<end),
                first <= last, last <= Self.largestNumber
            else { throw parseError }
            ranges.append(first...last)
            start = end + 1
        }
        self.init(ranges)
    }

    /// Parses the kernel's mask format, as in `Cpus_allowed` of `/proc/PID/status`: words of eight hexadecimal digits,
    /// separated by commas, with the highest CPUs first.
    init(parsingMask bytes: Span<UInt8>, in range: Range<Int>) throws(ParseError) {
        let parseError = ParseError("a CPU mask after Cpus_allowed, for example ff,ffffffff")
        var cpu = 0
        var ranges: [ClosedRange<Int>] = []
        for index in range.reversed() where bytes[index] != UInt8(ascii: ",") {
            guard let digit = bytes[index].hexadecimalDigit, cpu <= Self.largestNumber else { throw parseError }
            for bit in 0..<4 where digit & (1 << bit) != 0 {
                ranges.append(cpu + bit...cpu + bit)
            }
            cpu += 4
        }
        guard !ranges.isEmpty else { throw parseError }
        self.init(ranges)
    }

    /// Creates a set from an affinity mask in the format of the system call: words of 64 CPUs, the lowest first.
    init(words: Span<UInt64>) {
        var ranges: [ClosedRange<Int>] = []
        for index in words.indices {
            var word = words[index]
            var cpu = index * UInt64.bitWidth
            // Runs of equal bits are handled at once: a mask of 8,192 CPUs consists of few runs.
            while word != 0 {
                let zeros = word.trailingZeroBitCount
                let ones = (~(word >> UInt64(zeros))).trailingZeroBitCount
                ranges.append(cpu + zeros...cpu + zeros + ones - 1)
                cpu += zeros + ones
                word = zeros + ones == UInt64.bitWidth ? 0 : word >> UInt64(zeros + ones)
            }
        }
        self.init(ranges)
    }
}

/// A thread's scheduling policy, as set by `sched_setscheduler(2)`.
public struct SchedulingPolicy: RawRepresentable, Sendable, Hashable {
    /// The kernel's number, as in field 41 of `/proc/PID/stat`.
    public let rawValue: Int

    /// Creates a policy from the kernel's number.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// The default policy, in the fair class. The corresponding C constant is `SCHED_OTHER`.
    public static var other: SchedulingPolicy { SchedulingPolicy(rawValue: 0) }
    /// The real-time policy first in, first out. The corresponding C constant is `SCHED_FIFO`.
    public static var fifo: SchedulingPolicy { SchedulingPolicy(rawValue: 1) }
    /// The real-time policy round robin. The corresponding C constant is `SCHED_RR`.
    public static var roundRobin: SchedulingPolicy { SchedulingPolicy(rawValue: 2) }
    /// The policy for work that is not interactive, in the fair class. The corresponding C constant is `SCHED_BATCH`.
    public static var batch: SchedulingPolicy { SchedulingPolicy(rawValue: 3) }
    /// The policy with the lowest weight, in the fair class. The corresponding C constant is `SCHED_IDLE`.
    public static var idle: SchedulingPolicy { SchedulingPolicy(rawValue: 5) }
    /// The real-time policy with deadlines. The corresponding C constant is `SCHED_DEADLINE`.
    public static var deadline: SchedulingPolicy { SchedulingPolicy(rawValue: 6) }

    /// Whether the quota of a cgroup applies to a thread with this policy.
    ///
    /// According to the kernel's documentation, `cpu.max` applies to the fair class only: `SCHED_FIFO`, `SCHED_RR` and
    /// `SCHED_DEADLINE` are exempt. An unknown policy counts as subject to the quota.
    public var isBoundByQuota: Bool {
        self != .fifo && self != .roundRobin && self != .deadline
    }
}

extension CPUSet: Encodable {
    /// Encodes every figure under the name of its property, with `null` for an unknown figure.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(count, forKey: "count")
        try names.encode(description, forKey: "cpus")
    }
}
