extension ProcMemError {
    /// Turns a failure to read a file of a process into the error that tells what is really the matter.
    ///
    /// The kernel says `ESRCH` of a process that ends, of a zombie and of a kernel thread alike, and `ENOENT` of a process
    /// that is not there as of a file that it does not offer. `stat` tells them apart.
    init(explaining failure: FileReadError, at path: ProcPath, of process: ProcessSelector, in root: SystemRoot) {
        self.init(failure, path: root.text(path))
        guard failure.isAbsence else { return }
        let isMissingFile = failure == .system(.noSuchFileOrDirectory)
        let code: Code
        var detail: String?
        do {
            let directory = try ProcessDirectory(process, in: root)
            code = Code(explainedBy: directory, isMissingFile: isMissingFile)
        } catch {
            if !error.isAbsence {
                code = ProcMemError(error, path: root.text(path)).code
            } else if root.isLive, Syscalls.processIDShownByProc != Syscalls.pid {
                code = .procUnavailable
            } else if ProcVisibility.isHidden(process, in: root) {
                code = .permissionDenied
                detail = "the process is there, but hidden (/proc is mounted with hidepid)"
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
                self = isMissingFile ? .unsupported : .exited
            }
        } catch {
            self = error.isAbsence ? .exited : ProcMemError(error, path: "").code
        }
    }
}

/// Why a figure is not known.
public enum UnavailableReason: String, Sendable, Hashable, CaseIterable {
    /// The process belongs to another user, is not dumpable, or holds a capability that the caller lacks. The
    /// corresponding C errors are `EACCES` and `EPERM`.
    case permissionDenied
    /// A kernel thread has no memory of its own.
    case kernelThread
    /// The process has ended, all of its threads too, and waits for its parent to collect it.
    case zombie
    /// The process ended while it was looked at.
    case exited
    /// The kernel does not offer the file.
    case unsupported
    /// The file is not what the kernel documents.
    case malformed
}

extension UnavailableReason {
    /// What a failure to read a file of a process that was there a moment ago says about it.
    ///
    /// - Throws: The failure itself where it says nothing about the process.
    init(_ failure: FileReadError) throws(FileReadError) {
        switch failure {
        case .system(.permissionDenied), .system(.notPermitted): self = .permissionDenied
        case .system(.noSuchProcess): self = .exited
        case .system(.noSuchFileOrDirectory), .system(.noFunction), .system(.notSupported): self = .unsupported
        case .malformed, .tooLarge: self = .malformed
        case .system: throw failure
        }
    }
}
