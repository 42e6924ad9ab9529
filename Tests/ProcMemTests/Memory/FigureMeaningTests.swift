import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The meaning of the figures, shown with live processes of one kind of memory each.
@Suite struct FigureMeaningTests {
    static let size = 24 << 20
    /// Memory that a process needs for the C library.
    static let slack = 4 << 20

    private func held(_ child: ChildProcess) throws -> (rollup: SmapsRollup, idle: SmapsRollup) {
        let idle = try ChildProcess(state: "hold", 4096)
        return try (SmapsRollup(of: child.pid), SmapsRollup(of: idle.pid))
    }

    private func isNear(_ value: Int?, _ expected: Int, within tolerance: Int = slack) -> Bool {
        value.map { abs($0 - expected) <= tolerance } ?? false
    }

    /// The counters of `stat` are updated lazily; those of `statm` are exact.
    @Test func rssIsThatOfStatm() throws {
        let child = try ChildProcess(state: "hold", Self.size)
        let fields = try String(contentsOfFile: "/proc/\(child.pid)/statm", encoding: .utf8).split(separator: " ")
        let usage = try memoryUsage(of: child.pid, mode: .cheap)
        #expect(usage.rssBytes == Int(fields[1]).map { $0 * SystemRoot.live.pageSizeBytes })
        #expect(try memoryUsage(of: child.pid, mode: .accurate).rssBytes == usage.rssBytes)
    }

