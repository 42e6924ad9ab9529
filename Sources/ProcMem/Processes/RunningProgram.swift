/// The program that a process runs, so far as it can be told from the next one that the process executes: neither its id
/// nor its start time changes then.
struct RunningProgram: ~Copyable {
    /// Kept open: it belongs to the memory map of this very program. `nil` where it may not be opened.
    private let pagemap: FileDescriptor?
    private let stat: ProcessStat

    init(of directory: borrowing ProcessDirectory) throws(ReadFailure) {
        // Opened first: a program that begins in between is then taken for another one, not missed.
        pagemap = try? directory.open(ProcPath(file: "pagemap"))
        stat = try directory.stat()
    }

    /// Whether there is a witness that answers for as long as the program runs, and says so.
    var isProvenToRun: Bool {
        switch pagemap {
        // The entry of the page at address 0, which no program maps.
        case .some(let pagemap): wasProven && Syscalls.holdsBytes(pagemap, count: 8)
        case .none: false
        }
    }

    /// Whether the program had such a witness. That it has fallen silent is proof that the program has ended.
    var wasProven: Bool { pagemap != nil && !stat.isKernelThread }

    /// Whether the process has ended, all of its threads too.
    var hasEnded: Bool { stat.isZombie && stat.threadCount <= 1 }

    /// Whether what `stat` tells of the two cannot be one program.
    borrowing func differs(from earlier: borrowing RunningProgram) -> Bool {
        stat.command != earlier.stat.command || stat.layout != earlier.stat.layout
            || (earlier.stat.hasNotExecuted && !stat.hasNotExecuted)
    }
}
