#if Procps
    import CProcps
    import TestSupport
    import Testing

    @testable import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    extension ProcessTable.Row {
        /// The fields that have a value.
        var known: Set<ProcessTable.Field> {
            Set(ProcessTable.Field.allCases.filter { value($0) != nil })
        }

        private func value(_ field: ProcessTable.Field) -> Any? {
            switch field {
            case .command: command
            case .commandLine: commandLine
            case .executablePath: executablePath
            case .userID: userID
            case .userName: userName
            case .groupID: groupID
            case .realUserID: realUserID
            case .savedUserID: savedUserID
            case .realGroupID: realGroupID
            case .savedGroupID: savedGroupID
            case .parentPID: parentPID
            case .processGroupID: processGroupID
            case .sessionID: sessionID
            case .state: state
            case .threadCount: threadCount
            case .nice: nice
            case .priority: priority
            case .schedulingPolicy: schedulingPolicy
            case .processor: processor
            case .userTicks: userTicks
            case .systemTicks: systemTicks
            case .childrenUserTicks: childrenUserTicks
            case .childrenSystemTicks: childrenSystemTicks
            case .cpuUtilization: cpuUtilization
            case .minorFaults: minorFaults
            case .majorFaults: majorFaults
            case .sizeBytes: sizeBytes
            case .rssBytes: rssBytes
            case .sharedBytes: sharedBytes
            case .textBytes: textBytes
            case .dataBytes: dataBytes
            case .rssAnonBytes: rssAnonBytes
            case .rssFileBytes: rssFileBytes
            case .rssShmemBytes: rssShmemBytes
            case .swapBytes: swapBytes
            case .lockedBytes: lockedBytes
            case .stackBytes: stackBytes
            case .cgroups: cgroups
            case .namespaces: namespaces
            }
        }
    }

    @Suite("ProcessTable: what is not known")
    struct ProcessTableUnknownTests {
        /// Everything that lies in memory, or in the right to look at it.
        static let ofMemory: Set<ProcessTable.Field> = [
            .sizeBytes, .rssBytes, .sharedBytes, .textBytes, .dataBytes, .rssAnonBytes, .rssFileBytes, .rssShmemBytes,
            .swapBytes, .lockedBytes, .stackBytes, .commandLine, .executablePath,
        ]

        private func row(_ pid: Int32) throws -> ProcessTable.Row {
            var table = try ProcessTable(reading: ProcessTable.Field.allCases)
            return try #require(try table.read(pids: [pid]).first)
        }

        @Test("Every field of this process is known", .enabled(if: ProcessTable.UserNames.knowsThisUser))
        func everything() throws {
            #expect(try row(getpid()).known == Set(ProcessTable.Field.allCases))
        }

        @Test("A field that was not asked for is nil", arguments: ProcessTable.Field.allCases)
        func notAskedFor(_ field: ProcessTable.Field) throws {
            var table = try ProcessTable(reading: [field])
            let row = try #require(try table.read(pids: [getpid()]).first)
            #expect(row.known.subtracting([field]).isEmpty)
            #expect(row.known.contains(field) || field == .userName)
            #expect(row.pid == getpid())
            #expect(row.startTimeTicks == ProcessFiles(pid: getpid()).stat(22))
        }

        @Test("Without any field a row is a pid and a start time")
        func nothing() throws {
            var table = try ProcessTable(reading: [])
            let row = try #require(try table.read(pids: [getpid()]).first)
            #expect(row.known.isEmpty)
            #expect(row.startTimeTicks == ProcessFiles(pid: getpid()).stat(22))
            #expect(try table.read().contains { $0.pid == getpid() })
        }

        @Test("A zombie has no memory; its ids, ticks and faults are known")
        func zombie() throws {
            let child = try ChildProcess(state: "zombie")
            let row = try row(#require(child.ids.first))
            #expect(row.known.isDisjoint(with: Self.ofMemory))
            let lost: Set<ProcessTable.Field> = [.namespaces, .userName, .cpuUtilization]
            #expect(row.known.union(lost).union(Self.ofMemory) == Set(ProcessTable.Field.allCases))
            #expect(row.state == .zombie && row.threadCount == 1 && row.realUserID == getuid())
            #expect(row.namespaces?.mnt == nil)
        }

        @Test(
            "A kernel thread has no memory",
            .enabled(if: ProcessTableTests.showsKernelThreads, "kernel threads are not in this pid namespace")
        )
        func kernelThread() throws {
            let row = try row(2)
            #expect(row.known.isDisjoint(with: Self.ofMemory))
            #expect(row.realUserID == 0)
            #expect(row.parentPID == 0 && row.processGroupID == 0 && row.sessionID == 0)
            #expect(row.namespaces?.pid == ProcessFiles(pid: 2).inode("ns/pid"))
        }

        @Test("What needs the right to trace is nil without it", .enabled(if: Rights.isRoot, "needs root"))
        func otherUser() throws {
            let child = try ChildProcess(state: "hold", 4096)
            let row: ProcessTable.Row = try Rights.asNobody { try self.row(child.pid) }
            #expect(row.namespaces == nil && row.executablePath == nil)
            // The child may be in its first tick still.
            let known = row.known.union([.namespaces, .executablePath, .userName, .cpuUtilization])
            #expect(known == Set(ProcessTable.Field.allCases))
            #expect(row.userID == 0 && row.rssBytes == ProcessFiles(pid: child.pid).statm(2))
        }

        /// What procps may say, made by hand.
        private func row(_ change: (inout cprocps_process) -> Void, seconds: Double = 100) -> ProcessTable.Row {
            var process = cprocps_process()
            change(&process)
            let asked = ProcessTable.Asked(
                fields: Set(ProcessTable.Field.allCases),
                pageSizeBytes: 4096,
                secondsSinceBoot: seconds
            )
            return ProcessTable.Row(process, asked, ProcessTable.Texts())
        }

        @Test("0 beside a size is a number, 0 without one is nothing")
        func zeroSizes() {
            let none = row {
                $0.resident_pages = 7
                $0.vm_swap = 7
            }
            #expect(none.known.isDisjoint(with: Self.ofMemory))
            let swappedOut = row {
                $0.size_pages = 100
                $0.vm_size = 400
                $0.vm_swap = 300
            }
            #expect(swappedOut.rssBytes == 0 && swappedOut.swapBytes == 300 << 10)
            #expect(swappedOut.rssAnonBytes == 0 && swappedOut.lockedBytes == 0)
            let resident = row {
                $0.size_pages = 100
                $0.resident_pages = 3
            }
            #expect(resident.rssBytes == 3 * 4096 && resident.sizeBytes == 100 * 4096)
            #expect(resident.swapBytes == nil)
        }

        @Test("Before Linux 4.5 the parts of RSS are not known, and the rest of status is")
        func oldKernel() {
            let row = row {
                $0.vm_size = 400
                $0.vm_rss = 300
            }
            #expect(row.rssAnonBytes == nil && row.rssFileBytes == nil && row.rssShmemBytes == nil)
            #expect(row.swapBytes == 0)
            #expect(
                self.row {
                    $0.vm_size = 400
                    $0.vm_rss = 300
                    $0.rss_file = 300
                }.rssAnonBytes == 0
            )
        }

        @Test("Where status could not be read, nobody is taken for root")
        func noStatus() {
            let without = row { $0.user_id = 5 }
            #expect(without.realUserID == nil && without.savedUserID == nil && without.realGroupID == nil)
            #expect(without.savedGroupID == nil && without.userID == 5)
            #expect(row { $0.has_status = true }.realUserID == 0)
        }

        @Test("Numbers that cannot be are not known, and nothing traps")
        func absurd() {
            let row = row {
                $0.size_pages = .max
                $0.resident_pages = 1 << 50
                $0.vm_size = .max
                $0.vm_locked = .max
                $0.user_ticks = .max
                $0.system_ticks = .max
                $0.start_ticks = .max
                $0.minor_faults = .max
                $0.user_ticks_with_children = 1
                $0.thread_count = .min
                $0.process_group_id = -1
                $0.session_id = -1
                $0.policy = -1
                $0.state = -1
            }
            #expect(row.sizeBytes == nil && row.rssBytes == nil && row.lockedBytes == nil)
            #expect(row.userTicks == .max && row.startTimeTicks == .max && row.minorFaults == .max)
            #expect(row.childrenUserTicks == nil && row.cpuUtilization == nil)
            #expect(row.processGroupID == nil && row.sessionID == nil)
            #expect(row.schedulingPolicy == nil && row.state == nil)
        }

        @Test("Utilisation: a half, more than one CPU, and a process that has only just started")
        func utilization() {
            let hertz = UInt64(ProcessTable.ticksPerSecond)
            func utilization(started: UInt64, user: UInt64, system: UInt64 = 0) -> Double? {
                row {
                    $0.start_ticks = started
                    $0.user_ticks = user
                    $0.system_ticks = system
                }.cpuUtilization
            }
            // 100 seconds after boot.
            #expect(utilization(started: 90 * hertz, user: 4 * hertz, system: hertz) == 0.5)
            #expect(utilization(started: 90 * hertz, user: 25 * hertz) == 2.5)
            #expect(utilization(started: 100 * hertz, user: 1) == nil)
            #expect(utilization(started: 101 * hertz, user: 1) == nil)
        }

        @Test("Any letter is a state, and nothing else is")
        func states() {
            #expect(ProcessTable.State(letter: 0x44) == .uninterruptible)
            #expect(ProcessTable.State(rawValue: "W")?.description == "W")
            #expect(ProcessTable.State(rawValue: "t") == .traced && .traced != ProcessTable.State.stopped)
            #expect(ProcessTable.State(letter: 0) == nil && ProcessTable.State(rawValue: "1") == nil)
            #expect(ProcessTable.State(rawValue: "ä") == nil)
        }
    }

    extension ProcessTable.UserNames {
        /// In a container the user may have no entry.
        static var knowsThisUser: Bool {
            var names = ProcessTable.UserNames()
            return names[geteuid()] != nil
        }
    }
#endif
