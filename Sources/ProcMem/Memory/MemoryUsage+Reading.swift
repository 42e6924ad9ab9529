/// The memory of one process, as exactly as the mode says.
///
/// The cost is that of the mode: see ``MemoryMode``. A look that fails costs a few system calls more, to tell why.
///
/// - Parameters:
///   - processID: The process's id in the caller's pid namespace. A thread's id gives the memory of its process.
///   - mode: Which file to read.
///   - root: Where the kernel's files are.
/// - Returns: The figures. Of a process that is there but tells nothing (a kernel thread, a zombie, one that the caller
///   may not look at) they are `nil`, and ``MemoryUsage/unavailable`` tells why.
/// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` where there is none, `exited` where
///   it ended meanwhile, `procUnavailable` without `/proc`, `outOfResources` without descriptors.
public func memoryUsage(
    of processID: Int32,
    mode: MemoryMode,
    in root: KernelRoot = .live
) throws(ProcMemError) -> MemoryUsage {
    try MemoryUsage(of: ProcessSelector(validating: processID, in: root), mode: mode, in: root)
}

/// The memory of the calling process, as exactly as the mode says.
///
/// - Parameters:
///   - mode: Which file to read.
///   - root: Where the kernel's files are.
/// - Returns: The figures, as ``memoryUsage(of:mode:in:)`` tells them of another process.
/// - Throws: ``ProcMemError`` with `procUnavailable` without `/proc`, `outOfResources` without descriptors.
public func memoryUsage(mode: MemoryMode, in root: KernelRoot = .live) throws(ProcMemError) -> MemoryUsage {
    try MemoryUsage(of: .current, mode: mode, in: root)
}

extension MemoryUsage {
    init(of process: ProcessSelector, mode: MemoryMode, in root: KernelRoot) throws(ProcMemError) {
        // The file itself first, by its path: nearly always that is the whole answer.
        switch mode {
        case .cheap:
            if let statm = try? Statm(at: ProcPath(process, "statm"), in: root), !statm.isEmpty {
                self.init(statm)
                return
            }
        case .sampled, .bounded: break
        case .accurate:
            let rollup = try? root.read(ProcPath(process, "smaps_rollup"), SmapsRollup.shape) {
                (bytes) throws(Malformation) in try SmapsRollup(validating: bytes, isSmaps: false)
            }
            if let rollup {
                self.init(rollup)
                return
            }
        }
        let directoryPath = ProcPath(directoryOf: process)
        do {
            let directory = try ProcessDirectory(process, in: root)
            self = try directory.memoryUsage(directory.stat(), mode: mode, in: root)
        } catch .system(.permissionDenied), .system(.notPermitted) {
            self.init(unavailable: .permissionDenied)
        } catch {
            let explained = ProcMemError(explaining: error, at: directoryPath, of: process, in: root)
            // Hidden, not gone.
            guard explained.code == .permissionDenied else { throw explained }
            self.init(unavailable: .permissionDenied)
        }
        if unavailable == .exited {
            throw ProcMemError(.exited, path: root.text(directoryPath))
        }
    }
}
