/// How much memory a process may have, how much of it is used and for what: the limits and the usage of its cgroups.
///
/// Every level from the process's own cgroup up to the root of what is mounted is looked at, and the smallest limit binds.
/// A limit at or above the machine's memory is none; v1 shows a number near 2^63 where there is none. <doc:MemoryOfContainers>
/// tells what the figures mean.
///
/// A figure that is not known is `nil`, and ``reasonsByUnknownFigure`` says why. All sizes are in bytes.
public struct ContainerMemory: Sendable, Hashable {
    /// The smallest limit; `nil` where no level has one. Where a cgroup has no more memory to give, and none can be taken
    /// back from it, the kernel kills one of its processes.
    ///
    /// From `memory.max` (v2) or `memory.limit_in_bytes` (v1) of every visible level, and on v1 `hierarchical_memory_limit`
    /// of `memory.stat`, which is the smallest of all levels, those included that a container does not see.
    public let limitBytes: Int?
    /// The cgroup that sets the limit, as `/proc/PID/cgroup` names it; `nil` where there is no limit, or it is that of a
    /// cgroup which is not visible.
    public let limitCgroup: String?
    /// The smallest `memory.high` (v2); `nil` where no visible level has one. It kills nobody: above it the kernel holds the
    /// processes up and takes memory back from them, so that who goes on growing crawls.
    public let highBytes: Int?
    /// What is charged to ``usageCgroup`` and all below it: `memory.current` (v2) or `memory.usage_in_bytes` (v1).
    ///
    /// Every page counts in the cgroup that touched it first, the kept pages of files as well. The root of v2 has no such
    /// figure; that of v1 is without the kernel's memory.
    public let usageBytes: Int?
    /// ``usageBytes`` less ``inactiveFileBytes``, at least 0: what the kernel cannot take back without a loss. It is what
    /// Kubernetes evicts by. The two are read one after the other.
    public let workingSetBytes: Int?
    /// How much more can be charged before a visible limit is reached, file pages that have not been used lately given up:
    /// the smallest of limit less working set over the levels that have a limit; `nil` where none has.
    public let availableBytes: Int?
    /// The memory that no file backs: `anon` (v2) or `total_rss` (v1) in `memory.stat`.
    public let anonBytes: Int?
    /// What is kept of files, with ``shmemBytes`` in it: `file` (v2) or `total_cache` (v1) in `memory.stat`.
    public let fileBytes: Int?
    /// Shared memory and files in tmpfs such as `/dev/shm`, held by a process or not: `shmem` (v2) or `total_shmem` (v1) in
    /// `memory.stat`.
    public let shmemBytes: Int?
    /// The pages of files that have not been used lately, which the kernel takes back first: `inactive_file` (v2) or
    /// `total_inactive_file` (v1) in `memory.stat`.
    public let inactiveFileBytes: Int?
    /// What the kernel needs for the cgroup, such as page tables, stacks and directory entries: `kernel` in `memory.stat`
    /// (v2, since Linux 5.18) or `memory.kmem.usage_in_bytes` (v1).
    public let kernelBytes: Int?
    /// What is swapped out: `memory.swap.current` (v2) or `total_swap` in `memory.stat` (v1).
    public let swapBytes: Int?
    /// How much may be swapped out while the memory is used up; `nil` where no visible level limits it.
    ///
    /// The smallest `memory.swap.max` (v2). v1 limits memory and swap together: the smallest `memory.memsw.limit_in_bytes`
    /// (or `hierarchical_memsw_limit`) less ``limitBytes``, at least 0; the whole of it where memory has no limit.
    public let swapLimitBytes: Int?
    /// For how much of the time the processes of ``usageCgroup`` waited for memory: `memory.pressure` (v2, since Linux 4.20).
    public let pressure: MemoryPressure?
    /// Every level that was looked at, the process's own cgroup first, the root of what is mounted last.
    ///
    /// On v1 before Linux 5.11 they end below a cgroup with a limit whose `memory.use_hierarchy` is 0: it does not bind
    /// what is below it.
    public let levels: [Level]
    /// The process's own cgroup, as `/proc/PID/cgroup` names it, or where that is not visible what is looked at instead;
    /// `nil` where there is nothing to look at.
    public let cgroup: String?
    /// The cgroup whose usage this is: the process's own or, where that goes without the `memory` controller (v2), the
    /// nearest above it; `nil` where it is not visible.
    public let usageCgroup: String?
    /// The interface that the memory controller is on; `nil` where none is visible.
    public let cgroupVersion: CgroupVersion?
    /// The machine's memory, `MemTotal` of `/proc/meminfo`.
    public let machineBytes: Int?
    /// Whether every level from the process's own cgroup up to the mount's root could be seen.
    ///
    /// Levels above the mount's root are out of sight for a process in a container, and are not meant here: see
    /// ``hasHiddenAncestors``.
    public let isComplete: Bool
    /// Whether there are cgroups above what is mounted, which a cgroup namespace or the mount hides.
    ///
    /// v1 tells the smallest of their limits all the same, and ``limitBytes`` heeds it. v2 does not: a limit up there binds,
    /// and nothing tells it. Known by files that only a root has (`release_agent`, v1) or only others (`cgroup.events`, v2).
    public let hasHiddenAncestors: Bool
    /// Why a figure is `nil`, by its name: the file, and what was found there. A limit that is `nil` and not named here is
    /// none that is visible.
    public let reasonsByUnknownFigure: [Figure: String]
    /// What was odd: the file, and what was found there.
    public let warnings: [String]

