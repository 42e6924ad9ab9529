#if Procps
    import Testing

    @testable import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @Suite("ProcessTable: resources")
    struct ProcessTableResourceTests {
        private func openDescriptors() throws -> Int {
            let folder = try #require(opendir("/proc/self/fd"))
            defer { closedir(folder) }
            var count = 0
            while readdir(folder) != nil { count += 1 }
            return count
        }

        @Test("A thousand tables and two thousand readings leave no descriptor open")
        func descriptors() throws {
            let before = try openDescriptors()
            for round in 0..<1000 {
                var table = try ProcessTable()
                #expect(try table.read(pids: [getpid()]).count == 1)
                #expect(try table.read(pids: [5_000_000]).isEmpty)
                if round % 50 == 0 { #expect(try !table.read().isEmpty) }
            }
            // Concurrent tests have a few files open.
            #expect(try openDescriptors() < before + 100)
        }

        @Test(
            "Only a lack of descriptors shows that procps has left processes out; a malloc that succeeds may leave ENOMEM"
        )
        func lastErrors() throws {
            for error in [Errno.tooManyOpenFiles, .tooManyOpenFilesInSystem] {
                #expect(throws: ProcMemError.self) {
                    try ProcessTable.confirmWhole([], .processes([1]), lastError: error)
                }
            }
            for error in [Errno.noMemory, .noSuchFileOrDirectory, .permissionDenied] {
                try ProcessTable.confirmWhole([], .processes([1]), lastError: error)
            }
        }

        @Test("Eight threads, each with its own table, read concurrently, and each finds this process")
        func threads() async throws {
            let found = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var table = try ProcessTable()
                        for _ in 0..<20 where try !table.read().contains(where: { $0.pid == getpid() }) {
                            return false
                        }
                        return true
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(found == 8)
        }
    }
#endif
