#if Procps
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

    @Suite("ProcessTable: unknown values")
    struct ProcessTableUnknownTests {
        /// All fields of memory, and those that require permission to read it.
        static let ofMemory: Set<ProcessTable.Field> = [
            .sizeBytes, .rssBytes, .sharedBytes, .textBytes, .dataBytes, .rssAnonBytes, .rssFileBytes, .rssShmemBytes,
            .swapBytes, .lockedBytes, .stackBytes, .commandLine, .executablePath,
        ]

        private func row(_ pid: Int32) throws -> ProcessTable.Row {
            var table = try ProcessTable(reading: ProcessTable.Field.allCases)
            return try #require(try table.read(pids: [pid]).first)
        }

        @Test(
            "Every field of this process is known",
            .enabled(if: ProcessTable.UserNames.knowsThisUser, "this user has no name")
        )
        func everything() throws {
            #expect(try row(getpid()).known == Set(ProcessTable.Field.allCases))
        }

        @Test("A field that was not requested is nil", arguments: ProcessTable.Field.allCases)
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

        @Test("A value that requires permission to trace is nil without it", .enabled(if: Rights.isRoot, "needs root"))
        func otherUser() throws {
            let child = try ChildProcess(state: "hold", 4096)
            let row: ProcessTable.Row = try Rights.asNobody { try self.row(child.pid) }
            #expect(row.namespaces == nil && row.executablePath == nil)
            // The child may still be in its first tick.
            let known = row.known.union([.namespaces, .executablePath, .userName, .cpuUtilization])
            #expect(known == Set(ProcessTable.Field.allCases))
            #expect(row.userID == 0 && row.rssBytes == ProcessFiles(pid: child.pid).statm(2))
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
