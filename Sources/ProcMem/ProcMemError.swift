/// The reason why a result could not be determined: a code, the file, the kernel's error number, and what was found.
///
/// Every throwing function of ProcMem throws this type. ``description`` is one line for a person: the file, what was
/// found there, and what to do about it.
public struct ProcMemError: Error, Sendable, Hashable {
    /// The kind of failure.
    public let code: Code
    /// The path of the file, or the name of the C library function, that failed.
    public let path: String
    /// The kernel's error number; `nil` if the kernel did not report an error.
    public let errno: Int32?
    /// A description of what was found, for a person; `nil` if the code is sufficient.
    public let detail: String?

    /// Creates an error, for tests of code that handles it.
    ///
    /// - Parameters:
    ///   - code: The kind of failure.
    ///   - path: The path of the file, or the name of the C library function.
    ///   - errno: The kernel's error number.
    ///   - detail: What was found, for a person.
    public init(_ code: Code, path: String, errno: Int32? = nil, detail: String? = nil) {
        self.code = code
        self.path = path
        self.errno = errno
        self.detail = detail
    }
}

extension ProcMemError {
    /// The kind of a failure.
    ///
    /// Later versions may add codes, so this is not an enumeration: a `switch` over codes requires a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        enum Kind: String {
            case invalidArgument, noSuchProcess, exited, zombie, kernelThread, permissionDenied, unsupported
            case procUnavailable, malformed, tooLarge, outOfResources, inputOutput, cancelled, executing
        }

        let kind: Kind

        /// The name of the code, for example `permissionDenied`. It does not change between versions.
        public var description: String { kind.rawValue }

        /// The argument does not name a process or a cgroup; nothing was read.
        public static var invalidArgument: Code { Code(kind: .invalidArgument) }
        /// No process has this id. The corresponding C errors are `ENOENT` and `ESRCH`.
        public static var noSuchProcess: Code { Code(kind: .noSuchProcess) }
        /// The process exited while it was being read. The corresponding C error is `ESRCH`.
        public static var exited: Code { Code(kind: .exited) }
        /// The process has exited, and its parent has not reaped it yet: it no longer has any memory.
        public static var zombie: Code { Code(kind: .zombie) }
        /// The process is a kernel thread, which has no memory of its own.
        public static var kernelThread: Code { Code(kind: .kernelThread) }
        /// The kernel denied access. The corresponding C errors are `EACCES` and `EPERM`, and `ENOENT` for a process
        /// that the scheduler knows but `/proc` hides (`hidepid`).
        public static var permissionDenied: Code { Code(kind: .permissionDenied) }
        /// This kernel, or this build of ProcMem, does not support the request.
        public static var unsupported: Code { Code(kind: .unsupported) }
        /// `/proc` is not mounted, or it is mounted for another pid namespace.
        public static var procUnavailable: Code { Code(kind: .procUnavailable) }
        /// The file was read, but it is not in the format that the kernel documents.
        public static var malformed: Code { Code(kind: .malformed) }
        /// The file is larger than any file that the kernel writes there.
        public static var tooLarge: Code { Code(kind: .tooLarge) }
        /// No file descriptor, thread or memory was available. The corresponding C errors are `EMFILE`, `ENFILE`,
        /// `EAGAIN` and `ENOMEM`.
        public static var outOfResources: Code { Code(kind: .outOfResources) }
        /// The kernel returned any other error; ``ProcMemError/errno`` is its number.
        public static var inputOutput: Code { Code(kind: .inputOutput) }
        /// The calling task was cancelled before the result was available.
        public static var cancelled: Code { Code(kind: .cancelled) }
        /// The process executed another program during every attempt to read it.
        public static var executing: Code { Code(kind: .executing) }
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
        case .zombie: "a zombie: the process has exited, and its parent has not reaped it yet"
        case .kernelThread: "a kernel thread has no memory of its own"
        case .permissionDenied: "permission denied"
        case .unsupported: "not supported by this kernel or this build"
        case .procUnavailable: "/proc is not mounted, or is mounted for another pid namespace"
        case .malformed: "not in the format that the kernel documents"
        case .tooLarge: "larger than any file that the kernel writes there"
        case .outOfResources:
            switch errno.map(Errno.init(rawValue:)) {
            case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "no file descriptor is left"
            case .wouldBlock: "no thread can be created"
            case .noMemory: "no memory is left"
            default: "out of file descriptors, threads or memory"
            }
        case .inputOutput: "cannot be read"
        case .cancelled: "the task was cancelled before the result was available"
        case .executing: "the process executed another program during every attempt to read it"
        }
    }

    private var advice: String? {
        switch code.kind {
        case .permissionDenied: "run as the owner of the process, or with CAP_SYS_PTRACE"
        case .procUnavailable: "mount proc on /proc"
        case .outOfResources:
            switch errno.map(Errno.init(rawValue:)) {
            case .tooManyOpenFiles: "raise the limit (ulimit -n), or close unused files"
            case .tooManyOpenFilesInSystem: "raise the limit of the system (fs.file-max)"
            case .wouldBlock: "raise the limit (ulimit -u, or pids.max of the cgroup)"
            default: nil
            }
        default: nil
        }
    }
}

extension ProcMemError {
    /// Creates an error from a failure to read a file that belongs to one process.
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
    /// Derives the code from an error number that was returned for a file below `/proc/PID`.
    ///
    /// The kernel returns neither `ENOTDIR` nor `ENODEV` for a file of this kind: they do not show that the process has exited.
    init(_ error: Errno) {
        self =
            switch error {
            case .noSuchFileOrDirectory, .noSuchProcess: .noSuchProcess
            case .permissionDenied, .notPermitted: .permissionDenied
            case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory: .outOfResources
            case .noFunction, .notSupported: .unsupported
            default: .inputOutput
            }
    }
}
