/// The memory of one process. A figure that is not known is `nil`, never 0.
public struct MemoryUsage: Sendable, Hashable {
    /// RSS in bytes: the pages in memory that the process maps, each shared one in full.
    ///
    /// `resident` of `statm`, or `Rss` of `smaps_rollup`. Pages of hugetlbfs are in neither.
    public let rssBytes: Int?
    /// The part of RSS in bytes that is backed by files or is shared memory.
    ///
    /// `shared` of `statm`, or `Rss` less `Anonymous` of `smaps_rollup`. It does not tell what others map as well:
    /// after a fork the memory of parent and child is anonymous, shared, and not in here.
    public let sharedBytes: Int?
    /// PSS in bytes: each page divided by the number of processes that map it. `Pss` of `smaps_rollup`.
    public let pssBytes: Int?
    /// USS in bytes: the pages that only this process maps; what its end would free.
    ///
    /// `Private_Clean`, `Private_Dirty` and `Private_Hugetlb` of `smaps_rollup`.
    public let ussBytes: Int?
    /// What is swapped out, in bytes, each shared page in full. `Swap` of `smaps_rollup`.
    public let swapBytes: Int?
    /// What is swapped out, in bytes, each page divided by the number of processes that share it. `SwapPss` of
    /// `smaps_rollup`, since Linux 4.3.
    public let swapPssBytes: Int?
    /// Pages of hugetlbfs in bytes, which are in neither RSS nor PSS: `Private_Hugetlb`, which is in USS, and
    /// `Shared_Hugetlb` of `smaps_rollup`, since Linux 4.4.
    public let hugetlbBytes: Int?
    /// The part of ``hugetlbBytes`` that other processes map as well.
    let sharedHugetlbBytes: Int?

    /// The file that the known figures are from.
    public let source: MemorySource
    /// Why the figures that the mode asks for are missing; `nil` where they are there.
    ///
    /// A process of another user still tells its RSS: `source` is then ``MemorySource/statm``, and this tells why an
    /// accurate look was not possible.
    public let unavailable: UnavailableReason?
}

extension MemoryUsage {
    /// What counters tell, and USS where it is known otherwise.
    private init(
        rssBytes: Int?,
        sharedBytes: Int?,
        ussBytes: Int? = nil,
        source: MemorySource,
        unavailable: UnavailableReason?
    ) {
        self.rssBytes = rssBytes
        self.sharedBytes = sharedBytes
        self.ussBytes = ussBytes
        pssBytes = nil
        swapBytes = nil
        swapPssBytes = nil
        hugetlbBytes = nil
        sharedHugetlbBytes = nil
        self.source = source
        self.unavailable = unavailable
    }

    init(_ statm: Statm, unavailable: UnavailableReason? = nil) {
        self.init(
            rssBytes: statm.residentBytes,
            sharedBytes: statm.sharedBytes,
            source: .statm,
            unavailable: unavailable
        )
    }

    /// - Parameters:
    ///   - ussBytes: By samples.
    ///   - source: Which.
    init(_ counted: MemoryUsage, ussBytes: Int, source: MemorySource) {
        self.init(
            rssBytes: counted.rssBytes,
            sharedBytes: counted.sharedBytes,
            ussBytes: min(ussBytes, counted.rssBytes ?? ussBytes),
            source: source,
            unavailable: nil
        )
    }

    /// The same figures, without those that could not be had.
    init(_ counted: MemoryUsage, lacking reason: UnavailableReason) {
        self.init(
            rssBytes: counted.rssBytes,
            sharedBytes: counted.sharedBytes,
            source: counted.rssBytes == nil ? .unavailable(reason) : counted.source,
            unavailable: reason
        )
    }

    init(unavailable reason: UnavailableReason) {
        self.init(rssBytes: nil, sharedBytes: nil, source: .unavailable(reason), unavailable: reason)
    }

