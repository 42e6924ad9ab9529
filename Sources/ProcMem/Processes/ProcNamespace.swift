import Synchronization

/// Whether `/proc` speaks of the caller's own pid namespace: of another one's, an id means another process.
enum ProcNamespace {
    /// The process for which that was last seen. A forked child, whose namespace may be another one and its number the same,
    /// looks for itself.
    private static let confirmedPID = Atomic<Int32>(0)
    private static let forgetsAtFork = Syscalls.atForkInChild { confirmedPID.store(0, ordering: .relaxed) }

    /// Whether it was seen of the calling process.
    static var isConfirmed: Bool { confirmedPID.load(ordering: .relaxed) == Syscalls.processID }

    /// One system call where it was seen before, one more where not, none below a directory that stands in for `/`.
    ///
    /// - Throws: ``ProcMemError`` with `procUnavailable`.
    static func confirm(in root: KernelRoot) throws(ProcMemError) {
        guard root.isLive else { return }
        if isConfirmed { return }
        let own = Syscalls.processID
        guard let shown = Syscalls.processIDShownByProc else {
            throw ProcMemError(.procUnavailable, path: "/proc/self", detail: "/proc is not mounted")
        }
        guard shown == own else {
            let detail = "/proc is mounted for another pid namespace: this process is \(shown) there and \(own) here"
            throw ProcMemError(.procUnavailable, path: "/proc/self", detail: detail)
        }
        // Where the child could not be told, every call looks.
        if forgetsAtFork { confirmedPID.store(own, ordering: .relaxed) }
    }
}
