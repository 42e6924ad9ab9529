#if Procps && !CPROCPS_USE_LIBPROCPS && (canImport(CProcpsHasLibproc2) || !canImport(CProcpsHasLibprocps))
    import CProcps
    import Testing

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @Suite("libproc2: pids.h")
    struct Libproc2PidsTests {
        /// Calls a closure with a context that reads these items.
        private func withContext(_ items: [pids_item], _ body: (OpaquePointer) throws -> Void) throws {
            var items = items
            var info: OpaquePointer?
            try #require(procps_pids_new(&info, &items, Int32(items.count)) == 0)
            defer { #expect(procps_pids_unref(&info) == 0) }
            try body(try #require(info))
        }

        private func stacks(_ fetch: UnsafeMutablePointer<pids_fetch>) -> [UnsafeMutablePointer<pids_stack>] {
            (0..<Int(fetch.pointee.counts.pointee.total)).compactMap { fetch.pointee.stacks[$0] }
        }

        @Test("select: this process, through the result's union and through the functions for PIDS_VAL")
        func ownProcess() throws {
            let items = [
                PIDS_ID_TGID, PIDS_ID_PPID, PIDS_ID_EUID, PIDS_CMD, PIDS_ID_EUSER, PIDS_TICS_BEGAN, PIDS_VSIZE_BYTES,
                PIDS_STATE, PIDS_TIME_START, PIDS_CMDLINE_V,
            ]
            try withContext(items) { info in
                var wanted = [UInt32(getpid())]
                let fetch = try #require(procps_pids_select(info, &wanted, 1, PIDS_SELECT_PID))
                let stack = try #require(stacks(fetch).first)
                #expect(stack.pointee.head[0].result.s_int == getpid())
                #expect(cprocps_pids_val_s_int(stack, 0) == getpid())
                #expect(cprocps_pids_val_s_int(stack, 1) == getppid())
                #expect(cprocps_pids_val_u_int(stack, 2) == geteuid())

                let command = try #require(Witness.text(of: "/proc/self/comm")?.dropLast())
                #expect(cprocps_pids_val_str(stack, 3).map(String.init(cString:)) == String(command))
                let user = Witness.userName(of: geteuid()) ?? String(geteuid())
                #expect(cprocps_pids_val_str(stack, 4).map(String.init(cString:)) == user)

                let stat = try #require(Witness.text(of: "/proc/self/stat"))
                let fields = stat[stat.index(after: stat.lastIndex(of: ")")!)...].split(separator: " ")
                #expect(cprocps_pids_val_ull_int(stack, 5) == UInt64(fields[19]))
                #expect(cprocps_pids_val_ul_int(stack, 6) > 0)
                #expect("RS".utf8.contains(UInt8(cprocps_pids_val_s_ch(stack, 7))))
                let started = try #require(Double(fields[19])) / Double(sysconf(Int32(_SC_CLK_TCK)))
                #expect(abs(cprocps_pids_val_real(stack, 8) - started) < 0.02)
                let arguments = try #require(cprocps_pids_val_strv(stack, 9))
                #expect(arguments[0].map { String(cString: $0) } == Witness.firstArgument)
            }
        }

        @Test("select accepts 255 pids and drops those that have exited; it refuses 256, which later versions accept")
        func limit() throws {
            try withContext([PIDS_ID_TGID]) { info in
                var wanted = (0..<256).map { UInt32(5_000_000 + $0) }
                wanted[254] = UInt32(getpid())
                let fetch = try #require(procps_pids_select(info, &wanted, 255, PIDS_SELECT_PID))
                #expect(stacks(fetch).map { cprocps_pids_val_s_int($0, 0) } == [getpid()])
                if let fetch = procps_pids_select(info, &wanted, 256, PIDS_SELECT_PID) {
                    #expect(stacks(fetch).map { cprocps_pids_val_s_int($0, 0) } == [getpid()])
                } else {
                    #expect(errno == EINVAL)
                }
            }
        }

        @Test("reap and sort: every process once, in order, including this one")
        func everyProcess() throws {
            try withContext([PIDS_ID_TGID]) { info in
                let fetch = try #require(procps_pids_reap(info, PIDS_FETCH_TASKS_ONLY))
                let count = fetch.pointee.counts.pointee.total
                let sorted = try #require(
                    procps_pids_sort(info, fetch.pointee.stacks, count, PIDS_ID_TGID, PIDS_SORT_DESCEND)
                )
                let ids = (0..<Int(count)).map { cprocps_pids_val_s_int(sorted[$0], 0) }
                #expect(ids.contains(getpid()))
                #expect(ids == Set(ids).sorted(by: >))
            }
        }

        @Test("reset and get: other items, one process at a time")
        func oneByOne() throws {
            try withContext([PIDS_noop]) { info in
                var items = [PIDS_ID_PID]
                #expect(procps_pids_reset(info, &items, 1) == 0)
                var ids: Set<Int32> = []
                while let stack = procps_pids_get(info, PIDS_FETCH_TASKS_ONLY) {
                    ids.insert(cprocps_pids_val_s_int(stack, 0))
                }
                #expect(ids.contains(getpid()))
                #expect(ids.contains(getppid()))
            }
        }

        @Test("ref and unref count")
        func references() throws {
            var info: OpaquePointer?
            var items = [PIDS_ID_PID]
            try #require(procps_pids_new(&info, &items, 1) == 0)
            #expect(procps_pids_ref(info) == 2)
            #expect(procps_pids_unref(&info) == 1)
            #expect(procps_pids_unref(&info) == 0)
            #expect(info == nil)
        }
    }
#endif
