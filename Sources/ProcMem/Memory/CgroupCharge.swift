/// What a cgroup and those below it are charged for, and how much of that none of their processes holds.
///
/// Pages of files that were read, the kernel's own memory and files in `/dev/shm` that nobody maps belong to no process, and
/// fill a container all the same.
public struct CgroupCharge: Sendable, Hashable {
    /// The cgroup's directory.
    public let path: String
    /// What is charged, in bytes: `memory.current` (v2) or `memory.usage_in_bytes` (v1). It is read after the processes.
    public let chargedBytes: Int?
    /// What of it no process of the cgroup holds; `nil` where it is not known what is charged.
    public let unattributedBytes: Unattributed?
    /// The memory that no file backs: `anon` (v2) or `total_rss` (v1) in `memory.stat`.
    public let anonBytes: Int?
    /// What is kept of files, with ``shmemBytes`` in it: `file` (v2) or `total_cache` (v1) in `memory.stat`.
    public let fileBytes: Int?
    /// Shared memory and files in tmpfs: `shmem` (v2) or `total_shmem` (v1) in `memory.stat`.
    public let shmemBytes: Int?
    /// What the kernel needs for the cgroup: `kernel` in `memory.stat` (v2, since Linux 5.18) or
    /// `memory.kmem.usage_in_bytes` (v1).
    public let kernelBytes: Int?
    /// Why a figure is `nil`: the file, and what was found there.
    public let unknown: [ContainerMemory.Figure: String]

    /// What is charged less what is held, at least 0 in each of its figures.
    ///
    /// A page that a process of the cgroup maps and another cgroup is charged for, such as of a library that was read there
    /// first, is held and not charged: it makes the difference smaller by its share in PSS.
    public struct Unattributed: Sendable, Hashable {
        /// The most likely value in bytes; `nil` where the snapshot's mode cannot tell what is held.
        public let estimate: Int?
        /// Not less than this, in bytes, but for what another cgroup is charged for.
        public let lower: Int
        /// Not more than this, in bytes.
        public let upper: Int
    }
}

extension CgroupCharge {
    init(of cgroup: CgroupDirectory, holding held: PhysicalMemory, in root: KernelRoot) {
        let usage = CgroupMemoryUsage(CgroupMemoryFiles(of: cgroup, in: root))
        path = root.text(cgroup.path + [0])
        chargedBytes = usage.usageBytes
        unattributedBytes = usage.usageBytes.map { Unattributed($0, held) }
        anonBytes = usage.anonBytes
        fileBytes = usage.fileBytes
        shmemBytes = usage.shmemBytes
        kernelBytes = usage.kernelBytes
        unknown = usage.unknown.filter {
            [.usageBytes, .anonBytes, .fileBytes, .shmemBytes, .kernelBytes].contains($0.key)
        }
    }
}

extension CgroupCharge.Unattributed {
    init(_ chargedBytes: Int, _ held: PhysicalMemory) {
        func rest(_ heldBytes: Int) -> Int { max(0, chargedBytes - heldBytes) }
        estimate = held.estimate.map(rest)
        lower = held.upper.map(rest) ?? 0
        upper = rest(held.lower)
    }
}
