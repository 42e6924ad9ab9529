/// `/proc/PID`, held open.
///
/// The kernel ties the open directory to one process: once that has been collected, every file in it answers `ESRCH`,
/// even when the id is in use again. Reading several files through one directory can not mix two processes.
struct ProcessDirectory: ~Copyable {
    let process: ProcessSelector
    private let descriptor: FileDescriptor

    init(_ process: ProcessSelector, in root: KernelRoot) throws(ReadFailure) {
        self.process = process
        descriptor = try root.open(ProcPath(directoryOf: process), as: .directory)
    }

    borrowing func open(_ path: ProcPath, as kind: Syscalls.FileKind = .contents) throws(ReadFailure) -> FileDescriptor
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
        _ shape: FileShape,
        _ parse: (Span<UInt8>) throws(Malformation) -> R
    ) throws(ReadFailure) -> R {
        try open(path).withContents(shape, parse)
    }

    borrowing func stat() throws(ReadFailure) -> ProcessStat {
        try read(ProcPath(file: "stat"), ProcessStat.shape, ProcessStat.init(parsing:))
    }

    /// The process's id, also where the directory was opened by the id of another of its threads; `nil` where the kernel
    /// does not tell.
    borrowing func processID() throws(ReadFailure) -> Int32? {
        do {
            return try read(ProcPath(file: "status"), ProcessStatus.shape, ProcessStatus.init(parsing:)).processID
        } catch .system(.noSuchFileOrDirectory) {
            return nil
        } catch .malformed {
            return nil
        }
    }

    /// The ids of the process's threads; some may be gone as soon as the list is made.
    borrowing func threadIDs() throws(ReadFailure) -> [Int32] {
        try open(ProcPath(file: "task"), as: .directory).processIDs()
    }
}
