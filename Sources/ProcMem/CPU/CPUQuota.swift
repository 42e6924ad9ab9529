/// A limit on CPU time: so many microseconds of it in each period.
///
/// Two quotas are equal when their numbers are; ``isTighter(than:)`` compares what they allow.
public struct CPUQuota: Sendable, Hashable {
    /// CPU time in each period, in microseconds, at least 1.
    public let quotaMicroseconds: Int
    /// The length of a period in microseconds, at least 1. The kernel allows 1,000 to 1,000,000.
    public let periodMicroseconds: Int

    /// A quota from the two numbers of the kernel's files; `nil` unless both are positive.
    public init?(quotaMicroseconds: Int, periodMicroseconds: Int) {
        guard quotaMicroseconds > 0, periodMicroseconds > 0 else { return nil }
        self.quotaMicroseconds = quotaMicroseconds
        self.periodMicroseconds = periodMicroseconds
    }

    /// The CPUs that the quota is worth, such as 1.5.
    public var cpus: Double {
        Double(quotaMicroseconds) / Double(periodMicroseconds)
    }

    /// Whether this quota allows less CPU time than another. Exact: fractions are compared, not their quotients.
    public func isTighter(than other: CPUQuota) -> Bool {
        let left = quotaMicroseconds.multipliedFullWidth(by: other.periodMicroseconds)
        let right = other.quotaMicroseconds.multipliedFullWidth(by: periodMicroseconds)
        return (left.high, left.low) < (right.high, right.low)
    }

    /// Whether this quota is worth less than a number of whole CPUs. Exact.
    func isTighter(than cpuCount: Int) -> Bool {
        quotaMicroseconds / periodMicroseconds < cpuCount
    }

    /// The quota in whole CPUs; 0 is possible when rounding down. Exact.
    public func cpuCount(rounding: Rounding) -> Int {
        let (quotient, remainder) = quotaMicroseconds.quotientAndRemainder(dividingBy: periodMicroseconds)
        let roundsUp =
            switch rounding {
            case .up: remainder > 0
            case .down: false
            case .nearest: remainder >= periodMicroseconds - remainder
            }
        // A remainder needs a period of 2 or more, so the quotient is far from the largest integer.
        return roundsUp ? quotient + 1 : quotient
    }
}
