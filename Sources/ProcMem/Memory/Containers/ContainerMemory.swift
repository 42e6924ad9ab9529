/// The memory of a container: the limits of a process's cgroups, their usage, and the uses of that memory.
///
/// Every level from the process's own cgroup up to the mount's root is read, and the smallest limit binds. A limit at
/// or above the machine's memory does not count as one; v1 reports a number near 2^63 if no limit is set.
/// <doc:MemoryOfContainers> explains the figures.
///
/// A figure that is not known is `nil`, and ``reasonsByUnknownFigure`` has the reason. All sizes are in bytes.
public struct ContainerMemory: Sendable, Hashable {
    // MARK: Limits

    /// The smallest memory limit; `nil` if no level has one. If a cgroup reaches its limit and the kernel cannot
    /// reclaim any memory from it, the OOM killer kills one of its processes.
    ///
    /// From `memory.max` (v2) or `memory.limit_in_bytes` (v1) of every visible level, and on v1 also from
    /// `hierarchical_memory_limit` in `memory.stat`: the smallest limit of all levels, including those that are not
    /// visible in a container.
    public let limitBytes: Int?
    /// The cgroup that sets the limit, as `/proc/PID/cgroup` names it; `nil` if there is no limit, or if the cgroup
    /// that sets it is not visible.
    public let limitCgroup: String?
    /// The smallest soft limit, `memory.high` (v2); `nil` if no visible level has one. Above it the kernel throttles
    /// the cgroup's processes and reclaims their memory, so that they slow down if they keep growing. It never kills
    /// them.
    public let highBytes: Int?
    /// The swap limit that applies when the memory is used up; `nil` if no visible level has one.
    ///
    /// On v2, the smallest `memory.swap.max`. v1 limits memory and swap together: the smallest
    /// `memory.memsw.limit_in_bytes` (or `hierarchical_memsw_limit`) minus ``limitBytes``, at least 0; the whole of it
    /// if memory has no limit.
    public let swapLimitBytes: Int?

    // MARK: Usage

    /// The memory charged to ``usageCgroup`` and its descendants: `memory.current` (v2) or `memory.usage_in_bytes`
    /// (v1).
    ///
    /// Every page, including those of the page cache, is charged to the cgroup that touched it first. The v2 root
    /// does not have this figure; that of the v1 root does not include the kernel's memory.
    public let usageBytes: Int?
    /// The working set: ``usageBytes`` minus ``inactiveFileBytes``, at least 0. It is the memory that the kernel cannot
    /// reclaim without a loss, and the figure by which Kubernetes evicts pods. The two are read one after the other.
    public let workingSetBytes: Int?
    /// The memory that can still be charged before a visible limit is reached, if the kernel reclaims inactive file
    /// pages: the smallest of limit minus working set over the levels that have a limit; `nil` if none has one.
    public let availableBytes: Int?
    /// The anonymous memory: `anon` (v2) or `total_rss` (v1) in `memory.stat`.
    public let anonBytes: Int?
    /// The page cache, including ``shmemBytes``: `file` (v2) or `total_cache` (v1) in `memory.stat`.
    public let fileBytes: Int?
    /// Shared memory and files in tmpfs such as `/dev/shm`, whether a process maps them or not: `shmem` (v2) or
    /// `total_shmem` (v1) in `memory.stat`.
    public let shmemBytes: Int?
    /// The inactive pages of the page cache, which were not used recently and which the kernel reclaims first:
    /// `inactive_file` (v2) or `total_inactive_file` (v1) in `memory.stat`.
    public let inactiveFileBytes: Int?
    /// The memory that the kernel uses for the cgroup, such as page tables, stacks and directory entries: `kernel` in
    /// `memory.stat` (v2, requires Linux 5.18) or `memory.kmem.usage_in_bytes` (v1).
    public let kernelBytes: Int?
    /// The memory in swap: `memory.swap.current` (v2) or `total_swap` in `memory.stat` (v1).
    public let swapBytes: Int?
    /// The shares of time for which processes of ``usageCgroup`` waited for memory: `memory.pressure` (v2 only).
    /// Requires Linux 4.20.
    public let pressure: MemoryPressure?

    // MARK: Cgroups

    /// Every level that was read: the process's own cgroup first, the mount's root last.
    ///
    /// On v1 before Linux 5.11, the levels end below a cgroup that has a limit and whose `memory.use_hierarchy` is 0:
    /// it does not bind its descendants.
    public let levels: [Level]
    /// The process's own cgroup, as `/proc/PID/cgroup` names it, or the cgroup that was read instead if the own one is
    /// not visible; `nil` if no cgroup is visible.
    public let cgroup: String?
    /// The cgroup to which ``usageBytes`` and the other usage figures apply: the process's own or, if that does not
    /// have the `memory` controller (v2), the nearest ancestor with it; `nil` if it is not visible.
    public let usageCgroup: String?
    /// The version of the interface that the memory controller uses; `nil` if no memory controller is visible.
    public let cgroupVersion: CgroupVersion?
    /// The machine's memory: `MemTotal` in `/proc/meminfo`.
    public let machineBytes: Int?

