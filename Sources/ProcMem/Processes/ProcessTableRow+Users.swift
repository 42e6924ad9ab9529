#if Procps
    import CProcps

    extension ProcessTable.Row {
        struct Users: Sendable, Hashable {
            let name: String?
            let userID, realUserID, savedUserID: UInt32?
            let groupID, realGroupID, savedGroupID: UInt32?

            init(_ process: cprocps_process, _ asked: ProcessTable.Asked, name: String?) {
                // The owner and the group of a directory that is there are always known. Of `status` 0 is root's id, and
                // what is left where the file could not be read.
                func read(_ id: UInt32) -> UInt32? { process.has_status ? id : nil }
                self.name = name
                userID = asked(.userID, process.user_id)
                groupID = asked(.groupID, process.group_id)
                realUserID = asked(.realUserID, read(process.real_user_id))
                savedUserID = asked(.savedUserID, read(process.saved_user_id))
                realGroupID = asked(.realGroupID, read(process.real_group_id))
                savedGroupID = asked(.savedGroupID, read(process.saved_group_id))
            }
        }

        /// The effective user id: the owner of `/proc/PID` (`PIDS_ID_EUID`).
        ///
        /// Ids are those of the reader's user namespace: one that has no place there is 65534.
        public var userID: UInt32? { users.userID }
        /// The name of the effective user, `nil` where the user database has none.
        public var userName: String? { users.name }
        /// The effective group id: the group of `/proc/PID` (`PIDS_ID_EGID`).
        public var groupID: UInt32? { users.groupID }
        /// The id of the user who started the process, `Uid` in `status`, the first number (`PIDS_ID_RUID`).
        public var realUserID: UInt32? { users.realUserID }
        /// The user id that the process may take up again, `Uid` in `status`, the third number (`PIDS_ID_SUID`).
        public var savedUserID: UInt32? { users.savedUserID }
        /// The id of the group who started the process, `Gid` in `status`, the first number (`PIDS_ID_RGID`).
        public var realGroupID: UInt32? { users.realGroupID }
        /// The group id that the process may take up again, `Gid` in `status`, the third number (`PIDS_ID_SGID`).
        public var savedGroupID: UInt32? { users.savedGroupID }
    }
#endif
