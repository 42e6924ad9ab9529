#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An error number of the kernel, without the text that a caller may never look at.
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
    static var wouldBlock: Errno { Errno(rawValue: EAGAIN) }

    /// What the thread's last system call left behind.
    static var current: Errno { Errno(rawValue: errno) }
}

extension Errno: CustomStringConvertible {
    var description: String {
        // strerror_r exists with two signatures; strerror's text for a known number is constant in glibc and musl.
        guard let text = unsafe strerror(rawValue) else { return "errno \(rawValue)" }
        return unsafe "errno \(rawValue), \(String(cString: text))"
    }
}

/// What a parser missed, without the text that a caller may never look at.
struct ParseError: Error, Hashable, Sendable {
    /// What should have stood there, as in "expected seven numbers".
    let expected: String

    init(_ expected: StaticString) {
        self.expected = expected.description
    }

    init(expected: String) {
        self.expected = expected
    }
}

/// Why a file could not become a record. The path is added where it becomes a ``ProcMemError``.
enum FileReadError: Error, Hashable, Sendable {
    case system(Errno)
    /// The file was read; `found` quotes its beginning.
    case malformed(ParseError, found: String)
    case tooLarge(limitBytes: Int)
}

extension FileReadError {
    /// Whether the file, or the process that it belongs to, is not there.
    var isAbsence: Bool {
        self == .system(.noSuchFileOrDirectory) || self == .system(.noSuchProcess) || self == .system(.notDirectory)
            || self == .system(.noSuchDevice)
    }

    /// What the failure says of the file for a person, without the file's name.
    var summary: String {
        switch self {
        case .system(let error): "cannot be read (\(error))"
        case .malformed(let parseError, let found): "expected \(parseError.expected), found \(found)"
        case .tooLarge(let limitBytes): "longer than \(limitBytes) bytes"
        }
    }
}
