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
