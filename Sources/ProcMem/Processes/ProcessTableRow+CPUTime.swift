#if Procps
    import CProcps

    extension ProcessTable.Row {
        struct CPUTime: Sendable, Hashable {
            let userTicks, systemTicks, childrenUserTicks, childrenSystemTicks: Int?
            let utilization: Double?

            init(_ process: cprocps_process, _ asked: ProcessTable.Asked) {
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
            private static func utilization(_ process: cprocps_process, _ asked: ProcessTable.Asked) -> Double? {
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
#endif
