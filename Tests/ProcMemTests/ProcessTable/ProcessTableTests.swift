#if Procps
    import Testing

    @testable import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @Suite("ProcessTable")
    struct ProcessTableTests {
        /// The fields of a `stat` file after the name; `[0]` is field 3.
        private func stat(_ process: String = "self") throws -> [Int] {
            let text = String(decoding: try #require(SpawnedChild.file("/proc/\(process)/stat")), as: UTF8.self)
            let end = try #require(text.lastIndex(of: ")"))
            return text[text.index(after: end)...].split(separator: " ").map { Int($0) ?? -1 }
        }

        private func userName(of id: uid_t) -> String? {
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            var room = [CChar](repeating: 0, count: 1 << 16)
            guard getpwuid_r(id, &entry, &room, room.count, &found) == 0, found != nil else { return nil }
            return String(cString: entry.pw_name)
        }

        @Test("This process: getpid, getppid, the user database and /proc/self/stat agree")
        func ownProcess() throws {
            var table = try ProcessTable()
            let before = try stat()
            let row = try #require(try table.read(pids: [getpid()]).first)
            let after = try stat()
            #expect(row.pid == getpid())
            #expect(row.parentPID == getppid())
            #expect(row.userID == geteuid())
            #expect(row.userName == userName(of: geteuid()))
            let comm = try #require(SpawnedChild.file("/proc/self/comm"))
            #expect(row.command == String(decoding: comm.dropLast(), as: UTF8.self))
            #expect(row.startTimeTicks == before[19])
            #expect((before[11]...after[11]).contains(try #require(row.userTicks)))
            #expect((before[12]...after[12]).contains(try #require(row.systemTicks)))
            let cmdline = try #require(SpawnedChild.file("/proc/self/cmdline"))
            let arguments = cmdline.dropLast().map { $0 == 0 ? 0x20 : $0 }
            #expect(row.commandLine == String(decoding: arguments, as: UTF8.self))
            #expect(ProcessTable.ticksPerSecond == sysconf(Int32(_SC_CLK_TCK)))
        }

        @Test("The whole table contains the row that is read alone")
        func wholeTable() throws {
            let child = try #require(SpawnedChild("/bin/sh", "-c", "read line"))
            var table = try ProcessTable()
            let alone = try #require(try table.read(pids: [child.pid]).first)
            let all = try table.read()
            #expect(all.count(where: { $0.pid == child.pid }) == 1)
            #expect(all.first { $0.pid == child.pid }?.startTimeTicks == alone.startTimeTicks)
            #expect(all.contains { $0.pid == getpid() })
            #expect(Set(all.map(\.pid)).count == all.count)
        }

        @Test("Resident memory is statm's second field in pages, for an idle child")
        func residentMemory() throws {
            let child = try #require(SpawnedChild.named(Array("stands still".utf8)))
            var table = try ProcessTable()
            // The shell may not have reached its read yet.
            let agrees = child.waits {
                let row = try? table.read(pids: [child.pid]).first
                let statm = String(decoding: SpawnedChild.file("/proc/\(child.pid)/statm") ?? [], as: UTF8.self)
                let pages = statm.split(separator: " ").dropFirst().first.flatMap { Int($0) }
                return row?.rssBytes != nil && row?.rssBytes == pages.map { $0 * sysconf(Int32(_SC_PAGESIZE)) }
            }
            #expect(agrees)
        }

        static let hostileNames: [[UInt8]] = [
            Array(") R 1 (".utf8), Array("a b".utf8), Array("x\ny".utf8), Array("a\\nb".utf8), Array("ümlaut".utf8),
            [0x61, 0xFF, 0xC3, 0x62], Array("((((".utf8), Array("\u{1B}[31mred".utf8),
        ]

        @Test("A name is the kernel's, and the next row is not shifted", arguments: hostileNames)
        func hostileName(_ name: [UInt8]) throws {
            let child = try #require(SpawnedChild.named(name))
            var table = try ProcessTable()
            let row = try #require(try table.read(pids: [child.pid]).first)
            #expect(row.command == String(decoding: name, as: UTF8.self))
            #expect(row.parentPID == getpid())
            #expect(row.startTimeTicks == (try stat("\(child.pid)"))[19])
            // The shell's last argument is the name.
            #expect(row.commandLine?.hasSuffix("read line sh \(try #require(row.command))") == true, "\(row)")
        }

        @Test("A zombie has a row, without memory and without a command line")
        func zombie() throws {
            let child = try #require(SpawnedChild("/bin/true"))
            try #require(child.becomesZombie())
            var table = try ProcessTable()
            let row = try #require(try table.read(pids: [child.pid]).first)
            #expect(row.rssBytes == nil)
            #expect(row.commandLine == nil)
            #expect(row.command == "true")
            #expect(row.parentPID == getpid())
            #expect(row.userID == geteuid())
        }

        static var showsKernelThreads: Bool {
            SpawnedChild.file("/proc/2/comm") == Array("kthreadd\n".utf8)
        }

        @Test(
            "A kernel thread has a row, without memory and without a command line",
            .enabled(if: showsKernelThreads, "kernel threads are not in this pid namespace")
        )
        func kernelThread() throws {
            var table = try ProcessTable()
            let row = try #require(try table.read(pids: [2]).first)
            #expect(row.command == "kthreadd")
            #expect(row.rssBytes == nil)
            #expect(row.commandLine == nil)
            #expect(row.parentPID == 0)
        }

        @Test("A command line longer than a page is complete, and empty arguments at its end are omitted")
        func longCommandLine() throws {
            let long = String(repeating: "x", count: 100_000)
            let child = try #require(SpawnedChild("/bin/sh", "-c", "read line", "-", long, "", "end", "", ""))
            // posix_spawn returns before the kernel has set up the arguments.
            #expect(child.waits { SpawnedChild.file("/proc/\(child.pid)/cmdline")?.isEmpty == false })
            var table = try ProcessTable()
            #expect(try table.read(pids: [child.pid]).first?.commandLine == "/bin/sh -c read line - \(long)  end")
        }
    }
#endif
