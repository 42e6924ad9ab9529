/// The memory of a container: the limits of a process's cgroups, their usage, and the uses of that memory.
///
/// Every level from the process's own cgroup up to the mount's root is read, and the smallest limit binds. A limit above
/// the machine's memory does not bind, and ``levels`` has it; v1 reports a number near 2^63 if no limit is set. A limit
/// equal to the machine's memory binds: lxcfs and gVisor show the limit as the machine's memory.
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
    /// The smallest limit above the machine's memory, and the cgroup that sets it. It does not bind; `nil` if there is
    /// none. On v1 it may be that of a hidden cgroup.
    public let limitAboveMachine: UnboundLimit?
    /// The smallest soft limit, `memory.high` (v2); `nil` if no visible level has one. Above it the kernel throttles
    /// the cgroup's processes and reclaims their memory, so that they slow down if they keep growing. It never kills
    /// them.
    public let highBytes: Int?
    /// The cgroup that sets the soft limit, as `/proc/PID/cgroup` names it; `nil` if there is none.
    public let highCgroup: String?
    /// Whether the usage of a visible level exceeds its soft limit now; `nil` if a soft limit is set and the usage is not
    /// known.
    public let isAboveHigh: Bool?
    /// The swap limit that applies when the memory is used up; `nil` if no visible level has one.
    ///
    /// On v2, the smallest `memory.swap.max`. v1 limits memory and swap together: the smallest
    /// `memory.memsw.limit_in_bytes` (or `hierarchical_memsw_limit`) minus the smallest memory limit, even if that is
    /// above the machine's memory, at least 0; the whole of it if memory has no limit.
    public let swapLimitBytes: Int?

    // MARK: Usage

    /// The memory charged to ``usageCgroup`` and its descendants: `memory.current` (v2) or `memory.usage_in_bytes`
    /// (v1).
    ///
    /// Every page, including those of the page cache, is charged to the cgroup that touched it first. The v2 root
    /// does not have this figure; that of the v1 root does not include the kernel's memory.
    public let usageBytes: Int?
    /// The working set: ``usageBytes`` minus ``inactiveFileBytes``, at least 0. It approximates the memory that the
    /// kernel cannot reclaim without slowing processes down. Kubernetes evicts pods by this figure. The two are read
    /// one after the other.
    public let workingSetBytes: Int?
    /// The memory that can still be used if the kernel reclaims inactive file pages only. It is the smallest limit or
    /// soft limit minus the working set of its level, and at most ``machineAvailableBytes``. `nil` if none of these is
    /// known.
    ///
    /// Where the working set of a level with a limit cannot be read, its usage is subtracted instead, which is at least as
    /// large; where that cannot be read either, the limit itself is the upper end. Where `MemAvailable` is hidden, the
    /// machine's memory counts in place of a larger limit.
    ///
    /// If a hidden cgroup of v1 sets the limit, other cgroups may use a part of it that is not visible: the figure is
    /// then an upper bound.
    public let availableBytes: Int?
    /// The memory that can still be used if the kernel also reclaims active file pages (`active_file`) and reclaimable
    /// kernel memory (`slab_reclaimable`, v2): at least ``availableBytes``. Processes must then read files in use from
    /// the disk again.
    public let availableWithReclaimBytes: Int?
    /// The largest usage since the cgroup was created: `memory.peak` (v2, requires Linux 5.19) or
    /// `memory.max_usage_in_bytes` (v1).
    public let peakBytes: Int?
    /// The anonymous memory: `anon` (v2) or `total_rss` (v1) in `memory.stat`.
    public let anonBytes: Int?
    /// The anonymous pages and those of tmpfs that were not used recently: `inactive_anon` (v2) or `total_inactive_anon`
    /// (v1) in `memory.stat`.
    ///
    /// If a process unmaps a part of a huge page, the kernel keeps that part until memory is needed. It is in this figure
    /// or in ``activeAnonBytes``, but not in ``anonBytes``.
    public let inactiveAnonBytes: Int?
    /// The anonymous pages and those of tmpfs that were used recently: `active_anon` (v2) or `total_active_anon` (v1) in
    /// `memory.stat`.
    public let activeAnonBytes: Int?
    /// The part of ``usageBytes`` that is in none of ``anonBytes``, ``fileBytes``, ``kernelBytes`` and the buffers of
    /// sockets, at least 0; `nil` if one of them is not known. The kernel counts in batches of 64 pages for each CPU, so
    /// that a small part is always unexplained. A large part consists mostly of huge pages of which processes have
    /// unmapped a part.
    ///
    /// On v2 before Linux 5.18, which does not report the kernel's memory as a whole, its parts are subtracted: `slab`,
    /// `kernel_stack`, and as far as the kernel reports them, `percpu`, `pagetables` (5.11) and `vmalloc` (5.17). The
    /// figure then includes the rest of it, before 5.11 the page tables.
    public let unexplainedBytes: Int?
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

    // MARK: Events

    /// The events that the kernel has counted for ``usageCgroup`` and its descendants: the limit was reached, the OOM
    /// killer ended a process.
    public let events: Events
    /// The events of ``usageCgroup`` without its descendants: `memory.events.local` (v2). Requires Linux 5.2.
    public let localEvents: Events
    /// The events of swap: `memory.swap.events` (v2).
    public let swapEvents: SwapEvents

    // MARK: Cgroups

    /// Every level that was read: the process's own cgroup first, the mount's root last.
    ///
    /// On v1 before Linux 5.11, the levels end below a cgroup that has a limit and whose `memory.use_hierarchy` is 0:
    /// it does not bind its descendants.
    public let levels: [Level]
    /// The process's own cgroup, as `/proc/PID/cgroup` names it, or, if the process's own cgroup is not visible, the
    /// cgroup that was read instead; `nil` if no cgroup is visible.
    public let cgroup: String?
    /// The cgroup to which ``usageBytes`` and the other usage figures apply: the process's own or, if that does not
    /// have the `memory` controller (v2), the nearest ancestor with it; `nil` if it is not visible.
    public let usageCgroup: String?
    /// The version of the interface that the memory controller uses; `nil` if no memory controller is visible.
    public let cgroupVersion: CgroupVersion?
    /// Whether the memory controller is enabled for a visible cgroup of the process. If not, the kernel neither counts the
    /// memory of these cgroups nor limits it. `nil` if that is not known.
    ///
    /// The controller is off if the kernel was started without it, as on a Raspberry Pi, or if a parent cgroup does not
    /// pass it on in `cgroup.subtree_control`. Where the hierarchy does not show this, `/proc/cgroups` is read.
    public let isControllerEnabled: Bool?

    // MARK: The machine

    /// The machine's memory: `MemTotal` in `/proc/meminfo`, or `sysinfo(2)` if that file is hidden.
    public let machineBytes: Int?
    /// The memory that can be allocated on the machine without swapping, as the kernel estimates it: `MemAvailable` in
    /// `/proc/meminfo`.
    public let machineAvailableBytes: Int?
    /// The part of ``machineBytes`` that is set aside for huge pages, which an ordinary allocation cannot use: `Hugetlb`
    /// in `/proc/meminfo`. `nil` if that file shows the memory of a container beside the huge pages of the machine, as
    /// that of lxcfs does.
    public let hugePageBytes: Int?

    // MARK: Completeness

    /// Whether every level from the process's own cgroup up to the mount's root is visible and can be read.
    ///
    /// Levels above the mount's root are never visible in a container and do not count here: see
    /// ``hasHiddenAncestors``.
    public let isComplete: Bool
    /// Whether there are cgroups above the mount's root, hidden by a cgroup namespace or by the mount.
    ///
    /// v1 nevertheless reports the smallest of their limits in `memory.stat`, and ``limitBytes`` takes it into account. v2
    /// does not report these limits, and gVisor's v1 has no `memory.stat`: a limit of this kind applies, but cannot be
    /// read. Hidden cgroups are detected by a file that exists only in the root cgroup (`release_agent`, v1) or only in
    /// other cgroups (`cgroup.events`, v2).
    public let hasHiddenAncestors: Bool
    /// The reasons why figures are `nil`, by name: the file, and what was found there. A limit that is `nil` without an
    /// entry here is not set by any visible cgroup.
    public let reasonsByUnknownFigure: [Figure: String]
    /// Unexpected findings: the file, and what was found there.
    public let warnings: [String]

    /// The memory that the process can rely on: the smaller of the limit and the machine's memory without huge pages;
    /// `nil` if neither is known.
    public var effectiveMemoryBytes: Int? { effectiveMemoryBytes(includingSoftLimit: false) }

    /// Returns the memory that the process can rely on: the smallest of the limit, the machine's memory without huge
    /// pages and, if wanted, the soft limit; `nil` if none of them is known.
    ///
    /// - Parameter includingSoftLimit: Whether ``highBytes`` counts. Above it the kernel throttles the processes, and
    ///   never kills them.
    public func effectiveMemoryBytes(includingSoftLimit: Bool) -> Int? {
        let machine = machineBytes.map { max(0, $0 - (hugePageBytes ?? 0)) }
        return [limitBytes, machine, includingSoftLimit ? highBytes : nil].compactMap(\.self).min()
    }
}

