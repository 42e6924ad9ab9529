/// What a parser missed, without the text that a caller may never look at.
struct Malformation: Error, Hashable, Sendable {
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
enum ReadFailure: Error, Hashable, Sendable {
    case system(Errno)
    /// The file was read; `found` quotes its beginning.
    case malformed(Malformation, found: String)
    case tooLarge(limitBytes: Int)
}

extension ReadFailure {
    /// Whether the file, or the process that it belongs to, is not there.
    var isAbsence: Bool {
        self == .system(.noSuchFileOrDirectory) || self == .system(.noSuchProcess) || self == .system(.notDirectory)
            || self == .system(.noSuchDevice)
    }

    /// What the failure says of the file for a person, without the file's name.
    var summary: String {
        switch self {
        case .system(let error): "cannot be read (\(error))"
        case .malformed(let malformation, let found): "expected \(malformation.expected), found \(found)"
        case .tooLarge(let limitBytes): "longer than \(limitBytes) bytes"
        }
    }
}

extension ProcMemError {
    /// The failure to read a file that belongs to one process.
    init(_ failure: ReadFailure, path: String) {
        switch failure {
        case .system(let error):
            self.init(Code(error), path: path, errno: error.rawValue)
        case .malformed:
            self.init(.malformed, path: path, detail: failure.summary)
        case .tooLarge:
            self.init(.tooLarge, path: path, detail: failure.summary)
        }
    }
}

extension ProcMemError.Code {
    /// What an error number means on a file below `/proc/PID`.
    init(_ error: Errno) {
        self =
            switch error {
            case .noSuchFileOrDirectory, .noSuchProcess, .notDirectory: .noSuchProcess
            case .permissionDenied, .notPermitted: .permissionDenied
            case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory: .outOfResources
            case .noFunction, .notSupported: .unsupported
            default: .inputOutput
            }
    }
}
