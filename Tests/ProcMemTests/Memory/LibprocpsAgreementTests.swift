#if Procps && (CPROCPS_USE_LIBPROCPS || (canImport(CProcpsHasLibprocps) && !canImport(CProcpsHasLibproc2)))
    import CProcps
    import TestSupport
    import Testing

    @testable import ProcMem

    /// libprocps as the second source. It reads `statm`, but not `smaps_rollup`.
    @Suite struct LibprocpsAgreementTests {
        @Test func statm() throws {
            let child = try ChildProcess(state: "hold", 48 << 20)
            let statm = try Statm(of: child.pid)
            let page = SystemRoot.live.pageSizeBytes
            try procpsLock.withLock {
                var pids = [child.pid, 0]
                try pids.withUnsafeMutableBufferPointer { pids in
                    let scan = try #require(cprocps_openproc_pids(PROC_FILLMEM, pids.baseAddress))
                    defer { closeproc(scan) }
                    let process = try #require(readproc(scan, nil))
                    defer { freeproc(process) }
                    #expect(Int(process.pointee.size) * page == statm.sizeBytes)
                    #expect(Int(process.pointee.resident) * page == statm.residentBytes)
                    #expect(Int(process.pointee.share) * page == statm.sharedBytes)
                    #expect(Int(process.pointee.trs) * page == statm.textBytes)
                    #expect(Int(process.pointee.drs) * page == statm.dataBytes)
                }
            }
        }
    }
#endif
