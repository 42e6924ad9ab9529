// Plausible sizes of memory. The largest address space on Linux has 2^57 bytes. With a limit of 2^60 bytes, several
// sizes can be added without overflow of Int.

private let largestSizeBytes = 1 << 60

extension Span<UInt8> {
    /// Returns a number of units in bytes; `nil` if the text is not a number or the size is too large to be memory.
    func sizeBytes(in range: Range<Int>, unitBytes: Int) -> Int? {
        guard let units = decimal(in: range) else { return nil }
        let (bytes, overflow) = units.multipliedReportingOverflow(by: unitBytes)
        return overflow || bytes > largestSizeBytes ? nil : bytes
    }

    /// Parses a file that consists of one number of bytes or pages, for example `memory.current`.
    func parseSingleSize() throws(ParseError) -> Int {
        guard let size = onlyField.flatMap({ sizeBytes(in: $0, unitBytes: 1) }) else {
            throw ParseError("a number of bytes")
        }
        return size
    }
}

extension Int {
    /// Returns a number of units in bytes; `nil` if the size is too large to be memory.
    static func memorySize(_ units: UInt64, unitBytes: Int) -> Int? {
        let (bytes, overflow) = units.multipliedReportingOverflow(by: UInt64(unitBytes))
        return overflow || bytes > UInt64(largestSizeBytes) ? nil : Int(bytes)
    }

    /// Returns the sum of two sizes; `nil` if it is too large to be memory.
    static func memorySum(_ left: Int, _ right: Int) -> Int? {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow || sum > largestSizeBytes ? nil : sum
    }

    /// Returns the sum of two sizes, at most `Int.max`.
    func saturatingAdding(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// Returns the product of two sizes, at most `Int.max`.
    func saturatingMultiplied(by other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }

    /// Converts a floating-point number to a size between 0 and `Int.max`; the result is 0 for NaN.
    init(saturating value: Double) { self = value >= 0x1p63 ? .max : value > 0 ? Int(value) : 0 }
}

extension Sequence<Int> {
    /// The sum of the sizes, at most `Int.max`; `nil` for an empty sequence.
    var saturatingSum: Int? { reduce(nil) { ($0 ?? 0).saturatingAdding($1) } }
}

/// The sum of the values that are known, at most `Int.max`, and their number.
struct KnownSum {
    /// `nil` if no value is known.
    private(set) var value: Int?
    private(set) var count = 0

    mutating func add(_ value: Int?) {
        guard let value else { return }
        self.value = (self.value ?? 0).saturatingAdding(value)
        count += 1
    }
}

extension Duration {
    /// The duration in milliseconds for the kernel's waiting functions: rounded up, and at least 0.
    var wholeMilliseconds: Int32 {
        guard self > .zero else { return 0 }
        let (seconds, attoseconds) = components
        let (whole, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        let (sum, exceeds) = whole.addingReportingOverflow((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        return overflows || exceeds ? .max : Int32(clamping: sum)
    }

    /// The duration in nanoseconds, rounded down; `Int.min` or `Int.max` if it is out of range.
    var wholeNanoseconds: Int {
        let (seconds, attoseconds) = components
        let (whole, overflows) = Int(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, exceeds) = whole.addingReportingOverflow(Int(attoseconds / 1_000_000_000))
        return overflows || exceeds ? (seconds < 0 ? .min : .max) : sum
    }

    /// The duration in microseconds, rounded down.
    var wholeMicroseconds: Int {
        let nanoseconds = wholeNanoseconds
        return nanoseconds == .max || nanoseconds == .min ? nanoseconds : nanoseconds / 1000
    }
}
