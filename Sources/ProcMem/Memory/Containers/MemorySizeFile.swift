/// `memory.current` (v2) or `memory.usage_in_bytes` (v1), and what has the same form: a number of bytes.
struct MemorySizeFile: Hashable, Sendable {
    let bytes: Int

    init(parsing bytes: Span<UInt8>) throws(Malformation) {
        guard let size = bytes.onlyField.flatMap({ bytes.sizeBytes(in: $0, unitBytes: 1) }) else {
            throw Malformation("a number of bytes")
        }
        self.bytes = size
    }
}
