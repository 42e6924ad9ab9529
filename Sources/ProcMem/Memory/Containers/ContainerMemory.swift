/// How much memory a process may have, how much of it is used and for what: the limits and the usage of its cgroups.
///
/// Every level from the process's own cgroup up to the root of what is mounted is looked at, and the smallest limit binds.
/// A limit at or above the machine's memory is none; v1 shows a number near 2^63 where there is none. <doc:MemoryOfContainers>
/// tells what the figures mean.
///
/// A figure that is not known is `nil`, and ``unknown`` says why. All sizes are in bytes.
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
    public let complete: Bool
    /// Whether there are cgroups above what is mounted, which a cgroup namespace or the mount hides.
    ///
    /// v1 tells the smallest of their limits all the same, and ``limitBytes`` heeds it. v2 does not: a limit up there binds,
    /// and nothing tells it. Known by files that only a root has (`release_agent`, v1) or only others (`cgroup.events`, v2).
    public let hasHiddenAncestors: Bool
    /// Why a figure is `nil`, by its name: the file, and what was found there. A limit that is `nil` and not named here is
    /// none that is visible.
    public let unknown: [Figure: String]
    /// What was odd: the file, and what was found there.
    public let warnings: [String]

    /// The memory that can be counted on: the limit, or the machine's memory; `nil` where neither is known.
    public var effectiveMemoryBytes: Int? { limitBytes ?? machineBytes }
}
