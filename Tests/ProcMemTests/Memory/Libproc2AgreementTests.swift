#if Procps && !CPROCPS_USE_LIBPROCPS && (canImport(CProcpsHasLibproc2) || !canImport(CProcpsHasLibprocps))
    import CProcps
    import ProcMem
    import TestSupport
    import Testing

    /// libproc2 as the second source, in KiB and in pages; it reads and parses the files itself.
    @Suite struct Libproc2AgreementTests {
        /// The values that libproc2 returns for a process that does nothing.
        private static func values(_ items: [pids_item], _ pid: Int32) throws -> [Int] {
            var items = items
            var info: OpaquePointer?
            try #require(procps_pids_new(&info, &items, Int32(items.count)) == 0)
            defer { procps_pids_unref(&info) }
            var wanted = [UInt32(pid)]
            let fetch = try #require(procps_pids_select(info, &wanted, 1, PIDS_SELECT_PID))
            try #require(fetch.pointee.counts.pointee.total == 1)
            let stack = try #require(fetch.pointee.stacks[0])
            return items.indices.map { Int(cprocps_pids_val_ul_int(stack, Int32($0))) }
        }

        @Test func statm() throws {
            let child = try ChildProcess(state: "hold", 48 << 20)
            let statm = try Statm(of: child.pid)
            let page = SystemRoot.live.pageSizeBytes
            let pages = [PIDS_MEM_VIRT_PGS, PIDS_MEM_RES_PGS, PIDS_MEM_SHR_PGS, PIDS_MEM_CODE_PGS, PIDS_MEM_DATA_PGS]
            let kibibytes = [PIDS_MEM_VIRT, PIDS_MEM_RES, PIDS_MEM_SHR, PIDS_MEM_CODE, PIDS_MEM_DATA]
            let own = [statm.sizeBytes, statm.residentBytes, statm.sharedBytes, statm.textBytes, statm.dataBytes]
            #expect(try Self.values(pages, child.pid).map { $0 * page } == own)
            #expect(try Self.values(kibibytes, child.pid).map { $0 * 1024 } == own)
            #expect(statm.residentBytes > 48 << 20)
        }

        @Test func smapsRollup() throws {
            let child = try ChildProcess(state: "tree", 2, 48 << 20)
            let items = [
                PIDS_SMAP_RSS, PIDS_SMAP_PSS, PIDS_SMAP_PSS_ANON, PIDS_SMAP_PSS_FILE, PIDS_SMAP_PSS_SHMEM,
                PIDS_SMAP_SHR_CLEAN, PIDS_SMAP_SHR_DIRTY, PIDS_SMAP_PRV_CLEAN, PIDS_SMAP_PRV_DIRTY,
                PIDS_SMAP_ANONYMOUS, PIDS_SMAP_SWAP, PIDS_SMAP_SWAP_PSS, PIDS_SMAP_LAZY_FREE, PIDS_SMAP_LOCKED,
            ]
            for pid in [child.pid] + child.ids {
                let rollup = try SmapsRollup(of: pid)
                let own = [
                    rollup.rssBytes, rollup.pssBytes, rollup.pssAnonBytes, rollup.pssFileBytes, rollup.pssShmemBytes,
                    rollup.sharedCleanBytes, rollup.sharedDirtyBytes, rollup.privateCleanBytes,
                    rollup.privateDirtyBytes,
                    rollup.anonymousBytes, rollup.swapBytes, rollup.swapPssBytes, rollup.lazyFreeBytes,
                    rollup.lockedBytes,
                ]
                let theirs = try Self.values(items, pid).map { $0 * 1024 }
                for (index, pair) in zip(own, theirs).enumerated() {
                    // Between the two readings another program may map or unmap a library's pages.
                    let tolerance = 512 << 10
                    #expect(try abs(#require(pair.0) - pair.1) <= tolerance, "item \(index)")
                }
                #expect(rollup.anonymousBytes == theirs[9])
                #expect(rollup.rssBytes == theirs[0])
            }
        }

        /// If libproc2 returns 0 for a value that it could not read, ProcMem reports that the value is unknown.
        @Test(.enabled(if: Rights.isRoot, "needs root, to drop privileges")) func whatMayNotBeRead() throws {
            let child = try ChildProcess(state: "hold", 8 << 20)
            let pid = child.pid
            let (theirs, own) = try Rights.asNobody {
                try (Self.values([PIDS_SMAP_RSS, PIDS_MEM_RES], pid), memoryUsage(of: pid, mode: .accurate))
            }
            #expect(theirs[0] == 0)
            #expect(own.pssBytes == nil && own.unavailable == .permissionDenied)
            #expect(own.rssBytes == theirs[1] * 1024)
        }
    }
#endif