    /// The memory that can be counted on: the limit, or the machine's memory; `nil` where neither is known.
    public var effectiveMemoryBytes: Int? { limitBytes ?? machineBytes }
}

extension ContainerMemory {
    /// The name of a figure that may be unknown: the same as the property's.
    public enum Figure: String, Sendable, Hashable, CaseIterable {
        /// ``ContainerMemory/usageBytes``
        case usageBytes
        /// ``ContainerMemory/workingSetBytes``
        case workingSetBytes
        /// ``ContainerMemory/availableBytes``
        case availableBytes
        /// ``ContainerMemory/anonBytes``
        case anonBytes
        /// ``ContainerMemory/fileBytes``
        case fileBytes
        /// ``ContainerMemory/shmemBytes``
        case shmemBytes
        /// ``ContainerMemory/inactiveFileBytes``
        case inactiveFileBytes
        /// ``ContainerMemory/kernelBytes``
        case kernelBytes
        /// ``ContainerMemory/swapBytes``
        case swapBytes
        /// ``ContainerMemory/swapLimitBytes``
        case swapLimitBytes
        /// ``ContainerMemory/pressure``
        case pressure
        /// ``ContainerMemory/machineBytes``
        case machineBytes

        /// What the cgroup alone tells that a process is charged to.
        static var ofUsage: [Figure] {
            [
                .usageBytes, .workingSetBytes, .anonBytes, .fileBytes, .shmemBytes, .inactiveFileBytes, .kernelBytes,
                .swapBytes, .pressure,
            ]
        }
    }
}

extension ContainerMemory {
    /// One cgroup on the way from a process to the root of what is mounted.
    public struct Level: Sendable, Hashable {
        /// The cgroup, as `/proc/PID/cgroup` names it.
        public let cgroup: String
        /// The file that tells the limit: `memory.max` (v2) or `memory.limit_in_bytes` (v1).
        public let path: String
        /// The limit in bytes, as it was set; `nil` where the level has none or it cannot be known, which
        /// ``ContainerMemory/warnings`` then tells.
        public let limitBytes: Int?
        /// Above this the kernel slows the level's processes down, in bytes: `memory.high` (v2).
        public internal(set) var highBytes: Int?
        /// What is charged to the level and all below it, in bytes: `memory.current` (v2), `memory.usage_in_bytes` (v1).
        public internal(set) var usageBytes: Int?
        /// The usage without the file pages that have not been used lately, in bytes; read for the process's own cgroup
        /// and for levels with a limit.
        public internal(set) var workingSetBytes: Int?
        /// Whether the limit is known, `nil` then meaning that the level has none.
        public internal(set) var isKnown = true
    }
}

extension ContainerMemory {
    /// The memory of the calling process's cgroups.
    ///
    /// Read anew at each call: a container's limits can change while it runs. What cannot be read is left out of the answer,
    /// and ``reasonsByUnknownFigure``, ``isComplete`` and ``warnings`` tell why. The files are `/proc/meminfo`, `/proc/self/cgroup`, the
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
    public static func current(in root: SystemRoot = .live) throws(ProcMemError) -> ContainerMemory {
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
            isComplete: lookup.isComplete && levels?.isComplete ?? true,
            hasHiddenAncestors: levels?.hasHiddenAncestors ?? false,
            reasonsByUnknownFigure: unknown,
            warnings: warnings
        )
    }

    /// Where neither a cgroup nor the machine's memory can be read.
    private static func error(_ failure: FileReadError, in root: SystemRoot) -> ProcMemError {
        let path = root.text(MemInfo.path)
        guard failure.isAbsence else { return ProcMemError(failure, path: path) }
        let detail = "nothing tells the memory: neither this file nor a cgroup can be read"
        return ProcMemError(.unsupported, path: path, detail: detail)
    }
}

/// How much memory this process can count on: the smallest limit of its cgroups, the machine's memory at most.
///
/// In a container with 4 GiB on a machine of 256 GiB this is 4 GiB: the size to measure caches and heaps by.
/// ``ContainerMemory`` explains the number, and tells how much of it is used.
///
/// Read anew at each call: `/proc/meminfo`, `/proc/self/cgroup`, the limit of every level and on v1 `memory.stat`, three
/// system calls each: 0.1 ms at three levels. A file that is missing, unreadable or malformed counts as no limit. No
/// privileges are needed.
///
/// - Parameter root: Where the kernel's files are.
/// - Returns: The memory in bytes; `nil` where there is no limit and `/proc/meminfo` cannot be read.
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
    /// Encodes every figure under the name of its property, `null` where it is not known.
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
