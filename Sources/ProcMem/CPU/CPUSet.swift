/// A set of CPUs, by their numbers in `/sys/devices/system/cpu`.
public struct CPUSet: Sendable, Hashable {
    /// The CPUs as ascending ranges that neither touch nor overlap.
    public let ranges: [ClosedRange<Int>]
    /// How many CPUs there are in the set.
    public let count: Int

    /// The kernel can be built for 8,192 CPUs. A file that names one far beyond is no kernel's.
    static let largestNumber = (1 << 20) - 1

    /// A set from ranges in any order; CPUs below 0 or above 1,048,575 are left out.
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

    /// Whether a CPU is in the set.
    public func contains(_ cpu: Int) -> Bool {
        ranges.contains { $0.contains(cpu) }
    }

    /// The CPUs that are in both sets.
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
    /// The kernel's list format, such as `0-3,7`; empty for the empty set.
    public var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
