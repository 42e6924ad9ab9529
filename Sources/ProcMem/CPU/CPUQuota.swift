/// A limit on CPU time: a number of microseconds in each period.
///
/// Two quotas are equal if both numbers are equal; ``isTighter(than:)`` compares the ratios.
public struct CPUQuota: Sendable, Hashable {
    /// The CPU time in each period, in microseconds, at least 1.
    public let quotaMicroseconds: Int
    /// The length of a period in microseconds, at least 1. The kernel allows 1,000 to 1,000,000.
    public let periodMicroseconds: Int

    /// Creates a quota from the two numbers of the kernel's files; `nil` unless both are positive.
    public init?(quotaMicroseconds: Int, periodMicroseconds: Int) {
        guard quotaMicroseconds > 0, periodMicroseconds > 0 else { return nil }
        self.quotaMicroseconds = quotaMicroseconds
        self.periodMicroseconds = periodMicroseconds
    }

    /// The quota divided by the period: a number of CPUs, such as 1.5.
    public var cpus: Double {
        Double(quotaMicroseconds) / Double(periodMicroseconds)
    }

    /// Returns whether this quota allows less CPU time than another. The comparison is exact: it uses integers.
    public func isTighter(than other: CPUQuota) -> Bool {
        let left = quotaMicroseconds.multipliedFullWidth(by: other.periodMicroseconds)
        let right = other.quotaMicroseconds.multipliedFullWidth(by: periodMicroseconds)
        return (left.high, left.low) < (right.high, right.low)
    }

    /// Returns whether this quota allows less than a number of whole CPUs. The comparison is exact.
    func isTighter(than cpuCount: Int) -> Bool {
        quotaMicroseconds / periodMicroseconds < cpuCount
    }

    /// Returns the quota in whole CPUs, computed exactly; 0 is possible if it is rounded down or to the nearest number.
    public func cpuCount(rounding: CPULimits.Rounding) -> Int {
        let (quotient, remainder) = quotaMicroseconds.quotientAndRemainder(dividingBy: periodMicroseconds)
        let roundsUp =
            switch rounding {
            case .up: remainder > 0
            case .down: false
            case .nearest: remainder >= periodMicroseconds - remainder
            }
        // A remainder requires a period of at least 2, so the quotient is far below the largest integer.
        return roundsUp ? quotient + 1 : quotient
    }
}

/// `cpu.max` (v2): `QUOTA PERIOD` or `max PERIOD`, in microseconds.
struct CFSLimit: Hashable, Sendable {
    /// The quota; `nil` for `max`, which means no limit.
    let quota: CPUQuota?

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        let parseError = ParseError("\"QUOTA PERIOD\" or \"max PERIOD\" in microseconds")
        var index = 0
        guard let first = bytes.nextField(at: &index) else { throw parseError }
        let second = bytes.nextField(at: &index)
        guard bytes.nextField(at: &index) == nil else { throw parseError }
        if bytes.equals("max", in: first) {
            quota = nil
            return
        }
        guard let second,
            let quotaMicroseconds = bytes.decimal(in: first),
            let periodMicroseconds = bytes.decimal(in: second),
            let quota = CPUQuota(quotaMicroseconds: quotaMicroseconds, periodMicroseconds: periodMicroseconds)
        else { throw parseError }
        self.quota = quota
    }
}

/// `cpu.cfs_quota_us` (v1): the CPU time in each period, in microseconds.
struct CFSQuota: Hashable, Sendable {
    /// The number; `nil` for -1, which means no limit.
    let quotaMicroseconds: Int?

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        guard let field = bytes.onlyField else { throw ParseError("a number of microseconds, or -1") }
        if bytes.equals("-1", in: field) {
            quotaMicroseconds = nil
            return
        }
        guard let number = bytes.decimal(in: field), number > 0 else {
            throw ParseError("a number of microseconds, or -1")
        }
        quotaMicroseconds = number
    }
}

/// `cpu.cfs_period_us` (v1): the length of a period, in microseconds.
struct CFSPeriod: Hashable, Sendable {
    let periodMicroseconds: Int

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        guard let number = bytes.onlyField.flatMap({ bytes.decimal(in: $0) }), number > 0 else {
            throw ParseError("a number of microseconds")
        }
        periodMicroseconds = number
    }
}
