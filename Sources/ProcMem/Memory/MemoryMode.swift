/// How memory is measured: the trade-off between accuracy and cost.
public enum MemoryMode: Sendable, Hashable {
    /// RSS and shared memory from `/proc/PID/statm`.
    ///
    /// Three system calls, regardless of the size of the process. No privileges are required unless `/proc` hides the
    /// process.
    case cheap
    /// PSS, USS and swap from `/proc/PID/smaps_rollup`, or from `smaps` before Linux 4.14.
    ///
    /// The kernel walks every mapped page: the cost grows with the resident memory. During that time the kernel holds
    /// the memory-map lock of the **target** process, which cannot map memory until the read ends: a large process
    /// stalls. Do not use this mode from an event loop or often. The caller must be permitted to trace the process: it
    /// owns the process and the process is dumpable, or it has CAP_SYS_PTRACE. CAP_PERFMON is sufficient on Linux 6.18,
    /// but not on 6.12.
    case accurate
    /// USS with its standard error, and the distinct memory of several processes, from samples of `/proc/PID/pagemap`.
    ///
    /// Reads `maps` and, in each process, about `reads` blocks of 16 pages or more; at most 65,536 blocks. Bit 56 of a
    /// page's entry shows whether only this process maps the page (requires Linux 4.2), and `statm` reports the number
    /// of pages. The cost grows with the number of mappings and of reads, not with the memory. Memory that is reserved
    /// but mostly unused costs some further system calls (`PAGEMAP_SCAN`, requires Linux 6.7); on earlier kernels its
    /// standard error is larger instead. If the blocks cover the whole process, the figure is exact. The kernel maps
    /// one shared page of zeros for memory that was read but never written. Linux 6.7 and later identify this page. On
    /// earlier kernels, the number of its mappings is estimated from the pages that are found beyond those that `statm`
    /// counts.
    ///
    /// The caller must be permitted to trace the process, as for ``accurate``; CAP_PERFMON alone is not sufficient.
    /// With CAP_SYS_ADMIN the samples show page frame numbers, and the distinct memory of several processes is more
    /// exact. <doc:CountingPagesOnce> describes the method and its errors.
    case sampled(reads: Int)
    /// The best figures that can be measured in a given time.
    ///
    /// A read starts only if it is predicted to finish in the remaining time, so the time is exceeded by at most one
    /// read. The cost of an accurate read is predicted from the last accurate read of the same process, or from its RSS
    /// and the number of its mappings if there is none. One process is measured accurately if that fits into the time,
    /// otherwise by samples, otherwise by its counters. Several processes are sampled together. All of them are then
    /// read accurately if that fits, and sampled again with more reads if the sampling error still makes the bounds
    /// wide. If it does not fit, a few of them are read accurately, if samples leave open how many different pages a
    /// forked family shares (<doc:CountingPagesOnce>). A ``MemorySampler`` distributes the accurate reads of idle
    /// processes over some passes if they are likely to narrow the total. It keeps a figure as long as the counters of
    /// the process have not changed. Each figure has its ``MemorySource`` and age.
    ///
    /// The time includes that for listing the processes. If the listing alone takes longer, the list is cut short and
    /// reports the gap (``ProcessGap/timeLimit``). The distinct memory of a cgroup is then estimated by its charge, as
    /// with ``MemoryDetail/totals``.
    case within(Duration)
}

extension MemoryMode {
    /// The name in JSON and on the command line: `cheap`, `sampled`, `accurate` or `within`.
    public var name: String {
        switch self {
        case .cheap: "cheap"
        case .accurate: "accurate"
        case .sampled: "sampled"
        case .within: "within"
        }
    }
}

/// The source of a figure.
public enum MemorySource: Sendable, Hashable {
    /// The counters in `/proc/PID/statm`.
    case statm
    /// The sums in `/proc/PID/smaps_rollup`.
    case smapsRollup
    /// The mappings in `/proc/PID/smaps`, added up: the kernel has no `smaps_rollup`.
    case smaps
    /// Samples of `/proc/PID/pagemap`: USS is an estimate. In at least 95 of 100 measurements, the true value differs
    /// from it by at most two standard errors.
    ///
    /// - `standardErrorBytes`: the standard error in bytes; 0 if every page was read.
    /// - `reads`: the number of blocks of pages that were read.
    case sampled(standardErrorBytes: Int, reads: Int)
    /// An earlier measurement, still valid because none of the process's counters has changed:
    /// ``MemoryMode/within(_:)``.
    ///
    /// - `age`: the time since the measurement.
    /// - `of`: the source of the figure in that measurement.
    indirect case cached(age: Duration, of: MemorySource)
    /// No source: no figure is known, for this reason.
    case unavailable(UnavailableReason)
}

extension MemorySource {
    /// The name in JSON: `statm`, `smaps_rollup`, `smaps`, `sampled`, `cached` or `none`.
    public var name: String {
        switch self {
        case .statm: "statm"
        case .smapsRollup: "smaps_rollup"
        case .smaps: "smaps"
        case .sampled: "sampled"
        case .cached: "cached"
        case .unavailable: "none"
        }
    }

    /// The time since the figure was measured; `nil` for a figure of the current measurement.
    public var age: Duration? {
        if case .cached(let age, _) = self { age } else { nil }
    }

    /// The source of the figure at the time of the measurement.
    public var original: MemorySource {
        if case .cached(_, let source) = self { source } else { self }
    }

    /// The standard error of USS in bytes; `nil` if the figure is not from samples.
    public var standardErrorBytes: Int? {
        if case .sampled(let error, _) = original { error } else { nil }
    }

    /// Whether the figure is from samples, of the current measurement or of an earlier one.
    var isSampled: Bool { standardErrorBytes != nil }

    /// Whether the sizes were counted in the page tables, and not by counters of the process.
    var readsPageTables: Bool { original == .smapsRollup || original == .smaps }
}
