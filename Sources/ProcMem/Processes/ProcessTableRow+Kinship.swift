#if Procps
    import CProcps

    extension ProcessTable.Row {
        struct Kinship: Sendable, Hashable {
            let parentPID, processGroupID, sessionID: Int32?

            init(_ process: cprocps_process, _ asked: ProcessTable.Asked) {
                // -1 while the process is being taken down. 0 is an answer.
                func known(_ id: Int32) -> Int32? { id < 0 ? nil : id }
                parentPID = asked(.parentPID, process.parent_pid)
                processGroupID = asked(.processGroupID, known(process.process_group_id))
                sessionID = asked(.sessionID, known(process.session_id))
            }
        }

        /// The parent's id, `stat` field 4 (`PIDS_ID_PPID`); 0 where the parent is outside the pid namespace, or is the
        /// kernel.
        public var parentPID: Int32? { kinship.parentPID }
        /// The id of the process group, `stat` field 5 (`PIDS_ID_PGRP`): that of the process that made the group; 0 for
        /// kernel threads, and where that process is outside the pid namespace.
        public var processGroupID: Int32? { kinship.processGroupID }
        /// The id of the session, `stat` field 6 (`PIDS_ID_SESSION`): that of the process that made it; 0 as for
        /// ``processGroupID``.
        public var sessionID: Int32? { kinship.sessionID }
    }
#endif
