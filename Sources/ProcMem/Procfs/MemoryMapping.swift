/// One line of `/proc/PID/maps`: pages that a process has mapped, in memory or not.
struct MemoryMapping: Sendable {
    /// The pages' numbers: addresses divided by the size of a page.
    let pages: Range<Int>
    /// Whether what is written shows to whoever maps the same: then all pages are the file's.
    let isShared: Bool
    /// Whether the process may write to it now.
    let isWritable: Bool
    /// What is mapped, and from which of its pages on; `nil` for anonymous memory.
    let source: (file: FileID, page: Int)?

    /// Whether its pages are the process's and its family's own, or become so when they are written: they are known by
    /// their addresses. The others are a file's, known by their place in it.
    var isByAddress: Bool { source == nil || (isWritable && !isShared) }
}

/// Which file is mapped: memory that processes share, by `shmget`, `memfd_create` or `mmap`, is a file as well.
struct FileID: Hashable, Sendable, Comparable {
    let device: Int
    let inode: Int

    static func < (left: FileID, right: FileID) -> Bool { (left.device, left.inode) < (right.device, right.inode) }
}

extension MemoryMapping {
    /// - Returns: `nil` for what is in no process's RSS: the kernel's own pages (`[vvar]`, `[vsyscall]`), and huge
    ///   pages without a file (`MAP_HUGETLB`).
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
        // The last addresses of all are the kernel's.
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

    /// What 57 bits of addresses hold in the smallest pages: more than any process maps.
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
    /// The mappings of an open `/proc/PID/maps`.
    borrowing func memoryMappings(pageSizeBytes: Int) throws(FileReadError) -> [MemoryMapping] {
        var mappings: [MemoryMapping] = []
        // The kernel allows 65,530 mappings unless told otherwise (`vm.max_map_count`): here there is room for a million.
        try forEachLine(limitBytes: 1 << 27) { (bytes, line) throws(ParseError) in
            guard let mapping = try MemoryMapping(parsing: bytes, line: line, pageSizeBytes: pageSizeBytes) else {
                return
            }
            // Pages that are listed again and again would be read as often.
            guard mapping.pages.lowerBound >= mappings.last?.pages.upperBound ?? 0 else {
                throw ParseError("mappings in ascending order")
            }
            mappings.append(mapping)
        }
        return mappings
    }
}
