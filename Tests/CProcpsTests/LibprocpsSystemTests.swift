#if Procps && (CPROCPS_USE_LIBPROCPS || (canImport(CProcpsHasLibprocps) && !canImport(CProcpsHasLibproc2)))
    import CProcps
    import ProcMem
    import Testing

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    extension LibprocpsTests {
        @Suite("sysinfo.h, slab.h, whattime.h, numa.h, sig.h, alloc.h")
        struct System {
            @Test("sysinfo.h: the constants agree with sysconf and the kernel's largest pid")
            func constants() throws {
                cpuinfo()
                #expect(cprocps_get_Hertz() == UInt64(sysconf(Int32(_SC_CLK_TCK))))
                #expect(cprocps_get_smp_num_cpus() == sysconf(Int32(_SC_NPROCESSORS_ONLN)))
                #expect(cprocps_get_page_bytes() == sysconf(Int32(_SC_PAGESIZE)))
                let limit = try #require(Witness.text(of: "/proc/sys/kernel/pid_max")?.dropLast())
                #expect(get_pid_digits() == UInt32(String(try #require(Int(limit)) - 1).count))
                #expect(getbtime() == Witness.number(in: "/proc/stat", after: "btime"))
            }

            @Test("sysinfo.h: meminfo agrees with /proc/meminfo")
            func memory() throws {
                meminfo()
                #expect(cprocps_get_kb_main_total() == Witness.number(in: "/proc/meminfo", after: "MemTotal:"))
                #expect(cprocps_get_kb_swap_total() == Witness.number(in: "/proc/meminfo", after: "SwapTotal:"))
                #expect(cprocps_get_kb_swap_used() == cprocps_get_kb_swap_total() - cprocps_get_kb_swap_free())
                #expect(cprocps_get_kb_low_total() == cprocps_get_kb_main_total())
                #expect(cprocps_get_kb_high_total() == 0 && cprocps_get_kb_high_free() == 0)
                let parts = [
                    cprocps_get_kb_main_free(), cprocps_get_kb_main_available(), cprocps_get_kb_main_used(),
                    cprocps_get_kb_main_buffers(), cprocps_get_kb_main_cached(), cprocps_get_kb_main_shared(),
                    cprocps_get_kb_active(), cprocps_get_kb_inactive(), cprocps_get_kb_low_free(),
                ]
                #expect(parts.allSatisfy { $0 <= cprocps_get_kb_main_total() })
                #expect(parts[0] == parts[8])
            }

            @Test("sysinfo.h: uptime and loadavg agree with the files of those names")
            func times() throws {
                func fingerprint(_ file: String) throws -> [Double] {
                    try #require(Witness.text(of: "/proc/\(file)")).split(separator: " ").prefix(3).compactMap {
                        Double($0)
                    }
                }
                let before = try fingerprint("uptime")[0]
                var (seconds, idle) = (0.0, 0.0)
                uptime(&seconds, &idle)
                #expect((before...(try fingerprint("uptime")[0])).contains(seconds))
                for attempt in 1... {
                    let before = try fingerprint("loadavg")
                    var (one, five, fifteen) = (0.0, 0.0, 0.0)
                    loadavg(&one, &five, &fifteen)
                    if try fingerprint("loadavg") == before || attempt == 3 {
                        #expect([one, five, fifteen] == before)
                        return
                    }
                }
            }

            @Test("sysinfo.h: getstat agrees with /proc/stat")
            func statistics() throws {
                let before = Witness.fields(of: "/proc/stat", after: "cpu").compactMap { UInt64($0) }
                var ticks = [jiff](repeating: 0, count: 8)
                var (pagesIn, pagesOut, swapsIn, swapsOut): (UInt, UInt, UInt, UInt) = (0, 0, 0, 0)
                var counts = [UInt32](repeating: 0, count: 6)
                ticks.withUnsafeMutableBufferPointer { t in
                    counts.withUnsafeMutableBufferPointer { c in
                        guard let tick = t.baseAddress, let count = c.baseAddress else { return }
                        getstat(
                            tick,
                            tick + 1,
                            tick + 2,
                            tick + 3,
                            tick + 4,
                            tick + 5,
                            tick + 6,
                            tick + 7,
                            &pagesIn,
                            &pagesOut,
                            &swapsIn,
                            &swapsOut,
                            count,
                            count + 1,
                            count + 2,
                            count + 3,
                            count + 4,
                            count + 5
                        )
                    }
                }
                let after = Witness.fields(of: "/proc/stat", after: "cpu").compactMap { UInt64($0) }
                #expect((before[0]...after[0]).contains(ticks[0]))
                #expect((before[2]...after[2]).contains(ticks[2]))
                #expect(UInt(counts[4]) == Witness.number(in: "/proc/stat", after: "btime"))
            }

            @Test("sysinfo.h: disks are those of /proc/diskstats")
            func disks() throws {
                var disks: UnsafeMutablePointer<disk_stat>?
                var partitions: UnsafeMutablePointer<partition_stat>?
                let diskCount = getdiskstat(&disks, &partitions)
                defer { free(disks); free(partitions) }
                let partitionCount = getpartitions_num(disks, Int32(diskCount))
                #expect(Int(diskCount + partitionCount) == Witness.lines(of: "/proc/diskstats").count)
            }

            @Test(
                "slab.h: slabs are those of /proc/slabinfo",
                .enabled(if: Witness.text(of: "/proc/slabinfo") != nil, "/proc/slabinfo cannot be read")
            )
            func slabs() throws {
                let lines = Witness.lines(of: "/proc/slabinfo").filter { !$0.hasPrefix("#") }.dropFirst()
                var caches: UnsafeMutablePointer<slab_cache>?
                #expect(Int(getslabinfo(&caches)) == lines.count)
                free(caches)
                var list: UnsafeMutablePointer<slab_info>?
                var sum = slab_stat()
                #expect(get_slabinfo(&list, &sum) == 0)
                #expect(Int(sum.nr_caches) == lines.count)
                put_slabinfo(list)
                free_slabinfo(nil)
            }

            @Test("whattime.h: the text has the days that uptime counts")
            func uptimeText() throws {
                let text = try #require(sprint_uptime(0).map { String(cString: $0) })
                #expect(text.contains(" up ") && text.contains("load average"))
                let human = try #require(sprint_uptime(1).map { String(cString: $0) })
                #expect(human.hasPrefix("up "))
            }

            @Test("numa.h: the highest node, which is 0 or -1 if the kernel lists no nodes")
            func nodes() {
                numa_init()
                defer { numa_uninit() }
                let fingerprint = (0..<1024).last { access("/sys/devices/system/node/node\($0)", F_OK) == 0 }
                let found = cprocps_numa_max_node()
                #expect(found == Int32(fingerprint ?? 0) || found == 0 || found == -1)
                #expect(cprocps_numa_node_of_cpu(0) <= max(0, found))
            }

            @Test("sig.h: names and numbers agree with the C library")
            func signals() {
                #expect(signal_name_to_number("SIGTERM") == SIGTERM)
                #expect(signal_name_to_number("hup") == SIGHUP)
                #expect(signal_name_to_number("nonsense") == -1)
                #expect(signal_number_to_name(SIGKILL).map { String(cString: $0) } == "KILL")
                let name = strtosig("9")
                defer { free(name) }
                #expect(name.map { String(cString: $0) } == "KILL")
            }

            private static let message = Monitor("")

            @Test("alloc.h: a handler that Swift sets receives the library's message as one text")
            func allocationFailures() {
                cprocps_set_xalloc_err_handler { message in
                    System.message.withLock { $0 = message.map { String(cString: $0) } ?? "" }
                }
                cprocps_call_xalloc_err_handler("no memory: 100 %")
                #expect(Self.message.withLock { $0 } == "no memory: 100 %")
            }
        }
    }
#endif
