extension ProcessDirectory {
    /// What a look at this process alone comes to, in any mode.
    borrowing func memoryUsage(
        _ stat: ProcessStat,
        mode: MemoryMode,
        in root: KernelRoot
    ) throws(ReadFailure) -> MemoryUsage {
        let usage = try memoryUsage(stat, mode: mode, pageSizeBytes: root.pageSizeBytes)
        switch mode {
        case .cheap, .accurate: return usage
        case .sampled(let reads): return try usage.sampled(process, stat, reads: reads, in: root)
        case .bounded(let budget):
            guard let rssBytes = usage.rssBytes else { return usage }
            let pageSizeBytes = root.pageSizeBytes
            if ReadCosts.accurate(rssBytes: rssBytes, pageSizeBytes: pageSizeBytes) <= budget {
                return try memoryUsage(stat, mode: .accurate, pageSizeBytes: pageSizeBytes)
            }
            guard let reads = ReadCosts.reads(within: budget) else { return usage }
            return try usage.sampled(process, stat, reads: reads, in: root)
        }
    }

    /// What a look at a process's memory comes to: figures, or the failure that a caller must hear of.
    ///
    /// Where samples are asked for, this is what counters say: samples are taken of several processes together.
    ///
    /// A process that is there but tells nothing gives figures that are `nil`, with the reason. An error is left for what
    /// is no property of the process: no descriptor left, and the like.
    borrowing func memoryUsage(
        _ stat: ProcessStat,
        mode: MemoryMode,
        pageSizeBytes: Int
    ) throws(ReadFailure) -> MemoryUsage {
        if stat.isKernelThread { return MemoryUsage(unavailable: .kernelThread) }
        if stat.isZombie {
            let ofThreads = try answerOfThreads(leftBehind: stat) { (id) throws(ReadFailure) -> MemoryUsage? in
                let ofThread = try usage(through: .ofThread(id), mode: mode, pageSizeBytes: pageSizeBytes)
                return ofThread.rssBytes == nil ? nil : ofThread
            }
            return ofThreads ?? MemoryUsage(unavailable: .zombie)
        }
        return try usage(through: .ofProcess, mode: mode, pageSizeBytes: pageSizeBytes)
    }

    private borrowing func usage(
        through files: ThreadMemoryFiles,
        mode: MemoryMode,
        pageSizeBytes: Int
    ) throws(ReadFailure) -> MemoryUsage {
        var missing: UnavailableReason?
        if mode == .accurate {
            do {
                return MemoryUsage(try smapsRollup(through: files))
            } catch {
                missing = try UnavailableReason(error)
            }
        }
        do {
            let statm = try statm(through: files, pageSizeBytes: pageSizeBytes)
            // A process without a memory map that is no zombie yet is on its way there.
            if statm.isEmpty { return MemoryUsage(unavailable: .exited) }
            return MemoryUsage(statm, unavailable: missing)
        } catch {
            return MemoryUsage(unavailable: try UnavailableReason(error))
        }
    }

    /// The sizes by `statm` of a process whose main thread has ended, through a thread that lives.
    ///
    /// - Throws: `ESRCH` where there is none.
    borrowing func statmOfThreads(pageSizeBytes: Int) throws(ReadFailure) -> Statm {
        let ofThreads = try answerOfThreads(leftBehind: stat()) { (id) throws(ReadFailure) -> Statm? in
            let ofThread = try statm(through: .ofThread(id), pageSizeBytes: pageSizeBytes)
            return ofThread.isEmpty ? nil : ofThread
        }
        guard let ofThreads else { throw .system(.noSuchProcess) }
        return ofThreads
    }

    /// The files that tell of the process's memory: those of a thread that lives where the main thread has ended.
    borrowing func memoryFiles(_ stat: ProcessStat, pageSizeBytes: Int) throws(ReadFailure) -> ThreadMemoryFiles {
        let thread = try answerOfThreads(leftBehind: stat) { (id) throws(ReadFailure) -> Int32? in
            try statm(through: .ofThread(id), pageSizeBytes: pageSizeBytes).isEmpty ? nil : id
        }
        return thread.map(ThreadMemoryFiles.ofThread) ?? .ofProcess
    }

    private borrowing func statm(
        through files: ThreadMemoryFiles,
        pageSizeBytes: Int
    ) throws(ReadFailure) -> Statm {
        try read(files.statm, Statm.shape) { (bytes) throws(Malformation) in
            try Statm(validating: bytes, pageSizeBytes: pageSizeBytes)
        }
    }

    /// The sums over the mappings, through a thread that lives where the main thread has ended.
    borrowing func smapsRollupOfAnyThread() throws(ReadFailure) -> SmapsRollup {
        do {
            return try smapsRollup()
        } catch  where error.isAbsence {
            let ofThread = try answerOfThreads(leftBehind: stat()) { (id) throws(ReadFailure) in
                try smapsRollup(through: .ofThread(id))
            }
            guard let ofThread else { throw error }
            return ofThread
        }
    }

    /// The largest RSS so far, in bytes, through a thread that lives where the main thread has ended; `nil` for what has no
    /// memory.
    borrowing func peakRSSBytes() throws(ReadFailure) -> Int? {
        let status = try read(ProcPath(file: "status"), ProcessStatus.shape, ProcessStatus.init(parsing:))
        if let peak = status.peakRSSBytes { return peak }
        return try answerOfThreads(leftBehind: stat()) { (id) throws(ReadFailure) in
            try read(ProcPath(task: id, "status"), ProcessStatus.shape, ProcessStatus.init(parsing:)).peakRSSBytes
        }
    }

    /// The sums over the mappings, from `smaps` where the kernel has no `smaps_rollup`.
    borrowing func smapsRollup(through files: ThreadMemoryFiles = .ofProcess) throws(ReadFailure) -> SmapsRollup {
        do {
            return try read(files.smapsRollup, SmapsRollup.shape) { (bytes) throws(Malformation) in
                try SmapsRollup(validating: bytes, isSmaps: false)
            }
        } catch .system(.noSuchFileOrDirectory) {
            return try SmapsRollup.summed(open(files.smaps))
        }
    }
}

extension UnavailableReason {
    /// What a failure to read a file of a process that was there a moment ago says about it.
    ///
    /// - Throws: The failure itself where it says nothing about the process.
    init(_ failure: ReadFailure) throws(ReadFailure) {
        switch failure {
        case .system(.permissionDenied), .system(.notPermitted): self = .permissionDenied
        case .system(.noSuchProcess): self = .exited
        case .system(.noSuchFileOrDirectory), .system(.noFunction), .system(.notSupported): self = .unsupported
        case .malformed, .tooLarge: self = .malformed
        case .system: throw failure
        }
    }
}