    /// Forked workers: RSS counts their common memory once for each process, and so does RSS less the shared part of
    /// `statm`.
    @Test func copyOnWriteMemoryIsNotCalledShared() throws {
        let child = try ChildProcess(state: "tree", 4, 64 << 20)
        let cheap = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap)
        let accurate = try memorySnapshot(of: .tree(root: child.pid), mode: .accurate)
        #expect(try #require(cheap.total.rssBytes) >= 5 * 64 << 20)
        let unshared = cheap.processes.compactMap { process in
            process.usage.rssBytes.flatMap { rss in process.usage.sharedBytes.map { rss - $0 } }
        }
        #expect(unshared.reduce(0, +) >= 5 * 64 << 20)
        #expect(isNear(accurate.total.pssBytes, 64 << 20, within: 16 << 20))
    }

    /// A database's workers: each maps the whole shared memory.
    @Test func sharedMemoryIsInSharedBytes() throws {
        let child = try ChildProcess(state: "shmem", 4, Self.size)
        let cheap = try memorySnapshot(of: .processes(child.ids), mode: .cheap)
        let accurate = try memorySnapshot(of: .processes(child.ids), mode: .accurate)
        #expect(try #require(cheap.total.rssBytes) >= 4 * Self.size)
        #expect(cheap.processes.allSatisfy { ($0.usage.sharedBytes ?? 0) >= Self.size })
        // The parent has not touched it: the sum of PSS is that of the four workers.
        #expect(isNear(accurate.total.pssBytes, Self.size))
        #expect(child.ids.count == 4)
        for pid in child.ids { #expect(isNear(try SmapsRollup(of: pid).pssShmemBytes, Self.size / 4)) }
    }

    /// The kernel counts the mappings of a page, not the processes: a page that one process maps twice is not private.
    @Test func memoryThatIsMappedTwiceIsNotPrivate() throws {
        let (rollup, idle) = try held(ChildProcess(state: "mapped-twice", Self.size))
        #expect(isNear(rollup.rssBytes, idle.rssBytes + 2 * Self.size))
        #expect(isNear(rollup.pssBytes, idle.pssBytes + Self.size))
        #expect(isNear(rollup.ussBytes, idle.ussBytes))
    }

    /// Memory that the kernel may reclaim (MADV_FREE) is still resident, and has a field of its own.
    @Test func memoryThatIsFreedLazily() throws {
        let child = try ChildProcess(state: "lazy-free", Self.size)
        let (rollup, idle) = try held(child)
        #expect(isNear(rollup.rssBytes, idle.rssBytes + Self.size))
        // A few pages may still be in a CPU's batch.
        #expect(isNear(rollup.lazyFreeBytes, Self.size, within: 1 << 20))
        #expect(isNear(rollup.privateCleanBytes, idle.privateCleanBytes + Self.size))
        #expect(isNear(rollup.ussBytes, idle.ussBytes + Self.size))
    }

    /// Pages that were only read are the kernel's zero page.
    @Test func memoryThatWasOnlyReadIsNotHeld() throws {
        let (rollup, idle) = try held(ChildProcess(state: "zero-page", 100 << 20))
        #expect(isNear(rollup.rssBytes, idle.rssBytes))
        #expect(isNear(rollup.pssBytes, idle.pssBytes))
    }

    static let hasHugePages =
        (try? String(contentsOfFile: "/sys/kernel/mm/transparent_hugepage/enabled", encoding: .utf8))
        .map { !$0.contains("[never]") } ?? false

    @Test(.enabled(if: hasHugePages, "the kernel has no transparent huge pages"))
    func hugePagesChangeNoFigure() throws {
        let size = 64 << 20
        let child = try ChildProcess(state: "huge", size)
        let (rollup, idle) = try held(child)
        #expect(try #require(rollup.anonHugePagesBytes) > 0)
        for figure in [\SmapsRollup.rssBytes, \.pssBytes, \.ussBytes] {
            #expect(isNear(rollup[keyPath: figure], idle[keyPath: figure] + size))
        }
        #expect(try memoryUsage(of: child.pid, mode: .cheap).rssBytes == rollup.rssBytes)
    }

    /// When its last child exits, a parent's shared memory becomes private, although none of the parent's counters
    /// changes.
    @Test func aChildsEndChangesItsParentsFigures() throws {
        let child = try ChildProcess(state: "tree", 1, Self.size)
        let before = try memoryUsage(of: child.pid, mode: .accurate)
        let (statm, faults) = try (Statm(of: child.pid), MemoryUsageTests.faults(child.pid))
        kill(child.ids[0], SIGKILL)
        let worker = child.ids[0]
        // A zombie has given its pages back; an exiting process that shows no size may still map them.
        try #require(Waiting.until { (try? KernelFile.text("/proc/\(worker)/stat"))?.contains(") Z ") != false })
        let after = try memoryUsage(of: child.pid, mode: .accurate)
        #expect(try Statm(of: child.pid) == statm)
        #expect(try MemoryUsageTests.faults(child.pid) == faults)
        #expect(try #require(after.ussBytes) >= #require(before.ussBytes) + Self.size)
        #expect(try #require(after.pssBytes) >= #require(before.pssBytes) + Self.size / 2)
    }

    /// Relations that the kernel guarantees between the figures of one reading.
    @Test func boundsOfPSS() throws {
        let child = try ChildProcess(state: "tree", 3, Self.size)
        for pid in [child.pid, getpid()] + child.ids {
            let rollup = try SmapsRollup(of: pid)
            let rounding = 64 << 10
            #expect(rollup.ussBytes <= rollup.pssBytes + rounding)
            #expect(rollup.pssBytes <= rollup.ussBytes + (rollup.rssBytes - rollup.ussBytes) / 2 + rounding)
        }
    }

    /// `smaps` rounds the PSS of each mapping down.
    @Test func theRollupIsNotBelowTheSumOfSmaps() throws {
        let child = try ChildProcess(state: "tree", 2, Self.size)
        let directory = try ProcessDirectory(.id(child.pid), in: .live)
        // Between the two readings another program may map or unmap a library: one of several pairs is undisturbed.
        let isNotBelow = try (0..<20).contains { _ in
            let summed = try SmapsRollup.summed(directory.open(ProcPath(file: "smaps")))
            let rollup = try directory.smapsRollup()
            #expect(summed.isSummedFromSmaps && !rollup.isSummedFromSmaps)
            #expect(summed.rssBytes == rollup.rssBytes)
            return summed.pssBytes <= rollup.pssBytes && rollup.pssBytes - summed.pssBytes <= 512 << 10
        }
        #expect(isNotBelow)
    }

    /// 40 MB of text, read through one buffer. A debug build takes long for it.
    @Test func manyMappings() throws {
        let count = BuildMode.isOptimized ? 60_000 : 6_000
        let child = try ChildProcess(state: "mappings", count)
        let directory = try ProcessDirectory(.id(child.pid), in: .live)
        let summed = try SmapsRollup.summed(directory.open(ProcPath(file: "smaps")))
        let rollup = try directory.smapsRollup()
        #expect(summed.rssBytes == rollup.rssBytes)
        #expect(summed.privateDirtyBytes == rollup.privateDirtyBytes)
        #expect(summed.privateDirtyBytes >= count * SystemRoot.live.pageSizeBytes)
    }

    // MARK: Features that this machine lacks, as files

    private func rollup(_ lines: String) throws -> SmapsRollup {
        let text = "Rss: 100 kB\nPss: 50 kB\nPrivate_Clean: 4 kB\nPrivate_Dirty: 8 kB\n" + lines
        return try KernelText.parse(text) { try SmapsRollup(parsing: $0) }
    }

    @Test func pagesOfHugetlbfsAreInUSSAndNotInRSS() throws {
        let rollup = try rollup("Shared_Hugetlb: 4096 kB\nPrivate_Hugetlb: 2048 kB\n")
        #expect(rollup.ussBytes == (4 + 8 + 2048) << 10)
        #expect(rollup.rssBytes == 100 << 10 && rollup.pssBytes == 50 << 10)
        #expect(rollup.sharedHugetlbBytes == 4096 << 10)
    }

    /// Two processes map a segment of huge pages. Each has the segment; together they have it once or twice.
    @Test func pagesOfHugetlbfsAreHeld() throws {
        var files = ["/proc/meminfo": "Hugetlb: 4194304 kB\n", "/sys/devices/system/cpu/online": "0\n"]
        for pid in [17, 18] {
            files["/proc/\(pid)/stat"] = ProcessStatTests.line("x", [1: "\(pid)"])
            files["/proc/\(pid)/statm"] = "100 25 0 0 0 0 0\n"
            files["/proc/\(pid)/smaps_rollup"] = """
                Rss: 100 kB
                Pss: 50 kB
                Private_Clean: 0 kB
                Private_Dirty: 0 kB
                Shared_Hugetlb: 2048 kB
                Private_Hugetlb: \(pid == 17 ? 4096 : 0) kB

                """
        }
        let tree = try FixtureTree(files)
        let accurate = try memorySnapshot(of: .all, mode: .accurate, in: tree.root(pageSizeBytes: 4096))
        #expect(accurate.processes.map(\.usage.hugetlbBytes) == [6144 << 10, 2048 << 10])
        #expect(accurate.total.distinctBytes.lower == (100 + 4096) << 10)
        #expect(accurate.total.distinctBytes.estimate == (100 + 4096 + 2048) << 10)
        #expect(accurate.total.distinctBytes.upper == (200 + 4096 + 2 * 2048) << 10)
        // A cheap reading knows only what the system has reserved.
        let cheap = try memorySnapshot(of: .process(17), mode: .cheap, in: tree.root(pageSizeBytes: 4096))
        #expect(cheap.total.distinctBytes.upper == 100 << 10 + 4 << 30)
        #expect(cheap.total.distinctBytes.lower == 100 << 10)
    }

    @Test func swapThatIsSharedIsCountedByItsShare() throws {
        var files: [String: String] = [:]
        for pid in [17, 18] {
            files["/proc/\(pid)/stat"] = ProcessStatTests.line("x", [1: "\(pid)"])
            files["/proc/\(pid)/smaps_rollup"] = """
                Rss: 100 kB
                Pss: 50 kB
                Private_Clean: 0 kB
                Private_Dirty: 0 kB
                Swap: 64 kB
                SwapPss: 32 kB

                """
        }
        let tree = try FixtureTree(files)
        let total = try memorySnapshot(of: .all, mode: .accurate, in: tree.root()).total
        #expect(total.swapBytes == 64 << 10)
        #expect(total.figureCounts?.swap == 2)
    }

    @Test func swapWithoutItsShareIsUnknown() throws {
        let rollup = try rollup("Swap: 64 kB\n")
        #expect(rollup.swapBytes == 64 << 10 && rollup.swapPssBytes == nil)
        #expect(try self.rollup("").swapBytes == nil)
    }

    @Test func mergedPages() throws {
        #expect(try rollup("KSM: 12 kB\n").ksmBytes == 12 << 10)
        #expect(try rollup("").ksmBytes == nil)
    }

    /// A kernel that estimates PSS may report a PSS above RSS: it is returned unchanged.
    @Test func figuresAreNotBentToFit() throws {
        let text = "Rss: 10 kB\nPss: 50 kB\nPrivate_Clean: 4 kB\nPrivate_Dirty: 80 kB\n"
        let rollup = try KernelText.parse(text) { try SmapsRollup(parsing: $0) }
        #expect(rollup.rssBytes == 10 << 10 && rollup.pssBytes == 50 << 10 && rollup.ussBytes == 84 << 10)
    }

    /// The per-CPU counters of Linux 6.2 to 6.15 can sum to 0 for a process with memory, which does not make it a
    /// kernel thread.
    @Test func aResidentSizeOfZero() throws {
        let tree = try FixtureTree([
            "/proc/17/stat": ProcessStatTests.line("x", [1: "17"]), "/proc/17/statm": "1000 0 0 0 0 0 0\n",
        ])
        let usage = try memoryUsage(of: 17, mode: .cheap, in: tree.root())
        #expect(usage.rssBytes == 0)
        #expect(usage.source == .statm && usage.unavailable == nil)
    }
}

