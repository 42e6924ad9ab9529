/// An open `/proc/PID`.
///
/// The kernel ties the open directory to one process. Once that process has been reaped by its parent, every file in
/// the directory returns `ESRCH`, even if the id is in use again. Files that are read through one directory therefore
/// belong to one process.
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

    /// Returns the target of a link, as the kernel writes it; `nil` if the link cannot be read.
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

    /// Returns the process's id, even if the directory was opened by the id of another of its threads; `nil` if the
    /// kernel does not report it.
    borrowing func pid() throws(FileReadError) -> Int32? {
        do {
            return try read(ProcPath(file: "status"), ProcessStatus.readOptions, ProcessStatus.init(parsing:)).pid
        } catch .system(.noSuchFileOrDirectory) {
            return nil
        } catch .malformed {
            return nil
        }
    }

    /// Returns the directory of the whole process, even if this directory was opened by the id of another of its
    /// threads. The directory of a thread disappears when the thread exits.
    consuming func ofWholeProcess(in root: SystemRoot) throws(FileReadError) -> ProcessDirectory {
        guard case .id(let id) = process, let pid = try pid(), pid != id else { return self }
        let directory = try ProcessDirectory(.id(pid), in: root)
        // If the thread still exists, so does its process: the id has not been given to another process in the
        // meantime.
        _ = try stat()
        return directory
    }

    /// Returns the ids of the process's threads. Some of them may exit before the list is complete.
    borrowing func threadIDs() throws(FileReadError) -> [Int32] {
        try open(ProcPath(file: "task"), as: .directory).processIDs()
    }

    /// Returns the first value that a live thread yields, for a process whose main thread has exited.
    ///
    /// According to its `stat`, this process is a zombie, but it continues to run. The files of its main thread no
    /// longer report its memory; the files of a live thread do.
    ///
    /// - Parameters:
    ///   - stat: The `stat` of the process.
    ///   - body: Reads the files of the thread with this id; returns `nil` if they do not contain the value.
    /// - Returns: `nil` if the main thread has not exited, or if no thread yields a value.
    /// - Throws: Any failure except the exit of a thread, for example if the caller has no descriptor left.
    borrowing func firstValueFromLiveThread<R>(
        of stat: ProcessStat,
        _ body: (Int32) throws(FileReadError) -> R?
    ) throws(FileReadError) -> R? {
        guard stat.isZombie else { return nil }
        let ids: [Int32]
        do throws(FileReadError) {
            ids = try threadIDs()
        } catch  where error.isExit {
            return nil
        }
        for id in ids where .id(id) != process {
            do throws(FileReadError) {
                if let value = try body(id) { return value }
            } catch  where error.isExit {
                // The thread has exited since the list was read.
                continue
            }
        }
        return nil
    }
}

/// The paths of a process's memory files, relative to its directory, through its main thread or another thread.
///
/// All threads share one address space, so the files of any thread serve. This matters if the main thread has exited
/// while other threads continue: `/proc/PID/statm` then shows 0, and `/proc/PID/task/TID/statm` shows the sizes.
struct ProcessMemoryPaths {
    /// The thread; `nil` for the main thread.
    private let threadID: Int32?

    init(thread threadID: Int32? = nil) { self.threadID = threadID }

    var statm: ProcPath { path("statm") }
    var smapsRollup: ProcPath { path("smaps_rollup") }
    var smaps: ProcPath { path("smaps") }
    var maps: ProcPath { path("maps") }
    var pagemap: ProcPath { path("pagemap") }

    private func path(_ file: StaticString) -> ProcPath {
        threadID.map { ProcPath(task: $0, file) } ?? ProcPath(file: file)
    }
}

extension ProcessDirectory {
    /// Reads the sizes in `statm` of a process whose main thread has exited, through a live thread.
    ///
    /// - Throws: `ESRCH` if there is no live thread.
    borrowing func statmOfThreads(pageSizeBytes: Int) throws(FileReadError) -> Statm {
        let ofThreads = try firstValueFromLiveThread(of: stat()) { (id) throws(FileReadError) -> Statm? in
            let ofThread = try statm(through: ProcessMemoryPaths(thread: id), pageSizeBytes: pageSizeBytes)
            return ofThread.isEmpty ? nil : ofThread
        }
        guard let ofThreads else { throw .system(.noSuchProcess) }
        return ofThreads
    }

    /// Returns the paths of the files that report the process's memory: those of a live thread if the main thread has
    /// exited.
    borrowing func memoryPaths(_ stat: ProcessStat, pageSizeBytes: Int) throws(FileReadError) -> ProcessMemoryPaths {
        let thread = try firstValueFromLiveThread(of: stat) { (id) throws(FileReadError) -> Int32? in
            try statm(through: ProcessMemoryPaths(thread: id), pageSizeBytes: pageSizeBytes).isEmpty ? nil : id
        }
        return ProcessMemoryPaths(thread: thread)
    }

    borrowing func statm(
        through paths: ProcessMemoryPaths,
        pageSizeBytes: Int
    ) throws(FileReadError) -> Statm {
        try read(paths.statm, Statm.readOptions) { (bytes) throws(ParseError) in
            try Statm(validating: bytes, pageSizeBytes: pageSizeBytes)
        }
    }

    /// Reads the sums over the mappings, through a live thread if the main thread has exited.
    borrowing func smapsRollupOfAnyThread() throws(FileReadError) -> SmapsRollup {
        do {
            return try smapsRollup()
        } catch  where error.isExit {
            let ofThread = try firstValueFromLiveThread(of: stat()) { (id) throws(FileReadError) in
                try smapsRollup(through: ProcessMemoryPaths(thread: id))
            }
            guard let ofThread else { throw error }
            return ofThread
        }
    }

    /// Reads the largest RSS so far, in bytes, through a live thread if the main thread has exited; `nil` for a process
    /// without memory.
    borrowing func peakRSSBytes() throws(FileReadError) -> Int? {
        let status = try read(ProcPath(file: "status"), ProcessStatus.readOptions, ProcessStatus.init(parsing:))
        if let peak = status.peakRSSBytes { return peak }
        return try firstValueFromLiveThread(of: stat()) { (id) throws(FileReadError) in
            try read(ProcPath(task: id, "status"), ProcessStatus.readOptions, ProcessStatus.init(parsing:)).peakRSSBytes
        }
    }

    /// Reads the sums over the mappings, from `smaps` if the kernel has no `smaps_rollup`.
    borrowing func smapsRollup(through paths: ProcessMemoryPaths = ProcessMemoryPaths()) throws(FileReadError)
        -> SmapsRollup
    {
        do {
            return try read(paths.smapsRollup, SmapsRollup.readOptions) { (bytes) throws(ParseError) in
                try SmapsRollup(validating: bytes, isSmaps: false)
            }
        } catch .system(.noSuchFileOrDirectory) {
            return try SmapsRollup.summed(open(paths.smaps))
        }
    }
}