    // MARK: Completeness

    /// Whether every level from the process's own cgroup up to the mount's root is visible.
    ///
    /// Levels above the mount's root are never visible in a container and do not count here: see
    /// ``hasHiddenAncestors``.
    public let isComplete: Bool
    /// Whether there are cgroups above the mount's root, hidden by a cgroup namespace or by the mount.
    ///
    /// v1 nevertheless reports the smallest of their limits, and ``limitBytes`` takes it into account. v2 does not
    /// report them: the limit of a hidden cgroup binds, but cannot be read. Hidden cgroups are detected by a file that
    /// only a root has (`release_agent`, v1) or that only other cgroups have (`cgroup.events`, v2).
    public let hasHiddenAncestors: Bool
    /// The reasons why figures are `nil`, by name: the file, and what was found there. A limit that is `nil` without an
    /// entry here is not set by any visible cgroup.
    public let reasonsByUnknownFigure: [Figure: String]
    /// Unexpected findings: the file, and what was found there.
    public let warnings: [String]

    /// The memory that the process can rely on: the limit, or the machine's memory; `nil` if neither is known.
    public var effectiveMemoryBytes: Int? { limitBytes ?? machineBytes }
}

extension ContainerMemory {
    /// The name of a figure that may be unknown: that of the property.
    public enum Figure: String, Sendable, Hashable, CaseIterable {
        /// The memory that the cgroup is charged for: ``ContainerMemory/usageBytes``.
        case usageBytes
        /// The working set: ``ContainerMemory/workingSetBytes``.
        case workingSetBytes
        /// The memory that is available below the limit: ``ContainerMemory/availableBytes``.
        case availableBytes
        /// Anonymous memory: ``ContainerMemory/anonBytes``.
        case anonBytes
        /// The page cache: ``ContainerMemory/fileBytes``.
        case fileBytes
        /// Shared memory: ``ContainerMemory/shmemBytes``.
        case shmemBytes
        /// Inactive page cache: ``ContainerMemory/inactiveFileBytes``.
        case inactiveFileBytes
        /// Kernel memory: ``ContainerMemory/kernelBytes``.
        case kernelBytes
        /// Swap in use: ``ContainerMemory/swapBytes``.
        case swapBytes
        /// The limit of swap: ``ContainerMemory/swapLimitBytes``.
        case swapLimitBytes
        /// The memory pressure: ``ContainerMemory/pressure``.
        case pressure
        /// The machine's memory: ``ContainerMemory/machineBytes``.
        case machineBytes

        /// The figures that only the cgroup reports to which the process is charged.
        static var ofUsage: [Figure] {
            [
                .usageBytes, .workingSetBytes, .anonBytes, .fileBytes, .shmemBytes, .inactiveFileBytes, .kernelBytes,
                .swapBytes, .pressure,
            ]
        }
    }
}

extension ContainerMemory {
    /// One cgroup between a process and the mount's root.
    public struct Level: Sendable, Hashable {
        /// The cgroup, as `/proc/PID/cgroup` names it.
        public let cgroup: String
        /// The path of the file that contains the limit: `memory.max` (v2) or `memory.limit_in_bytes` (v1).
        public let path: String
        /// The limit in bytes, as it was set; `nil` if the level has none, or if it could not be read, in which case
        /// ``ContainerMemory/warnings`` has the reason.
        public let limitBytes: Int?
        /// The soft limit in bytes, above which the kernel throttles the level's processes: `memory.high` (v2).
        public internal(set) var highBytes: Int?
        /// The memory charged to the level and its descendants, in bytes: `memory.current` (v2),
        /// `memory.usage_in_bytes` (v1).
        public internal(set) var usageBytes: Int?
        /// The working set in bytes: the usage minus the inactive file pages. Read for the process's own cgroup and for
        /// levels with a limit.
        public internal(set) var workingSetBytes: Int?
        /// Whether the limit is known; `nil` in ``limitBytes`` then means that the level has none.
        public internal(set) var isKnown = true
    }
}

extension ContainerMemory {
    /// Reads the memory of the calling process's cgroups.
    ///
    /// Every call reads the files again, because a container's limits can change while it runs. A figure that cannot be
    /// read is `nil`; ``reasonsByUnknownFigure``, ``isComplete`` and ``warnings`` have the reasons. The files are
    /// `/proc/meminfo`, `/proc/self/cgroup`, the limits and the usage of every level, `memory.stat` of levels with a
    /// limit, and of the charged cgroup `memory.stat`, its swap (v2), its kernel memory (v1) and its pressure (v2).
    /// `/proc/self/mountinfo` is read under the same conditions as by ``CPULimits/current(in:)``.
    ///
    /// The cost is three system calls for each file: 72 for five levels of v1 of which one has a limit, and nine for
    /// each further level. Most of the time is that for `memory.stat`. The cost does not grow with the memory or the
    /// number of processes. No privileges are required.
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
    /// reports a zombie in the root cgroup, unless other threads of the process still run: the cgroup is theirs then.
    /// The cost is that of ``current(in:)`` plus eight system calls. No privileges are required unless `/proc` hides
    /// the process.
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

