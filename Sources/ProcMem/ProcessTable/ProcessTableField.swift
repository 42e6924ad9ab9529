#if Procps
    extension ProcessTable {
        /// A column of the table: each case has the name of the property of ``Row`` that it fills.
        ///
        /// Every row has its ``Row/pid`` and ``Row/startTimeTicks``, whatever fields are requested. A further field of
        /// the same file adds little to the cost. ``ProcessTable`` lists which file each field is read from.
        public enum Field: Sendable, Hashable, CaseIterable {
            /// A text from `stat`, from `cmdline` or from the link `exe`.
            case command, commandLine, executablePath
            /// The owner or the group of `/proc/PID`; the name is from the user database.
            case userID, userName, groupID
            /// An id from `status`.
            case realUserID, savedUserID, realGroupID, savedGroupID
            /// An id from `stat`.
            case parentPID, processGroupID, sessionID
            /// A property of the main thread, or the number of threads, from `stat`.
            case state, threadCount, nice, priority, schedulingPolicy, processor
            /// CPU time from `stat`; the utilization also depends on the clock.
            case userTicks, systemTicks, childrenUserTicks, childrenSystemTicks, cpuUtilization
            /// A number of page faults from `stat`.
            case minorFaults, majorFaults
            /// A size from `statm`.
            case sizeBytes, rssBytes, sharedBytes, textBytes, dataBytes
            /// A size from `status`.
            case rssAnonBytes, rssFileBytes, rssShmemBytes, swapBytes, lockedBytes, stackBytes
            /// The lines of `cgroup`.
            case cgroups
            /// The links in `ns`.
            case namespaces

            /// The default fields: owner, command, memory, and CPU time.
            public static var usual: [Field] {
                [
                    .command, .commandLine, .userID, .userName, .parentPID, .rssBytes, .userTicks, .systemTicks,
                ]
            }

            var source: Sources {
                switch self {
                case .command: .command
                case .commandLine: .commandLine
                case .executablePath: .executable
                case .userID, .userName, .groupID: .owner
                case .parentPID, .processGroupID, .sessionID: .stat
                case .state, .threadCount, .nice, .priority, .schedulingPolicy, .processor: .stat
                case .userTicks, .systemTicks, .childrenUserTicks, .childrenSystemTicks, .cpuUtilization: .stat
                case .minorFaults, .majorFaults: .stat
                case .sizeBytes, .rssBytes, .sharedBytes, .textBytes, .dataBytes: .statm
                case .realUserID, .savedUserID, .realGroupID, .savedGroupID: .status
                case .rssAnonBytes, .rssFileBytes, .rssShmemBytes, .swapBytes, .lockedBytes, .stackBytes: .status
                case .cgroups: .cgroup
                case .namespaces: .namespaces
                }
            }
        }

        /// The files that contain a table's fields.
        struct Sources: OptionSet {
            let rawValue: Int

            // procps reads these.
            static var owner: Sources { Sources(rawValue: 1 << 0) }
            static var stat: Sources { Sources(rawValue: 1 << 1) }
            static var statm: Sources { Sources(rawValue: 1 << 2) }
            static var status: Sources { Sources(rawValue: 1 << 3) }
            static var namespaces: Sources { Sources(rawValue: 1 << 4) }
            // ProcMem reads these itself.
            static var command: Sources { Sources(rawValue: 1 << 5) }
            static var commandLine: Sources { Sources(rawValue: 1 << 6) }
            static var executable: Sources { Sources(rawValue: 1 << 7) }
            static var cgroup: Sources { Sources(rawValue: 1 << 8) }

            /// Whether a row combines `stat` with a later read, so that it could combine two processes.
            var canMixProcesses: Bool { !isSubset(of: .stat) }
        }
    }
#endif
