#if Procps
    extension ProcessTable {
        /// One process.
        ///
        /// A property is `nil` if its ``Field`` was not requested or if its value is not known: the process has no
        /// value (a kernel thread has no memory), the kernel or this generation of procps does not report it, or the
        /// caller may not read it. A 0 is a number that was read.
        ///
        /// The kernel reuses process ids: only ``pid`` and ``startTimeTicks`` together identify a process.
        public struct Row: Sendable, Hashable {
            /// The process id in the pid namespace of `/proc`.
            public let pid: Int32
            /// The time at which the process started, in ticks since boot: `stat` field 22 (`PIDS_TICS_BEGAN`).
            public let startTimeTicks: Int

            // MARK: Texts

            /// The kernel's name for the process: `stat` field 2, at most 15 bytes, or 63 for kernel threads.
            ///
            /// A program may set it to any text, including spaces and newlines. Bytes that are not UTF-8 are replaced.
            public let command: String?
            /// The arguments, separated by spaces, from `cmdline`.
            ///
            /// `nil` for kernel threads and zombies, which have none, and if the file could not be read. Empty
            /// arguments at the end are omitted, and bytes that are not UTF-8 are replaced.
            public let commandLine: String?
            /// The path of the program's file: the target of the link `exe`.
            ///
            /// The kernel reports the path in the program's mount namespace and appends ` (deleted)` after the file has
            /// been removed. `nil` for kernel threads and zombies, and for processes that the caller may not trace:
            /// those of other users, without `CAP_SYS_PTRACE`.
            public let executablePath: String?
            /// The cgroup in each hierarchy, from `cgroup`, in the kernel's order.
            public let cgroups: [Cgroup]?
            /// The namespaces, from the links in `ns` (`PIDS_NS_CGROUP` and so on).
            ///
            /// `nil` for processes that the caller may not trace: those of other users, without `CAP_SYS_PTRACE`.
            public let namespaces: Namespaces?

            // MARK: Users and groups

            /// The effective user id: the owner of `/proc/PID` (`PIDS_ID_EUID`).
            ///
            /// Ids are those of the caller's user namespace: the kernel reports an id without a mapping there as 65534.
            public let userID: UInt32?
            /// The name of the effective user; `nil` if the user database has none.
            public let userName: String?
            /// The effective group id: the group of `/proc/PID` (`PIDS_ID_EGID`).
            public let groupID: UInt32?
            /// The real user id, that of the user that started the process: the first number of `Uid` in `status`
            /// (`PIDS_ID_RUID`).
            public let realUserID: UInt32?
            /// The saved user id, to which the process may return: the third number of `Uid` in `status`
            /// (`PIDS_ID_SUID`).
            public let savedUserID: UInt32?
            /// The real group id, of the group that started the process: the first number of `Gid` in `status`
            /// (`PIDS_ID_RGID`).
            public let realGroupID: UInt32?
            /// The saved group id, to which the process may return: the third number of `Gid` in `status`
            /// (`PIDS_ID_SGID`).
            public let savedGroupID: UInt32?

            // MARK: Relations

            /// The parent's id: `stat` field 4 (`PIDS_ID_PPID`); 0 if the parent is outside the pid namespace or is the
            /// kernel.
            public let parentPID: Int32?
            /// The id of the process group: `stat` field 5 (`PIDS_ID_PGRP`). It is the id of the process that created
            /// the group; 0 for kernel threads, and if that process is outside the pid namespace.
            public let processGroupID: Int32?
            /// The id of the session: `stat` field 6 (`PIDS_ID_SESSION`). It is the id of the process that created the
            /// session; 0 in the same cases as for ``processGroupID``.
            public let sessionID: Int32?

            // MARK: Scheduling

            /// The state of the main thread: `stat` field 3 (`PIDS_STATE`).
            ///
            /// A process whose main thread has exited is a zombie here, even while other threads of the process run.
            public let state: State?
            /// The number of threads: `stat` field 20 (`PIDS_NLWP`); 1 for a zombie.
            public let threadCount: Int?
            /// The nice value of the main thread, from -20 (most CPU time) to 19 (least): `stat` field 19
            /// (`PIDS_NICE`).
            public let nice: Int?
            /// The kernel's priority of the main thread: `stat` field 18 (`PIDS_PRIORITY`). It is 20 + ``nice`` in the
            /// fair class, and -1 minus the priority of `sched_setscheduler` under a real-time policy.
            public let priority: Int?
            /// The scheduling policy of the main thread: `stat` field 41 (`PIDS_SCHED_CLASS`).
            public let schedulingPolicy: SchedulingPolicy?
            /// The CPU on which the main thread ran last: `stat` field 39 (`PIDS_PROCESSOR`).
            public let processor: Int?

            // MARK: CPU time

            /// The CPU time in user mode of the process, including its exited threads, in ticks: `stat` field 14
            /// (`PIDS_TICS_USER`).
            public let userTicks: Int?
            /// The CPU time in kernel mode of the process, including its exited threads, in ticks: `stat` field 15
            /// (`PIDS_TICS_SYSTEM`).
            public let systemTicks: Int?
            /// The CPU time in user mode of children that have exited and were waited for, and of their own waited-for
            /// children, in ticks: `stat` field 16 (`PIDS_TICS_USER_C` minus `PIDS_TICS_USER`).
            public let childrenUserTicks: Int?
            /// The CPU time in kernel mode of the same children, in ticks: `stat` field 17 (`PIDS_TICS_SYSTEM_C` minus
            /// `PIDS_TICS_SYSTEM`).
            public let childrenSystemTicks: Int?
            /// The sum of ``userTicks`` and ``systemTicks``, divided by the time since the process started: 1 is one
            /// CPU used without a pause.
            ///
            /// This is an average over the life of the process. For the current utilization, divide the ticks between
            /// two readings by the time between them. Children do not count. The time is read from `CLOCK_BOOTTIME`
            /// after procps has read all processes; that clock also counts the time for which the machine sleeps. `nil`
            /// within the first tick of a process.
            public let cpuUtilization: Double?

            // MARK: Memory

            /// The number of page faults that needed no disk access: `stat` field 10 (`PIDS_FLT_MIN`).
            public let minorFaults: Int?
            /// The number of page faults that waited for a disk: `stat` field 12 (`PIDS_FLT_MAJ`).
            public let majorFaults: Int?
            /// The size of the mapped address space in bytes: the first field of `statm` (`PIDS_MEM_VIRT_PGS`).
            ///
            /// As every size here, it is `nil` for kernel threads and zombies, which have no memory, and if the file
            /// could not be read: procps does not distinguish the two.
            public let sizeBytes: Int?
            /// The resident memory in bytes: the second field of `statm` (`PIDS_MEM_RES_PGS`).
            public let rssBytes: Int?
            /// The part of ``rssBytes`` that is backed by files or is shared memory, in bytes: the third field of
            /// `statm` (`PIDS_MEM_SHR_PGS`). Anonymous memory that processes share after a fork is not in it.
            public let sharedBytes: Int?
            /// The size of the program's code in bytes, mapped but not necessarily resident: the fourth field of
            /// `statm` (`PIDS_MEM_CODE_PGS`).
            public let textBytes: Int?
            /// The size of private writable mappings and the stack in bytes, mapped but not necessarily resident: the
            /// sixth field of `statm` (`PIDS_MEM_DATA_PGS`).
            public let dataBytes: Int?
            /// The resident anonymous memory in bytes: `RssAnon` in `status` (`PIDS_VM_RSS_ANON`). Requires Linux 4.5.
            public let rssAnonBytes: Int?
            /// The resident memory backed by files, in bytes: `RssFile` in `status` (`PIDS_VM_RSS_FILE`). Requires
            /// Linux 4.5.
            public let rssFileBytes: Int?
            /// The resident shared memory in bytes (System V, `tmpfs` and shared anonymous mappings): `RssShmem` in
            /// `status` (`PIDS_VM_RSS_SHARED`). Requires Linux 4.5.
            public let rssShmemBytes: Int?
            /// The anonymous memory in swap in bytes, without shared memory: `VmSwap` in `status` (`PIDS_VM_SWAP`).
            public let swapBytes: Int?
            /// The memory that `mlock` excludes from swapping, in bytes: `VmLck` in `status` (`PIDS_VM_RSS_LOCKED`).
            public let lockedBytes: Int?
            /// The size of the main thread's stack in bytes, mapped but not necessarily resident: `VmStk` in `status`
            /// (`PIDS_VM_STACK`).
            public let stackBytes: Int?
        }
    }
#endif
