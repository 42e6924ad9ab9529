extension ContainerMemory {
    /// Reads the memory of the calling process's cgroups.
    ///
    /// Every call reads the files again, because a container's limits can change while it runs. A figure that cannot be
    /// read is `nil`; ``reasonsByUnknownFigure``, ``isComplete`` and ``warnings`` have the reasons. The files are
    /// `/proc/meminfo`, `/proc/self/cgroup`, the limits and the usage of every level, `memory.stat` of levels with a
    /// limit; and of the charged cgroup, `memory.stat`, swap (v2), kernel memory (v1), pressure (v2), events and peak.
    /// No file is read twice. `/proc/self/mountinfo` is read under the same conditions as by ``CPULimits/current(in:)``.
    ///
    /// The cost is three system calls for each file, and nine for each further level. Most of the time is spent in
    /// reading `memory.stat`. The cost does not grow with the memory or the number of processes. No privileges are
    /// required.
    ///
    /// - Parameter root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` only if neither a cgroup nor `/proc/meminfo` can be read. The code is `unsupported`
    ///   if they do not exist, otherwise that of the failure, such as `outOfResources`.
    public static func current(in root: SystemRoot = .live) throws(ProcMemError) -> ContainerMemory {
        try ContainerMemory(of: .current, in: root)
    }

    /// Reads the memory of another process's cgroups, as ``current(in:)`` does for the calling process.
    ///
    /// The whole result applies to one process, even if the kernel reuses the id during the call. On v1 the kernel
    /// reports the root cgroup for a zombie. If other threads of the process still run, the result has the cgroup of
    /// these threads. The cost is that of ``current(in:)`` plus eight system calls. No privileges are required unless
    /// `/proc` hides the process.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace.
    ///   - root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` if no process has the id,
    ///   `exited` if the process exits during the call, `permissionDenied` for a process that `/proc` hides,
    ///   `procUnavailable` if `/proc` is missing, `outOfResources` if no descriptor is left; also the errors of
    ///   ``current(in:)``.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: pid, in: root)
        self = try ProcessIdentity.withStableIdentity(process, in: root) { () throws(ProcMemError) in
            try ContainerMemory(of: process, in: root)
        }
    }

    /// Reads the memory of a cgroup, whether it has processes or not. The limits of the cgroups above it apply too.
    ///
    /// The cost is that of ``current(in:)``. No privileges are required.
    ///
    /// - Parameters:
    ///   - path: The cgroup as `/proc/PID/cgroup` names it, or its directory, as for ``ProcessScope/cgroup(_:)``.
    ///   - root: The directory that contains the kernel's files.
    /// - Throws: ``ProcMemError`` with `invalidArgument` if there is no such cgroup, `unsupported` if it is not in the
    ///   hierarchy of the memory controller, `outOfResources` if no descriptor is left; also the errors of ``current(in:)``.
    public init(ofCgroup path: String, in root: SystemRoot = .live) throws(ProcMemError) {
        let directory = try CgroupDirectory(named: path, in: root)
        let own = CgroupHierarchy.find(.memory, of: .current, in: root)
        guard let hierarchy = own.hierarchy?.levels(of: directory) else {
            let detail = "is not in the hierarchy of the memory controller"
            throw ProcMemError(own.isOutOfResources ? .outOfResources : .unsupported, path: path, detail: detail)
        }
        try self.init(CgroupHierarchy.Lookup(hierarchy: hierarchy), namedBy: path, in: root, .all)
    }

    init(
        of process: ProcessSelector,
        in root: SystemRoot,
        _ detail: CgroupMemoryLevels.Detail = .all
    ) throws(ProcMemError) {
        let lookup = CgroupHierarchy.find(.memory, of: process, in: root)
        try self.init(lookup, namedBy: root.text(ProcPath(process, "cgroup")), in: root, detail)
    }

    /// - Parameter source: What named the cgroup, for messages.
    private init(
        _ lookup: CgroupHierarchy.Lookup,
        namedBy source: @autoclosure () -> String,
        in root: SystemRoot,
        _ detail: CgroupMemoryLevels.Detail
    ) throws(ProcMemError) {
        var unknown: [Figure: String] = [:]
        let machine = MachineMemory(in: root)
        if let failure = machine.failure {
            guard lookup.hierarchy != nil || machine.totalBytes != nil else { throw Self.error(failure, in: root) }
            let figure = machine.totalBytes == nil ? Figure.machineBytes : .hugePageBytes
            unknown[figure] = "\(root.text(MemInfo.path)): \(failure.summary)"
        }
        let levels = lookup.hierarchy.map { CgroupMemoryLevels($0, on: machine, detail, in: root) }
        let bounds = levels?.bounds ?? CgroupMemoryBounds(on: machine)
        if bounds.machine.hasForeignHugePages {
            let found = "has the huge pages of the machine, but the memory of a container"
            unknown[.hugePageBytes] = "\(root.text(MemInfo.path)): \(found)"
        }
        let warnings = lookup.warnings + (levels?.warnings ?? [])
        var isControllerEnabled = levels.map(\.isControllerEnabled) ?? (lookup.isComplete ? false : nil)
        if isControllerEnabled == nil, detail == .all, ControllerList.isDisabled(CgroupController.memory.name, in: root)
        {
            isControllerEnabled = false
        }
        if let levels, let usage = levels.usage, isControllerEnabled != false {
            unknown.merge(usage.unknown) { $1 }
            unknown.merge(levels.events?.unknown ?? [:]) { $1 }
        } else {
            let absence =
                levels == nil
                ? "names no cgroup for memory" : "the memory controller is not enabled for a visible cgroup"
            for figure in Figure.ofUsage { unknown[figure] = warnings.first ?? "\(source()): \(absence)" }
        }
        if bounds.availableBytes == nil {
            let found = machine.failure?.summary ?? "has no MemAvailable: requires Linux 3.14"
            unknown[.availableBytes] = "\(root.text(MemInfo.path)): \(found)"
        }
        if isControllerEnabled != false { unknown[.swapLimitBytes] = levels?.swap.reason }

        self.init(levels, bounds, lookup, isControllerEnabled, unknown, warnings)
    }

    private init(
        _ levels: CgroupMemoryLevels?,
        _ bounds: CgroupMemoryBounds,
        _ lookup: CgroupHierarchy.Lookup,
        _ isControllerEnabled: Bool?,
        _ unknown: [Figure: String],
        _ warnings: [String]
    ) {
        let (usage, events, machine) = (levels?.usage, levels?.events, bounds.machine)
        self.init(
            limitBytes: bounds.limit?.bytes,
            limitCgroup: levels?.cgroup(of: bounds.limit),
            limitAboveMachine: bounds.limitAboveMachine.map {
                UnboundLimit(limitBytes: $0.bytes, cgroup: levels?.cgroup(of: $0))
            },
            highBytes: bounds.high?.bytes,
            highCgroup: levels?.cgroup(of: bounds.high),
            isAboveHigh: bounds.isAboveHigh,
            swapLimitBytes: levels?.swapLimitBytes,
            usageBytes: usage?.usageBytes,
            workingSetBytes: usage?.workingSetBytes,
            availableBytes: bounds.availableBytes,
            availableWithReclaimBytes: bounds.availableWithReclaimBytes,
            peakBytes: events?.peakBytes,
            anonBytes: usage?.anonBytes,
            inactiveAnonBytes: usage?.inactiveAnonBytes,
            activeAnonBytes: usage?.activeAnonBytes,
            unexplainedBytes: levels?.unexplainedBytes,
            fileBytes: usage?.fileBytes,
            shmemBytes: usage?.shmemBytes,
            inactiveFileBytes: usage?.inactiveFileBytes,
            kernelBytes: usage?.kernelBytes,
            swapBytes: usage?.swapBytes,
            pressure: usage?.pressure,
            events: events?.events ?? Events(),
            localEvents: events?.local ?? Events(),
            swapEvents: events?.swap ?? SwapEvents(),
            levels: levels?.levels ?? [],
            cgroup: lookup.hierarchy?.cgroup(atLevel: 0),
            usageCgroup: levels?.usageCgroup,
            cgroupVersion: lookup.hierarchy?.version,
            isControllerEnabled: isControllerEnabled,
            machineBytes: machine.totalBytes,
            machineAvailableBytes: machine.availableBytes,
            hugePageBytes: machine.hugePageBytes,
            isComplete: lookup.isComplete && levels?.isComplete ?? true,
            hasHiddenAncestors: levels?.hasHiddenAncestors ?? false,
            reasonsByUnknownFigure: unknown,
            warnings: warnings
        )
    }

    /// Returns the error for a system on which neither a cgroup nor the machine's memory can be read.
    private static func error(_ failure: FileReadError, in root: SystemRoot) -> ProcMemError {
        let path = root.text(MemInfo.path)
        guard failure.isAbsence else { return ProcMemError(failure, path: path) }
        let detail = "the memory is unknown: neither this file nor a cgroup can be read"
        return ProcMemError(.unsupported, path: path, detail: detail)
    }
}

