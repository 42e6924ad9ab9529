/// The memory controller's files in the directory of one cgroup.
struct CgroupMemoryFiles {
    private let directory: CgroupDirectory
    let version: CgroupVersion
    private let root: SystemRoot

    private init(at directory: CgroupDirectory, _ version: CgroupVersion, in root: SystemRoot) {
        self.directory = directory
        self.version = version
        self.root = root
    }

    init(level: Int, of hierarchy: CgroupHierarchy, in root: SystemRoot) {
        self.init(at: CgroupDirectory(level: level, of: hierarchy), hierarchy.version, in: root)
    }

    /// Finds the files of a cgroup of either version.
    init(of directory: CgroupDirectory, in root: SystemRoot) {
        let v1 = CgroupMemoryFiles(at: directory, .v1, in: root)
        // On v1 every cgroup of the controller has this file, including the root.
        self.init(at: directory, v1.has(v1.usageFile) ? .v1 : .v2, in: root)
    }

    /// The file that reports the memory charged to the cgroup.
    var usageFile: StaticString { version == .v2 ? "memory.current" : "memory.usage_in_bytes" }

    func read<R>(
        _ file: StaticString,
        _ readOptions: FileReadOptions,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        do {
            return try root.read(directory.file(file).span, readOptions, parse)
        } catch .system(.isDirectory) {
            // A child cgroup has this name, which is possible only if the cgroup does not have the file.
            throw .system(.noSuchFileOrDirectory)
        }
    }

    func limit(_ file: StaticString) throws(FileReadError) -> MemoryLimitFile {
        try read(file, Self.lineOptions, MemoryLimitFile.init(parsing:))
    }

    func bytes(_ file: StaticString) throws(FileReadError) -> Int {
        try read(file, Self.lineOptions) { (bytes) throws(ParseError) in try bytes.parseSingleSize() }
    }

    func stat() throws(FileReadError) -> CgroupMemoryStat {
        let version = version
        return try read("memory.stat", CgroupMemoryStat.readOptions) { (bytes) throws(ParseError) in
            try CgroupMemoryStat(parsing: bytes, version)
        }
    }

    /// Whether this is the root of the hierarchy, so that no cgroup is hidden above it.
    var isRootOfAll: Bool {
        switch version {
        case .v1: has("release_agent")
        case .v2: !has("cgroup.events")
        }
    }

    private func has(_ file: StaticString) -> Bool { (try? root.open(directory.file(file).span)) != nil }

    /// Returns a file's path for a message.
    func text(_ file: StaticString) -> String { root.text(directory.file(file)) }

    /// Returns the reason why a figure is unknown: the file, and what was found there.
    ///
    /// - Parameter absence: The condition under which the kernel does not report the figure.
    func reason(_ file: StaticString, _ failure: FileReadError, absence: String? = nil) -> String {
        let found = failure.isAbsence ? "does not exist" : failure.summary
        let isUnreported = failure.isAbsence || failure == .system(.notSupported)
        return "\(text(file)): \(found)" + (isUnreported ? absence.map { ": \($0)" } ?? "" : "")
    }

    /// The condition under which a v2 cgroup has no file for swap.
    static var noSwapFile: String {
        "the v2 root does not have it, nor does a kernel that does not count swap (swapaccount=0)"
    }

    private static var lineOptions: FileReadOptions {
        FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOneLine: true)
    }
}

/// `memory.max` (v2), `memory.limit_in_bytes` (v1), or another file of the same format: a number of bytes, or `max`.
struct MemoryLimitFile: Hashable, Sendable {
    /// The limit; `nil` for `max` and for a number above 2^60, such as 9223372036854771712 on v1: neither is a limit.
    let limitBytes: Int?

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        guard let field = bytes.onlyField, let limit = MemoryLimitFile(bytes, in: field) else {
            throw ParseError("a number of bytes, or max")
        }
        self = limit
    }

    /// Parses a limit in one field of a file; `nil` if the field is malformed.
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

