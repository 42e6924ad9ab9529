/// An open file, closed at the end of its owner's lifetime.
///
/// It cannot be copied, so a descriptor is closed exactly once and never leaks.
struct FileDescriptor: ~Copyable {
    let rawValue: Int32

    init(adopting rawValue: Int32) {
        self.rawValue = rawValue
    }

    deinit {
        Syscalls.close(rawValue)
    }

    /// Returns the descriptor to a caller that takes over closing it.
    consuming func relinquish() -> Int32 {
        let rawValue = rawValue
        discard self
        return rawValue
    }
}

/// The buffer size, the size limit and the form that apply when a file is read to its end.
struct FileReadOptions: Sendable {
    /// The size of the buffer on the stack. A file that fits causes no allocation; a longer file is copied to the heap.
    var expectedBytes: Int
    /// The largest accepted size, above anything that the kernel writes there. A longer file is rejected, not
    /// truncated.
    var limitBytes: Int
    /// Whether the kernel writes the file in one piece: it has exactly one line, or one function writes all lines. A read
    /// that does not fill the buffer and ends in a newline is then complete, which saves the read that detects the end of
    /// the file. A file with one piece for each entry, such as `mountinfo`, may end its reads between entries.
    var isOnePiece = false
}

extension FileDescriptor {
    /// Reads from the current offset to the end of the file, and passes the bytes to a parser.
    ///
    /// One read may return fewer bytes than the file has; the parser always receives the whole file.
    borrowing func withContents<R>(
        _ readOptions: FileReadOptions,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        let fitting: R? = try unsafe withUnsafeTemporaryAllocation(
            byteCount: readOptions.expectedBytes,
            alignment: 1
        ) { (buffer) throws(FileReadError) in
            let count = try unsafe fill(buffer, from: 0, isOnePiece: readOptions.isOnePiece)
            if count == buffer.count {
                return try unsafe continued(UnsafeRawBufferPointer(buffer), readOptions, parse)
            }
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
            return try unsafe parsed(Span(_unsafeBytes: bytes), parse)
        }
        if let fitting { return fitting }
        throw .tooLarge(limitBytes: readOptions.limitBytes)
    }

    /// Continues on the heap if the file fills the stack buffer, and doubles the buffer until the file ends.
    private borrowing func continued<R>(
        _ beginning: UnsafeRawBufferPointer,
        _ readOptions: FileReadOptions,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R? {
        var bytes = unsafe [UInt8](beginning)
        while bytes.count <= readOptions.limitBytes {
            let filled = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: max(filled, 4096)))
            let count = try fill(&bytes, from: filled, isOnePiece: readOptions.isOnePiece)
            if count < bytes.count {
                bytes.removeLast(bytes.count - count)
                return bytes.count > readOptions.limitBytes ? nil : try parsed(bytes.span, parse)
            }
        }
        return nil
    }

    /// Reads until the buffer is full or the file ends; returns the number of bytes in the buffer.
    private borrowing func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        from start: Int,
        isOnePiece: Bool
    ) throws(FileReadError) -> Int {
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
            if isOnePiece, filled < buffer.count, unsafe buffer[filled - 1] == UInt8(ascii: "\n") { break }
        }
        return filled
    }

    private borrowing func fill(
        _ bytes: inout [UInt8],
        from start: Int,
        isOnePiece: Bool = false
    ) throws(FileReadError) -> Int {
        var room = bytes.mutableSpan
        return try unsafe room.withUnsafeMutableBytes { (room) throws(FileReadError) in
            try unsafe fill(room, from: start, isOnePiece: isOnePiece)
        }
    }

    private borrowing func parsed<R>(
        _ bytes: Span<UInt8>,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        do {
            return try parse(bytes)
        } catch {
            throw .malformed(error, found: bytes.excerpt)
        }
    }
}

extension FileDescriptor {
    /// Reads a long file line by line through one buffer. Each line must fit into the buffer.
    ///
    /// - Parameters:
    ///   - limitBytes: The largest accepted size. A longer file is rejected, because the process that writes it could
    ///     otherwise make the read take arbitrarily long.
    ///   - mayGoOn: Whether there is time to fill the buffer again.
    /// - Returns: `false` if reading was stopped before the end of the file.
    @discardableResult
    borrowing func forEachLine(
        limitBytes: Int,
        mayGoOn: () -> Bool = { true },
        _ body: (Span<UInt8>, Range<Int>) throws(ParseError) -> Void
    ) throws(FileReadError) -> Bool {
        // The longest line of `smaps` contains a file path of 4,095 bytes, each of which may be escaped as four.
        var buffer = [UInt8](repeating: 0, count: 65536)
        var kept = 0
        var total = 0
        while true {
            guard mayGoOn() else { return false }
            var count = try fill(&buffer, from: kept)
            // A read that returned nothing ends the file only if the next one returns nothing either: without the rest, the
            // answer would be smaller.
            if count < buffer.count { count = try fill(&buffer, from: count) }
            total += count - kept
            guard total <= limitBytes else { throw .tooLarge(limitBytes: limitBytes) }
            let isLast = count < buffer.count
            let passed = try Self.passLines(of: buffer.span.extracting(0..<count), isLast: isLast, to: body)
            if isLast { return true }
            kept = count - passed
            for offset in 0..<kept { buffer[offset] = buffer[passed + offset] }
        }
    }

    /// Passes the complete lines to a closure, at the end of the file also an unterminated one; returns the number of
    /// bytes that were passed.
    private static func passLines(
        of bytes: Span<UInt8>,
        isLast: Bool,
        to body: (Span<UInt8>, Range<Int>) throws(ParseError) -> Void
    ) throws(FileReadError) -> Int {
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
            throw .malformed(ParseError("lines shorter than 65,536 bytes"), found: bytes.excerpt)
        }
        return passed
    }
}

extension FileDescriptor {
    /// Returns the names in a directory that are process or thread ids, in the order of the kernel.
    consuming func processIDs() throws(FileReadError) -> [Int32] {
        var ids: [Int32] = []
        do {
            try Syscalls.forEachName(in: self) { (name, _) in
                if let id = name.pid(in: 0..<name.count) { ids.append(id) }
            }
        } catch {
            throw .system(error)
        }
        return ids
    }

    /// Returns the number of entries of a directory.
    consuming func entryCount() throws(FileReadError) -> Int {
        var count = 0
        do {
            try Syscalls.forEachName(in: self) { (_, _) in count += 1 }
        } catch {
            throw .system(error)
        }
        return count
    }

    /// Returns the names of the subdirectories of a directory.
    consuming func subdirectoryNames() throws(FileReadError) -> [[UInt8]] {
        var names: [[UInt8]] = []
        do {
            try Syscalls.forEachName(in: self) { (name, isDirectory) in
                if isDirectory { names.append(name.bytes(in: 0..<name.count)) }
            }
        } catch {
            throw .system(error)
        }
        return names
    }
}

extension Span<UInt8> {
    /// Returns a process id in the kernel's format; `nil` for 0, a leading zero, or anything that is not a number.
    func pid(in range: Range<Int>) -> Int32? {
        guard let number = decimal(in: range), number > 0, self[range.lowerBound] != UInt8(ascii: "0") else {
            return nil
        }
        return Int32(exactly: number)
    }
}
