/// `memory.max` (v2) or `memory.limit_in_bytes` (v1), and what has the same form: a number of bytes, or `max`.
struct MemoryLimitFile: Hashable, Sendable {
    /// `nil` for `max`, and for a number above 2^60, such as the 9223372036854771712 of v1: both are no limit.
    let limitBytes: Int?

    init(parsing bytes: Span<UInt8>) throws(Malformation) {
        guard let field = bytes.onlyField, let limit = MemoryLimitFile(bytes, in: field) else {
            throw Malformation("a number of bytes, or max")
        }
        self = limit
    }

    /// A limit in the middle of a file; `nil` where it is none.
    init?(_ bytes: Span<UInt8>, in field: Range<Int>) {
        if let number = bytes.sizeBytes(in: field, unitBytes: 1) {
            limitBytes = number
        } else if bytes.equals("max", in: field) || field.allSatisfy({ bytes[$0].decimalDigit != nil }) {
            limitBytes = nil
        } else {
            return nil
        }
    }
}
