extension ProcessDirectory {
    /// What a look at a process's memory comes to: figures, or the failure that a caller must hear of.
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
            let statm = try read(files.statm, Statm.shape) { (bytes) throws(Malformation) in
                try Statm(validating: bytes, pageSizeBytes: pageSizeBytes)
            }
            // A process without a memory map that is no zombie yet is on its way there.
            if statm.isEmpty { return MemoryUsage(unavailable: .exited) }
            return MemoryUsage(statm, unavailable: missing)
        } catch {
            return MemoryUsage(unavailable: try UnavailableReason(error))
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
