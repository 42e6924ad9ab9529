#if Procps
    import TestSupport
    import Testing

    @testable import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @Suite("ProcessTable: which processes")
    struct ProcessTableSelectionTests {
        @Test("600 pids, most of them unused, are returned in the requested order, without the missing ones")
        func manyProcesses() throws {
            let children = try (0..<3).map { _ in try #require(SpawnedChild("/bin/sh", "-c", "read line")) }
            // Linux assigns no pid above 4,194,304.
            var pids = (0..<600).map { Int32(5_000_000 + $0) }
            let real = [getpid(), children[0].pid, children[1].pid, getppid(), children[2].pid]
            for (place, pid) in zip([0, 254, 255, 256, 599], real) { pids[place] = pid }
            var table = try ProcessTable()
            #expect(try table.read(pids: pids).map(\.pid) == real)
        }

        @Test("A pid that is requested twice has two rows; without pids there is no row")
        func repeated() throws {
            var table = try ProcessTable()
            #expect(try table.read(pids: [getpid(), getpid()]).map(\.pid) == [getpid(), getpid()])
            #expect(try table.read(pids: []).isEmpty)
        }

        @Test("A thread's id has no row")
        func threadID() throws {
            var name = [CChar](repeating: 0, count: 64)
            let count = readlink("/proc/thread-self", &name, name.count - 1)
            let link = String(decoding: name.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let thread = try #require(link.split(separator: "/").last.flatMap { Int32($0) })
            try #require(thread != getpid(), "the test runs on the main thread")
            var table = try ProcessTable()
            #expect(try table.read(pids: [thread]).isEmpty)
            #expect(SpawnedChild.file("/proc/\(thread)/stat") != nil)
        }

        @Test("A process with several threads has one row")
        func oneRowForAllThreads() throws {
            let child = try ChildProcess(state: "thread")
            let thread = try #require(child.ids.first)
            var table = try ProcessTable(reading: ProcessTable.Field.allCases)
            for rows in [try table.read(), try table.read(pids: [thread, child.pid])] {
                let found = rows.filter { $0.pid == child.pid || $0.pid == thread }
                #expect(found.map(\.pid) == [child.pid])
                #expect(found.map(\.threadCount) == [2])
            }
        }

        @Test("Neither a thread nor a process is mistaken for the other because of the name that it sets")
        func namesLikeAKey() throws {
            let child = try #require(SpawnedChild.named(Array("Tgid:1".utf8)))
            var table = try ProcessTable()
            #expect(try table.read(pids: [child.pid]).map(\.command) == ["Tgid:1"])

            let thread = try ChildProcess(state: "thread", "Tgid:")
            let id = try #require(thread.ids.first)
            let name = try #require(SpawnedChild.file("/proc/\(id)/comm"))
            try #require(String(decoding: name, as: UTF8.self) == "Tgid:\(id)\n")
            #expect(try table.read(pids: [id]).isEmpty)
        }

        @Test("A pid below 1 is refused before any file is read", arguments: [0, -1, Int32.min])
        func invalid(_ pid: Int32) throws {
            var table = try ProcessTable()
            // A closure of an expectation may not capture a noncopyable value.
            do {
                _ = try table.read(pids: [getpid(), pid])
                Issue.record("no error")
            } catch {
                #expect(error.code == .invalidArgument)
                #expect(error.path == "/proc/\(pid)")
            }
        }

        @Test("A pid that was reused has no name, and neither has a process that has exited")
        func idGivenOutAgain() throws {
            let text = "100 (new) S 1 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 99 100\n"
            let tree = try FixtureTree(["proc/100/stat": text, "proc/100/cmdline": "new\0"])
            func texts(_ pid: Int32, _ startTicks: UInt64) throws -> ProcessTable.Texts? {
                let sources: ProcessTable.Sources = [.command, .commandLine]
                return try ProcessTable.texts(of: pid, startTicks: startTicks, from: sources, root: tree.root())
            }
            #expect(try texts(100, 4711)?.command == "new")
            #expect(try texts(100, 4711)?.commandLine == "new")
            #expect(try texts(100, 4710) == nil)
            #expect(try texts(101, 4711) == nil)
        }

        @Test("A user that is not in the database has no name")
        func unknownUser() throws {
            var names = ProcessTable.UserNames()
            #expect(names[4_000_000_000] == nil)
            #expect(names[4_000_000_000] == nil)
            #expect(names[0] == "root")
        }

        static var ps: String? {
            ["/bin/ps", "/usr/bin/ps"].first { access($0, X_OK) == 0 }
        }

        /// The lines that `ps` prints for each process.
        private func linesOfPS() throws -> [String] {
            let ps = try #require(Self.ps)
            let stream = try #require(popen("exec \(ps) -eo pid=,ppid=,comm=", "r"))
            defer { pclose(stream) }
            var bytes: [UInt8] = []
            var part = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = fread(&part, 1, part.count, stream), count > 0 { bytes += part[..<count] }
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
                line.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            }
        }

        @Test(
            "ps agrees on every process that existed before and after it",
            .enabled(if: ps != nil, "ps is not installed")
        )
        func comparedWithPS() throws {
            let child = try #require(SpawnedChild.named(Array("procmem test".utf8)))
            var table = try ProcessTable()
            func line(of row: ProcessTable.Row) -> String {
                "\(row.pid) \(row.parentPID ?? -1) \(row.command ?? "?")"
            }
            let before = Set(try table.read().map { line(of: $0) + " \($0.startTimeTicks)" })
            let lines = Set(try linesOfPS())
            let lasting = try table.read().filter {
                before.contains(line(of: $0) + " \($0.startTimeTicks)")
                    // ps marks zombies, and replaces characters that it considers unprintable.
                    && $0.rssBytes != nil && ($0.command ?? "").allSatisfy { $0.isASCII && !$0.isNewline }
            }
            #expect(lasting.contains { $0.pid == child.pid })
            #expect(lasting.contains { $0.pid == getpid() })
            for row in lasting {
                let fields = line(of: row).split(separator: " ")
                #expect(lines.contains(fields.joined(separator: " ")), "\(row)")
            }
        }
    }
#endif
