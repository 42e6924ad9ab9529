#if Procps
    import CProcps

    extension ProcessTable.Row {
        struct Scheduling: Sendable, Hashable {
            let state: ProcessTable.State?
            let threadCount, nice, priority, processor: Int?
            let policy: SchedulingPolicy?

            init(_ process: cprocps_process, _ asked: ProcessTable.Asked) {
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
#endif
