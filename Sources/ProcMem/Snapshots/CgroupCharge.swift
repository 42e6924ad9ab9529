/// The memory that is charged to a cgroup and its descendants, and the part of it that none of their processes maps.
///
/// The page cache of files that were read, the kernel's own memory, and files in `/dev/shm` that no process maps belong
/// to no process. They nevertheless count against the container's memory limit.
public struct CgroupCharge: Sendable, Hashable {
    /// The cgroup's directory.
    public let path: String
    /// The memory charged, in bytes: `memory.current` (v2) or `memory.usage_in_bytes` (v1). Read after the processes.
    public let chargedBytes: Int?
    /// The part of ``chargedBytes`` that no process of the cgroup maps; `nil` if the charge is not known.
    public let unattributedBytes: Unattributed?
    /// The anonymous memory charged, in bytes: `anon` (v2) or `total_rss` (v1) in `memory.stat`.
    public let anonBytes: Int?
    /// The page cache charged, in bytes, including ``shmemBytes``: `file` (v2) or `total_cache` (v1) in `memory.stat`.
    public let fileBytes: Int?
    /// The shared memory and the files in tmpfs charged, in bytes: `shmem` (v2) or `total_shmem` (v1) in `memory.stat`.
    public let shmemBytes: Int?
    /// The kernel memory charged, in bytes: `kernel` in `memory.stat` (v2; requires Linux 5.18) or
    /// `memory.kmem.usage_in_bytes` (v1).
    public let kernelBytes: Int?
    /// The number of tasks in the cgroup and its descendants: every thread counts, also those of zombies. It is
    /// `pids.current` (v2), and `nil` if the pids controller is not enabled for the cgroup and on v1, where that controller
    /// has a hierarchy of its own.
    public let taskCount: Int?
    /// The reason for each figure that is `nil`: the file, and what was found there.
    public let reasonsByUnknownFigure: [ContainerMemory.Figure: String]

    /// The charged memory that no process of the cgroup maps: an estimate with bounds.
    ///
    /// The charge and the distinct memory of the processes are not the same pages. A process may map pages that are
    /// charged to another cgroup, for example a library that was read there first. A process of another cgroup may map
    /// pages that are charged to this cgroup. If no process of this cgroup maps them, they are part of the value. The
    /// charge minus the distinct memory is therefore an estimate.
    public struct Unattributed: Sendable, Hashable {
        /// The most likely value in bytes: the charge minus the distinct memory, and at least ``lower``. It is `nil` if
        /// the snapshot's mode gives no estimate of the distinct memory.
        public let estimate: Int?
        /// The lower bound in bytes, the larger of two: the charge minus the upper bound of the distinct memory, and
        /// the charge minus the part of it that any process of the system maps (`anon` and `file_mapped` in
        /// `memory.stat`, v1 `total_rss` and `total_mapped_file`). The kernel updates these counts in batches of up to
        /// 128 pages for each CPU.
        public let lower: Int
        /// The upper bound in bytes: the charge minus the lower bound of the distinct memory. The true value is larger
        /// only if processes of the cgroup map pages that are charged to another cgroup.
        public let upper: Int
    }
}

extension CgroupCharge {
    /// - Parameters:
    ///   - path: The cgroup's directory.
    ///   - usage: The memory charged to it, read after the processes.
    ///   - held: The distinct memory of its processes.
    init(path: String, _ usage: CgroupMemoryUsage, holding held: DistinctMemory) {
        self.path = path
        chargedBytes = usage.usageBytes
        unattributedBytes = usage.usageBytes.map { Unattributed($0, mappedBytes: usage.mappedBytes, held) }
        anonBytes = usage.anonBytes
        fileBytes = usage.fileBytes
        shmemBytes = usage.shmemBytes
        kernelBytes = usage.kernelBytes
        taskCount = usage.taskCount
        reasonsByUnknownFigure = usage.unknown.filter {
            [.usageBytes, .anonBytes, .fileBytes, .shmemBytes, .kernelBytes].contains($0.key)
        }
    }
}

extension CgroupMemoryUsage {
    /// The charged pages that any process maps, in bytes, without those of hugetlbfs.
    var mappedBytes: Int? {
        guard let anonBytes, let mappedFileBytes else { return nil }
        return anonBytes.saturatingAdding(mappedFileBytes)
    }
}

extension CgroupCharge.Unattributed {
    init(_ chargedBytes: Int, mappedBytes: Int?, _ distinct: DistinctMemory) {
        func remaining(after bytes: Int) -> Int { max(0, chargedBytes - bytes) }
        let unmapped = mappedBytes.map { remaining(after: $0) } ?? 0
        lower = max(unmapped, remaining(after: distinct.upper ?? .max))
        upper = max(lower, remaining(after: distinct.lower))
        estimate = distinct.estimate.map { [lower, upper] in min(max(lower, remaining(after: $0)), upper) }
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
        try names.encode(taskCount, forKey: "taskCount")
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
