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
}
