#if Procps
    import CProcps

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
