/// Holds on to one process while its files are read by path and system calls ask by its id.
///
/// An id may name another process as soon as its owner has been collected. While `/proc/PID`, opened before, still
/// answers, the id has had one owner all along: what was asked by it in between is about one process. Below a directory
/// that is no procfs, the start time in field 22 of `stat` tells the same.
struct ProcessIdentity: ~Copyable {
    private let directory: ProcessDirectory
    private let path: String
    /// `nil` where a directory that stands in for `/` has no `stat` of the process.
    private let startTimeTicks: Int?

    /// - Throws: ``ProcMemError`` with `noSuchProcess` where there is none, `permissionDenied` for one that `/proc` hides,
    ///   `procUnavailable` without `/proc`, `outOfResources` without descriptors.
    init(of process: ProcessSelector, in root: SystemRoot) throws(ProcMemError) {
        let path = root.text(ProcPath(directoryOf: process))
        let directory: ProcessDirectory
        do {
            directory = try ProcessDirectory(process, in: root)
        } catch {
            throw ProcMemError(explaining: error, at: ProcPath(directoryOf: process), of: process, in: root)
        }
        let startTimeTicks = try directory.startTimeTicks(at: path)
        if root.isLive, startTimeTicks == nil {
            throw ProcMemError(.exited, path: path)
        }
        self.path = path
        self.directory = directory
        self.startTimeTicks = startTimeTicks
    }

    /// Makes sure that the id still has the same owner. A zombie still has its id.
    ///
    /// - Throws: ``ProcMemError`` with `exited` where it has not.
    borrowing func validate() throws(ProcMemError) {
        guard try directory.startTimeTicks(at: path) == startTimeTicks else {
            throw ProcMemError(.exited, path: path)
        }
    }

    /// Runs what asks by a process's id, and makes sure that all of it was about one process.
    static func withStableIdentity<R>(
        _ process: ProcessSelector,
        in root: SystemRoot,
        _ body: () throws(ProcMemError) -> R
    ) throws(ProcMemError) -> R {
        let identity = try ProcessIdentity(of: process, in: root)
        let result: R
        do {
            result = try body()
        } catch {
            // That it is gone explains whatever could not be read.
            try identity.validate()
            throw error
        }
        try identity.validate()
        return result
    }
}

extension ProcessDirectory {
    /// Field 22 of `stat`; `nil` where the process is gone, or a file tree has no such line.
    fileprivate borrowing func startTimeTicks(at path: String) throws(ProcMemError) -> Int? {
        do {
            return try stat().startTimeTicks
        } catch {
            if case .system = error, !error.isAbsence { throw ProcMemError(error, path: path + "/stat") }
            return nil
        }
    }
}

/// The program that a process runs, so far as it can be told from the next one that the process executes: neither its id
/// nor its start time changes then.
struct RunningProgram: ~Copyable {
    /// Kept open: it belongs to the memory map of this very program. `nil` where it may not be opened.
    private let pagemap: FileDescriptor?
    private let stat: ProcessStat

    init(of directory: borrowing ProcessDirectory) throws(FileReadError) {
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
            || (earlier.stat.isForkWithoutExec && !stat.isForkWithoutExec)
    }
}
