extension SmapsRollup {
    /// The sums over all mappings of a process.
    ///
    /// The cost and the effect on the process are those of ``MemoryMode/accurate``. Where the kernel has no
    /// `smaps_rollup`, before Linux 4.14, `smaps` is read and summed, which costs more with every mapping.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace. A thread's id gives the sums of its process.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError``: `permissionDenied` without the right to trace the process; `kernelThread` and `zombie`
    ///   for what has no memory (a zombie whose other threads run on has); `noSuchProcess`, `exited`, `unsupported`, `malformed`.
    public init(of processID: Int32, in root: KernelRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: processID, in: root)
        let path = ProcPath(process, "smaps_rollup")
        do {
            self = try ProcessDirectory(process, in: root).smapsRollupOfAnyThread()
        } catch {
            throw ProcMemError(explaining: error, at: path, of: process, in: root)
        }
    }
}
