/// How a file is read to its end.
struct FileShape: Sendable {
    /// Room on the stack. A file that fits costs no allocation; a longer one is read on into the heap.
    var expectedBytes: Int
    /// More than the kernel writes there. A file that goes on behind it is refused, not cut.
    var limitBytes: Int
    /// One line and nothing else: a read that ends in a newline is the whole, and the read that would find the end
    /// of the file is saved.
    var isOneLine = false
}

extension FileDescriptor {
    /// Reads from where the descriptor stands to the end, and hands the bytes to a parser.
    ///
    /// The kernel may answer a read with less than there is; a parser never sees half a file.
    borrowing func withContents<R>(
        _ shape: FileShape,
        _ parse: (Span<UInt8>) throws(Malformation) -> R
    ) throws(ReadFailure) -> R {
        let fitting: R? = try unsafe withUnsafeTemporaryAllocation(
            byteCount: shape.expectedBytes,
            alignment: 1
        ) { (buffer) throws(ReadFailure) in
            let count = try unsafe fill(buffer, from: 0, isOneLine: shape.isOneLine)
            if count == buffer.count {
                return try unsafe continued(UnsafeRawBufferPointer(buffer), shape, parse)
            }
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
            return try unsafe parsed(Span(_unsafeBytes: bytes), parse)
        }
        if let fitting { return fitting }
        throw .tooLarge(limitBytes: shape.limitBytes)
    }

    /// The slow way for a file that fills the stack's room: the heap, doubled until the end is reached.
    private borrowing func continued<R>(
        _ beginning: UnsafeRawBufferPointer,
        _ shape: FileShape,
        _ parse: (Span<UInt8>) throws(Malformation) -> R
    ) throws(ReadFailure) -> R? {
        var bytes = unsafe [UInt8](beginning)
        while bytes.count <= shape.limitBytes {
            let filled = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: max(filled, 4096)))
            let count = try fill(&bytes, from: filled, isOneLine: shape.isOneLine)
            if count < bytes.count {
                bytes.removeLast(bytes.count - count)
                return bytes.count > shape.limitBytes ? nil : try parsed(bytes.span, parse)
            }
        }
        return nil
    }

    /// Reads until the buffer is full or the file ends; returns how much of the buffer is filled.
    private borrowing func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        from start: Int,
        isOneLine: Bool
    ) throws(ReadFailure) -> Int {
        var filled = start
        while filled < buffer.count {
            let count: Int
            do throws(Errno) {
                count = try unsafe Syscalls.read(rawValue, into: .init(rebasing: buffer[filled...]))
            } catch {
                throw .system(error)
            }
            if count == 0 { break }
            filled += count
            if isOneLine, filled < buffer.count, unsafe buffer[filled - 1] == 0x0A { break }
        }
        return filled
    }

    private borrowing func fill(
        _ bytes: inout [UInt8],
        from start: Int,
        isOneLine: Bool = false
    ) throws(ReadFailure) -> Int {
        var room = bytes.mutableSpan
        return try unsafe room.withUnsafeMutableBytes { (room) throws(ReadFailure) in
            try unsafe fill(room, from: start, isOneLine: isOneLine)
        }
    }

    private borrowing func parsed<R>(
        _ bytes: Span<UInt8>,
        _ parse: (Span<UInt8>) throws(Malformation) -> R
    ) throws(ReadFailure) -> R {
        do {
            return try parse(bytes)
        } catch {
            throw .malformed(error, found: bytes.excerpt)
        }
    }
}

extension FileDescriptor {
    /// Reads a long file line by line through one buffer, which a line must fit into.
    ///
    /// - Parameter limitBytes: A file that goes on behind it is refused: whoever writes it decides how long that takes.
    borrowing func forEachLine(
        limitBytes: Int,
        _ body: (Span<UInt8>, Range<Int>) throws(Malformation) -> Void
    ) throws(ReadFailure) {
        // The longest line of `smaps` names a file of 4,095 bytes, each perhaps escaped as four.
        var buffer = [UInt8](repeating: 0, count: 65536)
        var kept = 0
        var total = 0
        while true {
            let count = try fill(&buffer, from: kept)
            total += count - kept
            guard total <= limitBytes else { throw .tooLarge(limitBytes: limitBytes) }
            let isLast = count < buffer.count
            let passed = try Self.passLines(of: buffer.span.extracting(0..<count), isLast: isLast, to: body)
            if isLast { return }
            kept = count - passed
            for offset in 0..<kept { buffer[offset] = buffer[passed + offset] }
        }
    }

    /// Passes on the whole lines, and at the end of the file the rest; returns how many bytes those were.
    private static func passLines(
        of bytes: Span<UInt8>,
        isLast: Bool,
        to body: (Span<UInt8>, Range<Int>) throws(Malformation) -> Void
    ) throws(ReadFailure) -> Int {
        var index = 0
        var passed = 0
        while let line = bytes.nextLine(at: &index), isLast || line.upperBound < bytes.count {
            do {
                try body(bytes, line)
            } catch {
                throw .malformed(error, found: bytes.extracting(line).excerpt)
            }
            passed = index
        }
        guard passed > 0 || bytes.isEmpty else {
            throw .malformed(Malformation("lines below 65,536 bytes"), found: bytes.excerpt)
        }
        return passed
    }
}
