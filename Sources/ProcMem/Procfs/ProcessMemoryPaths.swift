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
        } catch  where error.isAbsence {
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