extension ContainerMemory {
    /// A limit above the machine's memory, which does not bind.
    public struct UnboundLimit: Sendable, Hashable {
        /// The limit in bytes.
        public let limitBytes: Int
        /// The cgroup that sets it, as `/proc/PID/cgroup` names it; `nil` if it is not visible.
        public let cgroup: String?
    }
}

extension ContainerMemory.UnboundLimit: Encodable {
    /// Encodes both values under the names of their properties, and `null` for an unknown cgroup.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(limitBytes, forKey: "limitBytes")
        try names.encode(cgroup, forKey: "cgroup")
    }
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
        /// The memory set aside for huge pages: ``ContainerMemory/hugePageBytes``.
        case hugePageBytes
        /// The largest usage so far: ``ContainerMemory/peakBytes``.
        case peakBytes
        /// The counted events: ``ContainerMemory/events``.
        case events

        /// The figures that only the charged cgroup reports.
        public static var ofUsage: [Figure] {
            [
                .usageBytes, .workingSetBytes, .anonBytes, .fileBytes, .shmemBytes, .inactiveFileBytes, .kernelBytes,
                .swapBytes, .pressure, .peakBytes, .events,
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
        /// Whether the limit is known. If it is, `nil` in ``limitBytes`` means that the level has none.
        public internal(set) var isKnown = true
        /// Whether the memory controller is enabled for the level.
        var hasController = false
    }
}

