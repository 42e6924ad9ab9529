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
            let kinship: Kinship
            let scheduling: Scheduling
            let cpuTime: CPUTime
            let memory: Memory

            init(_ process: cprocps_process, _ asked: Asked, _ texts: Texts) {
                pid = process.task_id
                startTimeTicks = Int(clamping: process.start_ticks)
                command = texts.command
                commandLine = texts.commandLine
                executablePath = texts.executablePath
                cgroups = texts.cgroups
                namespaces = asked(.namespaces, Namespaces(process))
                users = Users(process, asked, name: texts.userName)
                kinship = Kinship(process, asked)
                scheduling = Scheduling(process, asked)
                cpuTime = CPUTime(process, asked)
                memory = Memory(process, asked)
            }
        }

        /// What the rows of a reading are to have.
        struct Asked {
            let fields: Set<Field>
            let pageSizeBytes: Int
            let secondsSinceBoot: Double

            func callAsFunction<Value>(_ field: Field, _ value: @autoclosure () -> Value?) -> Value? {
                fields.contains(field) ? value() : nil
            }
        }
    }
#endif
