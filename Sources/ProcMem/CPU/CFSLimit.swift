/// `cpu.max` (v2): `QUOTA PERIOD` or `max PERIOD`, in microseconds.
struct CFSLimit: Hashable, Sendable {
    /// `nil` for `max`, which means no limit.
    let quota: CPUQuota?

    init(parsing bytes: Span<UInt8>) throws(Malformation) {
        let malformation = Malformation("\"QUOTA PERIOD\" or \"max PERIOD\" in microseconds")
        var index = 0
        guard let first = bytes.nextField(at: &index) else { throw malformation }
        let second = bytes.nextField(at: &index)
        guard bytes.nextField(at: &index) == nil else { throw malformation }
        if bytes.equals("max", in: first) {
            quota = nil
            return
        }
        guard let second,
            let quotaMicroseconds = bytes.decimal(in: first),
            let periodMicroseconds = bytes.decimal(in: second),
            let quota = CPUQuota(quotaMicroseconds: quotaMicroseconds, periodMicroseconds: periodMicroseconds)
        else { throw malformation }
        self.quota = quota
    }
}

/// `cpu.cfs_quota_us` (v1): CPU time in each period, in microseconds.
struct CFSQuota: Hashable, Sendable {
    /// `nil` for -1, which means no limit.
    let quotaMicroseconds: Int?

    init(parsing bytes: Span<UInt8>) throws(Malformation) {
        guard let field = bytes.onlyField else { throw Malformation("a number of microseconds, or -1") }
        if bytes.equals("-1", in: field) {
            quotaMicroseconds = nil
            return
        }
        guard let number = bytes.decimal(in: field), number > 0 else {
            throw Malformation("a number of microseconds, or -1")
        }
        quotaMicroseconds = number
    }
}

/// `cpu.cfs_period_us` (v1): the length of a period.
struct CFSPeriod: Hashable, Sendable {
    let periodMicroseconds: Int

    init(parsing bytes: Span<UInt8>) throws(Malformation) {
        guard let number = bytes.onlyField.flatMap({ bytes.decimal(in: $0) }), number > 0 else {
            throw Malformation("a number of microseconds")
        }
        periodMicroseconds = number
    }
}
