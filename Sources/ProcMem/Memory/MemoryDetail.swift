/// The figures that a snapshot reads: those of its ``MemoryMode``, further ones of each process, or totals alone.
///
/// The distinct memory and the figures of the mode are the same for ``standard`` and ``all``, with one exception: ``all``
/// also reads the pages of hugetlbfs, which narrows the bounds in modes that do not read them.
public enum MemoryDetail: Sendable, Hashable {
    /// No process, only the totals of a cgroup: its charge, and an estimate of the distinct memory of its processes from
    /// that charge. The mode makes no difference.
    ///
    /// About ten small files, regardless of the number of processes and of their memory: `memory.stat` and the other files
    /// that ``CgroupCharge`` names, and `/proc/meminfo`. No process is listed, and no privileges are required. Only a
    /// cgroup has totals of its own: a snapshot of another scope throws ``ProcMemError`` with `invalidArgument`, as does
    /// one that excludes the calling process.
    ///
    /// The estimate is never proven. It is the memory that is charged to the cgroup and that a process maps: `anon` and
    /// `file_mapped` (v2), `total_rss` and `total_mapped_file` (v1). Memory that the processes map and that is charged to
    /// another cgroup is missing, above all the pages of programs and libraries that another cgroup read first. So are
    /// pages of hugetlbfs, unless the kernel charges them (`hugetlb` in `memory.stat`). <doc:CountingPagesOnce> describes
    /// the bounds and what they rely on.
    case totals
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
