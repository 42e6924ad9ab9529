/// Asks again and again what one process holds, with its files kept open.
///
/// ```swift
/// var reader = try MemoryReader(of: pid)
/// let rss = try reader.usage(mode: .cheap).rssBytes
/// ```
///
/// A cheap look is one read of `statm` on a kept descriptor, 1.5 µs where the read alone takes 1.2, without an
/// allocation. An accurate one opens `smaps_rollup` anew each time, because an open one stays with the program that the
/// process ran when it was opened.
///
/// The reader stays with its process: when that has ended and its id is in use again, it says `exited`. When the process
/// executes another program the figures are those of the new one, and ``checkForExec()`` tells, so that a baseline can be
/// begun anew.
///
/// It keeps three descriptors: the process's directory, `statm` and, where that is allowed, `pagemap`. A child that is
/// forked by the caller inherits a reader of the same process: of its own memory it makes a reader of its own.
public struct MemoryReader: ~Copyable {
    private let process: ProcessSelector
    private let root: SystemRoot
    private let directory: ProcessDirectory
    private let statm: FileDescriptor
    private var program: RunningProgram
    /// The largest RSS that was seen since the program began, or since the reader was made.
    private var largestSeenRSSBytes = 0
    /// Whether a program was executed that the caller has not been told of.
    private var hasUnreportedExec = false

    /// Opens the files of the calling process.
    ///
    /// - Parameter root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` with `procUnavailable` without `/proc`, `outOfResources` without descriptors.
    public init(in root: SystemRoot = .live) throws(ProcMemError) {
        try self.init(of: .current, in: root)
    }

    /// Opens the files of a process.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace. A thread's id gives the memory of its process, also
    ///     when that thread has ended.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` where there is none,
    ///   `permissionDenied` for one that `/proc` hides, `procUnavailable` without `/proc`, `outOfResources` without
    ///   descriptors. A kernel thread and a zombie are no errors here.
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
        self.statm = statm
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

    /// Reads the figures of the process, by `statm` on the descriptor that is kept open where the mode is cheap, else by
    /// `measure`.
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
            statm.rawValue,
            expectedBytes: Statm.readOptions.expectedBytes,
            limitBytes: Statm.readOptions.limitBytes
        ) { (bytes) throws(ParseError) in
            try Statm(validating: bytes, pageSizeBytes: root.pageSizeBytes)
        }
    }

    /// The largest RSS in bytes of the program that the process runs now.
    ///
    /// `VmHWM` of `/proc/PID/status`, or the largest figure that this reader has seen of the program where that is larger:
    /// the kernel brings `VmHWM` up to date only now and then. Five system calls. No privileges are needed.
    ///
    /// - Returns: `nil` for what has no memory, and where the kernel does not tell.
    /// - Throws: ``ProcMemError`` with `exited` where the process has ended and has been collected, `zombie` where it has
    ///   ended.
    public mutating func peakRSSBytes() throws(ProcMemError) -> Int? {
        // What was seen of an earlier program is no peak of this one.
        try detectExec()
        do {
            return try directory.peakRSSBytes().map { max($0, largestSeenRSSBytes) }
        } catch {
            throw self.error(error)
        }
    }

    /// Whether the process has executed another program since the reader was made, or since this was asked last.
    ///
    /// A kept `pagemap` tells it for certain, in one system call: it belongs to the memory that it was
    /// opened for, and is empty when that is gone. Without the right to open it (that of the owner, while the process is
    /// dumpable) `stat` is compared: another name, other addresses or its first program after a fork show, the same program
    /// executed again does not.
    ///
    /// - Throws: ``ProcMemError`` with `exited` or `zombie` where the process has ended.
    public mutating func checkForExec() throws(ProcMemError) -> Bool {
        try detectExec()
        defer { hasUnreportedExec = false }
        return hasUnreportedExec
    }

    private mutating func detectExec() throws(ProcMemError) {
        do throws(FileReadError) {
            if program.isProvenToRun { return }
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
        guard failure.isAbsence else { return ProcMemError(failure, path: path) }
        let isZombie = (try? directory.stat())?.isZombie ?? false
        return ProcMemError(isZombie ? .zombie : .exited, path: path)
    }
}
