#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A kernel error number; its message is produced on demand.
struct Errno: Error, RawRepresentable, Hashable, Sendable {
    let rawValue: Int32

    static var notPermitted: Errno { Errno(rawValue: EPERM) }
    static var noSuchFileOrDirectory: Errno { Errno(rawValue: ENOENT) }
    static var noSuchProcess: Errno { Errno(rawValue: ESRCH) }
    static var interrupted: Errno { Errno(rawValue: EINTR) }
    static var permissionDenied: Errno { Errno(rawValue: EACCES) }
    static var noMemory: Errno { Errno(rawValue: ENOMEM) }
    static var noSuchDevice: Errno { Errno(rawValue: ENODEV) }
    static var notDirectory: Errno { Errno(rawValue: ENOTDIR) }
    static var isDirectory: Errno { Errno(rawValue: EISDIR) }
    static var invalidArgument: Errno { Errno(rawValue: EINVAL) }
    static var tooManyOpenFiles: Errno { Errno(rawValue: EMFILE) }
    static var tooManyOpenFilesInSystem: Errno { Errno(rawValue: ENFILE) }
    static var tooManyLinks: Errno { Errno(rawValue: ELOOP) }
    static var nameTooLong: Errno { Errno(rawValue: ENAMETOOLONG) }
    static var noFunction: Errno { Errno(rawValue: ENOSYS) }
    static var notSupported: Errno { Errno(rawValue: EOPNOTSUPP) }
    static var illegalSeek: Errno { Errno(rawValue: ESPIPE) }
    static var badDescriptor: Errno { Errno(rawValue: EBADF) }
    static var wouldBlock: Errno { Errno(rawValue: EAGAIN) }

    /// The error number of the calling thread's last failed system call.
    static var current: Errno { Errno(rawValue: errno) }
}

extension Errno: CustomStringConvertible {
    var description: String {
        // strerror_r has two signatures. The text that strerror returns for a known number is constant in glibc and
        // musl.
        guard let text = unsafe strerror(rawValue) else { return "errno \(rawValue)" }
        return unsafe "errno \(rawValue), \(String(cString: text))"
    }
}

/// A parsing error; its message is produced on demand.
struct ParseError: Error, Hashable, Sendable {
    /// What the parser expected, as in "expected seven numbers".
    let expected: String

    init(_ expected: StaticString) {
        self.expected = expected.description
    }

    init(expected: String) {
        self.expected = expected
    }
}

/// The reason why a file could not be read or parsed. The path is added when it becomes a ``ProcMemError``.
enum FileReadError: Error, Hashable, Sendable {
    case system(Errno)
    /// The file was read, but could not be parsed; `found` quotes its beginning.
    case malformed(ParseError, found: String)
    case tooLarge(limitBytes: Int)
}

extension FileReadError {
    /// Whether the file, or the process that it belongs to, does not exist.
    var isAbsence: Bool {
        self == .system(.noSuchFileOrDirectory) || self == .system(.noSuchProcess) || self == .system(.notDirectory)
            || self == .system(.noSuchDevice)
    }

    /// Whether the process that the file belongs to may have exited. The kernel returns these two errors for it; `ENODEV`
    /// and `ENOTDIR` are no errors of a process's file, and mean that it could not be read.
    var isExit: Bool { self == .system(.noSuchFileOrDirectory) || self == .system(.noSuchProcess) }

    /// Whether no file has the path. The kernel returns another error, `ENODEV`, for a file of a cgroup that is being removed.
    var isMissingPath: Bool {
        self == .system(.noSuchFileOrDirectory) || self == .system(.notDirectory)
    }

    /// Whether the caller has no descriptor or memory left, which says nothing about the file.
    var isLackOfResources: Bool {
        switch self {
        case .system(.tooManyOpenFiles), .system(.tooManyOpenFilesInSystem), .system(.noMemory): true
        default: false
        }
    }

    /// The kernel's error number; `nil` if the kernel did not report an error.
    var errno: Int32? {
        guard case .system(let error) = self else { return nil }
        return error.rawValue
    }

    /// A description of the failure for a person, without the name of the file.
    var summary: String {
        switch self {
        case .system(let error): "cannot be read (\(error))"
        case .malformed(let parseError, let found): "expected \(parseError.expected), found \(found)"
        case .tooLarge(let limitBytes): "longer than \(limitBytes) bytes"
        }
    }
}
