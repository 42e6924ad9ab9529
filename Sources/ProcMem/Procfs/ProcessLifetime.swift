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
