/// Whether `/proc` shows the caller every process of its pid namespace.
enum ProcVisibility {
    /// Whether processes may be there that a list of `/proc` lacks.
    ///
    /// Told by the mount's options and the calling thread's rights, and by process 1, which is always there. `false` below
    /// a directory that stands in for `/`, where nobody is hidden.
    static func hidesProcesses(in root: KernelRoot) -> Bool {
        guard root.isLive else { return false }
        if isHidden(.id(1), in: root) { return true }
        let options = mountOptions
        switch options.hiding {
        case .off, .noAccess: return false
        case .invisible: return !Syscalls.mayTraceAll && !Syscalls.isInGroup(options.exemptGroup)
        case .notTraceable: return !Syscalls.mayTraceAll
        }
    }

    /// Whether a process that could not be found is there all the same: the scheduler knows it, and `/proc` does not show it.
    static func isHidden(_ process: ProcessSelector, in root: KernelRoot) -> Bool {
        guard root.isLive, Syscalls.isKnownToScheduler(process.threadID),
            // Of a /proc that is gone nobody is hidden.
            Syscalls.processIDShownByProc == Syscalls.processID
        else { return false }
        // Looked for once more last: the id may have passed to another process between two looks.
        do {
            _ = try ProcessDirectory(process, in: root)
            return false
        } catch {
            return error.isAbsence
        }
    }

    private static var mountOptions: ProcMountOptions {
        let path: StaticString = "/proc"
        if let mount = try? Syscalls.mount(at: (Array(path.description.utf8) + [0]).span) {
            return ProcMountOptions(parsing: mount.options.span)
        }
        // Before Linux 6.11. Of several mounts on one place the last is the one that is seen.
        let found = try? KernelRoot.live.read(ProcPath(.current, "mountinfo"), MountInfo.shape) { bytes in
            var options = ProcMountOptions(parsing: Span())
            var index = 0
            while let range = bytes.nextLine(at: &index) {
                guard let line = MountLine(parsing: bytes, in: range), bytes.equals(path, in: line.mountPoint) else {
                    continue
                }
                options = ProcMountOptions(parsing: bytes.extracting(line.superOptions))
            }
            return options
        }
        return found ?? ProcMountOptions(parsing: Span())
    }
}
