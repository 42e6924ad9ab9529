/// Which process a question is about.
enum ProcessSelector: Hashable, Sendable {
    /// The process that asks. Through `/proc/self`, which is right in every pid namespace and after a fork.
    case current
    case id(Int32)

    /// Refuses what cannot be a process before a path is made of it (`/proc/0` and `/proc/-1` name nothing), and an id
    /// where `/proc` would take it for another process's.
    func validated(in root: KernelRoot) throws(ProcMemError) -> ProcessSelector {
        if case .id(let id) = self {
            if id < 1 { throw ProcMemError(.invalidArgument, path: "/proc/\(id)") }
            try ProcNamespace.confirm(in: root)
        }
        return self
    }

    init(validating processID: Int32, in root: KernelRoot) throws(ProcMemError) {
        self = try ProcessSelector.id(processID).validated(in: root)
    }

    /// What the scheduler's system calls take: the process's id, which is its main thread's.
    var threadID: Int32 {
        switch self {
        case .current: Syscalls.processID
        case .id(let id): id
        }
    }
}
