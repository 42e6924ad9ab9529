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

    /// The program, cgroups and namespaces of children that do nothing, compared with the kernel's files and links.
    @Suite("ProcessTable: program, cgroups, namespaces")
    struct ProcessTableSurroundingsTests {
        private func row(_ pid: Int32, _ fields: [ProcessTable.Field]) throws -> ProcessTable.Row {
            var table = try ProcessTable(reading: fields)
            return try #require(try table.read(pids: [pid]).first)
        }

        @Test("The program's file is the target of exe, and is marked as deleted once it is")
        func executable() throws {
            var path = Array("/tmp/procmem-test-XXXXXX".utf8CString)
            let copy = mkstemp(&path)
            try #require(copy >= 0)
            let program = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            defer { unlink(program) }
            let contents = try #require(SpawnedChild.file("/bin/cat"))
            #expect(contents.withUnsafeBytes { write(copy, $0.baseAddress, $0.count) } == contents.count)
            fchmod(copy, 0o755)
            close(copy)
            let child = try #require(SpawnedChild(program))
            try #require(child.waits { ProcessFiles(pid: child.pid).link("exe") == program })
            #expect(try row(child.pid, [.executablePath]).executablePath == program)
            unlink(program)
            #expect(try row(child.pid, [.executablePath]).executablePath == program + " (deleted)")
        }

        @Test("Cgroups are the lines of the kernel's file")
        func cgroups() throws {
            let child = try ChildProcess(state: "hold", 4096)
            let cgroups = try #require(try row(child.pid, [.cgroups]).cgroups)
            let lines = cgroups.map { "\($0.hierarchyID):\($0.controllers.joined(separator: ",")):\($0.path)\n" }
            #expect(lines.joined() == ProcessFiles(pid: child.pid).text("cgroup"))
        }

        @Test("A line of cgroup is a hierarchy, whatever its path contains; a malformed line is omitted")
        func cgroupLines() {
            let file = "0::/a b\n4:cpu,cpuacct:/c:d\n1:name=systemd:/\njunk\nx:cpu:/e\n7:memory:"
            let cgroups = KernelText.parse(file) { ProcessTable.Cgroup.list(parsing: $0) }
            #expect(cgroups.map(\.hierarchyID) == [0, 4, 1, 7])
            #expect(cgroups.map(\.controllers) == [[], ["cpu", "cpuacct"], ["name=systemd"], ["memory"]])
            #expect(cgroups.map(\.path) == ["/a b", "/c:d", "/", ""])
            #expect(KernelText.parse("") { ProcessTable.Cgroup.list(parsing: $0) }.isEmpty)
        }

        @Test("Namespaces are the inodes of the links; libprocps 3.3 lacks those of cgroup and time")
        func namespaces() throws {
            let child = try ChildProcess(state: "hold", 4096)
            let files = ProcessFiles(pid: child.pid)
            let found = try #require(try row(child.pid, [.namespaces]).namespaces)
            #expect(found.ipc == files.inode("ns/ipc"))
            #expect(found.mnt == files.inode("ns/mnt"))
            #expect(found.net == files.inode("ns/net"))
            #expect(found.pid == files.inode("ns/pid"))
            #expect(found.user == files.inode("ns/user"))
            #expect(found.uts == files.inode("ns/uts"))
            #expect(found.uts != nil)
            let fingerprint: [Int32: [UInt64?]] = [
                3: [nil, nil], 4: [files.inode("ns/cgroup"), files.inode("ns/time")],
            ]
            #expect([found.cgroup, found.time] == fingerprint[CPROCPS_GENERATION])
        }

        static var mayUnshare: Bool {
            (try? ChildProcess.output(of: "/usr/bin/unshare", ["--uts", "true"]).status) == 0
        }

        @Test("A new namespace has another inode", .enabled(if: mayUnshare, "needs permission to create namespaces"))
        func ownNamespace() throws {
            let child = try #require(SpawnedChild("/usr/bin/unshare", "--uts", "sh", "-c", "read line"))
            let own = try #require(try row(getpid(), [.namespaces]).namespaces)
            try #require(child.waits { ProcessFiles(pid: child.pid).text("comm") == "sh\n" })
            let other = try #require(try row(child.pid, [.namespaces]).namespaces)
            #expect(other.uts != own.uts)
            #expect(other.net == own.net)
        }
    }
#endif
