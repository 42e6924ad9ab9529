/// Measures the memory of one process.
///
/// The mode determines the file, the cost and the privileges required: see ``MemoryMode``. A measurement that fails
/// costs a few more system calls, which determine the reason.
///
/// - Parameters:
///   - pid: The process's pid in the caller's pid namespace. A thread's id selects the process of the thread.
///   - mode: How memory is measured.
///   - root: The directory below which the kernel's files are read.
/// - Returns: The figures. They are `nil` for a process that exists but has no memory of its own (a kernel thread, a
///   zombie) or that the caller may not read; ``MemoryUsage/unavailable`` gives the reason.
/// - Throws: ``ProcMemError`` with `invalidArgument` for a pid below 1, `noSuchProcess` if the process does not exist,
///   `exited` if it exited meanwhile, `procUnavailable` if `/proc` is not mounted, `outOfResources` if no file
///   descriptor is left.
public func memoryUsage(
    of pid: Int32,
    mode: MemoryMode,
    in root: SystemRoot = .live
) throws(ProcMemError) -> MemoryUsage {
    try MemoryUsage(of: ProcessSelector(validating: pid, in: root), mode: mode, in: root)
}

/// Measures the memory of the calling process.
///
/// The mode determines the file and the cost: see ``MemoryMode``.
///
/// - Parameters:
///   - mode: How memory is measured.
///   - root: The directory below which the kernel's files are read.
/// - Returns: The figures, as ``memoryUsage(of:mode:in:)`` returns them for another process.
/// - Throws: ``ProcMemError`` with `procUnavailable` if `/proc` is not mounted, `outOfResources` if no file descriptor
///   is left.
public func memoryUsage(mode: MemoryMode, in root: SystemRoot = .live) throws(ProcMemError) -> MemoryUsage {
    try MemoryUsage(of: .current, mode: mode, in: root)
}

extension MemoryUsage {
    init(of process: ProcessSelector, mode: MemoryMode, in root: SystemRoot) throws(ProcMemError) {
        // Usually the mode's file alone, opened by its path, gives the figures.
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
            // The process exists, but `/proc` hides it from the caller.
            guard explained.code == .permissionDenied else { throw explained }
            self.init(unavailable: .permissionDenied)
        }
        if unavailable == .exited {
            throw ProcMemError(.exited, path: root.text(directoryPath))
        }
    }
}

extension MemoryUsage {
    /// Adds a sampled USS to the counter figures, or the reason why sampling failed.
    func sampled(
        _ process: ProcessSelector,
        _ stat: ProcessStat,
        reads: Int,
        mayListOn: () -> Bool = { true },
        mayGoOn: () -> Bool = { true },
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
            mayListOn: mayListOn,
            mayGoOn: mayGoOn,
            KernelPageFeatures(in: root),
            in: root
        )
        return members[0].value ?? self
    }
}

extension ProcessDirectory {
    /// Measures this one process in the given mode.
    borrowing func memoryUsage(
        _ stat: ProcessStat,
        mode: MemoryMode,
        in root: SystemRoot
    ) throws(FileReadError) -> MemoryUsage {
        let start = ContinuousClock.now
        let usage = try memoryUsage(stat, mode: mode, pageSizeBytes: root.pageSizeBytes)
        switch mode {
        case .cheap, .accurate: return usage
        case .sampled(let reads): return try sampledUsage(usage, stat, reads: reads, in: root)
        case .within:
            guard let rssBytes = usage.rssBytes, let deadline = mode.deadline(from: start) else { return usage }
            var costs = LearnedCosts.ofProgram.costs(pageSizeBytes: root.pageSizeBytes)
            if let read = try fittingRead(stat, costs, rssBytes: rssBytes, until: deadline) {
                let readStart = ContinuousClock.now
                let usage = try memoryUsage(stat, mode: .accurate, pageSizeBytes: root.pageSizeBytes)
                // Files below another directory say nothing about the kernel's cost.
                if root.isLive, usage.pssBytes != nil {
                    costs.learn(
                        accurate: readStart.duration(to: .now),
                        rssBytes: rssBytes,
                        mappingCount: read.mappingCount
                    )
                    LearnedCosts.ofProgram.keep(costs)
                }
                return usage
            }
            let sampleStart = ContinuousClock.now
            let time = sampleStart.duration(to: deadline)
            guard let reads = ReadCosts.reads(within: time) else { return usage }
            // What follows the list of mappings takes time in proportion to it, and is not interrupted.
            let listEnd = sampleStart + time * 0.6
            return try sampledUsage(
                usage,
                stat,
                reads: reads,
                mayListOn: { .now < listEnd },
                mayGoOn: { .now < deadline },
                in: root
            )
        }
    }

