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

    /// The files of a cgroup, whichever version it is of.
    init(of directory: CgroupDirectory, in root: SystemRoot) {
        let v1 = CgroupMemoryFiles(at: directory, .v1, in: root)
        // On v1 every cgroup of the controller has it, the root too.
        self.init(at: directory, v1.has(v1.usageFile) ? .v1 : .v2, in: root)
    }

    /// The file that tells what is charged.
    var usageFile: StaticString { version == .v2 ? "memory.current" : "memory.usage_in_bytes" }

    func read<R>(
        _ file: StaticString,
        _ readOptions: FileReadOptions,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        do {
            return try root.read(directory.file(file).span, readOptions, parse)
        } catch .system(.isDirectory) {
            // A child cgroup that bears the file's name: possible only where there is no such file.
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

    /// Whether this is the root of the whole hierarchy, above which there is nothing.
    var isRootOfAll: Bool {
        switch version {
        case .v1: has("release_agent")
        case .v2: !has("cgroup.events")
        }
    }

    private func has(_ file: StaticString) -> Bool { (try? root.open(directory.file(file).span)) != nil }

    /// A file's path for a message.
    func text(_ file: StaticString) -> String { root.text(directory.file(file)) }

    /// Why a figure is not known: the file, and what was found there.
    ///
    /// - Parameter absence: When a kernel does not tell it.
    func reason(_ file: StaticString, _ failure: FileReadError, absence: String? = nil) -> String {
        let found = failure.isAbsence ? "is not there" : failure.summary
        let isUntold = failure.isAbsence || failure == .system(.notSupported)
        return "\(text(file)): \(found)" + (isUntold ? absence.map { ": \($0)" } ?? "" : "")
    }

    /// When there is no file that tells of swap.
    static var noSwapFile: String {
        "the root of v2 has none, nor has a kernel that does not count swap (swapaccount=0)"
    }

    private static var lineOptions: FileReadOptions {
        FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOneLine: true)
    }
}

/// `memory.max` (v2) or `memory.limit_in_bytes` (v1), and what has the same form: a number of bytes, or `max`.
struct MemoryLimitFile: Hashable, Sendable {
    /// `nil` for `max`, and for a number above 2^60, such as the 9223372036854771712 of v1: both are no limit.
    let limitBytes: Int?

    init(parsing bytes: Span<UInt8>) throws(ParseError) {
        guard let field = bytes.onlyField, let limit = MemoryLimitFile(bytes, in: field) else {
            throw ParseError("a number of bytes, or max")
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

/// `memory.stat` of a cgroup: what its memory and that of all cgroups below it is used for, in bytes.
///
/// Lines are `NAME NUMBER`. v1 has each name twice: as it stands for the cgroup alone, with `total_` before it for those
/// below as well, which is what v2 tells. A name that is not there stays `nil`.
struct CgroupMemoryStat: Hashable, Sendable {
    /// `anon`, v1 `total_rss`.
    private(set) var anonBytes: Int?
    /// `file`, v1 `total_cache`. Both have `shmemBytes` in them.
    private(set) var fileBytes: Int?
    /// `file_mapped`, v1 `total_mapped_file`: the part of `fileBytes` that any process maps.
    private(set) var mappedFileBytes: Int?
    /// `shmem`, v1 `total_shmem`.
    private(set) var shmemBytes: Int?
    /// `inactive_file`, v1 `total_inactive_file`.
    private(set) var inactiveFileBytes: Int?
    /// `kernel`, of v2 alone. Since Linux 5.18.
    private(set) var kernelBytes: Int?
    /// `total_swap`, of v1 alone.
    private(set) var swapBytes: Int?
    /// `hierarchical_memory_limit`, of v1 alone: the smallest limit of the cgroup and of all above it that bind it, also
    /// of those that cannot be seen.
    private(set) var memoryLimit: MemoryLimitFile?
    /// `hierarchical_memsw_limit`, of v1 alone: the same for memory and swap together.
    private(set) var memorySwapLimit: MemoryLimitFile?

    // 1,500 bytes on v2 as of Linux 6.1, 1,100 on v1 as of 6.18.
    static let readOptions = FileReadOptions(expectedBytes: 4096, limitBytes: 65536)

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
