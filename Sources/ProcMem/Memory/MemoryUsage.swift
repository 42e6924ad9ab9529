/// The memory of one process. A figure that is not known is `nil`, never 0.
public struct MemoryUsage: Sendable, Hashable {
    /// The resident set size (RSS) in bytes: the pages in memory that the process maps, each shared page in full.
    ///
    /// `resident` in `statm`, or `Rss` in `smaps_rollup`. Neither includes pages of hugetlbfs.
    public private(set) var rssBytes: Int?
    /// The part of RSS that is backed by files or is shared memory, in bytes.
    ///
    /// `shared` in `statm`, or `Rss` minus `Anonymous` in `smaps_rollup`. It is not the part that other processes map
    /// too: after a fork, parent and child share anonymous memory, which is not included here. `nil` also if `statm` has
    /// more shared than resident memory, which Linux never writes.
    public private(set) var sharedBytes: Int?
    /// The proportional set size (PSS) in bytes: the size of each page divided by the number of processes that map it.
    /// `Pss` in `smaps_rollup`.
    public private(set) var pssBytes: Int?
    /// The unique set size (USS) in bytes: the pages that only this process maps, which the kernel frees when it exits.
    ///
    /// The sum of `Private_Clean`, `Private_Dirty` and `Private_Hugetlb` in `smaps_rollup`.
    public private(set) var ussBytes: Int?
    /// The memory in swap in bytes, each shared page in full. `Swap` in `smaps_rollup`.
    ///
    /// In modes other than ``MemoryMode/accurate`` it is `VmSwap` in `status`, which a snapshot reads with
    /// ``MemoryDetail/all``. `VmSwap` does not include swapped-out shared memory.
    public private(set) var swapBytes: Int?
    /// The proportional share of the memory in swap in bytes: the size of each page divided by the number of processes
    /// that share it. `SwapPss` in `smaps_rollup`. Requires Linux 4.3.
    public private(set) var swapPssBytes: Int?
    /// The pages of hugetlbfs in bytes, which neither RSS nor PSS includes: `Private_Hugetlb`, which is part of USS,
    /// plus `Shared_Hugetlb` in `smaps_rollup`. Requires Linux 4.4.
    ///
    /// In modes other than ``MemoryMode/accurate`` it is `HugetlbPages` in `status`, which a snapshot reads with
    /// ``MemoryDetail/all``, and in ``MemoryMode/sampled(reads:)``: from `/proc/meminfo`, if the system has set aside no
    /// pages of hugetlbfs, otherwise from `status`.
    public private(set) var hugetlbBytes: Int?
    /// The part of RSS that is backed by files other than shared memory, in bytes. `RssFile` in `status`, which a snapshot
    /// reads with ``MemoryDetail/all``. Requires Linux 4.5.
    public private(set) var fileBytes: Int?
    /// The part of RSS that is shared memory in bytes: System V segments, tmpfs and shared anonymous mappings. `RssShmem` in
    /// `status`, as for ``fileBytes``. Requires Linux 4.5.
    public private(set) var shmemBytes: Int?
    /// The pages in bytes that the process gave up with `madvise(MADV_FREE)` and that the kernel has not reclaimed yet.
    /// They are part of RSS. `LazyFree` in `smaps_rollup`. Requires Linux 4.12.
    public private(set) var lazilyFreedBytes: Int?
    /// The part of RSS in bytes that is mapped by transparent huge pages: `AnonHugePages`, `ShmemPmdMapped` and
    /// `FilePmdMapped` in `smaps_rollup`. Pages of hugetlbfs are not among them.
    public private(set) var hugePagesBytes: Int?
    /// The largest RSS so far in bytes. `VmHWM` in `status`, as for ``fileBytes``.
    public private(set) var peakRSSBytes: Int?
    /// The part of ``hugetlbBytes`` that other processes map as well, or may map.
    private(set) var sharedHugetlbBytes: Int?
    /// `Pss_Anon` in `smaps_rollup`. Requires Linux 5.4.
    private(set) var pssAnonymousBytes: Int?
    /// `Pss_File` and `Pss_Shmem` in `smaps_rollup`. Requires Linux 5.4.
    private(set) var pssFileBytes: Int?
    /// `KSM` in `smaps_rollup`: the pages that KSM merged. Requires Linux 6.6.
    private(set) var ksmBytes: Int?

    /// The file from which the known figures were read.
    public private(set) var source: MemorySource
    /// The reason why figures that the mode provides are missing; `nil` if none is missing.
    ///
    /// The kernel reports the RSS of other users' processes too: ``source`` is then ``MemorySource/statm``, and this is
    /// the reason why an accurate measurement was not possible.
    public private(set) var unavailable: UnavailableReason?
}

