/// The memory of one process, as exactly as the mode says.
///
/// The cost is that of the mode: see ``MemoryMode``. A look that fails costs a few system calls more, to tell why.
///
/// - Parameters:
///   - processID: The process's id in the caller's pid namespace. A thread's id gives the memory of its process.
///   - mode: Which file to read.
///   - root: Where the kernel's files are.
/// - Returns: The figures. Of a process that is there but tells nothing (a kernel thread, a zombie, one that the caller
///   may not look at) they are `nil`, and ``MemoryUsage/unavailable`` tells why.
/// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` where there is none, `exited` where
///   it ended meanwhile, `procUnavailable` without `/proc`, `outOfResources` without descriptors.
public func memoryUsage(
    of pid: Int32,
    mode: MemoryMode,
    in root: SystemRoot = .live
) throws(ProcMemError) -> MemoryUsage {
    try MemoryUsage(of: ProcessSelector(validating: pid, in: root), mode: mode, in: root)
}

/// The memory of the calling process, as exactly as the mode says.
///
/// - Parameters:
///   - mode: Which file to read.
///   - root: Where the kernel's files are.
/// - Returns: The figures, as ``memoryUsage(of:mode:in:)`` tells them of another process.
/// - Throws: ``ProcMemError`` with `procUnavailable` without `/proc`, `outOfResources` without descriptors.
public func memoryUsage(mode: MemoryMode, in root: SystemRoot = .live) throws(ProcMemError) -> MemoryUsage {
    try MemoryUsage(of: .current, mode: mode, in: root)
}

extension MemoryUsage {
    init(of process: ProcessSelector, mode: MemoryMode, in root: SystemRoot) throws(ProcMemError) {
        // The file itself first, by its path: nearly always that is the whole answer.
        switch mode {
        case .cheap:
            if let statm = try? Statm(at: ProcPath(process, "statm"), in: root), !statm.isEmpty {
                self.init(statm)
                return
            }
        case .sampled, .within: break
        case .accurate:
            let rollup = try? root.read(ProcPath(process, "smaps_rollup"), SmapsRollup.readOptions) {
                (bytes) throws(ParseError) in try SmapsRollup(validating: bytes, isSmaps: false)
            }
            if let rollup {
                self.init(rollup)
                return
            }
        }
        let directoryPath = ProcPath(directoryOf: process)
        do {
            let directory = try ProcessDirectory(process, in: root)
            self = try directory.memoryUsage(directory.stat(), mode: mode, in: root)
        } catch .system(.permissionDenied), .system(.notPermitted) {
            self.init(unavailable: .permissionDenied)
        } catch {
            let explained = ProcMemError(explaining: error, at: directoryPath, of: process, in: root)
            // Hidden, not gone.
            guard explained.code == .permissionDenied else { throw explained }
            self.init(unavailable: .permissionDenied)
        }
        if unavailable == .exited {
            throw ProcMemError(.exited, path: root.text(directoryPath))
        }
    }
}

extension MemoryUsage {
    /// What samples add to the counters of a process; the reason where they cannot be had.
    func sampled(
        _ process: ProcessSelector,
        _ stat: ProcessStat,
        reads: Int,
        in root: SystemRoot
    ) throws(FileReadError) -> MemoryUsage {
        guard anonymousBytes != nil else { return self }
        var members = [ProcessWalk<MemoryUsage>.Member(pid: stat.pid, depth: 0, stat: stat, value: self)]
        let sampled = SampledMembers(
            members,
            named: process,
            isCounted: { _ in true },
            knowsChildren: false,
            in: root
        )
        _ = try sampled.sample(
            &members,
            reads: reads,
            isClosed: false,
            KernelPageFeatures(in: root),
            in: root
        )
        return members[0].value ?? self
    }
}

extension ProcessDirectory {
    /// What a look at this process alone comes to, in any mode.
    borrowing func memoryUsage(
        _ stat: ProcessStat,
        mode: MemoryMode,
        in root: SystemRoot
    ) throws(FileReadError) -> MemoryUsage {
        let usage = try memoryUsage(stat, mode: mode, pageSizeBytes: root.pageSizeBytes)
        switch mode {
        case .cheap, .accurate: return usage
        case .sampled(let reads): return try usage.sampled(process, stat, reads: reads, in: root)
        case .within(let budget):
            guard let rssBytes = usage.rssBytes else { return usage }
            let pageSizeBytes = root.pageSizeBytes
            if ReadCosts.accurate(rssBytes: rssBytes, pageSizeBytes: pageSizeBytes) <= budget {
                return try memoryUsage(stat, mode: .accurate, pageSizeBytes: pageSizeBytes)
            }
            guard let reads = ReadCosts.reads(within: budget) else { return usage }
            return try usage.sampled(process, stat, reads: reads, in: root)
        }
    }
}

extension MemoryReader {
    /// What the process holds now.
    ///
    /// - Parameter mode: How exactly to look.
    /// - Returns: The figures. Of a process that is there but tells nothing they are `nil`, with the reason.
    /// - Throws: ``ProcMemError`` with `exited` where the process has ended and has been collected.
    public mutating func usage(mode: MemoryMode) throws(ProcMemError) -> MemoryUsage {
        try usage(mode: mode) { (directory, root) throws(FileReadError) in
            try directory.memoryUsage(directory.stat(), mode: mode, in: root)
        }
    }
}
