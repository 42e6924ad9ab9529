#if Procps && (CPROCPS_USE_LIBPROCPS || (canImport(CProcpsHasLibprocps) && !canImport(CProcpsHasLibproc2)))
    import CProcps
    import Testing

    @testable import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    extension LibprocpsTests {
        /// The examples of Documentation/CProcps.md. `ExecutedBlocksTests` compares the two.
        @Suite("libprocps: the examples")
        struct Examples {
            @Test func processes() {
                /// Returns RSS in pages by pid.
                func residentPages() -> [Int32: Int] {
                    guard let scan = cprocps_openproc(PROC_FILLMEM | PROC_FILLSTAT) else { return [:] }
                    defer { closeproc(scan) }
                    var pages: [Int32: Int] = [:]
                    while let process = readproc(scan, nil) {
                        defer { freeproc(process) }
                        pages[process.pointee.tgid] = Int(process.pointee.resident)
                    }
                    return pages
                }

                procpsLock.withLock {
                    let found = residentPages()
                    #expect(found.count > 1 && found[getpid()] ?? 0 > 100)
                }
            }

            @Test func users() {
                func userName(_ id: UInt32) -> String? {
                    pwcache_get_user(id).map { String(cString: $0) }
                }

                procpsLock.withLock {
                    #expect(userName(geteuid()) == Witness.userName(of: geteuid()) ?? String(geteuid()))
                }
            }

            @Test func terminals() {
                /// Returns the device's number; -1 for a name without a terminal.
                func terminalDevice(_ name: String) -> Int32 {
                    Int32(tty_to_dev(name))
                }

                procpsLock.withLock {
                    #expect(terminalDevice("no such terminal") == -1)
                    #expect(terminalDevice("tty") == 5 << 8)
                }
            }

            @Test func texts() {
                /// Replaces the characters that the locale cannot print, and cuts the text to 79 columns.
                func printable(_ text: String) -> String {
                    var buffer = [CChar](repeating: 0, count: 512)
                    var columns: Int32 = 79
                    let count = escape_str(&buffer, text, Int32(buffer.count), &columns)
                    return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
                }

                procpsLock.withLock {
                    #expect(["a?b", "a.b"].contains(printable("a\tb")))
                    #expect(printable(String(repeating: "x", count: 100)) == String(repeating: "x", count: 79))
                }
            }

            @Test func waiting() {
                func waitChannel(of pid: Int32) -> String? {
                    lookup_wchan(pid).map { String(cString: $0) }
                }

                procpsLock.withLock {
                    #expect(waitChannel(of: getppid())?.isEmpty == false)
                }
            }

            @Test func memory() throws {
                func availableKiB() -> UInt {
                    // Sets all variables whose names begin with kb_.
                    meminfo()
                    return cprocps_get_kb_main_available()
                }

                try procpsLock.withLock {
                    let total = try #require(Witness.number(in: "/proc/meminfo", after: "MemTotal:"))
                    #expect((1...total).contains(availableKiB()))
                }
            }

            @Test func slabs() {
                /// Returns the bytes in all slabs; `nil` without the right to read `/proc/slabinfo`.
                func slabBytes() -> UInt? {
                    var caches: UnsafeMutablePointer<slab_info>?
                    var sums = slab_stat()
                    guard get_slabinfo(&caches, &sums) == 0 else { return nil }
                    defer { put_slabinfo(caches) }
                    return UInt(sums.total_size)
                }

                procpsLock.withLock {
                    #expect((slabBytes() ?? 0 > 0) == (Witness.text(of: "/proc/slabinfo") != nil))
                }
            }

            @Test func uptime() {
                func uptimeText() -> String? {
                    sprint_uptime(1).map { String(cString: $0) }
                }

                procpsLock.withLock {
                    #expect(uptimeText()?.hasPrefix("up ") == true)
                }
            }

            @Test func nodes() {
                /// Returns the highest node; -1 or 0 without NUMA.
                func lastNode() -> Int32 {
                    numa_init()
                    defer { numa_uninit() }
                    return cprocps_numa_max_node()
                }

                procpsLock.withLock {
                    #expect(lastNode() >= -1)
                }
            }

            @Test func signals() {
                func signalNumber(_ name: String) -> Int32 {
                    signal_name_to_number(name)
                }

                procpsLock.withLock {
                    #expect(signalNumber("TERM") == SIGTERM)
                }
            }

            @Test func memoryRunsOut() {
                /// Installs the function that gets the last message before libprocps ends the program.
                func install() {
                    cprocps_set_xalloc_err_handler { message in
                        if let message { puts(message) }
                    }
                }

                install()
            }

            @Test func kernel() {
                /// Returns whether the kernel is at least this version. Each part has one byte: patch levels end at 255.
                func isKernel(atLeast major: Int32, _ minor: Int32) -> Bool {
                    procps_linux_version() >= cprocps_linux_version(major, minor, 0)
                }

                procpsLock.withLock {
                    #expect(isKernel(atLeast: 2, 6) && !isKernel(atLeast: 200, 0))
                }
            }
        }
    }
#endif
