/// The memory controller's files in the directory of one cgroup.
struct CgroupMemoryFiles {
    private let directory: CgroupDirectory
    let version: CgroupVersion
    private let root: KernelRoot

    private init(at directory: CgroupDirectory, _ version: CgroupVersion, in root: KernelRoot) {
        self.directory = directory
        self.version = version
        self.root = root
    }

    init(level: Int, of hierarchy: CgroupHierarchy, in root: KernelRoot) {
        self.init(at: CgroupDirectory(level: level, of: hierarchy), hierarchy.version, in: root)
    }

    /// The files of a cgroup, whichever version it is of.
    init(of directory: CgroupDirectory, in root: KernelRoot) {
        let v1 = CgroupMemoryFiles(at: directory, .v1, in: root)
        // On v1 every cgroup of the controller has it, the root too.
        self.init(at: directory, v1.has(v1.usageFile) ? .v1 : .v2, in: root)
    }

    /// The file that tells what is charged.
    var usageFile: StaticString { version == .v2 ? "memory.current" : "memory.usage_in_bytes" }

    func read<R>(
        _ file: StaticString,
        _ shape: FileShape,
        _ parse: (Span<UInt8>) throws(Malformation) -> R
    ) throws(ReadFailure) -> R {
        do {
            return try root.read(directory.file(file).span, shape, parse)
        } catch .system(.isDirectory) {
            // A child cgroup that bears the file's name: possible only where there is no such file.
            throw .system(.noSuchFileOrDirectory)
        }
    }

    func limit(_ file: StaticString) throws(ReadFailure) -> MemoryLimitFile {
        try read(file, Self.lineShape, MemoryLimitFile.init(parsing:))
    }

    func bytes(_ file: StaticString) throws(ReadFailure) -> Int {
        try read(file, Self.lineShape, MemorySizeFile.init(parsing:)).bytes
    }

    func stat() throws(ReadFailure) -> CgroupMemoryStat {
        let version = version
        return try read("memory.stat", CgroupMemoryStat.shape) { (bytes) throws(Malformation) in
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
    func reason(_ file: StaticString, _ failure: ReadFailure, absence: String? = nil) -> String {
        let found = failure.isAbsence ? "is not there" : failure.summary
        let isUntold = failure.isAbsence || failure == .system(.notSupported)
        return "\(text(file)): \(found)" + (isUntold ? absence.map { ": \($0)" } ?? "" : "")
    }

    /// When there is no file that tells of swap.
    static var noSwapFile: String {
        "the root of v2 has none, nor has a kernel that does not count swap (swapaccount=0)"
    }

    private static var lineShape: FileShape { FileShape(expectedBytes: 128, limitBytes: 4096, isOneLine: true) }
}
