#if Procps
    import TestSupport
    import Testing

    @testable import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// Fields of children that do nothing, compared with the kernel's files and calls.
    @Suite("ProcessTable: fields")
    struct ProcessTableFieldTests {
        private func row(_ pid: Int32, _ fields: [ProcessTable.Field]) throws -> ProcessTable.Row {
            var table = try ProcessTable(reading: fields)
            return try #require(try table.read(pids: [pid]).first)
        }

        @Test("Group and session are those of getpgid and getsid, of a child with a session of its own")
        func kinship() throws {
            let child = try #require(SpawnedChild("/bin/sh", "-c", "exec setsid sh -c 'read line'"))
            try #require(child.waits { getsid(child.pid) == child.pid })
            let row = try row(child.pid, [.parentPID, .processGroupID, .sessionID])
            #expect(row.parentPID == getpid())
            #expect(row.processGroupID == getpgid(child.pid))
            #expect(row.sessionID == getsid(child.pid))
            #expect(getpgid(child.pid) != getpgid(getpid()))
        }

        @Test("Nice value, priority, policy and CPU are those that were set")
        func scheduling() throws {
            let child = try ChildProcess(state: "hold", 4096)
            try #require(setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(child.pid), 7) == 0)
            var parameter = sched_param()
            try #require(sched_setscheduler(child.pid, 3, &parameter) == 0)
            let fields: [ProcessTable.Field] = [.nice, .priority, .schedulingPolicy, .processor, .threadCount]
            let row = try row(child.pid, fields)
            #expect(row.nice == Int(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(child.pid))))
            #expect(row.nice == 7)
            #expect(row.priority == 27)
            #expect(row.schedulingPolicy == .batch)
            #expect(row.processor == ProcessFiles(pid: child.pid).stat(39))
            #expect(row.threadCount == 1)
            let threaded = try ChildProcess(state: "thread")
            #expect(try self.row(threaded.pid, fields).threadCount == 2)
        }

        static var mayBeRealTime: Bool {
            var parameter = sched_param(sched_priority: 1)
            guard let child = SpawnedChild("/bin/sh", "-c", "read line") else { return false }
            return sched_setscheduler(child.pid, SCHED_FIFO, &parameter) == 0
        }

        @Test(
            "A real-time priority is below 0",
            .enabled(if: mayBeRealTime, "needs permission to set real-time policies")
        )
        func realTime() throws {
            let child = try ChildProcess(state: "hold", 4096)
            var parameter = sched_param(sched_priority: 10)
            try #require(sched_setscheduler(child.pid, SCHED_RR, &parameter) == 0)
            let row = try row(child.pid, [.priority, .schedulingPolicy])
            #expect(row.priority == -11)
            #expect(row.schedulingPolicy == .roundRobin)
        }

        @Test("Sleeping, stopped, running, exited: the state is the kernel's letter")
        func states() throws {
            let child = try ChildProcess(state: "hold", 4096)
            #expect(try row(child.pid, [.state]).state == .sleeping)
            kill(child.pid, SIGSTOP)
            let still = try #require(SpawnedChild("/bin/sh", "-c", "read line"))
            #expect(still.waits { (try? row(child.pid, [.state]).state) == .stopped })
            let busy = try #require(SpawnedChild("/bin/sh", "-c", "while :; do :; done"))
            #expect(busy.waits { (try? row(busy.pid, [.state]).state) == .running })
            let zombie = try ChildProcess(state: "zombie")
            #expect(try row(#require(zombie.ids.first), [.state]).state == .zombie)
        }

        @Test("statm: every field of a child with memory")
        func statm() throws {
            let child = try ChildProcess(state: "hold", 16 << 20)
            let files = ProcessFiles(pid: child.pid)
            let row = try row(child.pid, [.sizeBytes, .rssBytes, .sharedBytes, .textBytes, .dataBytes])
            #expect(row.sizeBytes == files.statm(1))
            #expect(row.rssBytes == files.statm(2))
            #expect(row.sharedBytes == files.statm(3))
            #expect(row.textBytes == files.statm(4))
            #expect(row.dataBytes == files.statm(6))
            #expect(try #require(row.rssBytes) > 16 << 20 && row.rssBytes != row.sizeBytes)
        }

        @Test("status: the parts of RSS, locked memory, stack and swap")
        func status() throws {
            let child = try ChildProcess(state: "kinds", 8 << 20, 48 << 10)
            let files = ProcessFiles(pid: child.pid)
            let row = try row(
                child.pid,
                [.rssAnonBytes, .rssFileBytes, .rssShmemBytes, .swapBytes, .lockedBytes, .stackBytes]
            )
            #expect(row.rssAnonBytes == files.statusBytes("RssAnon"))
            #expect(row.rssFileBytes == files.statusBytes("RssFile"))
            #expect(row.rssShmemBytes == files.statusBytes("RssShmem"))
            #expect(row.rssShmemBytes == 8 << 20)
            #expect(row.lockedBytes == 48 << 10)
            #expect(row.stackBytes == files.statusBytes("VmStk"))
            #expect(try #require(row.stackBytes) > 0)
            #expect(row.swapBytes == files.statusBytes("VmSwap"))
            #expect(row.swapBytes != nil)
        }

        @Test("Faults and ticks of this process lie between two calls of getrusage")
        func usage() throws {
            func usage(_ who: Int32) -> rusage {
                var usage = rusage()
                getrusage(__rusage_who_t(who), &usage)
                return usage
            }
            func ticks(_ time: timeval) -> Int {
                let ticksPerSecond = sysconf(Int32(_SC_CLK_TCK))
                return time.tv_sec * ticksPerSecond + Int(time.tv_usec) * ticksPerSecond / 1_000_000
            }
            // A child that has used the CPU, and has been collected.
            let loop = "i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done"
            let busy = try ChildProcess.output(of: "/bin/sh", ["-c", loop])
            #expect(busy.status == 0)
            let (own, children) = (usage(0), usage(-1))
            let row = try row(
                getpid(),
                [.minorFaults, .majorFaults, .userTicks, .systemTicks, .childrenUserTicks, .childrenSystemTicks]
            )
            let (ownAfter, childrenAfter) = (usage(0), usage(-1))
            #expect((own.ru_minflt...ownAfter.ru_minflt).contains(try #require(row.minorFaults)))
            #expect((own.ru_majflt...ownAfter.ru_majflt).contains(try #require(row.majorFaults)))
            // getrusage adjusts user and system time to their exact sum, by up to one tick each.
            func expect(_ found: Int?, _ before: timeval, _ after: timeval) throws {
                #expect((ticks(before) - 1...ticks(after) + 1).contains(try #require(found)))
            }
            try expect(row.userTicks, own.ru_utime, ownAfter.ru_utime)
            try expect(row.systemTicks, own.ru_stime, ownAfter.ru_stime)
            try expect(row.childrenUserTicks, children.ru_utime, childrenAfter.ru_utime)
            try expect(row.childrenSystemTicks, children.ru_stime, childrenAfter.ru_stime)
            #expect(try #require(row.childrenUserTicks) > 0)
        }

        @Test("Utilisation is CPU time by time since the start, as ps computes it")
        func utilization() throws {
            let busy = try #require(SpawnedChild("/bin/sh", "-c", "while :; do :; done"))
            try #require(busy.waits { ProcessFiles(pid: busy.pid).stat(14) ?? 0 >= 30 })
            kill(busy.pid, SIGSTOP)
            try #require(busy.waits { ProcessFiles(pid: busy.pid).text("stat").contains(") T ") })
            func fingerprint() throws -> Double {
                let files = ProcessFiles(pid: busy.pid)
                let uptime = String(decoding: try #require(SpawnedChild.file("/proc/uptime")), as: UTF8.self)
                let now = try #require(uptime.split(separator: " ").first.flatMap { Double($0) })
                let hertz = Double(sysconf(Int32(_SC_CLK_TCK)))
                let used = Double(try #require(files.stat(14)) + #require(files.stat(15))) / hertz
                return used / (now - Double(try #require(files.stat(22))) / hertz)
            }
            let before = try fingerprint()
            let found = try #require(try row(busy.pid, [.cpuUtilization]).cpuUtilization)
            let after = try fingerprint()
            // The process is idle and grows older; /proc/uptime has a resolution of hundredths.
            #expect(found <= before * 1.1 && found >= after * 0.9, "\(before) \(found) \(after)")
            #expect(found > 0.01)
        }

        @Test("User and group ids: effective, real and saved, all different", .enabled(if: Rights.isRoot, "needs root"))
        func users() throws {
            let child = try ChildProcess(state: "users", 3_001, 3_002, 3_003)
            let row = try row(
                child.pid,
                [.userID, .realUserID, .savedUserID, .groupID, .realGroupID, .savedGroupID, .userName]
            )
            #expect([row.realUserID, row.userID, row.savedUserID] == [3_001, 3_002, 3_003])
            #expect([row.realGroupID, row.groupID, row.savedGroupID] == [3_011, 3_012, 3_013])
            #expect(row.userName == nil)
            let uid = ProcessFiles(pid: child.pid).status("Uid").compactMap { UInt32($0) }
            #expect([row.realUserID, row.userID, row.savedUserID] == uid.prefix(3).map(Optional.some))
        }
    }
#endif