extension MemoryUsage {
    /// Creates figures with given values, for tests: see <doc:TestingWithFixtures>. The figures
    /// that are not parameters are `nil`.
    ///
    /// - Parameters:
    ///   - source: The source of the figures, which has the standard error of USS.
    ///   - rssBytes: The resident set size in bytes.
    ///   - pssBytes: The proportional set size in bytes.
    ///   - ussBytes: The unique set size in bytes.
    ///   - swapBytes: The memory in swap in bytes.
    ///   - reason: The reason why figures are missing.
    public init(
        from source: MemorySource,
        rssBytes: Int? = nil,
        pssBytes: Int? = nil,
        ussBytes: Int? = nil,
        swapBytes: Int? = nil,
        unavailable reason: UnavailableReason? = nil
    ) {
        self.init(
            rssBytes: rssBytes,
            pssBytes: pssBytes,
            ussBytes: ussBytes,
            swapBytes: swapBytes,
            source: source,
            unavailable: reason
        )
    }

    init(unavailable reason: UnavailableReason) {
        self.init(source: .unavailable(reason), unavailable: reason)
    }

    init(_ statm: Statm, unavailable: UnavailableReason? = nil) {
        self.init(
            rssBytes: statm.residentBytes,
            sharedBytes: statm.sharedBytes <= statm.residentBytes ? statm.sharedBytes : nil,
            source: .statm,
            unavailable: unavailable
        )
    }

    init(_ rollup: SmapsRollup) {
        self.init(
            rssBytes: rollup.rssBytes,
            sharedBytes: rollup.anonymousBytes.map { max(0, rollup.rssBytes - $0) },
            pssBytes: rollup.pssBytes,
            ussBytes: rollup.ussBytes,
            swapBytes: rollup.swapBytes,
            swapPssBytes: rollup.swapPssBytes,
            hugetlbBytes: rollup.privateHugetlbBytes.flatMap { own in
                rollup.sharedHugetlbBytes.map { own.saturatingAdding($0) }
            },
            lazilyFreedBytes: rollup.lazyFreeBytes,
            hugePagesBytes: [rollup.anonHugePagesBytes, rollup.shmemPmdMappedBytes, rollup.filePmdMappedBytes]
                .compactMap(\.self).saturatingSum,
            sharedHugetlbBytes: rollup.sharedHugetlbBytes,
            pssAnonymousBytes: rollup.pssAnonBytes,
            pssFileBytes: rollup.pssFileBytes.flatMap { file in
                rollup.pssShmemBytes.map { file.saturatingAdding($0) }
            },
            ksmBytes: rollup.ksmBytes,
            source: rollup.isSummedFromSmaps ? .smaps : .smapsRollup
        )
    }

    /// Copies figures and replaces their source.
    ///
    /// - Parameter ussBytes: A USS estimated from samples, which is limited to RSS; `nil` to keep the known one.
    init(
        _ other: MemoryUsage,
        ussBytes: Int? = nil,
        source: MemorySource,
        unavailable: UnavailableReason? = nil
    ) {
        self = other
        if let ussBytes { self.ussBytes = min(ussBytes, rssBytes ?? ussBytes) }
        self.source = source
        self.unavailable = unavailable
    }

    /// Sets the figures that only `status` has, and others that are not known yet.
    mutating func fill(from status: ProcessStatus) {
        fileBytes = status.fileBytes
        shmemBytes = status.shmemBytes
        peakRSSBytes = status.peakRSSBytes
        swapBytes = swapBytes ?? status.swapBytes
        fillHugetlb(from: status)
    }

    /// Sets the number of pages of hugetlbfs, if it is not known yet.
    mutating func fillHugetlb(from status: ProcessStatus) {
        // The file does not report which of these pages other processes map.
        if hugetlbBytes == nil { (hugetlbBytes, sharedHugetlbBytes) = (status.hugetlbBytes, status.hugetlbBytes) }
    }

    /// Sets the number of pages of hugetlbfs of a process on a system that has none.
    mutating func fillHugetlbOfSystemWithout() {
        if mayHoldMemory, rssBytes != nil, hugetlbBytes == nil { (hugetlbBytes, sharedHugetlbBytes) = (0, 0) }
    }

    /// Sets the figures that only `status` has, and others that are not known yet, from figures of the same process that
    /// include them.
    mutating func fill(from other: MemoryUsage) {
        guard rssBytes != nil else { return }
        fileBytes = other.fileBytes
        shmemBytes = other.shmemBytes
        peakRSSBytes = other.peakRSSBytes
        swapBytes = swapBytes ?? other.swapBytes
        if hugetlbBytes == nil { (hugetlbBytes, sharedHugetlbBytes) = (other.hugetlbBytes, other.sharedHugetlbBytes) }
    }

