/// One line of `/proc/PID/maps`: a range of pages that a process has mapped, whether they are in memory or not.
struct MemoryMapping: Sendable {
    /// The page numbers: the addresses divided by the page size.
    let pages: Range<Int>
    /// Whether the mapping is shared (`MAP_SHARED`): other processes that map the same file see what is written, so all
    /// of its pages belong to the file.
    let isShared: Bool
    /// Whether the process may currently write to the mapping.
    let isWritable: Bool
    /// The mapped file and the first mapped page of it; `nil` for anonymous memory.
    let source: (file: FileID, page: Int)?

    /// Whether a page is identified by its address: it belongs to the process and its fork family, or does so once it
    /// is written (copy-on-write). The pages of other mappings belong to a file and are identified by their offset in
    /// it.
    var isByAddress: Bool { source == nil || (isWritable && !isShared) }
}

/// The identity of a mapped file. Memory that processes share through `shmget`, `memfd_create` or `mmap` is a file too.
struct FileID: Hashable, Sendable, Comparable {
    let device: Int
    let inode: Int

    static func < (left: FileID, right: FileID) -> Bool { (left.device, left.inode) < (right.device, right.inode) }
}

extension MemoryMapping {
    /// Parses one line of `/proc/PID/maps`.
    ///
    /// - Returns: `nil` for a mapping that does not count towards RSS: the kernel's own pages (`[vvar]`, `[vsyscall]`),
    ///   and huge pages without a file (`MAP_HUGETLB`).
    init?(parsing bytes: Span<UInt8>, line: Range<Int>, pageSizeBytes: Int) throws(ParseError) {
        var index = line.lowerBound
        guard let range = bytes.nextField(at: &index), let dash = bytes.firstIndex(of: UInt8(ascii: "-"), in: range),
            let start = bytes.hexadecimal(in: range.lowerBound..<dash),
            let end = bytes.hexadecimal(in: dash + 1..<range.upperBound),
            let rights = bytes.nextField(at: &index), let offsetField = bytes.nextField(at: &index),
            let offset = bytes.hexadecimal(in: offsetField), let deviceField = bytes.nextField(at: &index),
            let device = Self.device(bytes, in: deviceField), let inodeField = bytes.nextField(at: &index),
            inodeField.upperBound <= line.upperBound, let inode = bytes.decimal(in: inodeField)
        else { throw ParseError("START-END RIGHTS OFFSET DEVICE INODE") }
        let pageSize = UInt64(pageSizeBytes)
        // The highest addresses belong to the kernel.
        guard start / pageSize < end / pageSize, end / pageSize <= Self.maximumPage else { return nil }
        pages = Int(start / pageSize)..<Int(end / pageSize)
        isShared = bytes.firstIndex(of: UInt8(ascii: "s"), in: rights) != nil
        isWritable = bytes.firstIndex(of: UInt8(ascii: "w"), in: rights) != nil
        var name = line.upperBound..<line.upperBound
        if let first = bytes.nextField(at: &index), first.upperBound <= line.upperBound {
            name = first.lowerBound..<line.upperBound
        }
        guard inode != 0 else {
            source = nil
            if ["[vvar]", "[vvar_vclock]", "[vsyscall]", "[uprobes]"].contains(where: { (special: StaticString) in
                bytes.equals(special, in: name)
            }) {
                return nil
            }
            return
        }
        if bytes.hasPrefix("/anon_hugepage", in: name) { return nil }
        guard offset / pageSize <= Self.maximumPage else { return nil }
        source = (FileID(device: device, inode: inode), Int(offset / pageSize))
    }

    /// The number of the smallest pages in an address space of 57 bits, more than any process can map.
    static var maximumPage: Int { 1 << 45 }

    private static func device(_ bytes: Span<UInt8>, in field: Range<Int>) -> Int? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":"), in: field),
            let major = bytes.hexadecimal(in: field.lowerBound..<colon),
            let minor = bytes.hexadecimal(in: colon + 1..<field.upperBound), major < 1 << 31, minor < 1 << 31
        else { return nil }
        return Int(major << 32 | minor)
    }
}

extension FileDescriptor {
    /// Reads the mappings of an open `/proc/PID/maps`.
    ///
    /// - Parameters:
    ///   - pageSizeBytes: The system's page size.
    ///   - mayGoOn: Whether there is time for more mappings.
    /// - Returns: `nil` if reading was stopped.
    borrowing func memoryMappings(
        pageSizeBytes: Int,
        mayGoOn: () -> Bool
    ) throws(FileReadError) -> [MemoryMapping]? {
        var mappings: [MemoryMapping] = []
        let isComplete = try forEachMappingLine(limitBytes: Self.mappingsLimitBytes, mayGoOn: mayGoOn) {
            (bytes, line) throws(ParseError) in
            guard let mapping = try MemoryMapping(parsing: bytes, line: line, pageSizeBytes: pageSizeBytes) else {
                return
            }
            // A page that is listed repeatedly would be read repeatedly.
            guard mapping.pages.lowerBound >= mappings.last?.pages.upperBound ?? 0 else {
                throw ParseError("mappings in ascending order")
            }
            mappings.append(mapping)
        }
        return isComplete ? mappings : nil
    }

    /// Reads the mappings of an open `/proc/PID/maps`, however many there are.
    borrowing func memoryMappings(pageSizeBytes: Int) throws(FileReadError) -> [MemoryMapping] {
        try memoryMappings(pageSizeBytes: pageSizeBytes, mayGoOn: { true }) ?? []
    }

    /// Counts the mappings in an open `/proc/PID/maps`.
    ///
    /// - Parameters:
    ///   - maximum: The number above which the exact count does not matter.
    ///   - mayGoOn: Whether there is time for more mappings.
    /// - Returns: `nil` if there are more than `maximum`, or if counting was stopped.
    borrowing func mappingCount(upTo maximum: Int, mayGoOn: () -> Bool) throws(FileReadError) -> Int? {
        var count = 0
        let isComplete = try forEachMappingLine(
            limitBytes: Self.mappingsLimitBytes,
            mayGoOn: { count <= maximum && mayGoOn() }
        ) { (_, _) in count += 1 }
        return isComplete && count <= maximum ? count : nil
    }

    /// Passes the lines of an open `maps` or `smaps` to a closure: see ``forEachLine(limitBytes:mayGoOn:_:)``.
    ///
    /// - Throws: `ESRCH` if the process has exited, or has executed another program, before the last line was read. The
    ///   kernel then reports the end of the file wherever the reading is.
    @discardableResult
    borrowing func forEachMappingLine(
        limitBytes: Int,
        mayGoOn: () -> Bool = { true },
        _ body: (Span<UInt8>, Range<Int>) throws(ParseError) -> Void
    ) throws(FileReadError) -> Bool {
        var isEmpty = true
        let isComplete = try forEachLine(limitBytes: limitBytes, mayGoOn: mayGoOn) { (bytes, line) throws(ParseError) in
            isEmpty = false
            try body(bytes, line)
        }
        guard isComplete, !isEmpty else { return isComplete }
        do throws(Errno) {
            // While the address space exists, the file still has its first line.
            guard try Syscalls.hasContents(self, byteCount: 1) else { throw Errno.noSuchProcess }
        } catch .illegalSeek {
            // A pipe in place of the file, which has no beginning any more.
        } catch {
            throw .system(error)
        }
        return true
    }

    /// The kernel allows 65,530 mappings by default (`vm.max_map_count`); this limit has room for a million.
    private static var mappingsLimitBytes: Int { 1 << 27 }
}
