/// `/proc/PID`, held open.
///
/// The kernel ties the open directory to one process: once that has been collected, every file in it answers `ESRCH`,
/// even when the id is in use again. Reading several files through one directory can not mix two processes.
struct ProcessDirectory: ~Copyable {
    let process: ProcessSelector
    private let descriptor: FileDescriptor

    init(_ process: ProcessSelector, in root: SystemRoot) throws(FileReadError) {
        self.process = process
        descriptor = try root.open(ProcPath(directoryOf: process), as: .directory)
    }

    borrowing func open(_ path: ProcPath, as kind: Syscalls.FileKind = .contents) throws(FileReadError)
        -> FileDescriptor
    {
        let directory = descriptor.rawValue
        do {
            return try path.withBytes { (bytes) throws(Errno) in try Syscalls.open(bytes, at: directory, as: kind) }
        } catch {
            throw .system(error)
        }
    }

    borrowing func read<R>(
        _ path: ProcPath,
        _ readOptions: FileReadOptions,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R {
        try open(path).withContents(readOptions, parse)
    }

    /// Where a link leads to, as the kernel writes it; `nil` where it may not be read.
    borrowing func linkTarget(_ file: StaticString) -> String? {
        let directory = descriptor.rawValue
        let target = try? ProcPath(file: file).withBytes { (path) throws(Errno) in
            try Syscalls.readLink(path, at: directory)
        }
        return target.map { String(decoding: $0, as: UTF8.self) }
    }

    borrowing func stat() throws(FileReadError) -> ProcessStat {
        try read(ProcPath(file: "stat"), ProcessStat.readOptions, ProcessStat.init(parsing:))
    }

    /// The process's id, also where the directory was opened by the id of another of its threads; `nil` where the kernel
    /// does not tell.
    borrowing func pid() throws(FileReadError) -> Int32? {
        do {
            return try read(ProcPath(file: "status"), ProcessStatus.readOptions, ProcessStatus.init(parsing:)).pid
        } catch .system(.noSuchFileOrDirectory) {
            return nil
        } catch .malformed {
            return nil
        }
    }

    /// The directory of the whole process, also where this one was opened by the id of another of its threads: that one goes
    /// when the thread ends.
    consuming func ofWholeProcess(in root: SystemRoot) throws(FileReadError) -> ProcessDirectory {
        guard case .id(let id) = process, let pid = try pid(), pid != id else { return self }
        let directory = try ProcessDirectory(.id(pid), in: root)
        // A thread that is still there has its process with it: the id was no other one's meanwhile.
        _ = try stat()
        return directory
    }

    /// The ids of the process's threads; some may be gone as soon as the list is made.
    borrowing func threadIDs() throws(FileReadError) -> [Int32] {
        try open(ProcPath(file: "task"), as: .directory).processIDs()
    }

    /// Asks the threads of a process whose main thread has ended, one after the other, until one has an answer.
    ///
    /// Such a process is a zombie by its `stat`, and goes on: what the files of its main thread no longer tell, those of a
    /// thread that lives do.
    ///
    /// - Parameters:
    ///   - stat: The process's.
    ///   - ask: Looks at the files of the thread with this id; answers `nil` where they tell nothing.
    /// - Returns: `nil` where the main thread has not ended, and where no thread has an answer.
    borrowing func firstValueFromLiveThread<R>(
        leftBehind stat: ProcessStat,
        _ ask: (Int32) throws(FileReadError) -> R?
    ) throws(FileReadError) -> R? {
        guard stat.isZombie else { return nil }
        for id in (try? threadIDs()) ?? [] where .id(id) != process {
            do throws(FileReadError) {
                if let answer = try ask(id) { return answer }
            } catch  where error.isAbsence {
                // It has ended since the list was made.
                continue
            }
        }
        return nil
    }
}