    /// Copies the figures of counters and adds the reason why others are not known.
    init(_ counted: MemoryUsage, lacking reason: UnavailableReason) {
        let source = counted.rssBytes == nil ? .unavailable(reason) : counted.source
        self.init(counted, source: source, unavailable: reason)
    }
}

extension MemoryUsage {
    /// The anonymous part of RSS in bytes: ``rssBytes`` minus ``sharedBytes``. Other processes map these pages only after a
    /// fork.
    public var anonymousBytes: Int? {
        guard let rssBytes, let sharedBytes else { return nil }
        return max(0, rssBytes - sharedBytes)
    }

    /// Whether the process may have memory.
    var mayHoldMemory: Bool {
        switch unavailable {
        case .kernelThread, .zombie, .exited: false
        default: true
        }
    }
}

extension MemoryUsage: Encodable {
    /// Encodes every figure under the name of its property, and `null` for an unknown figure.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(source.name, forKey: "source")
        try names.encode(rssBytes, forKey: "rssBytes")
        try names.encode(sharedBytes, forKey: "sharedBytes")
        try names.encode(pssBytes, forKey: "pssBytes")
        try names.encode(ussBytes, forKey: "ussBytes")
        try names.encode(swapBytes, forKey: "swapBytes")
        try names.encode(hugetlbBytes, forKey: "hugetlbBytes")
        try names.encode(anonymousBytes, forKey: "anonymousBytes")
        try names.encode(fileBytes, forKey: "fileBytes")
        try names.encode(shmemBytes, forKey: "shmemBytes")
        try names.encode(lazilyFreedBytes, forKey: "lazilyFreedBytes")
        try names.encode(hugePagesBytes, forKey: "hugePagesBytes")
        try names.encode(peakRSSBytes, forKey: "peakRSSBytes")
        try names.encode(source.standardErrorBytes, forKey: "ussStandardErrorBytes")
        try names.encode(source.age.map { $0.wholeMicroseconds / 1000 }, forKey: "ageMilliseconds")
        try names.encode(unavailable?.rawValue, forKey: "unavailable")
    }
}

extension ProcessDirectory {
    /// Reads the memory figures of the process from one file.
    ///
    /// In the mode `sampled`, these are the figures of the counters: samples are taken of several processes together.
    ///
    /// - Returns: The figures. They are `nil`, with the reason, for a process that exists but for which the kernel
    ///   reports no memory.
    /// - Throws: Errors that are not properties of the process, such as that no descriptor is left.
    borrowing func memoryUsage(
        _ stat: ProcessStat,
        mode: MemoryMode,
        pageSizeBytes: Int
    ) throws(FileReadError) -> MemoryUsage {
        if stat.isKernelThread { return MemoryUsage(unavailable: .kernelThread) }
        var attempts = 1
        while true {
            let usage =
                try stat.isZombie
                ? usageOfThreads(stat, mode: mode, pageSizeBytes: pageSizeBytes)
                : usage(through: ProcessMemoryPaths(), mode: mode, pageSizeBytes: pageSizeBytes)
            if usage.unavailable != .executing || attempts >= Self.maximumAttempts { return usage }
            attempts += 1
        }
    }

    /// Reads the figures of a process whose main thread has exited, through a live thread.
    private borrowing func usageOfThreads(
        _ stat: ProcessStat,
        mode: MemoryMode,
        pageSizeBytes: Int
    ) throws(FileReadError) -> MemoryUsage {
        let ofThreads = try firstValueFromLiveThread(of: stat) { (id) throws(FileReadError) -> MemoryUsage? in
            let paths = ProcessMemoryPaths(thread: id)
            let ofThread = try usage(through: paths, mode: mode, pageSizeBytes: pageSizeBytes)
            return ofThread.rssBytes == nil ? nil : ofThread
        }
        return ofThreads ?? MemoryUsage(unavailable: .zombie)
    }

    private borrowing func usage(
        through paths: ProcessMemoryPaths,
        mode: MemoryMode,
        pageSizeBytes: Int
    ) throws(FileReadError) -> MemoryUsage {
        var missing: UnavailableReason?
        if mode == .accurate {
            do {
                return MemoryUsage(try smapsRollup(through: paths))
            } catch {
                missing = try unavailableReason(error)
            }
        }
        do {
            let statm = try statm(through: paths, pageSizeBytes: pageSizeBytes)
            // A process without a memory map that is not a zombie yet is exiting.
            if statm.isEmpty { return MemoryUsage(unavailable: .exited) }
            return MemoryUsage(statm, unavailable: missing)
        } catch {
            return MemoryUsage(unavailable: try unavailableReason(error))
        }
    }
}
