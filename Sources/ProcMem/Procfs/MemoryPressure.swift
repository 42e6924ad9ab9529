/// The share of time in which the processes of a cgroup were delayed by a lack of memory: they waited for reclaim, or
/// for pages to be read back.
///
/// From the file `memory.pressure` of the cgroup, which contains the kernel's pressure stall information (PSI).
/// Requires Linux 4.20.
public struct MemoryPressure: Sendable, Hashable {
    /// The time in which at least one task was stalled.
    public let some: Stall
    /// The time in which all tasks that were not idle were stalled at once, so that none of them made progress.
    public let full: Stall

    /// The share of time that was lost to stalls.
    public struct Stall: Sendable, Hashable {
        /// The share of the last ten seconds, in per cent.
        public let avg10: Double
        /// The share of the last minute, in per cent.
        public let avg60: Double
        /// The share of the last five minutes, in per cent.
        public let avg300: Double
        /// The total stall time since the cgroup was created, in microseconds. The difference between two readings
        /// covers exactly the time between them.
        public let totalMicroseconds: Int
    }
}

extension MemoryPressure {
    static let readOptions = FileReadOptions(expectedBytes: 256, limitBytes: 4096, isOnePiece: true)

    /// Parses `memory.pressure`, which has lines like `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`. Unknown lines
    /// and fields are ignored.
    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        var some: Stall?
        var full: Stall?
        var index = 0
        while let entry = bytes.nextEntry(at: &index) {
            if bytes.equals("some", in: entry.key) {
                some = try Stall(parsing: bytes, in: entry.rest)
            } else if bytes.equals("full", in: entry.key) {
                full = try Stall(parsing: bytes, in: entry.rest)
            }
        }
        guard let some, let full else { throw ParseError("the lines some and full") }
        self.init(some: some, full: full)
    }
}

extension MemoryPressure.Stall {
    fileprivate init(parsing bytes: Span<UInt8>, in fields: Range<Int>) throws(ParseError) {
        var averages: (Double?, Double?, Double?)
        var total: Int?
        var index = fields.lowerBound
        while let field = bytes.nextField(at: &index), field.upperBound <= fields.upperBound {
            guard let equals = bytes.firstIndex(of: UInt8(ascii: "="), in: field) else { continue }
            let name = field.lowerBound..<equals
            let value = equals + 1..<field.upperBound
            if bytes.equals("avg10", in: name) {
                averages.0 = bytes.percent(in: value)
            } else if bytes.equals("avg60", in: name) {
                averages.1 = bytes.percent(in: value)
            } else if bytes.equals("avg300", in: name) {
                averages.2 = bytes.percent(in: value)
            } else if bytes.equals("total", in: name) {
                total = bytes.decimal(in: value)
            }
        }
        guard let avg10 = averages.0, let avg60 = averages.1, let avg300 = averages.2, let total else {
            throw ParseError("avg10, avg60, avg300 and total after some and full")
        }
        self.init(avg10: avg10, avg60: avg60, avg300: avg300, totalMicroseconds: total)
    }
}

extension Span<UInt8> {
    /// Returns a number from 0 to 100; `nil` for anything else.
    fileprivate func percent(in range: Range<Int>) -> Double? {
        decimalFraction(in: range).flatMap { $0 <= 100 ? $0 : nil }
    }
}

extension MemoryPressure: Encodable {
    /// Encodes every figure under the name of its property, with `null` for an unknown figure.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(some, forKey: "some")
        try names.encode(full, forKey: "full")
    }
}

extension MemoryPressure.Stall: Encodable {
    /// Encodes every figure under the name of its property, with `null` for an unknown figure.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(avg10, forKey: "avg10")
        try names.encode(avg60, forKey: "avg60")
        try names.encode(avg300, forKey: "avg300")
        try names.encode(totalMicroseconds, forKey: "totalMicroseconds")
    }
}