extension ContainerMemory: Encodable {
    /// Encodes the JSON of `procmem container`.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(effectiveMemoryBytes, forKey: "effectiveMemoryBytes")
        try names.encode(limitBytes, forKey: "limitBytes")
        try names.encode(limitCgroup, forKey: "limitCgroup")
        try names.encode(limitAboveMachine, forKey: "limitAboveMachine")
        try names.encode(highBytes, forKey: "highBytes")
        try names.encode(highCgroup, forKey: "highCgroup")
        try names.encode(isAboveHigh, forKey: "aboveHigh")
        try names.encode(usageBytes, forKey: "usageBytes")
        try names.encode(workingSetBytes, forKey: "workingSetBytes")
        try names.encode(availableBytes, forKey: "availableBytes")
        try names.encode(availableWithReclaimBytes, forKey: "availableWithReclaimBytes")
        try names.encode(peakBytes, forKey: "peakBytes")
        try names.encode(events, forKey: "events")
        try names.encode(localEvents, forKey: "localEvents")
        try names.encode(swapEvents, forKey: "swapEvents")
        try names.encode(anonBytes, forKey: "anonBytes")
        try names.encode(inactiveAnonBytes, forKey: "inactiveAnonBytes")
        try names.encode(activeAnonBytes, forKey: "activeAnonBytes")
        try names.encode(unexplainedBytes, forKey: "unexplainedBytes")
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
        try names.encode(isControllerEnabled, forKey: "controllerEnabled")
        try names.encode(machineBytes, forKey: "machineBytes")
        try names.encode(machineAvailableBytes, forKey: "machineAvailableBytes")
        try names.encode(hugePageBytes, forKey: "hugePageBytes")
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
