#if Procps && (CPROCPS_USE_LIBPROCPS || (canImport(CProcpsHasLibprocps) && !canImport(CProcpsHasLibproc2)))
    import CProcps
    import Testing

    @testable import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// The library keeps its buffers in static variables: one test runs at a time, and none beside a ProcessTable.
    @Suite("libprocps", .serialized)
    struct LibprocpsTests {
        @Suite("readproc.h, pwcache.h, devname.h, escape.h, wchan.h")
        struct Process {
            private let fields = PROC_FILLSTAT | PROC_FILLSTATUS | PROC_FILLMEM | PROC_FILLARG | PROC_FILLUSR

            /// Calls a closure with each process of a scan. The library owns the memory.
            private func forEach(
                _ scan: UnsafeMutablePointer<PROCTAB>?,
                _ body: (UnsafeMutablePointer<proc_t>) throws -> Void
            ) throws {
                let scan = try #require(scan)
                defer { closeproc(scan) }
                while let process = readproc(scan, nil) {
                    defer { freeproc(process) }
                    try body(process)
                }
            }

            private func text<T>(_ characters: T) -> String {
                withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            }

            @Test("A scan for pids: this process, compared with getpid, the user database and /proc/self")
            func ownProcess() throws {
                try procpsLock.withLock {
                    var pids = [getpid(), 0]
                    try pids.withUnsafeMutableBufferPointer { pids in
                        var count = 0
                        try forEach(cprocps_openproc_pids(fields, pids.baseAddress)) { process in
                            count += 1
                            #expect(process.pointee.tgid == getpid())
                            #expect(process.pointee.ppid == getppid())
                            #expect(process.pointee.euid == Int32(geteuid()))
                            let user = Witness.userName(of: geteuid()) ?? String(geteuid())
                            #expect(text(process.pointee.euser) == user)
                            let command = try #require(Witness.text(of: "/proc/self/comm")?.dropLast())
                            #expect(text(process.pointee.cmd) == String(command))
                            let first = try #require(process.pointee.cmdline[0])
                            #expect(String(cString: first) == Witness.firstArgument)
                            #expect(process.pointee.resident > 0)
                        }
                        #expect(count == 1)
                    }
                }
            }

            @Test("A scan of all processes, and one for a user: this process is in both, and the second has one user")
            func everything() throws {
                try procpsLock.withLock {
                    var all: [Int32] = []
                    try forEach(cprocps_openproc(fields)) { all.append($0.pointee.tgid) }
                    #expect(all.contains(getpid()) && all.contains(getppid()))
                    #expect(Set(all).count == all.count)

                    var users = [geteuid()]
                    try users.withUnsafeMutableBufferPointer { users in
                        var own: [Int32] = []
                        try forEach(cprocps_openproc_uids(fields, users.baseAddress, 1)) { process in
                            own.append(process.pointee.tgid)
                            #expect(process.pointee.euid == Int32(geteuid()))
                        }
                        #expect(own.contains(getpid()))
                    }
                }
            }

            @Test("Tables of all processes, of pids and of users contain this process")
            func tables() throws {
                func pids(_ table: UnsafeMutablePointer<UnsafeMutablePointer<proc_t>?>?) throws -> [Int32] {
                    let table = try #require(table)
                    defer { free(table) }
                    var pids: [Int32] = []
                    var place = 0
                    while let process = table[place] {
                        pids.append(process.pointee.tgid)
                        freeproc(process)
                        place += 1
                    }
                    return pids
                }
                try procpsLock.withLock {
                    let all = try pids(cprocps_readproctab(PROC_FILLSTAT))
                    #expect(all.contains(getpid()) && all.contains(getppid()))
                    var wanted = [getpid(), 0]
                    let named = try pids(cprocps_readproctab_pids(PROC_FILLSTAT, &wanted))
                    #expect(named == [getpid()])
                    var users = [geteuid()]
                    let own = try pids(cprocps_readproctab_uids(PROC_FILLSTAT, &users, 1))
                    #expect(own.contains(getpid()))
                }
            }

            @Test("look_up_our_self, and the names of namespaces give their numbers")
            func ourselves() throws {
                procpsLock.withLock {
                    var process = proc_t()
                    look_up_our_self(&process)
                    #expect(process.ppid == getppid())
                }
                for id in 0..<Int32(NUM_NS.rawValue) {
                    let name = try #require(get_ns_name(id))
                    #expect(get_ns_id(name) == id)
                    #expect(access("/proc/self/ns/\(String(cString: name))", F_OK) == 0)
                }
            }

            @Test("pwcache.h: the name of a user is the one in the user database")
            func userNames() throws {
                let name = try #require(pwcache_get_user(geteuid()).map { String(cString: $0) })
                #expect(name == Witness.userName(of: geteuid()) ?? String(geteuid()))
                let nobody = pwcache_get_user(4_000_000_000).map { String(cString: $0) }
                #expect(nobody == "4000000000")
            }

            @Test("devname.h: a terminal's name gives the device's number, and another name gives none")
            func devices() throws {
                var fingerprint = stat()
                try #require(stat("/dev/tty", &fingerprint) == 0)
                #expect(tty_to_dev("tty") == Int32(fingerprint.st_rdev))
                #expect(tty_to_dev("no such terminal") == -1)
                var name = [CChar](repeating: 0, count: 64)
                // Without abbreviations the name is a path. A device that is not a terminal is "?".
                let count = dev_to_tty(&name, 63, 0, getpid(), 0)
                #expect(text(prefix: name, Int(count)) == "?")
            }

            private func text(prefix characters: [CChar], _ count: Int) -> String {
                String(decoding: characters.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }

            @Test("escape.h: control characters are replaced as the locale determines")
            func escapes() {
                var escaped = [CChar](repeating: 0, count: 64)
                var cells: Int32 = 64
                let count = escape_str(&escaped, "a\tb\u{1B}c", 64, &cells)
                #expect(["a?b?c", "a.b.c"].contains(text(prefix: escaped, Int(count))))
                #expect(cells == 64 - count)
            }

            @Test("wchan.h: the function in which the parent of this test waits is the kernel's")
            func waitChannel() throws {
                func fingerprint() -> String { Witness.text(of: "/proc/\(getppid())/wchan") ?? "" }
                for attempt in 1... {
                    let before = fingerprint()
                    let found = try #require(lookup_wchan(getppid()).map { String(cString: $0) })
                    if fingerprint() == before || attempt == 100 {
                        // "-" stands for 0, "?" for an unknown function, and underscores before a name are omitted.
                        let name = String(before.drop { $0 == "_" })
                        #expect(found == (["0": "-", "": "?"][before] ?? name))
                        return
                    }
                }
            }
        }
    }
#endif
