/// The location of the kernel's files: the live system, or a directory that replaces `/`.
///
/// With a directory, nothing is read from the running kernel. The files of a process are `DIR/proc/PID/…` (`self` if no
/// pid is given), and mount points are below `DIR`: those in `DIR/proc/1/mountinfo`, to whose process `DIR` is `/`, or
/// if that file is missing, those of the process itself. The affinity comes from `Cpus_allowed` in `status`, and the
/// scheduling policy from field 41 of `stat`. This serves tests with captured files, and agents to which the `/` of a
/// host is mounted elsewhere.
///
/// Symbolic links below the directory stay below it, even absolute ones. This requires Linux 5.6; on earlier kernels,
/// absolute links lead to the live system.
public struct SystemRoot: Sendable, Hashable {
    /// The bytes of the directory's path; `nil` for the live system.
    let directory: [UInt8]?

    /// The page size in bytes, which is the unit of `statm`.
    public let pageSizeBytes: Int

    /// The live system.
    public static var live: SystemRoot {
        SystemRoot(directory: nil, pageSizeBytes: Syscalls.pageSizeBytes)
    }

    /// Creates a location from a directory that replaces `/`. The directory is not accessed yet.
    ///
    /// - Parameters:
    ///   - directory: The path of the directory.
    ///   - pageSizeBytes: The page size of the system that wrote the files; by default, that of this system.
    public init(directory: String, pageSizeBytes: Int? = nil) {
        self.init(directory: Array(directory.utf8), pageSizeBytes: pageSizeBytes ?? Syscalls.pageSizeBytes)
    }

    private init(directory: [UInt8]?, pageSizeBytes: Int) {
        self.directory = directory
        // The page size is used as a divisor.
        self.pageSizeBytes = max(1, pageSizeBytes)
    }

    var isLive: Bool { directory == nil }

    /// Returns a path for a message, as it is on this system. The argument ends in a NUL byte.
    func text(_ path: [UInt8]) -> String {
        String(decoding: (directory ?? []) + path.dropLast(), as: UTF8.self)
    }

    /// Opens a file at an absolute path that ends in a NUL byte.
    func open(_ path: Span<UInt8>, as kind: Syscalls.FileKind = .contents) throws(FileReadError) -> FileDescriptor {
        do throws(Errno) {
            guard let directory else { return try Syscalls.open(path, as: kind) }
            do throws(Errno) {
                let root = try Syscalls.open((directory + [0]).span, as: .directory)
                return try Syscalls.open(path, at: root.rawValue, isRoot: true, as: kind)
            } catch  where error == .noFunction || error == .notPermitted {
                // Before Linux 5.6, or with a seccomp filter that does not know openat2.
                return try Syscalls.open((directory + path.bytes(in: 0..<path.count)).span, as: kind)
            }
        } catch {
            throw .system(error)
        }
    }

    /// Reads and parses the file at an absolute path that ends in a NUL byte.
    func read<R>(
        _ path: Span<UInt8>,
        _ readOptions: FileReadOptions,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        try open(path).withContents(readOptions, parse)
    }
}
