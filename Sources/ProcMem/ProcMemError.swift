/// Why an answer could not be had: a code to branch on, the file, the kernel's error number and what was found.
///
/// Every throwing function of ProcMem throws this type. ``description`` is one line for a person: which file, what was
/// found there, and what to do about it.
public struct ProcMemError: Error, Sendable, Hashable {
    /// What kind of failure this is.
    public let code: Code
    /// The file, or the function of a C library, that could not answer.
    public let path: String
    /// The kernel's error number, `nil` where the kernel reported none.
    public let errno: Int32?
    /// What was found instead, for a person; `nil` where the code says it all.
    public let detail: String?

    init(_ code: Code, path: String, errno: Int32? = nil, detail: String? = nil) {
        self.code = code
        self.path = path
        self.errno = errno
        self.detail = detail
    }
}

extension ProcMemError {
    /// What kind of failure an error is.
    ///
    /// Codes may be added in later versions, so this is not an enumeration: a `switch` over codes needs a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        enum Kind: String {
            case invalidArgument, noSuchProcess, exited, zombie, kernelThread, permissionDenied, unsupported
            case procUnavailable, malformed, tooLarge, outOfResources, inputOutput, cancelled
        }

        let kind: Kind

        /// The code's name, such as `permissionDenied`. It does not change between versions.
        public var description: String { kind.rawValue }

        /// The argument cannot name a process or a cgroup; nothing was read.
        public static var invalidArgument: Code { Code(kind: .invalidArgument) }
        /// No process has this id. The corresponding C errors are `ENOENT` and `ESRCH`.
        public static var noSuchProcess: Code { Code(kind: .noSuchProcess) }
        /// The process ended while it was read. The corresponding C error is `ESRCH`.
        public static var exited: Code { Code(kind: .exited) }
        /// The process has ended and waits for its parent to collect it: it holds no memory any more.
        public static var zombie: Code { Code(kind: .zombie) }
        /// The process is a kernel thread: it has no memory of its own.
        public static var kernelThread: Code { Code(kind: .kernelThread) }
        /// The kernel refused. The corresponding C errors are `EACCES` and `EPERM`; `ENOENT` for a process that `/proc`
        /// hides and the scheduler knows (`hidepid`).
        public static var permissionDenied: Code { Code(kind: .permissionDenied) }
        /// This kernel, or this build of ProcMem, does not offer it.
        public static var unsupported: Code { Code(kind: .unsupported) }
        /// `/proc` is not mounted, or belongs to another pid namespace.
        public static var procUnavailable: Code { Code(kind: .procUnavailable) }
        /// The file was read and is not what the kernel documents.
        public static var malformed: Code { Code(kind: .malformed) }
        /// The file is larger than anything that the kernel writes there.
        public static var tooLarge: Code { Code(kind: .tooLarge) }
        /// No descriptor, no thread or no memory was left. The corresponding C errors are `EMFILE`, `ENFILE`, `EAGAIN` and
        /// `ENOMEM`.
        public static var outOfResources: Code { Code(kind: .outOfResources) }
        /// Any other error of the kernel; ``ProcMemError/errno`` tells which.
        public static var inputOutput: Code { Code(kind: .inputOutput) }
        /// The task that asked was cancelled before there was an answer.
        public static var cancelled: Code { Code(kind: .cancelled) }
    }
}

extension ProcMemError: CustomStringConvertible {
    /// One line: the file, what was found, what to do.
    public var description: String {
        var text = "\(path): \(detail ?? meaning)"
        if let errno {
            text += " (\(Errno(rawValue: errno)))"
        }
        if let advice {
            text += "; \(advice)"
        }
        return text
    }

    private var meaning: String {
        switch code.kind {
        case .invalidArgument: "not a process id"
        case .noSuchProcess: "no such process"
        case .exited: "the process exited while it was read"
        case .zombie: "the process has exited and waits for its parent to collect it"
        case .kernelThread: "a kernel thread has no memory of its own"
        case .permissionDenied: "permission denied"
        case .unsupported: "not offered here"
        case .procUnavailable: "/proc is not mounted, or shows another pid namespace"
        case .malformed: "not in the documented format"
        case .tooLarge: "larger than the kernel writes this file"
        case .outOfResources: "no descriptor, no thread or no memory left"
        case .inputOutput: "cannot be read"
        case .cancelled: "the task was cancelled before there was an answer"
        }
    }

    private var advice: String? {
        switch code.kind {
        case .permissionDenied: "run as the owner of the process, or with CAP_SYS_PTRACE"
        case .procUnavailable: "mount proc on /proc"
        case .outOfResources: "raise the limit (ulimit -n), or close what is not needed"
        default: nil
        }
    }
}

extension ProcMemError {
    /// The failure to read a file that belongs to one process.
    init(_ failure: FileReadError, path: String) {
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