    init(
        of process: ProcessSelector,
        in root: SystemRoot,
        _ detail: CgroupMemoryLevels.Detail = .all
    ) throws(ProcMemError) {
        var unknown: [Figure: String] = [:]
        var machineBytes: Int?
        let lookup = CgroupHierarchy.find(.memory, of: process, in: root)
        do {
            machineBytes = try MemInfo.totalBytes(in: root)
        } catch {
            guard lookup.hierarchy != nil else { throw Self.error(error, in: root) }
            unknown[.machineBytes] = "\(root.text(MemInfo.path)): \(error.summary)"
        }
        let limitCeiling = machineBytes ?? .max
        let levels = lookup.hierarchy.map { CgroupMemoryLevels($0, machineBytes: limitCeiling, detail, in: root) }
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
            swapLimitBytes: levels?.swapLimitBytes,
            usageBytes: usage?.usageBytes,
            workingSetBytes: usage?.workingSetBytes,
            availableBytes: levels?.unknownAvailable == nil ? levels?.availableBytes : nil,
            anonBytes: usage?.anonBytes,
            fileBytes: usage?.fileBytes,
            shmemBytes: usage?.shmemBytes,
            inactiveFileBytes: usage?.inactiveFileBytes,
            kernelBytes: usage?.kernelBytes,
            swapBytes: usage?.swapBytes,
            pressure: usage?.pressure,
            levels: levels?.levels ?? [],
            cgroup: lookup.hierarchy?.cgroup(atLevel: 0),
            usageCgroup: levels?.usageCgroup,
            cgroupVersion: lookup.hierarchy?.version,
            machineBytes: machineBytes,
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
/// memory.
///
/// In a container with 4 GiB on a machine of 256 GiB, the result is 4 GiB. Use it as the base for the sizes of caches
/// and heaps. ``ContainerMemory`` explains the number and has the usage.
///
/// Every call reads `/proc/meminfo`, `/proc/self/cgroup`, the limit of every level, and on v1 `memory.stat`, with three
/// system calls for each file. The cost grows with the number of levels. A file that is missing, unreadable or
/// malformed counts as no limit. No privileges are required.
///
/// - Parameter root: The directory that contains the kernel's files.
/// - Returns: The memory in bytes; `nil` if there is no limit and `/proc/meminfo` cannot be read.
public func effectiveMemoryBytes(in root: SystemRoot = .live) -> Int? {
    (try? ContainerMemory(of: .current, in: root, .limitsAlone))?.effectiveMemoryBytes
}

extension ContainerMemory: Encodable {
    /// Encodes the JSON of `procmem container`.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(effectiveMemoryBytes, forKey: "effectiveMemoryBytes")
        try names.encode(limitBytes, forKey: "limitBytes")
        try names.encode(limitCgroup, forKey: "limitCgroup")
        try names.encode(highBytes, forKey: "highBytes")
        try names.encode(usageBytes, forKey: "usageBytes")
        try names.encode(workingSetBytes, forKey: "workingSetBytes")
        try names.encode(availableBytes, forKey: "availableBytes")
        try names.encode(anonBytes, forKey: "anonBytes")
        try names.encode(fileBytes, forKey: "fileBytes")
        try names.encode(shmemBytes, forKey: "shmemBytes")
        try names.encode(inactiveFileBytes, forKey: "inactiveFileBytes")
        try names.encode(kernelBytes, forKey: "kernelBytes")
        try names.encode(swapBytes, forKey: "swapBytes")
        try names.encode(swapLimitBytes, forKey: "swapLimitBytes")
        try names.encode(pressure, forKey: "pressure")
        try names.encode(levels, forKey: "levels")
        try names.encode(cgroup, forKey: "cgroup")
        try names.encode(usageCgroup, forKey: "usageCgroup")
        try names.encode(cgroupVersion?.rawValue, forKey: "cgroupVersion")
        try names.encode(machineBytes, forKey: "machineBytes")
        try names.encode(isComplete, forKey: "complete")
        try names.encode(hasHiddenAncestors, forKey: "hiddenAncestors")
        try names.encode(
            Dictionary(uniqueKeysWithValues: reasonsByUnknownFigure.map { ($0.key.rawValue, $0.value) }),
            forKey: "unknown"
        )
        try names.encode(warnings, forKey: "warnings")
    }
}

extension ContainerMemory.Level: Encodable {
    /// Encodes every figure under the name of its property, and `null` for an unknown figure.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(cgroup, forKey: "cgroup")
        try names.encode(path, forKey: "path")
        try names.encode(limitBytes, forKey: "limitBytes")
        try names.encode(highBytes, forKey: "highBytes")
        try names.encode(usageBytes, forKey: "usageBytes")
        try names.encode(workingSetBytes, forKey: "workingSetBytes")
        try names.encode(isKnown, forKey: "known")
    }
}
