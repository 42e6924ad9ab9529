/// The figures of a process that a snapshot reads beyond those of its ``MemoryMode``.
///
/// The distinct memory and the figures of the mode are the same for both values, with one exception: ``all`` also reads
/// the pages of hugetlbfs, which narrows the bounds in modes that do not read them.
public enum MemoryDetail: Sendable, Hashable {
    /// The figures of the mode.
    case standard
    /// Also the figures that only `/proc/PID/status` has: ``MemoryUsage/fileBytes``, ``MemoryUsage/shmemBytes`` and
    /// ``MemoryUsage/peakRSSBytes``. If the mode does not provide them, ``MemoryUsage/swapBytes`` and
    /// ``MemoryUsage/hugetlbBytes`` are read from this file too.
    ///
    /// One more file for each process: three system calls, regardless of its memory. A ``MemorySampler`` then also
    /// searches for the processes in every pass. No privileges are required unless `/proc` hides the process.
    /// `HugetlbPages` requires Linux 4.4, `RssFile` and `RssShmem` 4.5. On an earlier kernel the figure is `nil`.
    case all
}

extension ProcessDirectory {
    /// Adds the figures in `status`, through a live thread if the main thread has exited. They stay unknown if the file
    /// cannot be read.
    borrowing func addStatus(to usage: inout MemoryUsage, _ stat: ProcessStat) {
        guard usage.rssBytes != nil, let status = try? statusOfAnyThread(stat) else { return }
        usage.fill(from: status)
    }

    /// Adds the number of pages of hugetlbfs, which stays unknown if `status` cannot be read.
    borrowing func addHugetlb(to usage: inout MemoryUsage, _ stat: ProcessStat) {
        guard usage.rssBytes != nil, let status = try? statusOfAnyThread(stat) else { return }
        usage.fillHugetlb(from: status)
    }

    private borrowing func statusOfAnyThread(_ stat: ProcessStat) throws(FileReadError) -> ProcessStatus {
        let ofThread = try firstValueFromLiveThread(of: stat) { (id) throws(FileReadError) -> ProcessStatus? in
            let status = try read(ProcPath(task: id, "status"), ProcessStatus.readOptions, ProcessStatus.init(parsing:))
            return status.peakRSSBytes == nil ? nil : status
        }
        if let ofThread { return ofThread }
        return try read(ProcPath(file: "status"), ProcessStatus.readOptions, ProcessStatus.init(parsing:))
    }
}
