extension ProcMemError {
    /// Converts a failure to read a file of a process into an error with the actual cause.
    ///
    /// The kernel returns `ESRCH` for an exiting process, for a zombie and for a kernel thread alike. It returns
    /// `ENOENT` both for a process that does not exist and for a file that it does not provide. `stat` distinguishes
    /// these cases. `ENOTDIR` means that a part of the path is not what procfs has there.
    init(explaining failure: FileReadError, at path: ProcPath, of process: ProcessSelector, in root: SystemRoot) {
        self.init(failure, path: root.text(path))
        guard failure.isExit || failure == .system(.notDirectory) else { return }
        let isMissingFile = failure == .system(.noSuchFileOrDirectory)
        let code: Code
        var detail: String?
        do {
            let directory = try ProcessDirectory(process, in: root)
            // The process exists; whether it has exited does not follow from a file that is no directory.
            code = failure.isExit ? Code(explainedBy: directory, isMissingFile: isMissingFile) : .unsupported
        } catch {
            if error == .system(.notDirectory) {
                code = .procUnavailable
                detail = "not a directory of a process, as procfs has it"
            } else if !error.isExit {
                code = ProcMemError(error, path: root.text(path)).code
            } else if root.isLive, !ProcNamespace.isVisible {
                code = .procUnavailable
            } else if ProcVisibility.isHidden(process, in: root) {
                code = .permissionDenied
                detail = "the process exists, but /proc hides it (mount option hidepid)"
            } else {
                code = .noSuchProcess
            }
        }
        self.init(code, path: root.text(path), errno: errno, detail: detail)
    }
}

extension ProcMemError.Code {
    fileprivate init(explainedBy directory: borrowing ProcessDirectory, isMissingFile: Bool) {
        do {
            let stat = try directory.stat()
            if stat.isKernelThread {
                self = .kernelThread
            } else if stat.isZombie {
                self = .zombie
            } else {
                self = isMissingFile ? .unsupported : .executing
            }
        } catch {
            self = error.isExit ? .exited : ProcMemError(error, path: "").code
        }
    }
}

/// The reason why a figure is unknown.
public enum UnavailableReason: String, Sendable, Hashable, CaseIterable {
    /// The process belongs to another user, is not dumpable, or has a capability that the caller lacks. The
    /// corresponding C errors are `EACCES` and `EPERM`.
    case permissionDenied
    /// The process is a kernel thread, which has no memory of its own.
    case kernelThread
    /// The process has exited, including all of its threads, and its parent has not reaped it yet.
    case zombie
    /// The process exited while it was being read.
    case exited
    /// The kernel does not provide the file.
    case unsupported
    /// The file is not in the format that the kernel documents.
    case malformed
    /// The process executed another program during every attempt to read it.
    case executing
    /// The kernel returned another error, such as `EIO` or, if the caller has no file descriptor left, `EMFILE`.
    case failed
}

extension UnavailableReason {
    /// Derives the reason from a failure to read a file of a process that existed a moment ago.
    ///
    /// - Throws: The failure itself, if it is unrelated to the process.
    init(_ failure: FileReadError) throws(FileReadError) {
        switch failure {
        case .system(.permissionDenied), .system(.notPermitted): self = .permissionDenied
        case .system(.noSuchProcess): self = .exited
        case .system(.noSuchFileOrDirectory), .system(.noFunction), .system(.notSupported): self = .unsupported
        case .malformed, .tooLarge: self = .malformed
        case .system: throw failure
        }
    }

    /// Derives the reason from a failure to read one of several processes, for which every error is a reason.
    init(ofOneAmongSeveral failure: FileReadError) {
        do {
            self = try UnavailableReason(failure)
        } catch {
            self = .failed
        }
    }
}

extension ProcessDirectory {
    /// How often a process is read again that executed another program during the read.
    static var maximumAttempts: Int { 16 }

    /// Returns how the process has ended: `exited`, or `zombie` if its parent has not reaped it; `nil` if it is alive.
    ///
    /// - Throws: Any other failure to read `stat`, for example if the caller has no descriptor left.
    borrowing func end() throws(FileReadError) -> UnavailableReason? {
        do throws(FileReadError) {
            return try stat().isZombie ? .zombie : nil
        } catch  where error.isExit {
            return .exited
        }
    }

    /// Returns whether the process is known to be alive.
    borrowing func isAlive() -> Bool {
        guard let end = try? end() as UnavailableReason?? else { return false }
        return end == nil
    }

    /// Derives the reason from a failure to read a file of the process.
    ///
    /// The kernel returns `ESRCH` both for an exited process and for a file that belongs to the program that the process
    /// ran before an exec, and `ENOENT` both for an exited process and for a file that the kernel does not provide.
    ///
    /// - Throws: The failure itself, if it is unrelated to the process.
    borrowing func unavailableReason(_ failure: FileReadError) throws(FileReadError) -> UnavailableReason {
        switch failure {
        case .system(.noSuchProcess): try end() == nil ? .executing : .exited
        case .system(.noSuchFileOrDirectory): try end() == nil ? .unsupported : .exited
        default: try UnavailableReason(failure)
        }
    }

    /// Derives the reason from a failure to read one of several processes, for which every error is a reason.
    borrowing func unavailableReason(ofOneAmongSeveral failure: FileReadError) -> UnavailableReason {
        do throws(FileReadError) {
            return try unavailableReason(failure)
        } catch {
            return .failed
        }
    }

    /// Calls a closure again, up to a limit, if the process executed another program during the call.
    borrowing func retryingAfterExec<R>(_ body: () throws(FileReadError) -> R) throws(FileReadError) -> R {
        var attempts = 1
        while true {
            do throws(FileReadError) {
                return try body()
            } catch {
                guard error == .system(.noSuchProcess), attempts < Self.maximumAttempts, isAlive() else { throw error }
                attempts += 1
            }
        }
    }
}
