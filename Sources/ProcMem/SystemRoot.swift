/// Where the kernel's files are: this system, or a directory that stands in for `/`.
///
/// With a directory nothing is asked of the running kernel. `DIR/proc/PID/…` answers for a process (`self` where no pid
/// is given), mount points lie below `DIR`, the affinity comes from `Cpus_allowed` in `status` and the scheduling policy
/// from field 41 of `stat`. That serves tests with captured files, and an agent that sees a host's `/` mounted elsewhere.
/// Symbolic links below the directory, absolute ones too, stay below it (since Linux 5.6; before, the kernel follows
/// absolute ones to this system).
public struct SystemRoot: Sendable, Hashable {
    /// The bytes of the directory's path, `nil` for the running system.
    let directory: [UInt8]?

    /// The size of a page in bytes, by which `statm` counts.
    public let pageSizeBytes: Int

    /// The running system.
    public static var live: SystemRoot {
        SystemRoot(directory: nil, pageSizeBytes: Syscalls.pageSizeBytes)
    }

    /// A directory that stands in for `/`.
    ///
    /// - Parameters:
    ///   - directory: The directory's path.
    ///   - pageSizeBytes: The page size of the system that wrote the files; this system's where it is not given.
    public init(directory: String, pageSizeBytes: Int? = nil) {
        self.init(directory: Array(directory.utf8), pageSizeBytes: pageSizeBytes ?? Syscalls.pageSizeBytes)
    }

    private init(directory: [UInt8]?, pageSizeBytes: Int) {
        self.directory = directory
        // Sizes are divided by it.
        self.pageSizeBytes = max(1, pageSizeBytes)
    }

    var isLive: Bool { directory == nil }

    /// A path that ends in a NUL byte, for a message: where it is on this system.
    func text(_ path: [UInt8]) -> String {
        String(decoding: (directory ?? []) + path.dropLast(), as: UTF8.self)
    }

    /// Opens an absolute path that ends in a NUL byte.
    func open(_ path: Span<UInt8>, as kind: Syscalls.FileKind = .contents) throws(FileReadError) -> FileDescriptor {
        do throws(Errno) {
            guard let directory else { return try Syscalls.open(path, as: kind) }
            do throws(Errno) {
                let root = try Syscalls.open((directory + [0]).span, as: .directory)
                return try Syscalls.open(path, inRoot: root, as: kind)
            } catch  where error == .noFunction || error == .notPermitted {
                // Before Linux 5.6, or behind a filter that does not know openat2.
                return try Syscalls.open((directory + path.bytes(in: 0..<path.count)).span, as: kind)
            }
        } catch {
            throw .system(error)
        }
    }

    /// Reads the file at an absolute path that ends in a NUL byte and parses it.
    func read<R>(
        _ path: Span<UInt8>,
        _ readOptions: FileReadOptions,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        try open(path).withContents(readOptions, parse)
    }
}
