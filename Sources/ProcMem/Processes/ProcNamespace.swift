import Synchronization

/// Whether `/proc` speaks of the caller's own pid namespace: of another one's, an id means another process.
enum ProcNamespace {
    /// The process for which that was last seen. A forked child, whose namespace may be another, looks for itself.
    private static let confirmedPID = Atomic<Int32>(0)

    /// One system call where it was seen before, one more where not, none below a directory that stands in for `/`.
    ///
    /// - Throws: ``ProcMemError`` with `procUnavailable`.
    static func confirm(in root: KernelRoot) throws(ProcMemError) {
        guard root.isLive else { return }
        let own = Syscalls.processID
        if confirmedPID.load(ordering: .relaxed) == own { return }
        guard let shown = Syscalls.processIDShownByProc else {
            throw ProcMemError(.procUnavailable, path: "/proc/self", detail: "/proc is not mounted")
        }
        guard shown == own else {
            let detail = "/proc is mounted for another pid namespace: this process is \(shown) there and \(own) here"
            throw ProcMemError(.procUnavailable, path: "/proc/self", detail: detail)
        }
        confirmedPID.store(own, ordering: .relaxed)
    }
}
