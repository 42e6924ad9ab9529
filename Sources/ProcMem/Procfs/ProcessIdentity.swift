/// A check that an id refers to the same process while its files are read by path and system calls use its id.
///
/// A process id can be given to another process as soon as its owner has been reaped. While files in a `/proc/PID` that
/// was opened before can still be read, the id has had one owner all along, so everything that was read by id in
/// between belongs to one process. Below a directory that is not a procfs, the start time in field 22 of `stat` serves
/// the same purpose.
struct ProcessIdentity: ~Copyable {
    private let directory: ProcessDirectory
    private let path: String
    /// The start time; `nil` if a directory that replaces `/` has no `stat` of the process.
    private let startTimeTicks: Int?

    /// Opens the directory of a process.
    ///
    /// - Throws: ``ProcMemError`` with `noSuchProcess` if the process does not exist, `permissionDenied` if `/proc`
    ///   hides it, `procUnavailable` without `/proc`, `outOfResources` without a free descriptor.
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

    /// Checks that the id still has the same owner. A zombie still has its id.
    ///
    /// - Throws: ``ProcMemError`` with `exited` if it has not.
    borrowing func validate() throws(ProcMemError) {
        guard try directory.startTimeTicks(at: path) == startTimeTicks else {
            throw ProcMemError(.exited, path: path)
        }
    }

    /// Runs a closure that uses a process's id, and checks that the id referred to one process all the time.
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
            // If the process has exited, that is the cause of the failure.
            try identity.validate()
            throw error
        }
        try identity.validate()
        return result
    }
}

extension ProcessDirectory {
    /// Returns field 22 of `stat`; `nil` if the process has exited, or if a file tree does not contain the field.
    fileprivate borrowing func startTimeTicks(at path: String) throws(ProcMemError) -> Int? {
        do {
            return try stat().startTimeTicks
        } catch {
            if case .system = error, !error.isExit { throw ProcMemError(error, path: path + "/stat") }
            return nil
        }
    }
}

/// The program that a process runs. It is distinguished from the next program that the process executes as far as
/// possible: neither the process's id nor its start time changes then.
struct RunningProgram: ~Copyable {
    /// Kept open: it refers to the address space of exactly this program. `nil` if it cannot be opened.
    private let pagemap: FileDescriptor?
    private let stat: ProcessStat

    init(of directory: borrowing ProcessDirectory) throws(FileReadError) {
        // pagemap is opened first: a program that starts between the two reads then counts as a different one and is
        // not missed.
        pagemap = try? directory.open(ProcPath(file: "pagemap"))
        stat = try directory.stat()
    }

    /// Returns whether the program is proven to be still running: its pagemap can still be read.
    ///
    /// - Throws: A failure other than the end of the program, after which the pagemap is empty: for example that the
    ///   kernel lacks memory for the read.
    borrowing func isProvenToRun() throws(FileReadError) -> Bool {
        guard wasProven else { return false }
        switch pagemap {
        case .some(let pagemap):
            do {
                // The entry of the page at address 0, which no program maps.
                return try Syscalls.hasContents(pagemap, byteCount: 8)
            } catch {
                throw .system(error)
            }
        case .none: return false
        }
    }

    /// Whether the pagemap serves as proof: it could be opened, and the process is not a kernel thread. If it can no
    /// longer be read, the program has ended.
    var wasProven: Bool { pagemap != nil && !stat.isKernelThread }

    /// Whether the process has exited, including all of its threads.
    var hasEnded: Bool { stat.isZombie && stat.threadCount <= 1 }

    /// Returns whether the fields of `stat` prove that the two are different programs.
    borrowing func differs(from earlier: borrowing RunningProgram) -> Bool {
        stat.command != earlier.stat.command || stat.layout != earlier.stat.layout
            || (earlier.stat.isForkWithoutExec && !stat.isForkWithoutExec)
    }
}

