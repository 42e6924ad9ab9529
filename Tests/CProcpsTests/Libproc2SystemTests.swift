#if Procps && !CPROCPS_USE_LIBPROCPS && (canImport(CProcpsHasLibproc2) || !canImport(CProcpsHasLibprocps))
    import CProcps
    import Testing

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @Suite("libproc2: meminfo.h, stat.h, vmstat.h, slabinfo.h, diskstats.h")
    struct Libproc2SystemTests {
        @Test("meminfo.h agrees with /proc/meminfo")
        func memory() throws {
            var info: OpaquePointer?
            try #require(procps_meminfo_new(&info) == 0)
            defer { procps_meminfo_unref(&info) }
            let total = Witness.number(in: "/proc/meminfo", after: "MemTotal:")
            #expect(procps_meminfo_get(info, MEMINFO_MEM_TOTAL)?.pointee.result.ul_int == total)
            #expect(cprocps_meminfo_get_ul_int(info, MEMINFO_MEM_TOTAL) == total)
            #expect(cprocps_meminfo_get_s_int(info, MEMINFO_DELTA_TOTAL) == 0)
            var items = [MEMINFO_MEM_TOTAL, MEMINFO_SWAP_TOTAL, MEMINFO_DELTA_TOTAL]
            let stack = try #require(procps_meminfo_select(info, &items, 3))
            #expect(cprocps_meminfo_val_ul_int(stack, 0) == total)
            #expect(cprocps_meminfo_val_ul_int(stack, 1) == Witness.number(in: "/proc/meminfo", after: "SwapTotal:"))
            #expect(cprocps_meminfo_val_s_int(stack, 2) == 0)
        }

        @Test("stat.h agrees with /proc/stat")
        func cpu() throws {
            var info: OpaquePointer?
            try #require(procps_stat_new(&info) == 0)
            defer { procps_stat_unref(&info) }
            let boot = Witness.number(in: "/proc/stat", after: "btime")
            #expect(cprocps_stat_get_ul_int(info, STAT_SYS_TIME_OF_BOOT) == boot)

            let before = Witness.fields(of: "/proc/stat", after: "cpu").compactMap { UInt64($0) }
            var items = [STAT_TIC_ID, STAT_TIC_USER, STAT_SYS_TIME_OF_BOOT, STAT_TIC_DELTA_USER]
            let reaped = try #require(procps_stat_reap(info, STAT_REAP_CPUS_ONLY, &items, 4)).pointee
            let after = Witness.fields(of: "/proc/stat", after: "cpu").compactMap { UInt64($0) }
            #expect(cprocps_stat_val_s_int(reaped.summary, 0) == STAT_SUMMARY_ID)
            #expect((before[0]...after[0]).contains(cprocps_stat_val_ull_int(reaped.summary, 1)))
            #expect(cprocps_stat_val_ul_int(reaped.summary, 2) == boot)
            #expect(cprocps_stat_val_sl_int(reaped.summary, 3) >= 0)
            #expect(cprocps_stat_get_ull_int(info, STAT_TIC_USER) >= before[0])
            #expect(cprocps_stat_get_sl_int(info, STAT_TIC_DELTA_USER) >= 0)
            #expect(cprocps_stat_get_s_int(info, STAT_TIC_ID) == STAT_SUMMARY_ID)

            let cpus = (0..<Int(reaped.cpus.pointee.total)).map {
                cprocps_stat_val_s_int(reaped.cpus.pointee.stacks[$0], 0)
            }
            let fingerprint = Witness.lines(of: "/proc/stat").compactMap { line in
                line.hasPrefix("cpu") ? Int32(line.dropFirst(3).prefix { $0.isNumber }) : nil
            }
            #expect(cpus == fingerprint)
        }

        @Test("vmstat.h agrees with /proc/vmstat")
        func virtualMemory() throws {
            var info: OpaquePointer?
            let before = try #require(Witness.number(in: "/proc/vmstat", after: "pgfault"))
            try #require(procps_vmstat_new(&info) == 0)
            defer { procps_vmstat_unref(&info) }
            let faults = cprocps_vmstat_get_ul_int(info, VMSTAT_PGFAULT)
            var items = [VMSTAT_PGFAULT, VMSTAT_DELTA_PGFAULT]
            let stack = try #require(procps_vmstat_select(info, &items, 2))
            let selected = cprocps_vmstat_val_ul_int(stack, 0)
            let delta = cprocps_vmstat_val_sl_int(stack, 1)
            let after = try #require(Witness.number(in: "/proc/vmstat", after: "pgfault"))
            #expect(before <= faults && faults <= selected && selected <= after)
            #expect(delta >= 0 && delta <= Int(after - before))
            #expect(cprocps_vmstat_get_sl_int(info, VMSTAT_DELTA_PGFAULT) <= Int(after - before))
        }

        @Test("slabinfo.h agrees with /proc/slabinfo, which only root may read")
        func slabs() throws {
            let lines = Witness.lines(of: "/proc/slabinfo").filter { !$0.hasPrefix("#") }.dropFirst()
            var info: OpaquePointer?
            let result = procps_slabinfo_new(&info)
            guard Witness.text(of: "/proc/slabinfo") != nil else {
                #expect(result < 0)
                return
            }
            try #require(result == 0)
            defer { procps_slabinfo_unref(&info) }
            var items = [SLAB_NAME, SLAB_OBJ_SIZE, SLAB_SIZE_TOTAL, SLABS_DELTA_NUM_OBJS]
            let reaped = try #require(procps_slabinfo_reap(info, &items, 4)).pointee
            let stacks = (0..<Int(reaped.total)).compactMap { reaped.stacks[$0] }
            let found = stacks.map { stack in
                let name = cprocps_slabinfo_val_str(stack, 0).map(String.init(cString:)) ?? ""
                return "\(name) \(cprocps_slabinfo_val_u_int(stack, 1))"
            }
            let fingerprint = lines.map { line in
                let fields = line.split(separator: " ")
                return "\(fields[0]) \(fields[3])"
            }
            #expect(found.sorted() == fingerprint.sorted())
            #expect(stacks.allSatisfy { cprocps_slabinfo_val_ul_int($0, 2) % UInt(getpagesize()) == 0 })
            #expect(cprocps_slabinfo_get_u_int(info, SLABS_CACHES_TOTAL) == UInt32(fingerprint.count))
            var sums = [SLABS_SIZE_TOTAL, SLABS_DELTA_CACHES_TOTAL]
            let sum = try #require(procps_slabinfo_select(info, &sums, 2))
            #expect(cprocps_slabinfo_val_ul_int(sum, 0) == cprocps_slabinfo_get_ul_int(info, SLABS_SIZE_TOTAL))
            #expect(cprocps_slabinfo_val_s_int(sum, 1) == cprocps_slabinfo_get_s_int(info, SLABS_DELTA_CACHES_TOTAL))
        }

        @Test("diskstats.h agrees with /proc/diskstats")
        func disks() throws {
            var info: OpaquePointer?
            try #require(procps_diskstats_new(&info) == 0)
            defer { procps_diskstats_unref(&info) }
            var items = [DISKSTATS_NAME, DISKSTATS_MAJOR, DISKSTATS_READS]
            let fingerprint = Witness.lines(of: "/proc/diskstats").map { line in
                let fields = line.split(separator: " ")
                return "\(fields[2]) \(fields[0])"
            }
            // libproc2 treats an empty file as an error.
            guard let reaped = procps_diskstats_reap(info, &items, 3)?.pointee else {
                #expect(fingerprint.isEmpty)
                return
            }
            let stacks = (0..<Int(reaped.total)).compactMap { reaped.stacks[$0] }
            let names = stacks.compactMap { cprocps_diskstats_val_str($0, 0).map(String.init(cString:)) }
            let found = zip(names, stacks).map { "\($0) \(cprocps_diskstats_val_s_int($1, 1))" }
            #expect(found.sorted() == fingerprint.sorted())
            for (name, stack) in zip(names, stacks) {
                let reads = cprocps_diskstats_get_ul_int(info, name, DISKSTATS_READS)
                #expect(reads >= cprocps_diskstats_val_ul_int(stack, 2))
                #expect(cprocps_diskstats_get_str(info, name, DISKSTATS_NAME).map(String.init(cString:)) == name)
                let type = cprocps_diskstats_get_s_int(info, name, DISKSTATS_TYPE)
                #expect([DISKSTATS_TYPE_DISK, DISKSTATS_TYPE_PARTITION].contains(type))
            }
        }
    }
#endif
