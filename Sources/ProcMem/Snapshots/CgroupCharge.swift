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
    public let reasonsByUnknownFigure: [ContainerMemory.Figure: String]

    /// What is charged and not held by a process of the cgroup.
    ///
    /// A process may hold what another cgroup is charged for, such as a library that was read there first, and another
    /// cgroup's process may hold what this one is charged for. So what is charged less what is held is not the whole truth;
    /// what no process of the system maps, by the kernel's own count, is there in any case.
    public struct Unattributed: Sendable, Hashable {
        /// The most likely value in bytes: what is charged less what is held, ``lower`` at least; `nil` where the snapshot's
        /// mode cannot tell what is held.
        public let estimate: Int?
        /// Not less than this, in bytes: what is charged less what any process maps of it (`anon` and `file_mapped` in
        /// `memory.stat`, v1 `total_rss` and `total_mapped_file`). The kernel counts in batches of up to 64 pages a CPU.
        public let lower: Int
        /// What is charged less the least that is held. It is more than this only where processes of the cgroup hold what
        /// another one is charged for.
        public let upper: Int
    }
}

extension CgroupCharge {
    /// - Parameters:
    ///   - path: The cgroup's directory.
    ///   - usage: What is charged to it, read after the processes.
    ///   - held: The distinct memory of its processes.
    init(path: String, _ usage: CgroupMemoryUsage, holding held: DistinctMemory) {
        self.path = path
        chargedBytes = usage.usageBytes
        unattributedBytes = usage.usageBytes.map { Unattributed($0, mappedBytes: usage.mappedBytes, held) }
        anonBytes = usage.anonBytes
        fileBytes = usage.fileBytes
        shmemBytes = usage.shmemBytes
        kernelBytes = usage.kernelBytes
        reasonsByUnknownFigure = usage.unknown.filter {
            [.usageBytes, .anonBytes, .fileBytes, .shmemBytes, .kernelBytes].contains($0.key)
        }
    }
}

extension CgroupMemoryUsage {
    /// What any process maps of the charge.
    fileprivate var mappedBytes: Int? {
        guard let anonBytes, let mappedFileBytes else { return nil }
        return anonBytes.saturatingAdding(mappedFileBytes)
    }
}

extension CgroupCharge.Unattributed {
    init(_ chargedBytes: Int, mappedBytes: Int?, _ held: DistinctMemory) {
        func remaining(after bytes: Int) -> Int { max(0, chargedBytes - bytes) }
        let unmapped = mappedBytes.map { remaining(after: $0) } ?? 0
        estimate = held.estimate.map { max(unmapped, remaining(after: $0)) }
        lower = unmapped
        upper = max(unmapped, remaining(after: held.lower))
    }
}

extension CgroupCharge: Encodable {
    /// Encodes every figure under the name of its property, `null` where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(path, forKey: "path")
        try names.encode(chargedBytes, forKey: "chargedBytes")
        try names.encode(unattributedBytes, forKey: "unattributedBytes")
        try names.encode(anonBytes, forKey: "anonBytes")
        try names.encode(fileBytes, forKey: "fileBytes")
        try names.encode(shmemBytes, forKey: "shmemBytes")
        try names.encode(kernelBytes, forKey: "kernelBytes")
        try names.encode(
            Dictionary(uniqueKeysWithValues: reasonsByUnknownFigure.map { ($0.key.rawValue, $0.value) }),
            forKey: "unknown"
        )
    }
}

extension CgroupCharge.Unattributed: Encodable {
    /// Encodes every figure under the name of its property, `null` where it is not known.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        try names.encode(estimate, forKey: "estimate")
        try names.encode(lower, forKey: "lower")
        try names.encode(upper, forKey: "upper")
    }
}
