extension ProcMemError {
    /// Turns a failure to read a file of a process into the error that tells what is really the matter.
    ///
    /// The kernel says `ESRCH` of a process that ends, of a zombie and of a kernel thread alike, and `ENOENT` of a process
    /// that is not there as of a file that it does not offer. `stat` tells them apart.
    init(explaining failure: ReadFailure, at path: ProcPath, of process: ProcessSelector, in root: KernelRoot) {
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
            } else if root.isLive, Syscalls.processIDShownByProc != Syscalls.processID {
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
