/// Reads the memory of one process repeatedly, with its files kept open.
///
/// ```swift
/// var reader = try MemoryReader(of: pid)
/// let rss = try reader.usage(mode: .cheap).rssBytes
/// ```
///
/// A cheap reading is one system call, a read of `statm` on a descriptor that is kept open; it does not allocate. An
/// accurate reading opens `smaps_rollup` each time, because an open descriptor stays bound to the program that the
/// process ran when it was opened.
///
/// The reader is bound to its process: after the process has exited, calls throw `exited`, even if another process has
/// the id. After the process has executed another program, the figures are those of the new program, and
/// ``checkForExec()`` returns `true`, so that the caller can start a new baseline.
///
/// The reader keeps three descriptors: the process's directory, `statm` and, if permitted, `pagemap`. A child forked by
/// the caller inherits a reader of the same process: to measure its own memory, the child must create a reader itself. A
/// program that closes all of its descriptors must create its readers again: a reader does not check before each reading that
/// no other file has the number of its descriptor.
public struct MemoryReader: ~Copyable {
    private let process: ProcessSelector
    private let root: SystemRoot
    private let directory: ProcessDirectory
    private let statm: LastingDescriptor
    private var program: RunningProgram
    /// The largest RSS that was read since the program started or since the reader was created.
    private var largestSeenRSSBytes = 0
    /// Whether an `execve` was seen that ``checkForExec()`` has not reported yet.
    private var hasUnreportedExec = false

    /// Opens the files of the calling process.
    ///
    /// - Parameter root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` with `procUnavailable` if `/proc` is missing, `outOfResources` if no descriptor is
    ///   left.
    public init(in root: SystemRoot = .live) throws(ProcMemError) {
        try self.init(of: .current, in: root)
    }

    /// Opens the files of a process.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace. A thread's id gives the memory of its process, even
    ///     after that thread has exited.
    ///   - root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` if no process has the id,
    ///   `permissionDenied` for a process that `/proc` hides, `procUnavailable` if `/proc` is missing, `outOfResources`
    ///   if no descriptor is left. A kernel thread or a zombie is not an error here.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        try self.init(of: ProcessSelector(validating: pid, in: root), in: root)
    }

    private init(of named: ProcessSelector, in root: SystemRoot) throws(ProcMemError) {
        let directory = try Self.explaining(named, root) { () throws(FileReadError) in
            try ProcessDirectory(named, in: root).ofWholeProcess(in: root)
        }
        let process = directory.process
        let statm = try Self.explaining(process, root) { () throws(FileReadError) in
            try directory.open(ProcPath(file: "statm"))
        }
        let program = try Self.explaining(process, root) { () throws(FileReadError) in
            try RunningProgram(of: directory)
        }
        self.process = process
        self.root = root
        self.directory = directory
        self.statm = LastingDescriptor(statm)
        self.program = program
    }

    private static func explaining<R: ~Copyable>(
        _ process: ProcessSelector,
        _ root: SystemRoot,
        _ open: () throws(FileReadError) -> R
    ) throws(ProcMemError) -> R {
        do {
            return try open()
        } catch {
            throw ProcMemError(explaining: error, at: ProcPath(directoryOf: process), of: process, in: root)
        }
    }

    /// Reads the figures of the process: in the cheap mode from `statm` on the open descriptor, otherwise by `measure`.
    mutating func usage(
        mode: MemoryMode,
        measure: (borrowing ProcessDirectory, SystemRoot) throws(FileReadError) -> MemoryUsage
    ) throws(ProcMemError) -> MemoryUsage {
        let usage: MemoryUsage
        if mode == .cheap, let statm = try? openStatm(), !statm.isEmpty {
            usage = MemoryUsage(statm)
        } else {
            do {
                usage = try measure(directory, root)
            } catch {
                throw self.error(error)
            }
            if usage.unavailable == .exited { throw self.error(.system(.noSuchProcess)) }
        }
        largestSeenRSSBytes = max(largestSeenRSSBytes, usage.rssBytes ?? 0)
        return usage
    }

    private func openStatm() throws(FileReadError) -> Statm {
        try OpenFiles.read(
            statm.uncheckedValue,
            expectedBytes: Statm.readOptions.expectedBytes,
            limitBytes: Statm.readOptions.limitBytes
        ) { (bytes) throws(ParseError) in
            try Statm(validating: bytes, pageSizeBytes: root.pageSizeBytes)
        }
    }

    /// Returns the largest RSS, in bytes, of the program that the process runs now.
    ///
    /// This is `VmHWM` in `/proc/PID/status`, or the largest RSS that this reader has read of the program if that is
    /// larger: the kernel updates `VmHWM` only occasionally. Five system calls. No privileges are required.
    ///
    /// - Returns: The size in bytes; `nil` if the process has no memory or the kernel does not report the figure.
    /// - Throws: ``ProcMemError`` with `zombie` if the process has exited, `exited` if its parent has also reaped it.
    public mutating func peakRSSBytes() throws(ProcMemError) -> Int? {
        // The peak of an earlier program does not apply to this one.
        try detectExec()
        do {
            return try directory.peakRSSBytes().map { max($0, largestSeenRSSBytes) }
        } catch {
            throw self.error(error)
        }
    }

    /// Returns whether the process has executed another program since the last call, or since the reader was created.
    ///
    /// With an open `pagemap` the answer is certain and takes one system call: the descriptor belongs to the address
    /// space for which it was opened, and reads as empty after the kernel has removed that address space. The owner of
    /// the process may open `pagemap` while the process is dumpable. If it cannot be opened, `stat` is compared: this
    /// detects a different name, different addresses, and the first program after a fork, but not that the same program
    /// was executed again.
    ///
    /// - Throws: ``ProcMemError`` with `exited` or `zombie` if the process has exited.
    public mutating func checkForExec() throws(ProcMemError) -> Bool {
        try detectExec()
        defer { hasUnreportedExec = false }
        return hasUnreportedExec
    }

    private mutating func detectExec() throws(ProcMemError) {
        do throws(FileReadError) {
            if try program.isProvenToRun() { return }
            let now = try RunningProgram(of: directory)
            if now.hasEnded { throw .system(.noSuchProcess) }
            if program.wasProven || now.differs(from: program) {
                hasUnreportedExec = true
                largestSeenRSSBytes = 0
            }
            program = now
        } catch {
            throw self.error(error)
        }
    }

    private func error(_ failure: FileReadError) -> ProcMemError {
        let path = root.text(ProcPath(directoryOf: process))
        guard failure.isExit else { return ProcMemError(failure, path: path) }
        do throws(FileReadError) {
            let code: ProcMemError.Code =
                switch try directory.end() {
                case .zombie: .zombie
                case .some: .exited
                case nil: .executing
                }
            return ProcMemError(code, path: path)
        } catch {
            return ProcMemError(error, path: path)
        }
    }
}