/// `memory.stat` of a cgroup: the uses of its memory and that of its descendants, in bytes.
///
/// Lines are `NAME NUMBER`. v1 reports each figure twice: under the plain name for the cgroup alone, and with the
/// prefix `total_` including the descendants, as v2 does. A figure without a line is `nil`.
struct CgroupMemoryStat: Hashable, Sendable {
    /// The anonymous memory: `anon`, v1 `total_rss`.
    private(set) var anonBytes: Int?
    /// The page cache, including `shmemBytes`: `file`, v1 `total_cache`.
    private(set) var fileBytes: Int?
    /// The part of `fileBytes` that at least one process maps: `file_mapped`, v1 `total_mapped_file`.
    private(set) var mappedFileBytes: Int?
    /// The shared memory and tmpfs files: `shmem`, v1 `total_shmem`.
    private(set) var shmemBytes: Int?
    /// The inactive pages of the page cache: `inactive_file`, v1 `total_inactive_file`.
    private(set) var inactiveFileBytes: Int?
    /// The kernel's memory: `kernel`, v2 only. Requires Linux 5.18. On v1, ``CgroupMemoryUsage`` reads it from
    /// `memory.kmem.usage_in_bytes`.
    var kernelBytes: Int?
    /// The memory in swap: `total_swap`, v1 only. On v2, ``CgroupMemoryUsage`` reads it from `memory.swap.current`.
    var swapBytes: Int?
    /// `hierarchical_memory_limit`, v1 only: the smallest limit of the cgroup and of the ancestors that bind it,
    /// including ancestors that are not visible.
    private(set) var memoryLimit: MemoryLimitFile?
    /// `hierarchical_memsw_limit`, v1 only: the same for memory and swap together.
    private(set) var memorySwapLimit: MemoryLimitFile?

    // The file has 1,500 bytes on v2 in Linux 6.1, and 1,100 on v1 in 6.18.
    static let readOptions = FileReadOptions(expectedBytes: 4096, limitBytes: 65536)

    /// Creates a value without any figure.
    init() {}

    init(parsing bytes: Span<UInt8>, _ version: CgroupVersion) throws(ParseError) {
        var index = 0
        while let entry = bytes.nextEntry(at: &index) {
            let (name, value) = (entry.key, entry.value)
            func size() throws(ParseError) -> Int {
                guard let value, let size = bytes.sizeBytes(in: value, unitBytes: 1) else { throw parseError() }
                return size
            }
            func limit() throws(ParseError) -> MemoryLimitFile {
                guard let value, let limit = MemoryLimitFile(bytes, in: value) else { throw parseError() }
                return limit
            }
            func parseError() -> ParseError {
                ParseError(expected: "a number of bytes after \(bytes.text(in: name))")
            }
            switch version {
            case .v1:
                if bytes.equals("total_rss", in: name) {
                    anonBytes = try size()
                } else if bytes.equals("total_cache", in: name) {
                    fileBytes = try size()
                } else if bytes.equals("total_mapped_file", in: name) {
                    mappedFileBytes = try size()
                } else if bytes.equals("total_shmem", in: name) {
                    shmemBytes = try size()
                } else if bytes.equals("total_inactive_file", in: name) {
                    inactiveFileBytes = try size()
                } else if bytes.equals("total_swap", in: name) {
                    swapBytes = try size()
                } else if bytes.equals("hierarchical_memory_limit", in: name) {
                    memoryLimit = try limit()
                } else if bytes.equals("hierarchical_memsw_limit", in: name) {
                    memorySwapLimit = try limit()
                }
            case .v2:
                if bytes.equals("anon", in: name) {
                    anonBytes = try size()
                } else if bytes.equals("file", in: name) {
                    fileBytes = try size()
                } else if bytes.equals("file_mapped", in: name) {
                    mappedFileBytes = try size()
                } else if bytes.equals("shmem", in: name) {
                    shmemBytes = try size()
                } else if bytes.equals("inactive_file", in: name) {
                    inactiveFileBytes = try size()
                } else if bytes.equals("kernel", in: name) {
                    kernelBytes = try size()
                }
            }
        }
    }
}
