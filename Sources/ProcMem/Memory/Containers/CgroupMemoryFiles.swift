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

    private func has(_ file: StaticString) -> Bool { (try? root.open(directory.file(file).span)) != nil }

    /// Returns a file's path for a message.
    func text(_ file: StaticString) -> String { root.text(directory.file(file)) }

    /// Returns the reason why a figure is unknown: the file, and what was found there.
    ///
    /// - Parameter absence: The condition under which the kernel does not report the figure.
    func reason(_ file: StaticString, _ failure: FileReadError, absence: String? = nil) -> String {
        let found = failure.isMissingPath ? "does not exist" : failure.summary
        let isUnreported = failure.isMissingPath || failure == .system(.notSupported)
        return "\(text(file)): \(found)" + (isUnreported ? absence.map { ": \($0)" } ?? "" : "")
    }

    /// Returns whether a v1 cgroup is non-hierarchical (`memory.use_hierarchy` is 0, before Linux 5.11): its usage and
    /// limit exclude its descendants. All of its ancestors are non-hierarchical then too.
    func isNonHierarchical() -> Bool { version == .v1 && (try? bytes("memory.use_hierarchy")) == 0 }

    /// Returns whether the memory controller is enabled for the cgroup, according to `cgroup.controllers` (v2); `nil` if
    /// that file cannot be read.
    func listsController() -> Bool? {
        let options = FileReadOptions(expectedBytes: 256, limitBytes: 4096, isOnePiece: true)
        return try? read("cgroup.controllers", options) {
            ControllerList.lists(CgroupController.memory.name, parsing: $0)
        }
    }

    /// The condition under which a v2 cgroup has no file for swap.
    static var noSwapFile: String {
        "the v2 root does not have it, nor does a kernel that does not count swap (swapaccount=0)"
    }

    private static var lineOptions: FileReadOptions {
        FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOnePiece: true)
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
