// Sizes that a kernel can mean. The largest address space that Linux offers is 2^57 bytes; 2^60 leaves room, and a handful
// of such sizes can be added up without leaving Int.

private let largestSizeBytes = 1 << 60

extension Span<UInt8> {
    /// A number of units as bytes: `nil` where it is no number, or more than can be memory.
    func sizeBytes(in range: Range<Int>, unitBytes: Int) -> Int? {
        guard let units = decimal(in: range) else { return nil }
        let (bytes, overflow) = units.multipliedReportingOverflow(by: unitBytes)
        return overflow || bytes > largestSizeBytes ? nil : bytes
    }

    /// Parses a file that holds one number of bytes or pages, such as `memory.current`.
    func parseSingleSize() throws(ParseError) -> Int {
        guard let size = onlyField.flatMap({ sizeBytes(in: $0, unitBytes: 1) }) else {
            throw ParseError("a number of bytes")
        }
        return size
    }
}

extension Int {
    /// A number of units as bytes: `nil` where it is more than can be memory.
    static func memorySize(_ units: UInt64, unitBytes: Int) -> Int? {
        let (bytes, overflow) = units.multipliedReportingOverflow(by: UInt64(unitBytes))
        return overflow || bytes > UInt64(largestSizeBytes) ? nil : Int(bytes)
    }

    /// The sum of two sizes, `nil` where it is more than can be memory.
    static func memorySum(_ left: Int, _ right: Int) -> Int? {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow || sum > largestSizeBytes ? nil : sum
    }

    /// The sum of two sizes, at most `Int.max`.
    func saturatingAdding(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// The product of two sizes, at most `Int.max`.
    func saturatingMultiplied(by other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    /// A whole number, brought into the range of sizes; 0 for what is no number.
    init(saturating value: Double) { self = value >= 0x1p63 ? .max : value > 0 ? Int(value) : 0 }
}

extension [Int] {
    /// The sum of sizes, at most `Int.max`; `nil` for none.
    var saturatingSum: Int? { isEmpty ? nil : reduce(0) { $0.saturatingAdding($1) } }
}

extension Duration {
    /// Milliseconds as the kernel's waiting functions take them: rounded up, and no less than 0.
    var wholeMilliseconds: Int32 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, exceeds) = whole.addingReportingOverflow((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        return overflows || exceeds ? .max : Int32(clamping: sum)
    }

    /// Rounded down; the next best where it is out of range.
    var wholeNanoseconds: Int {
        let (seconds, attoseconds) = components
        let (whole, overflows) = Int(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, exceeds) = whole.addingReportingOverflow(Int(attoseconds / 1_000_000_000))
        return overflows || exceeds ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole microseconds, rounded down.
    var wholeMicroseconds: Int {
        let nanoseconds = wholeNanoseconds
        return nanoseconds == .max || nanoseconds == .min ? nanoseconds : nanoseconds / 1000
    }
}
