#if Procps && !CPROCPS_USE_LIBPROCPS && (canImport(CProcpsHasLibproc2) || !canImport(CProcpsHasLibprocps))
    import CProcps
    import Testing

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// The examples of Documentation/CProcps.md. `ExecutedBlocksTests` compares the two.
    @Suite("libproc2: the examples")
    struct Libproc2ExampleTests {
        @Test func processes() throws {
            func commands() -> [Int32: String] {
                var items = [PIDS_ID_TGID, PIDS_CMD]
                var info: OpaquePointer?
                guard procps_pids_new(&info, &items, Int32(items.count)) == 0 else { return [:] }
                defer { procps_pids_unref(&info) }
                var commands: [Int32: String] = [:]
                while let stack = procps_pids_get(info, PIDS_FETCH_TASKS_ONLY) {
                    // 0 and 1 are positions in `items`. The text is valid until the next call.
                    commands[cprocps_pids_val_s_int(stack, 0)] = cprocps_pids_val_str(stack, 1).map {
                        String(cString: $0)
                    }
                }
                return commands
            }

            let found = commands()
            #expect(found.count > 1)
            let own = try #require(Witness.text(of: "/proc/self/comm")?.dropLast())
            #expect(found[getpid()] == String(own))
        }

        @Test func pss() throws {
            /// Returns PSS in KiB; `nil` if it cannot be read.
            func pssKiB(of pid: UInt32) -> UInt? {
                var items = [PIDS_MEM_RES, PIDS_SMAP_RSS, PIDS_SMAP_PSS]
                var info: OpaquePointer?
                guard procps_pids_new(&info, &items, Int32(items.count)) == 0 else { return nil }
                defer { procps_pids_unref(&info) }
                var pids = [pid]
                guard let found = procps_pids_select(info, &pids, 1, PIDS_SELECT_PID),
                    found.pointee.counts.pointee.total == 1,
                    let stack = found.pointee.stacks[0]
                else { return nil }
                let (resident, resolved) = (cprocps_pids_val_ul_int(stack, 0), cprocps_pids_val_ul_int(stack, 1))
                return resident == 0 || resolved == 0 ? nil : cprocps_pids_val_ul_int(stack, 2)
            }

            let pss = try #require(pssKiB(of: UInt32(getpid())))
            #expect(pss > 100)
            // A process id above the largest possible one.
            #expect(pssKiB(of: 5_000_000) == nil)
        }

        @Test func memory() throws {
            func availableKiB() -> UInt? {
                var info: OpaquePointer?
                guard procps_meminfo_new(&info) == 0 else { return nil }
                defer { procps_meminfo_unref(&info) }
                // The result is NULL if /proc/meminfo cannot be read; cprocps_meminfo_get_ul_int would return 0.
                return procps_meminfo_get(info, MEMINFO_MEM_AVAILABLE)?.pointee.result.ul_int
            }

            let total = try #require(Witness.number(in: "/proc/meminfo", after: "MemTotal:"))
            #expect((1...total).contains(try #require(availableKiB())))
        }

        @Test func cpuTime() {
            /// Returns the ticks in user mode of each CPU.
            func userTicks() -> [Int32: UInt64] {
                var info: OpaquePointer?
                guard procps_stat_new(&info) == 0 else { return [:] }
                defer { procps_stat_unref(&info) }
                var items = [STAT_TIC_ID, STAT_TIC_USER]
                guard let cpus = procps_stat_reap(info, STAT_REAP_CPUS_ONLY, &items, 2)?.pointee.cpus.pointee else {
                    return [:]
                }
                var ticks: [Int32: UInt64] = [:]
                for index in 0..<Int(cpus.total) {
                    guard let stack = cpus.stacks[index] else { continue }
                    ticks[cprocps_stat_val_s_int(stack, 0)] = cprocps_stat_val_ull_int(stack, 1)
                }
                return ticks
            }

            #expect(userTicks().count == sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        }

        @Test func virtualMemory() throws {
            func pageFaults() -> UInt? {
                var info: OpaquePointer?
                guard procps_vmstat_new(&info) == 0 else { return nil }
                defer { procps_vmstat_unref(&info) }
                return procps_vmstat_get(info, VMSTAT_PGFAULT)?.pointee.result.ul_int
            }

            let before = try #require(Witness.number(in: "/proc/vmstat", after: "pgfault"))
            #expect(try #require(pageFaults()) >= before)
        }

        @Test func disks() {
            /// Returns the completed reads of each disk.
            func reads() -> [String: UInt] {
                var info: OpaquePointer?
                guard procps_diskstats_new(&info) == 0 else { return [:] }
                defer { procps_diskstats_unref(&info) }
                var items = [DISKSTATS_NAME, DISKSTATS_TYPE, DISKSTATS_READS]
                // NULL in a container that has no disks.
                guard let found = procps_diskstats_reap(info, &items, 3)?.pointee else { return [:] }
                var reads: [String: UInt] = [:]
                for index in 0..<Int(found.total) {
                    guard let stack = found.stacks[index], let name = cprocps_diskstats_val_str(stack, 0),
                        cprocps_diskstats_val_s_int(stack, 1) == DISKSTATS_TYPE_DISK
                    else { continue }
                    reads[String(cString: name)] = cprocps_diskstats_val_ul_int(stack, 2)
                }
                return reads
            }

            let names = Witness.lines(of: "/proc/diskstats").map { String($0.split(separator: " ")[2]) }
            #expect(Set(reads().keys).isSubset(of: names))
        }

        @Test func slabs() {
            /// Returns the bytes in all slabs; `nil` without the right to read `/proc/slabinfo`, which only root has.
            func slabBytes() -> UInt? {
                var info: OpaquePointer?
                guard procps_slabinfo_new(&info) == 0 else { return nil }
                defer { procps_slabinfo_unref(&info) }
                return procps_slabinfo_get(info, SLABS_SIZE_TOTAL)?.pointee.result.ul_int
            }

            #expect((slabBytes() ?? 0 > 0) == (Witness.text(of: "/proc/slabinfo") != nil))
        }

        @Test func loadAndUptimeOfTheMachine() throws {
            func loadAndUptime() -> (load: Double, seconds: Double)? {
                var (one, five, fifteen, seconds, idle) = (0.0, 0.0, 0.0, 0.0, 0.0)
                guard procps_loadavg(&one, &five, &fifteen) == 0, procps_uptime(&seconds, &idle) >= 0 else {
                    return nil
                }
                return (one, seconds)
            }

            let (load, seconds) = try #require(loadAndUptime())
            #expect(load >= 0 && seconds > 0)
        }
    }
#endif
