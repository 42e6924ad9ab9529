#if Procps
    import CProcps

    extension ProcessTable {
        /// The namespaces that a process is in, as inode numbers: equal numbers are one namespace.
        ///
        /// A number that is not known is `nil`: procps says 0, which is no inode's number, where the link may not be read
        /// or this kernel has no such namespace.
        public struct Namespaces: Sendable, Hashable {
            /// `ns/cgroup`, which cgroup is seen as the root. Since Linux 4.6; libprocps 3.3 does not tell it.
            public let cgroup: UInt64?
            /// `ns/ipc`, System V IPC and POSIX message queues.
            public let ipc: UInt64?
            /// `ns/mnt`, the mounts. Since Linux 3.8, as `pid` and `user`.
            public let mnt: UInt64?
            /// `ns/net`, network devices, addresses and ports.
            public let net: UInt64?
            /// `ns/pid`, in which the process's id is counted.
            public let pid: UInt64?
            /// `ns/time`, the offsets of the clocks. Since Linux 5.6; libprocps 3.3 does not tell it.
            public let time: UInt64?
            /// `ns/user`, user ids and capabilities.
            public let user: UInt64?
            /// `ns/uts`, the host's name.
            public let uts: UInt64?

            /// `nil` where no link could be read.
            init?(_ process: cprocps_process) {
                func known(_ inode: UInt64) -> UInt64? { inode == 0 ? nil : inode }
                cgroup = known(process.ns_cgroup)
                ipc = known(process.ns_ipc)
                mnt = known(process.ns_mnt)
                net = known(process.ns_net)
                pid = known(process.ns_pid)
                time = known(process.ns_time)
                user = known(process.ns_user)
                uts = known(process.ns_uts)
                if [cgroup, ipc, mnt, net, pid, time, user, uts].allSatisfy({ $0 == nil }) { return nil }
            }
        }
    }
#endif