/// A check that a process which is read repeatedly by its pid still exists.
///
/// `/proc/PID/stat` is kept open: once the process has been reaped, the kernel returns `ESRCH` for the open file, even if
/// another process has the pid by then. Below a directory that is not a procfs, and if another part of the program has closed
/// the descriptor, the start time in field 22 serves the same purpose.
struct ProcessLifetime: ~Copyable {
    private let process: ProcessSelector
    private let root: SystemRoot
    private let path: ProcPath
    private let file: LastingDescriptor?
    /// `nil` for the calling process, for one that `/proc` hides, and without the field in a file tree.
    private let startTimeTicks: Int?

    /// Notes the start time of a process, before anything else of it is read.
    ///
    /// - Throws: ``ProcMemError`` if `stat` exists and cannot be read, such as `outOfResources`: what is read later could
    ///   belong to another process. For a process that does not exist or is hidden, reading its other files reports it.
    init(of process: ProcessSelector, in root: SystemRoot) throws(ProcMemError) {
        (self.process, self.root) = (process, root)
        path = ProcPath(process, "stat")
        guard case .id = process else {
            file = nil
            startTimeTicks = nil
            return
        }
        var kept: LastingDescriptor?
        var ticks: Int?
        do throws(FileReadError) {
            let opened = try root.open(path)
            ticks = try opened.withContents(ProcessStat.readOptions, ProcessStat.init(parsing:)).startTimeTicks
            if root.isLive { kept = LastingDescriptor(opened) }
        } catch {
            let isHidden = error == .system(.permissionDenied) || error == .system(.notPermitted)
            if case .system = error, !error.isExit, !isHidden { throw ProcMemError(error, path: root.text(path)) }
        }
        startTimeTicks = ticks
        file = kept
    }

    /// Checks that the process has not exited.
    ///
    /// A process that is exiting counts as one that has exited: v1 reports it in the root cgroup already.
    ///
    /// - Throws: ``ProcMemError`` with `noSuchProcess` or `zombie` if it has, `outOfResources` if this cannot be read for
    ///   lack of descriptors.
    borrowing func check() throws(ProcMemError) {
        // If the main thread exits before other threads, the process keeps running.
        guard let stat = try stat(), stat.isZombie || stat.isExiting, stat.threadCount <= 1 else { return }
        throw ProcMemError(.zombie, path: root.text(ProcPath(directoryOf: process)))
    }

    /// Checks that the pid still has the same owner. A zombie still has its pid.
    ///
    /// - Throws: ``ProcMemError`` with `noSuchProcess` if it has not, `outOfResources` if this cannot be read for lack of
    ///   descriptors.
    borrowing func validate() throws(ProcMemError) { _ = try stat() }

    /// Returns `stat` of the process, not of another one that has its pid; `nil` if it is not known.
    private borrowing func stat() throws(ProcMemError) -> ProcessStat? {
        guard let startTimeTicks else { return nil }
        let stat: ProcessStat
        do throws(FileReadError) {
            stat = try readStat(startTimeTicks)
        } catch {
            if error.isLackOfResources { throw ProcMemError(error, path: root.text(path)) }
            // The kernel refuses to read, or the file is malformed: the process has not exited.
            guard error.isExit else { return nil }
            throw ProcMemError(error, path: root.text(ProcPath(directoryOf: process)))
        }
        guard stat.startTimeTicks == startTimeTicks else {
            throw ProcMemError(.noSuchProcess, path: root.text(ProcPath(directoryOf: process)))
        }
        return stat
    }

    private borrowing func readStat(_ startTimeTicks: Int) throws(FileReadError) -> ProcessStat {
        let options = ProcessStat.readOptions
        switch file {
        case .none: break
        case .some(let file):
            do throws(FileReadError) {
                let stat = try OpenFiles.read(
                    file.uncheckedValue,
                    expectedBytes: options.expectedBytes,
                    limitBytes: options.limitBytes,
                    ProcessStat.init(parsing:)
                )
                if stat.startTimeTicks == startTimeTicks { return stat }
            } catch {
                if error == .system(.noSuchProcess) { throw error }
            }
        // Another part of the program has closed the descriptor: its number refers to another file, or to none.
        }
        return try root.read(path, options, ProcessStat.init(parsing:))
    }
}

extension ProcMemError {
    /// Whether the error reports that a process has exited.
    var isEndOfProcess: Bool { code == .noSuchProcess || code == .exited || code == .zombie }
}