    /// An accurate read that is predicted to fit into a budget.
    private struct FittingRead {
        /// The number of mappings; `nil` if they were not counted.
        let mappingCount: Int?
    }

    /// Returns `nil` if an accurate read is not predicted to fit. The mappings are counted if that is not certain.
    private borrowing func fittingRead(
        _ stat: ProcessStat,
        _ costs: ReadCosts,
        rssBytes: Int,
        until deadline: ContinuousClock.Instant
    ) throws(FileReadError) -> FittingRead? {
        let time = ContinuousClock.now.duration(to: deadline)
        if costs.longestAccurate(rssBytes: rssBytes, virtualBytes: stat.virtualBytes) <= time {
            return FittingRead(mappingCount: nil)
        }
        guard costs.accurate(rssBytes: rssBytes) <= time,
            let maximum = costs.mappingCount(within: time, rssBytes: rssBytes),
            let count = try mappingCount(upTo: maximum, { .now < deadline }),
            .now + costs.accurate(rssBytes: rssBytes, mappingCount: count) <= deadline
        else { return nil }
        return FittingRead(mappingCount: count)
    }

    /// Counts the mappings of the process.
    ///
    /// - Returns: `nil` if there are more than `maximum`, or if counting was stopped; 0 if they cannot be read, because
    ///   a failing read costs little.
    borrowing func mappingCount(upTo maximum: Int, _ mayGoOn: () -> Bool) throws(FileReadError) -> Int? {
        do throws(FileReadError) {
            return try open(ProcessMemoryPaths().maps).mappingCount(upTo: maximum, mayGoOn: mayGoOn)
        } catch {
            _ = try UnavailableReason(error)
            return 0
        }
    }

    /// Samples the process, and starts again if it executed another program during the reads.
    private borrowing func sampledUsage(
        _ counted: MemoryUsage,
        _ stat: ProcessStat,
        reads: Int,
        mayListOn: () -> Bool = { true },
        mayGoOn: () -> Bool = { true },
        in root: SystemRoot
    ) throws(FileReadError) -> MemoryUsage {
        var (counted, stat) = (counted, stat)
        for _ in 0..<Self.maximumAttempts {
            let usage = try counted.sampled(
                process,
                stat,
                reads: reads,
                mayListOn: mayListOn,
                mayGoOn: mayGoOn,
                in: root
            )
            guard usage.unavailable == .exited, try end() == nil else { return usage }
            stat = try self.stat()
            counted = try memoryUsage(stat, mode: .cheap, pageSizeBytes: root.pageSizeBytes)
        }
        return MemoryUsage(counted, lacking: .executing)
    }
}

extension MemoryReader {
    /// Measures the memory of the process.
    ///
    /// The mode determines the file, the cost and the privileges required: see ``MemoryMode``.
    ///
    /// - Parameter mode: How memory is measured.
    /// - Returns: The figures. They are `nil` for a process that exists but has no memory of its own or that the caller
    ///   may not read; ``MemoryUsage/unavailable`` gives the reason.
    /// - Throws: ``ProcMemError`` with `exited` if the process has exited and its parent has waited for it.
    public mutating func usage(mode: MemoryMode) throws(ProcMemError) -> MemoryUsage {
        try usage(mode: mode) { (directory, root) throws(FileReadError) in
            try directory.memoryUsage(directory.stat(), mode: mode, in: root)
        }
    }
}
