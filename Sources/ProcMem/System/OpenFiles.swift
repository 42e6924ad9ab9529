/// Kernel files that are kept open and read repeatedly.
///
/// Each reading is one `pread`; open and close, and the lookup of the path, are needed only once.
struct OpenFiles: ~Copyable {
    private var descriptors: [Int32] = []
    /// What the descriptors referred to when the files were opened.
    private var identities: [DescriptorIdentity?] = []

    deinit {
        // Another part of the program may have closed a descriptor, and use its number for another file.
        for index in descriptors.indices where isIntact(index) { Syscalls.close(descriptors[index]) }
    }

    /// Keeps a file open, and returns the index by which it is read.
    mutating func keep(_ file: consuming FileDescriptor) -> Int {
        let descriptor = file.relinquish()
        descriptors.append(descriptor)
        identities.append(DescriptorIdentity(of: descriptor))
        return descriptors.count - 1
    }

    /// Whether every descriptor still refers to the file that was opened. Two system calls for each file.
    var areIntact: Bool { descriptors.indices.allSatisfy { isIntact($0) } }

    private func isIntact(_ index: Int) -> Bool {
        DescriptorIdentity.refers(descriptors[index], to: identities[index])
    }

    /// Returns the descriptor of a file, for example to watch it.
    borrowing func descriptor(of index: Int) -> Int32 { descriptors[index] }

    /// Passes the current contents of a limit file to a parser.
    borrowing func read<R>(
        _ index: Int,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        // A kernel writes at most two numbers of 20 digits.
        try Self.read(descriptors[index], expectedBytes: 128, limitBytes: 4096, parse)
    }

    /// Passes the current contents of a one-line file to a parser.
    borrowing func read<R>(
        _ index: Int,
        _ readOptions: FileReadOptions,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        try Self.read(
            descriptors[index],
            expectedBytes: readOptions.expectedBytes,
            limitBytes: readOptions.limitBytes,
            parse
        )
    }

    /// Passes the current contents of a file to a parser. The kernel must write the file in one piece.
    static func read<R>(
        _ descriptor: Int32,
        expectedBytes: Int,
        limitBytes: Int,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        if let result = try read(descriptor, below: expectedBytes, parse) { return result }
        if let result = try read(descriptor, below: limitBytes + 1, parse) { return result }
        throw .tooLarge(limitBytes: limitBytes)
    }

    private static func read<R>(
        _ descriptor: Int32,
        below limitBytes: Int,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R? {
        try unsafe withBuffer(byteCount: limitBytes) { (buffer) throws(FileReadError) in
            let count = try unsafe fill(buffer, from: descriptor)
            guard count < limitBytes else { return nil }
            let bytes = unsafe Span<UInt8>(_unsafeBytes: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            do throws(ParseError) {
                return try parse(bytes)
            } catch {
                throw .malformed(error, found: bytes.excerpt)
            }
        }
    }

    /// Reads a file from its beginning, and returns the number of bytes.
    ///
    /// The kernel writes these files in one piece that ends in a newline. A read that ends elsewhere was cut: what it
    /// returned may be the beginning of a larger number, so that it is continued. A cut at the end of a line is not
    /// detected.
    private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        from descriptor: Int32
    ) throws(FileReadError) -> Int {
        var count = 0
        repeat {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let part = try unsafe read(descriptor, from: count, into: rest)
            if unsafe part.isEmpty { break }
            count += part.count
        } while unsafe count < buffer.count && buffer[count - 1] != UInt8(ascii: "\n")
        return count
    }

    /// Passes a buffer on the stack for sizes up to a page, and on the heap for larger ones. A temporary allocation is on
    /// the stack only up to 1,024 bytes.
    private static func withBuffer<R>(
        byteCount: Int,
        _ body: (UnsafeMutableRawBufferPointer) throws(FileReadError) -> R
    ) throws(FileReadError) -> R {
        guard byteCount > 1024, byteCount <= 4096 else {
            return try unsafe withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 1, body)
        }
        var page = InlineArray<4096, UInt8>(repeating: 0)
        var bytes = page.mutableSpan
        return try unsafe bytes.withUnsafeMutableBytes { (page) throws(FileReadError) in
            try unsafe body(UnsafeMutableRawBufferPointer(rebasing: page[..<byteCount]))
        }
    }

    /// Returns whether the current contents of a file equal earlier contents.
    borrowing func contents(of index: Int, equal expected: [UInt8]) throws(FileReadError) -> Bool {
        try unsafe withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 1) { (buffer) throws(FileReadError) in
            var offset = 0
            while true {
                let part = try unsafe Self.read(descriptors[index], from: offset, into: buffer)
                if unsafe part.isEmpty { return offset == expected.count }
                guard unsafe expected[offset...].starts(with: part) else { return false }
                offset += part.count
            }
        }
    }

    /// Reads once, at most the size of the buffer.
    private static func read(
        _ descriptor: Int32,
        from offset: Int,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(FileReadError) -> UnsafeRawBufferPointer {
        do {
            let count = try unsafe Syscalls.read(descriptor, into: buffer, from: offset)
            return unsafe UnsafeRawBufferPointer(rebasing: buffer[..<count])
        } catch {
            throw .system(error)
        }
    }
}
