extension MemoryPressure {
    static let shape = FileShape(expectedBytes: 256, limitBytes: 4096)

    /// The figures in `memory.pressure`: lines such as `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`. Other lines and
    /// other fields are passed over.
    init(parsing bytes: Span<UInt8>) throws(Malformation) {
        var some: Stall?
        var full: Stall?
        var index = 0
        while let line = bytes.nextLine(at: &index) {
            var fieldIndex = line.lowerBound
            guard let name = bytes.nextField(at: &fieldIndex), name.upperBound <= line.upperBound else { continue }
            if bytes.equals("some", in: name) {
                some = try Stall(parsing: bytes, in: fieldIndex..<line.upperBound)
            } else if bytes.equals("full", in: name) {
                full = try Stall(parsing: bytes, in: fieldIndex..<line.upperBound)
            }
        }
        guard let some, let full else { throw Malformation("the lines some and full") }
        self.init(some: some, full: full)
    }
}

extension MemoryPressure.Stall {
    fileprivate init(parsing bytes: Span<UInt8>, in fields: Range<Int>) throws(Malformation) {
        var averages: (Double?, Double?, Double?)
        var total: Int?
        var index = fields.lowerBound
        while let field = bytes.nextField(at: &index), field.upperBound <= fields.upperBound {
            guard let equals = bytes.firstIndex(of: 0x3D, in: field) else { continue }
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
            throw Malformation("avg10, avg60, avg300 and total after some and full")
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
