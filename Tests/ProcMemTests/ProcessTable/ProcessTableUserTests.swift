#if Procps
    import TestSupport
    import Testing

    @testable import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @Suite("ProcessTable: users")
    struct ProcessTableUserTests {
        @Test("The processes of this user are those with its user id in the whole table")
        func ownProcesses() throws {
            let child = try ChildProcess(state: "hold", 4096)
            var table = try ProcessTable(reading: [.userID])
            func ownOfAll() throws -> Set<ProcessTable.Row> { Set(try table.read().filter { $0.userID == geteuid() }) }
            let before = try ownOfAll()
            let found = try table.read(userIDs: [geteuid()])
            #expect(try before.intersection(ownOfAll()).isSubset(of: found))
            #expect(found.allSatisfy { $0.userID == geteuid() })
            #expect(found.contains { $0.pid == child.pid } && found.contains { $0.pid == getpid() })
            #expect(Set(found.map(\.pid)).count == found.count)
        }

        @Test(
            "A process counts as its effective user's, not its real or saved one's, undumpable as it is",
            .enabled(if: Rights.isRoot, "needs root")
        )
        func effectiveUser() throws {
            let child = try ChildProcess(state: "users", 3_004, 3_005, 3_006)
            let other = try ChildProcess(state: "users", 3_007, 3_007, 3_007)
            var table = try ProcessTable(reading: [.userID, .command])
            #expect(try table.read(userIDs: [3_005]).map(\.pid) == [child.pid])
            #expect(try table.read(userIDs: [3_005]).map(\.userID) == [3_005])
            #expect(try table.read(userIDs: [3_004, 3_006]).isEmpty)
            #expect(Set(try table.read(userIDs: [3_007, 3_005, 3_007]).map(\.pid)) == [child.pid, other.pid])
            // Most files of an undumpable process belong to root.
            var entry = stat()
            #expect(stat("/proc/\(child.pid)/stat", &entry) == 0 && entry.st_uid == 0)
        }

        @Test("A user without processes has no row, and neither has an empty list of users")
        func noProcesses() throws {
            var table = try ProcessTable()
            #expect(try table.read(userIDs: [4_000_000_000]).isEmpty)
            #expect(try table.read(userIDs: []).isEmpty)
        }

        @Test(
            "Above 255 users: the same processes, with their user ids only if requested",
            arguments: [255, 256, 1000]
        )
        func manyUsers(_ count: Int) throws {
            let child = try ChildProcess(state: "hold", 4096)
            let users = [geteuid()] + (1..<count).map { 4_000_000_000 + UInt32($0) }
            var whole = try ProcessTable(reading: [.userID])
            func ofOthers() throws -> Set<Int32> {
                Set(try whole.read().filter { $0.userID != geteuid() }.map(\.pid))
            }
            // A process that changes its user meanwhile is not in both.
            let others = try ofOthers()
            var table = try ProcessTable(reading: [.command])
            let found = try table.read(userIDs: users)
            #expect(found.contains { $0.pid == child.pid } && found.allSatisfy { $0.userID == nil })
            #expect(try others.intersection(ofOthers()).isDisjoint(with: found.map(\.pid)))
        }
    }
#endif
