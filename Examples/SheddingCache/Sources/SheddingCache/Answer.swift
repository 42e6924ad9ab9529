#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An answer to a request, in a memory mapping of its own.
///
/// An allocator keeps freed memory for later. A mapping returns to the kernel as soon as it is released, and only then can
/// the container use its memory for something else.
final class Answer: @unchecked Sendable {
    // Why @unchecked: the memory is written only in init.
    private let memory: UnsafeMutableRawPointer
    private let byteCount: Int

    init(to request: Int, byteCount: Int) {
        let mapping = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapping, mapping != MAP_FAILED else { fatalError("no memory can be mapped") }
        memory = mapping
        self.byteCount = byteCount
        memset(memory, Int32(request & 0xFF), byteCount)
    }

    deinit { munmap(memory, byteCount) }

    func answers(_ request: Int) -> Bool { memory.load(as: UInt8.self) == UInt8(truncatingIfNeeded: request) }
}
