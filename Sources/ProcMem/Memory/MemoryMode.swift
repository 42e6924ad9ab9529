/// How exactly to look, and at what price: the value by which callers switch.
public enum MemoryMode: Sendable, Hashable {
    /// RSS and shared memory from `/proc/PID/statm`.
    ///
    /// Three system calls, about 5 µs, whatever the size of the process. Needs no privileges unless `/proc` hides the
    /// process.
    case cheap
    /// PSS, USS and swap from `/proc/PID/smaps_rollup` (since Linux 4.14; `smaps` before).
    ///
    /// The kernel walks every mapped page: about 30 µs and 40–47 ns for each page of 4 KiB, 18 ms for 2 GiB. For that
    /// time it holds the memory-map lock of the **target**, which cannot map memory meanwhile: a stall of 47 ms was
    /// measured in a process of 4 GiB. Do not call it from an event loop, nor often. Needs the right to trace the
    /// process: to be its owner while it is dumpable, or CAP_SYS_PTRACE or CAP_PERFMON.
    case accurate
    /// USS with its standard error, and what processes hold together, from samples of `/proc/PID/pagemap`.
    ///
    /// Reads `maps` and, in each process, about so many windows of 16 pages or more, 65,536 at most. Bit 56 of a page's
    /// entry tells whether it is mapped there alone (since Linux 4.2); `statm` tells how many pages there are. The cost
    /// grows with the number of mappings and of reads, and not with the memory: 64 reads of a process with 25 mappings took
    /// 0.8 ms, of one with 476 (Node) 1.3 ms, and of each of 97 in a tree 0.3 ms. Memory that is reserved and hardly used
    /// costs some more questions to the kernel (`PAGEMAP_SCAN`, since Linux 6.7; before that its standard error is larger).
    /// A process so small that the reads take in all of it is read exactly. The page of zeros, which stands for memory that
    /// was read and never written, is told apart since Linux 6.7; before that by how much more is found than `statm` counts.
    ///
    /// The right to trace the process is needed, as for ``accurate``. With CAP_SYS_ADMIN the samples show page frames, and
    /// what processes hold together is told more exactly. <doc:CountingPagesOnce> has the method and its errors.
    case sampled(reads: Int)
    /// The best figures that can be had in a given time.
    ///
    /// Nothing is begun that is not likely to fit into what is left of the time, so that it is exceeded by one look at most.
    /// What an accurate look costs is predicted by the last one at that process, before that by its RSS. Of one process the
    /// figures are accurate where that fits, else sampled, else cheap. Of several, those that do not fit are sampled together,
    /// and who has waited longest is read accurately: one look leaves many with a sample, and a ``MemorySampler`` comes to
    /// accurate figures of all within some passes. It keeps them while nothing has moved, and each figure says its
    /// ``MemorySource`` and age.
    ///
    /// Listing the processes counts as well. Where that alone takes longer the list is cut, and says so
    /// (``ProcessGap/timeLimit``).
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

/// Where a figure came from.
public enum MemorySource: Sendable, Hashable {
    /// `/proc/PID/statm`.
    case statm
    /// `/proc/PID/smaps_rollup`.
    case smapsRollup
    /// `/proc/PID/smaps`, summed: the kernel has no `smaps_rollup`.
    case smaps
    /// `/proc/PID/pagemap`, sampled: USS is an estimate, and the truth lies within two standard errors of it in 95 of 100
    /// looks at least. 0 where every page was read.
    ///
    /// - `standardErrorBytes`: the standard error.
    /// - `reads`: how many windows of pages were read.
    case sampled(standardErrorBytes: Int, reads: Int)
    /// An earlier look, of which nothing has moved since: ``MemoryMode/within(_:)``.
    ///
    /// - `age`: how long ago.
    /// - `of`: where the figure came from then.
    indirect case cached(age: Duration, of: MemorySource)
    /// Nowhere: no figure is known.
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

    /// How long ago the figure was taken; `nil` for one of this very look.
    public var age: Duration? {
        if case .cached(let age, _) = self { age } else { nil }
    }

    /// Where the figure was from when it was taken.
    public var original: MemorySource {
        if case .cached(_, let source) = self { source } else { self }
    }

    /// The standard error of USS in bytes, where it is from samples; `nil` for another source.
    public var standardErrorBytes: Int? {
        if case .sampled(let error, _) = original { error } else { nil }
    }

    /// Whether it is from samples, of this look or of an earlier one.
    var isSampled: Bool { standardErrorBytes != nil }
}
