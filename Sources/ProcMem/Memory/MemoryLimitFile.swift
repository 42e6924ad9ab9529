/// `memory.max` (v2) or `memory.limit_in_bytes` (v1): a number of bytes, or `max`.
struct MemoryLimitFile: Hashable, Sendable {
    /// `nil` for `max`, and for a number above 2^60, such as the 9223372036854771712 of v1: both are no limit.
    let limitBytes: Int?

    init(parsing bytes: Span<UInt8>) throws(Malformation) {
        let malformation = Malformation("a number of bytes, or max")
        guard let field = bytes.onlyField else { throw malformation }
        if let number = bytes.sizeBytes(in: field, unitBytes: 1) {
            limitBytes = number
        } else if bytes.equals("max", in: field) || field.allSatisfy({ bytes[$0].decimalDigit != nil }) {
            limitBytes = nil
        } else {
            throw malformation
        }
    }
}
