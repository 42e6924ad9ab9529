extension ContainerMemory {
    /// The memory of the calling process's cgroups.
    ///
    /// Read anew at each call: a container's limits can change while it runs. What cannot be read is left out of the answer,
    /// and ``unknown``, ``complete`` and ``warnings`` tell why. The files are `/proc/meminfo`, `/proc/self/cgroup`, the
    /// limits and the usage of every level, `memory.stat` where a limit is set, and of the cgroup that is charged
    /// `memory.stat`, its swap (v2), its kernel memory (v1) and its pressure (v2); `/proc/self/mountinfo` where
    /// ``CPULimits/current(in:)`` reads it.
    ///
    /// The cost is three system calls for each file: 72 of them in 0.25 ms at five levels of v1, one with a limit, and nine
    /// more for each further level; most goes into `memory.stat`, 16 µs each. It does not grow with the memory, nor with
    /// the number of processes. No privileges are needed.
    ///
    /// - Parameter root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` only where nothing tells anything: no cgroup and no `/proc/meminfo` can be read. The code
    ///   is `unsupported` where they are not there, else that of the failure, such as `outOfResources`.
    public static func current(in root: KernelRoot = .live) throws(ProcMemError) -> ContainerMemory {
        try ContainerMemory(of: .current, in: root)
    }

    /// The memory of another process's cgroups, as ``current(in:)`` tells that of the caller's.
    ///
    /// All of the answer is about one process, also where the id passes to another one meanwhile. Of a zombie the kernel says
    /// on v1 that it is in the root; one whose other threads run on is where they are. The cost is that of ``current(in:)``
    /// and eight system calls. No privileges are needed unless `/proc` hides the process.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` where there is none, `exited` where
    ///   it ended meanwhile, `permissionDenied` for one that `/proc` hides, `procUnavailable` without `/proc`,
    ///   `outOfResources` without descriptors; also what ``current(in:)`` throws.
    public init(of processID: Int32, in root: KernelRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: processID, in: root)
        self = try ProcessIdentity.holding(process, in: root) { () throws(ProcMemError) in
            try ContainerMemory(of: process, in: root)
        }
    }

    init(
        of process: ProcessSelector,
        in root: KernelRoot,
        _ detail: CgroupMemoryLevels.Detail = .all
    ) throws(ProcMemError) {
        var unknown: [Figure: String] = [:]
        var machineBytes: Int?
        let lookup = CgroupHierarchy.find(.memory, of: process, in: root)
        do {
            machineBytes = try MemoryInformation.totalBytes(in: root)
        } catch {
            guard lookup.hierarchy != nil else { throw Self.error(error, in: root) }
            unknown[.machineBytes] = "\(root.text(MemoryInformation.path)): \(error.summary)"
        }
        let unreached = machineBytes ?? .max
        let levels = lookup.hierarchy.map { CgroupMemoryLevels($0, machineBytes: unreached, detail, in: root) }
        let usage = levels?.usage
        let warnings = lookup.warnings + (levels?.warnings ?? [])
        if let usage {
            unknown.merge(usage.unknown) { $1 }
        } else {
            let reason = warnings.first ?? "\(root.text(ProcPath(process, "cgroup"))): names no cgroup for memory"
            for figure in Figure.ofUsage { unknown[figure] = reason }
        }
        unknown[.availableBytes] = levels?.unknownAvailable
        unknown[.swapLimitBytes] = levels?.swap.reason

        self.init(
            limitBytes: levels?.limit?.bytes,
            limitCgroup: levels?.limit?.cgroup,
            highBytes: levels?.high.bytes,
            usageBytes: usage?.usageBytes,
            workingSetBytes: usage?.workingSetBytes,
            availableBytes: levels?.unknownAvailable == nil ? levels?.availableBytes : nil,
            anonBytes: usage?.anonBytes,
            fileBytes: usage?.fileBytes,
            shmemBytes: usage?.shmemBytes,
            inactiveFileBytes: usage?.inactiveFileBytes,
            kernelBytes: usage?.kernelBytes,
            swapBytes: usage?.swapBytes,
            swapLimitBytes: levels?.swapLimitBytes,
            pressure: usage?.pressure,
            levels: levels?.levels ?? [],
            cgroup: lookup.hierarchy?.cgroup(atLevel: 0),
            usageCgroup: levels?.usageCgroup,
            cgroupVersion: lookup.hierarchy?.version,
            machineBytes: machineBytes,
            complete: lookup.isComplete && levels?.isComplete ?? true,
            hasHiddenAncestors: levels?.hasHiddenAncestors ?? false,
            unknown: unknown,
            warnings: warnings
        )
    }

    /// Where neither a cgroup nor the machine's memory can be read.
    private static func error(_ failure: ReadFailure, in root: KernelRoot) -> ProcMemError {
        let path = root.text(MemoryInformation.path)
        guard failure.isAbsence else { return ProcMemError(failure, path: path) }
        let detail = "nothing tells the memory: neither this file nor a cgroup can be read"
        return ProcMemError(.unsupported, path: path, detail: detail)
    }
}
