#if Procps
    extension ProcessTable {
        /// One process.
        ///
        /// A field that could not be read is `nil`. Process ids are given out again: only ``pid`` and ``startTimeTicks``
        /// together name one process.
        public struct Row: Sendable, Hashable {
            /// The process id, in the pid namespace that `/proc` shows.
            public let pid: Int32
            /// The parent's id, `stat` field 4; 0 where the parent is outside the pid namespace, or is the kernel.
            public let parentPID: Int32
            /// The name that the kernel keeps for the process, `stat` field 2: at most 15 bytes, 63 for kernel threads.
            ///
            /// A program may set it to anything, spaces and newlines too. Bytes that are not UTF-8 are replaced.
            public let command: String
            /// The arguments, separated by spaces, from `cmdline`.
            ///
            /// `nil` for kernel threads and zombies, which have none, and where it could not be read. Empty arguments at
            /// the end are left out, and bytes that are not UTF-8 are replaced.
            public let commandLine: String?
            /// The effective user id: the owner of `/proc/PID`.
            public let userID: UInt32
            /// The name of the effective user, `nil` where the user database has none.
            public internal(set) var userName: String?
            /// When the process started, in ticks since boot, `stat` field 22.
            public let startTimeTicks: Int
            /// The memory of the process that is resident, in bytes, from the second field of `statm`.
            ///
            /// `nil` for kernel threads and zombies, which have none, and where it could not be read: procps does not
            /// tell these apart.
            public let rssBytes: Int?
            /// The CPU time that the process, and its threads that are gone, spent in its own code, in ticks, `stat`
            /// field 14.
            public let userTicks: Int
            /// The CPU time that the kernel spent for them, in ticks, `stat` field 15.
            public let systemTicks: Int
        }
    }
#endif