@Suite struct PSSEstimateTests {
    private func answer(_ release: String?, _ files: [String: String] = [:]) throws -> Bool? {
        var files = files
        files["/proc/sys/kernel/osrelease"] = release
        let tree = try FixtureTree(files)
        return withExtendedLifetime(tree) { tree.root().isPSSEstimated }
    }

    @Test(
        arguments: [
            ("6.14.11-amd64\n", false), ("5.10.0\n", false), ("4.4\n", false), ("6.15.0\n", nil), ("6.18.44-x\n", nil),
            ("7.0.0\n", nil), ("6\n", nil), ("\n", nil), ("x.y\n", nil), ("99999999999999999999.1\n", nil),
            ("6.14/../x\n", nil), (nil, nil),
        ] as [(String?, Bool?)]
    )
    func theReleaseAlone(_ release: String?, _ expected: Bool?) throws {
        #expect(try answer(release) == expected)
    }

    @Test(arguments: ["/boot/config-6.18.0-x", "/lib/modules/6.18.0-x/config"]) func theConfiguration(_ path: String)
        throws
    {
        let set = "CONFIG_SMP=y\nCONFIG_NO_PAGE_MAPCOUNT=y\n"
        let unset = "# CONFIG_NO_PAGE_MAPCOUNT is not set\nCONFIG_PAGE_MAPCOUNT=y\n# CONFIG_NO_PAGE_MAPCOUNT=y\n"
        #expect(try answer("6.18.0-x\n", [path: set]) == true)
        #expect(try answer("6.18.0-x\n", [path: unset]) == false)
        #expect(try answer("6.18.1-x\n", [path: set]) == nil)
    }
}
