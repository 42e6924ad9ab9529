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

    /// Whether the program is proven to be still running: its pagemap can still be read.
    var isProvenToRun: Bool {
        switch pagemap {
        // The entry of the page at address 0, which no program maps.
        case .some(let pagemap): wasProven && Syscalls.canRead(byteCount: 8, from: pagemap)
        case .none: false
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

/// A check that a process which is watched by its pid still runs.
///
/// The directory `/proc/PID` is kept open: it refers to the same process even if the kernel gives the pid to another one.
struct ProcessLifetime: ~Copyable {
    private let directory: ProcessDirectory?

    init(of process: ProcessSelector, in root: SystemRoot) {
        // None for the calling process, or for a hidden one: reading its files fails after it has exited.
        directory =
            switch process {
            case .current: nil
            case .id: try? ProcessDirectory(process, in: root)
            }
    }

    /// Checks that the process has not exited.
    ///
    /// A process that is exiting counts as one that has exited: v1 reports it in the root cgroup already.
    ///
    /// - Throws: ``ProcMemError`` with `noSuchProcess` or `zombie` if it has.
    borrowing func check() throws(ProcMemError) {
        switch directory {
        case .none: return
        case .some(let directory):
            let stat: ProcessStat
            do {
                stat = try directory.stat()
            } catch {
                // The directory still refers to the first process, whatever process has the id now.
                guard error == .system(.noSuchProcess) else { return }
                throw ProcMemError(error, path: "/proc/\(directory.process.threadID)")
            }
            // If the main thread exits before other threads, the process keeps running.
            guard stat.isZombie || stat.isExiting, stat.threadCount <= 1 else { return }
            throw ProcMemError(.zombie, path: "/proc/\(directory.process.threadID)")
        }
    }
}

extension ProcMemError {
    /// Whether the error reports that a process has exited.
    var isEndOfProcess: Bool { code == .noSuchProcess || code == .exited || code == .zombie }
}