/// Returns the memory that the calling process can rely on: the smallest limit of its cgroups, at most the machine's
/// memory without huge pages.
///
/// In a container with 4 GiB on a machine of 256 GiB, the result is 4 GiB. Use it as the base for the sizes of caches
/// and heaps. ``ContainerMemory`` explains the number and has the usage.
///
/// Every call reads `/proc/meminfo`, `/proc/self/cgroup`, the limit of every level, on v1 `memory.stat`, and with the soft
/// limit `memory.high` of every level of v2, with three system calls for each file. The cost grows with the number of
/// levels. A file that is missing, unreadable or malformed counts as no limit. No privileges are required.
///
/// - Parameters:
///   - includingSoftLimit: Whether the soft limit, `memory.high`, counts. Above it the kernel throttles the processes and
///     reclaims their memory, and never kills them.
///   - root: The directory that contains the kernel's files.
/// - Returns: The memory in bytes; `nil` if there is no limit and `/proc/meminfo` cannot be read.
public func effectiveMemoryBytes(includingSoftLimit: Bool = false, in root: SystemRoot = .live) -> Int? {
    let detail = includingSoftLimit ? CgroupMemoryLevels.Detail.softLimits : .limitsAlone
    return (try? ContainerMemory(of: .current, in: root, detail))?
        .effectiveMemoryBytes(includingSoftLimit: includingSoftLimit)
}
