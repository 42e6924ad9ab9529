#if Procps
    import CProcps

    extension ProcessTable {
        /// One process.
        ///
        /// A property is `nil` where its ``Field`` was not asked for, and where it is not known: the process has no such
        /// thing (a kernel thread has no memory), the kernel or this generation of procps does not tell it, or it may not
        /// be read. A 0 is a number that was read.
        ///
        /// Process ids are given out again: only ``pid`` and ``startTimeTicks`` together name one process.
        public struct Row: Sendable, Hashable {
            /// The process id, in the pid namespace that `/proc` shows.
            public let pid: Int32
            /// When the process started, in ticks since boot, `stat` field 22 (`PIDS_TICS_BEGAN`).
            public let startTimeTicks: Int
            /// The name that the kernel keeps for the process, `stat` field 2: at most 15 bytes, 63 for kernel threads.
            ///
            /// A program may set it to anything, spaces and newlines too. Bytes that are not UTF-8 are replaced.
            public let command: String?
            /// The arguments, separated by spaces, from `cmdline`.
            ///
            /// `nil` for kernel threads and zombies, which have none, and where it could not be read. Empty arguments at
            /// the end are left out, and bytes that are not UTF-8 are replaced.
            public let commandLine: String?
            /// The program's file, where the link `exe` leads.
            ///
            /// The path is the kernel's: as the program's mount namespace has it, and with ` (deleted)` behind it once the
            /// file has been removed. `nil` for kernel threads and zombies, and for processes that the reader may not
            /// trace: those of other users, without `CAP_SYS_PTRACE`.
            public let executablePath: String?
            /// The cgroup in each hierarchy, from `cgroup`, in the kernel's order.
            public let cgroups: [Cgroup]?
            /// The namespaces, from the links in `ns` (`PIDS_NS_CGROUP` and so on).
            ///
            /// `nil` for processes that the reader may not trace: those of other users, without `CAP_SYS_PTRACE`.
            public let namespaces: Namespaces?

            let users: Users
            let kinship: CounterInputs
            let scheduling: Scheduling
            let cpuTime: CPUTime
            let memory: Memory

            init(_ process: cprocps_process, _ asked: RequestedFields, _ texts: Texts) {
                pid = process.task_id
                startTimeTicks = Int(clamping: process.start_ticks)
                command = texts.command
                commandLine = texts.commandLine
                executablePath = texts.executablePath
                cgroups = texts.cgroups
                namespaces = asked(.namespaces, Namespaces(process))
                users = Users(process, asked, name: texts.userName)
                kinship = CounterInputs(process, asked)
                scheduling = Scheduling(process, asked)
                cpuTime = CPUTime(process, asked)
                memory = Memory(process, asked)
            }
        }

        /// What the rows of a reading are to have.
        struct RequestedFields {
            let fields: Set<Field>
            let pageSizeBytes: Int
            let secondsSinceBoot: Double

            func callAsFunction<Value>(_ field: Field, _ value: @autoclosure () -> Value?) -> Value? {
                fields.contains(field) ? value() : nil
            }
        }
    }

    extension ProcessTable.Row {
        struct Users: Sendable, Hashable {
            let name: String?
            let userID, realUserID, savedUserID: UInt32?
            let groupID, realGroupID, savedGroupID: UInt32?

            init(_ process: cprocps_process, _ asked: ProcessTable.RequestedFields, name: String?) {
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

    extension ProcessTable.Row {
        struct CounterInputs: Sendable, Hashable {
            let parentPID, processGroupID, sessionID: Int32?

            init(_ process: cprocps_process, _ asked: ProcessTable.RequestedFields) {
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

    extension ProcessTable.Row {
        struct Scheduling: Sendable, Hashable {
            let state: ProcessTable.State?
            let threadCount, nice, priority, processor: Int?
            let policy: SchedulingPolicy?

            init(_ process: cprocps_process, _ asked: ProcessTable.RequestedFields) {
                state = asked(.state, ProcessTable.State(letter: process.state))
                threadCount = asked(.threadCount, Int(process.thread_count))
                nice = asked(.nice, Int(process.nice))
                priority = asked(.priority, Int(process.priority))
                processor = asked(.processor, Int(process.processor))
                // -1 stands for a kernel that does not tell, before Linux 2.5.19.
                policy = asked(
                    .schedulingPolicy,
                    process.policy < 0 ? nil : SchedulingPolicy(rawValue: Int(process.policy))
                )
            }
        }

        /// What the main thread does, `stat` field 3 (`PIDS_STATE`).
        ///
        /// A process whose main thread has ended is a zombie here, even while others of its threads run.
        public var state: ProcessTable.State? { scheduling.state }
        /// How many threads the process has, `stat` field 20 (`PIDS_NLWP`); 1 for a zombie.
        public var threadCount: Int? { scheduling.threadCount }
        /// How much the main thread gives way to others, from -20, not at all, to 19, `stat` field 19 (`PIDS_NICE`).
        public var nice: Int? { scheduling.nice }
        /// The kernel's priority of the main thread, `stat` field 18 (`PIDS_PRIORITY`): 20 + ``nice`` in the fair class, -1
        /// minus the priority of `sched_setscheduler` under a real-time policy.
        public var priority: Int? { scheduling.priority }
        /// The policy of the main thread, `stat` field 41 (`PIDS_SCHED_CLASS`).
        public var schedulingPolicy: SchedulingPolicy? { scheduling.policy }
        /// The CPU that the main thread ran on last, `stat` field 39 (`PIDS_PROCESSOR`).
        public var processor: Int? { scheduling.processor }
    }

    extension ProcessTable.Row {
        struct CPUTime: Sendable, Hashable {
            let userTicks, systemTicks, childrenUserTicks, childrenSystemTicks: Int?
            let utilization: Double?

            init(_ process: cprocps_process, _ asked: ProcessTable.RequestedFields) {
                // procps 4 gives the children's time only as a sum with the process's own.
                func children(_ all: UInt64, _ own: UInt64) -> Int? { all < own ? nil : Int(clamping: all - own) }
                userTicks = asked(.userTicks, Int(clamping: process.user_ticks))
                systemTicks = asked(.systemTicks, Int(clamping: process.system_ticks))
                childrenUserTicks = asked(
                    .childrenUserTicks,
                    children(process.user_ticks_with_children, process.user_ticks)
                )
                childrenSystemTicks = asked(
                    .childrenSystemTicks,
                    children(process.system_ticks_with_children, process.system_ticks)
                )
                utilization = asked(.cpuUtilization, Self.utilization(process, asked))
            }

            // Not PIDS_UTILIZATION: libprocps 3.3 has none, and libproc2 leaves the last reading's number in place where a
            // process has just started.
            private static func utilization(_ process: cprocps_process, _ asked: ProcessTable.RequestedFields)
                -> Double?
            {
                let ticks = asked.secondsSinceBoot * Double(ProcessTable.ticksPerSecond) - Double(process.start_ticks)
                // Within its first tick a process has used 0 or 1 of 0 ticks.
                guard ticks >= 1 else { return nil }
                return (Double(process.user_ticks) + Double(process.system_ticks)) / ticks
            }
        }

        /// The CPU time that the process, and its threads that are gone, spent in its own code, in ticks, `stat` field 14
        /// (`PIDS_TICS_USER`).
        public var userTicks: Int? { cpuTime.userTicks }
        /// The CPU time that the kernel spent for them, in ticks, `stat` field 15 (`PIDS_TICS_SYSTEM`).
        public var systemTicks: Int? { cpuTime.systemTicks }
        /// The same as ``userTicks``, of children that have ended and were waited for, and of theirs, `stat` field 16
        /// (`PIDS_TICS_USER_C` less `PIDS_TICS_USER`).
        public var childrenUserTicks: Int? { cpuTime.childrenUserTicks }
        /// The same as ``systemTicks``, of those children, `stat` field 17 (`PIDS_TICS_SYSTEM_C` less `PIDS_TICS_SYSTEM`).
        public var childrenSystemTicks: Int? { cpuTime.childrenSystemTicks }
        /// ``userTicks`` and ``systemTicks`` together, divided by the time since the process started: 1 is one CPU, all the
        /// time.
        ///
        /// An average over the life of the process, and not what it does now: for that, divide the ticks between two
        /// readings by the time between them. Children do not count. The time, `CLOCK_BOOTTIME`, is taken when procps has
        /// read all processes, and goes on while the machine sleeps. `nil` within a process's first tick.
        public var cpuUtilization: Double? { cpuTime.utilization }
    }

    extension ProcessTable.Row {
        struct Memory: Sendable, Hashable {
            let sizeBytes, rssBytes, sharedBytes, textBytes, dataBytes: Int?
            let rssAnonBytes, rssFileBytes, rssShmemBytes: Int?
            let swapBytes, lockedBytes, stackBytes: Int?
            let minorFaults, majorFaults: Int?

            init(_ process: cprocps_process, _ asked: ProcessTable.RequestedFields) {
                // Nothing runs without a mapping. A size of 0 is a kernel thread's or a zombie's, or a file that could not
                // be read, and makes every number of that file unknown; beside a size each 0 is one: all in swap, say.
                func statm(_ pages: UInt64) -> Int? {
                    process.size_pages == 0 ? nil : .memorySize(pages, unitBytes: asked.pageSizeBytes)
                }
                func status(_ kibibytes: UInt64) -> Int? {
                    process.vm_size == 0 ? nil : .memorySize(kibibytes, unitBytes: 1024)
                }
                // The three make up VmRSS: before Linux 4.5, where there are none, all are 0 and it is not.
                let lacksParts = process.rss_anon | process.rss_file | process.rss_shmem == 0 && process.vm_rss > 0
                func part(_ kibibytes: UInt64) -> Int? { lacksParts ? nil : status(kibibytes) }

                sizeBytes = asked(.sizeBytes, statm(process.size_pages))
                rssBytes = asked(.rssBytes, statm(process.resident_pages))
                sharedBytes = asked(.sharedBytes, statm(process.shared_pages))
                textBytes = asked(.textBytes, statm(process.text_pages))
                dataBytes = asked(.dataBytes, statm(process.data_pages))
                rssAnonBytes = asked(.rssAnonBytes, part(process.rss_anon))
                rssFileBytes = asked(.rssFileBytes, part(process.rss_file))
                rssShmemBytes = asked(.rssShmemBytes, part(process.rss_shmem))
                swapBytes = asked(.swapBytes, status(process.vm_swap))
                lockedBytes = asked(.lockedBytes, status(process.vm_locked))
                stackBytes = asked(.stackBytes, status(process.vm_stack))
                minorFaults = asked(.minorFaults, Int(clamping: process.minor_faults))
                majorFaults = asked(.majorFaults, Int(clamping: process.major_faults))
            }
        }

        /// The address space that is mapped, in bytes, from the first field of `statm` (`PIDS_MEM_VIRT_PGS`).
        ///
        /// As all sizes here `nil` for kernel threads and zombies, which have no memory, and where the file could not be
        /// read: procps does not tell these apart.
        public var sizeBytes: Int? { memory.sizeBytes }
        /// The memory that is resident, in bytes, from the second field of `statm` (`PIDS_MEM_RES_PGS`).
        public var rssBytes: Int? { memory.rssBytes }
        /// The part of ``rssBytes`` that is files or shared memory, in bytes, from the third field of `statm`
        /// (`PIDS_MEM_SHR_PGS`). Not what is shared: memory of forked processes is not among it.
        public var sharedBytes: Int? { memory.sharedBytes }
        /// The program's code, mapped and not only resident, in bytes, from the fourth field of `statm`
        /// (`PIDS_MEM_CODE_PGS`).
        public var textBytes: Int? { memory.textBytes }
        /// Private writable mappings and the stack, mapped and not only resident, in bytes, from the sixth field of
        /// `statm` (`PIDS_MEM_DATA_PGS`).
        public var dataBytes: Int? { memory.dataBytes }
        /// The resident memory that no file backs, in bytes, `RssAnon` in `status` (`PIDS_VM_RSS_ANON`). Since Linux 4.5.
        public var rssAnonBytes: Int? { memory.rssAnonBytes }
        /// The resident memory that files back, in bytes, `RssFile` in `status` (`PIDS_VM_RSS_FILE`). Since Linux 4.5.
        public var rssFileBytes: Int? { memory.rssFileBytes }
        /// The resident shared memory, in bytes: System V, `tmpfs` and shared anonymous mappings. `RssShmem` in `status`
        /// (`PIDS_VM_RSS_SHARED`). Since Linux 4.5.
        public var rssShmemBytes: Int? { memory.rssShmemBytes }
        /// The anonymous memory that is in swap, in bytes, without shared memory: `VmSwap` in `status` (`PIDS_VM_SWAP`).
        public var swapBytes: Int? { memory.swapBytes }
        /// The memory that `mlock` keeps from being swapped, in bytes, `VmLck` in `status` (`PIDS_VM_RSS_LOCKED`).
        public var lockedBytes: Int? { memory.lockedBytes }
        /// The main thread's stack, mapped and not only resident, in bytes, `VmStk` in `status` (`PIDS_VM_STACK`).
        public var stackBytes: Int? { memory.stackBytes }
        /// Page faults that were served without reading a disk, `stat` field 10 (`PIDS_FLT_MIN`).
        public var minorFaults: Int? { memory.minorFaults }
        /// Page faults that had to wait for a disk, `stat` field 12 (`PIDS_FLT_MAJ`).
        public var majorFaults: Int? { memory.majorFaults }
    }
#endif
