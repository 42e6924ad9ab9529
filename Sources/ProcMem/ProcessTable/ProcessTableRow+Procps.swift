#if Procps && (canImport(CProcpsHasLibproc2) || canImport(CProcpsHasLibprocps) || CPROCPS_HEADERS)
    import CProcps

    extension ProcessTable.Row {
        init(_ process: cprocps_process, _ asked: ProcessTable.RequestedFields, _ texts: ProcessTable.Texts) {
            pid = process.task_id
            startTimeTicks = Int(clamping: process.start_ticks)
            command = texts.command
            commandLine = texts.commandLine
            executablePath = texts.executablePath
            cgroups = texts.cgroups
            namespaces = asked(.namespaces, ProcessTable.Namespaces(process))

            // The owner and the group of an existing directory are always known. A 0 from `status` is root's id, or
            // the initial value if the file could not be read.
            func id(_ id: UInt32) -> UInt32? { process.has_status ? id : nil }
            userID = asked(.userID, process.user_id)
            userName = texts.userName
            groupID = asked(.groupID, process.group_id)
            realUserID = asked(.realUserID, id(process.real_user_id))
            savedUserID = asked(.savedUserID, id(process.saved_user_id))
            realGroupID = asked(.realGroupID, id(process.real_group_id))
            savedGroupID = asked(.savedGroupID, id(process.saved_group_id))

            // -1 while the process is being removed. 0 is a valid value.
            func relation(_ id: Int32) -> Int32? { id < 0 ? nil : id }
            parentPID = asked(.parentPID, process.parent_pid)
            processGroupID = asked(.processGroupID, relation(process.process_group_id))
            sessionID = asked(.sessionID, relation(process.session_id))

            state = asked(.state, ProcessTable.State(letter: process.state))
            threadCount = asked(.threadCount, Int(process.thread_count))
            nice = asked(.nice, Int(process.nice))
            priority = asked(.priority, Int(process.priority))
            // -1 if the kernel does not report a policy, before Linux 2.5.19.
            let policy = process.policy < 0 ? nil : SchedulingPolicy(rawValue: Int(process.policy))
            schedulingPolicy = asked(.schedulingPolicy, policy)
            processor = asked(.processor, Int(process.processor))

            // procps 4 reports the children's time only as a sum with the process's own.
            func children(_ all: UInt64, _ own: UInt64) -> Int? { all < own ? nil : Int(clamping: all - own) }
            let (user, system) = (process.user_ticks, process.system_ticks)
            userTicks = asked(.userTicks, Int(clamping: user))
            systemTicks = asked(.systemTicks, Int(clamping: system))
            childrenUserTicks = asked(.childrenUserTicks, children(process.user_ticks_with_children, user))
            childrenSystemTicks = asked(.childrenSystemTicks, children(process.system_ticks_with_children, system))
            cpuUtilization = asked(.cpuUtilization, asked.utilization(of: process))

            // Every running process has a mapping. A size of 0 means a kernel thread, a zombie or a file that could
            // not be read, and makes every number of that file unknown. Next to a size above 0, a 0 is a valid
            // number: for example, all memory may be in swap.
            func statm(_ pages: UInt64) -> Int? {
                process.size_pages == 0 ? nil : .memorySize(pages, unitBytes: asked.pageSizeBytes)
            }
            func status(_ kibibytes: UInt64) -> Int? {
                process.vm_size == 0 ? nil : .memorySize(kibibytes, unitBytes: 1024)
            }
            // VmRSS is the sum of the three parts. Before Linux 4.5 the kernel does not report them: all three are
            // 0, although VmRSS is not.
            let lacksParts = process.rss_anon | process.rss_file | process.rss_shmem == 0 && process.vm_rss > 0
            func part(_ kibibytes: UInt64) -> Int? { lacksParts ? nil : status(kibibytes) }
            minorFaults = asked(.minorFaults, Int(clamping: process.minor_faults))
            majorFaults = asked(.majorFaults, Int(clamping: process.major_faults))
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
        }
    }

    extension ProcessTable.Namespaces {
        /// Creates the inodes from procps' values; `nil` if no link could be read.
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

    extension ProcessTable {
        /// The fields that the caller requested, and the facts about the system that their values require.
        struct RequestedFields {
            let fields: Set<Field>
            let pageSizeBytes: Int
            let secondsSinceBoot: Double

            func callAsFunction<Value>(_ field: Field, _ value: @autoclosure () -> Value?) -> Value? {
                fields.contains(field) ? value() : nil
            }

            // Not PIDS_UTILIZATION: libprocps 3.3 has none, and libproc2 leaves the number of the previous reading in
            // place for a process that has just started.
            fileprivate func utilization(of process: cprocps_process) -> Double? {
                let ticks = secondsSinceBoot * Double(ProcessTable.ticksPerSecond) - Double(process.start_ticks)
                // Within its first tick a process has used 0 or 1 of 0 ticks.
                guard ticks >= 1 else { return nil }
                return (Double(process.user_ticks) + Double(process.system_ticks)) / ticks
            }
        }
    }
#endif
