#if Procps
    import CProcps

    extension ProcessTable {
        /// What a table can be asked for: each case is named like the property of ``Row`` that it fills.
        ///
        /// Every process has its ``Row/pid`` and ``Row/startTimeTicks`` without asking. Fields of one file cost hardly
        /// more than one of them: ``ProcessTable`` tells what each file costs.
        public enum Field: Sendable, Hashable, CaseIterable {
            /// From `stat`: ``Row/command``.
            case command
            /// From `cmdline`: ``Row/commandLine``.
            case commandLine
            /// From `exe`: ``Row/executablePath``.
            case executablePath
            /// The owner of `/proc/PID`: ``Row/userID``.
            case userID
            /// The owner of `/proc/PID`, looked up in the user database: ``Row/userName``.
            case userName
            /// The group of `/proc/PID`: ``Row/groupID``.
            case groupID
            /// From `status`: ``Row/realUserID``.
            case realUserID
            /// From `status`: ``Row/savedUserID``.
            case savedUserID
            /// From `status`: ``Row/realGroupID``.
            case realGroupID
            /// From `status`: ``Row/savedGroupID``.
            case savedGroupID
            /// From `stat`: ``Row/parentPID``.
            case parentPID
            /// From `stat`: ``Row/processGroupID``.
            case processGroupID
            /// From `stat`: ``Row/sessionID``.
            case sessionID
            /// From `stat`: ``Row/state``.
            case state
            /// From `stat`: ``Row/threadCount``.
            case threadCount
            /// From `stat`: ``Row/nice``.
            case nice
            /// From `stat`: ``Row/priority``.
            case priority
            /// From `stat`: ``Row/schedulingPolicy``.
            case schedulingPolicy
            /// From `stat`: ``Row/processor``.
            case processor
            /// From `stat`: ``Row/userTicks``.
            case userTicks
            /// From `stat`: ``Row/systemTicks``.
            case systemTicks
            /// From `stat`: ``Row/childrenUserTicks``.
            case childrenUserTicks
            /// From `stat`: ``Row/childrenSystemTicks``.
            case childrenSystemTicks
            /// From `stat` and the clock: ``Row/cpuUtilization``.
            case cpuUtilization
            /// From `stat`: ``Row/minorFaults``.
            case minorFaults
            /// From `stat`: ``Row/majorFaults``.
            case majorFaults
            /// From `statm`: ``Row/sizeBytes``.
            case sizeBytes
            /// From `statm`: ``Row/rssBytes``.
            case rssBytes
            /// From `statm`: ``Row/sharedBytes``.
            case sharedBytes
            /// From `statm`: ``Row/textBytes``.
            case textBytes
            /// From `statm`: ``Row/dataBytes``.
            case dataBytes
            /// From `status`: ``Row/rssAnonBytes``.
            case rssAnonBytes
            /// From `status`: ``Row/rssFileBytes``.
            case rssFileBytes
            /// From `status`: ``Row/rssShmemBytes``.
            case rssShmemBytes
            /// From `status`: ``Row/swapBytes``.
            case swapBytes
            /// From `status`: ``Row/lockedBytes``.
            case lockedBytes
            /// From `status`: ``Row/stackBytes``.
            case stackBytes
            /// From `cgroup`: ``Row/cgroups``.
            case cgroups
            /// From `ns`: ``Row/namespaces``.
            case namespaces

            /// Who runs what, with how much memory and CPU time: what a table reads that is not told otherwise.
            public static var usual: [Field] {
                [
                    .command, .commandLine, .userID, .userName, .parentPID, .rssBytes, .userTicks, .systemTicks,
                ]
            }
        }
    }

    extension ProcessTable {
        /// The files that a table's fields are in.
        struct Sources: OptionSet {
            let rawValue: Int

            // Read by procps.
            static var owner: Sources { Sources(rawValue: 1 << 0) }
            static var stat: Sources { Sources(rawValue: 1 << 1) }
            static var statm: Sources { Sources(rawValue: 1 << 2) }
            static var status: Sources { Sources(rawValue: 1 << 3) }
            static var namespaces: Sources { Sources(rawValue: 1 << 4) }
            // Read beside it.
            static var command: Sources { Sources(rawValue: 1 << 5) }
            static var commandLine: Sources { Sources(rawValue: 1 << 6) }
            static var executable: Sources { Sources(rawValue: 1 << 7) }
            static var cgroup: Sources { Sources(rawValue: 1 << 8) }

            /// What procps is asked for.
            var procpsFiles: UInt32 {
                var files: UInt32 = 0
                if contains(.stat) { files |= CPROCPS_STAT.rawValue }
                if contains(.statm) { files |= CPROCPS_STATM.rawValue }
                if contains(.status) { files |= CPROCPS_STATUS.rawValue }
                if contains(.namespaces) { files |= CPROCPS_NAMESPACES.rawValue }
                return files
            }

            /// Whether a row is made of more than one reading of `stat`, and could be made of two processes.
            var canMixProcesses: Bool { !isSubset(of: .stat) }
        }
    }

    extension ProcessTable.Field {
        var source: ProcessTable.Sources {
            switch self {
            case .command: .command
            case .commandLine: .commandLine
            case .executablePath: .executable
            case .userID, .userName, .groupID: .owner
            case .parentPID, .processGroupID, .sessionID, .state, .threadCount, .nice, .priority, .schedulingPolicy,
                .processor, .userTicks, .systemTicks, .childrenUserTicks, .childrenSystemTicks, .cpuUtilization,
                .minorFaults, .majorFaults:
                .stat
            case .sizeBytes, .rssBytes, .sharedBytes, .textBytes, .dataBytes: .statm
            case .realUserID, .savedUserID, .realGroupID, .savedGroupID, .rssAnonBytes, .rssFileBytes, .rssShmemBytes,
                .swapBytes, .lockedBytes, .stackBytes:
                .status
            case .cgroups: .cgroup
            case .namespaces: .namespaces
            }
        }
    }
#endif
