/// For how much of the time a cgroup's processes waited for memory: pages that had to be found, freed or read back first.
///
/// From `memory.pressure`, which the kernel calls PSI. Since Linux 4.20.
public struct MemoryPressure: Sendable, Hashable {
    /// The time in which at least one of them waited.
    public let some: Stall
    /// The time in which all that had something to do waited: nothing got done.
    public let full: Stall

    /// How much of the time was lost.
    public struct Stall: Sendable, Hashable {
        /// Within the last ten seconds, in percent.
        public let avg10: Double
        /// Within the last minute, in percent.
        public let avg60: Double
        /// Within the last five minutes, in percent.
        public let avg300: Double
        /// Since the cgroup was made, in microseconds. Its growth between two looks tells of any time between.
        public let totalMicroseconds: Int
    }
}

extension MemoryPressure {
    static let readOptions = FileReadOptions(expectedBytes: 256, limitBytes: 4096)

    /// The figures in `memory.pressure`: lines such as `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`. Other lines and
    /// other fields are passed over.
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
    /// A number from 0 to 100.
    fileprivate func percent(in range: Range<Int>) -> Double? {
        decimalFraction(in: range).flatMap { $0 <= 100 ? $0 : nil }
    }
}

extension MemoryPressure: Encodable {
    /// Encodes every figure under the name of its property, `null` where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(some, forKey: "some")
        try names.encode(full, forKey: "full")
    }
}

extension MemoryPressure.Stall: Encodable {
    /// Encodes every figure under the name of its property, `null` where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(avg10, forKey: "avg10")
        try names.encode(avg60, forKey: "avg60")
        try names.encode(avg300, forKey: "avg300")
        try names.encode(totalMicroseconds, forKey: "totalMicroseconds")
    }
}