    /// The same figures from another source.
    init(_ other: MemoryUsage, source: MemorySource, unavailable: UnavailableReason? = nil) {
        rssBytes = other.rssBytes
        sharedBytes = other.sharedBytes
        pssBytes = other.pssBytes
        ussBytes = other.ussBytes
        swapBytes = other.swapBytes
        swapPssBytes = other.swapPssBytes
        hugetlbBytes = other.hugetlbBytes
        sharedHugetlbBytes = other.sharedHugetlbBytes
        self.source = source
        self.unavailable = unavailable
    }

    init(_ rollup: SmapsRollup) {
        rssBytes = rollup.rssBytes
        sharedBytes = rollup.anonymousBytes.map { max(0, rollup.rssBytes - $0) }
        pssBytes = rollup.pssBytes
        ussBytes = rollup.ussBytes
        swapBytes = rollup.swapBytes
        swapPssBytes = rollup.swapPssBytes
        hugetlbBytes = rollup.privateHugetlbBytes.flatMap { own in
            rollup.sharedHugetlbBytes.map { own.saturatingAdding($0) }
        }
        sharedHugetlbBytes = rollup.sharedHugetlbBytes
        source = rollup.isSummedFromSmaps ? .smaps : .smapsRollup
        unavailable = nil
    }
}

extension MemoryUsage {
    /// RSS less what is backed by files or is shared memory: what no other process maps, unless it was forked.
    var anonymousBytes: Int? {
        guard let rssBytes, let sharedBytes else { return nil }
        return max(0, rssBytes - sharedBytes)
    }

    /// Whether there can be memory behind the process.
    var mayHoldMemory: Bool {
        switch unavailable {
        case .kernelThread, .zombie, .exited: false
        default: true
        }
    }
}

extension MemoryUsage: Encodable {
    /// Encodes every figure under the name of its property, `null` where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(source.name, forKey: "source")
        try names.encode(rssBytes, forKey: "rssBytes")
        try names.encode(sharedBytes, forKey: "sharedBytes")
        try names.encode(pssBytes, forKey: "pssBytes")
        try names.encode(ussBytes, forKey: "ussBytes")
        try names.encode(swapBytes, forKey: "swapBytes")
        try names.encode(hugetlbBytes, forKey: "hugetlbBytes")
        try names.encode(source.standardErrorBytes, forKey: "ussStandardErrorBytes")
        try names.encode(source.age.map { $0.wholeMicroseconds / 1000 }, forKey: "ageMilliseconds")
        try names.encode(unavailable?.rawValue, forKey: "unavailable")
    }
}

extension ProcessDirectory {
    /// What a read of a process's memory files comes to: figures, or the failure that a caller must hear of.
    ///
    /// Where samples are asked for, this is what counters say: samples are taken of several processes together.
    ///
    /// A process that is there but tells nothing gives figures that are `nil`, with the reason. An error is left for what
    /// is no property of the process: no descriptor left, and the like.
    borrowing func memoryUsage(
        _ stat: ProcessStat,
        mode: MemoryMode,
        pageSizeBytes: Int
    ) throws(FileReadError) -> MemoryUsage {
        if stat.isKernelThread { return MemoryUsage(unavailable: .kernelThread) }
        if stat.isZombie {
            let ofThreads = try firstValueFromLiveThread(leftBehind: stat) {
                (id) throws(FileReadError) -> MemoryUsage? in
                let ofThread = try usage(
                    through: ProcessMemoryPaths(thread: id),
                    mode: mode,
                    pageSizeBytes: pageSizeBytes
                )
                return ofThread.rssBytes == nil ? nil : ofThread
            }
            return ofThreads ?? MemoryUsage(unavailable: .zombie)
        }
        return try usage(through: ProcessMemoryPaths(), mode: mode, pageSizeBytes: pageSizeBytes)
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
                missing = try UnavailableReason(error)
            }
        }
        do {
            let statm = try statm(through: paths, pageSizeBytes: pageSizeBytes)
            // A process without a memory map that is no zombie yet is on its way there.
            if statm.isEmpty { return MemoryUsage(unavailable: .exited) }
            return MemoryUsage(statm, unavailable: missing)
        } catch {
            return MemoryUsage(unavailable: try UnavailableReason(error))
        }
    }
}
