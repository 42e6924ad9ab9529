import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The bounds from counters, compared with the page frame numbers of live processes.
@Suite(.pageFrames, .serialized)
struct DistinctMemoryTruthTests {
    static let size = 96 << 20

    private struct Measurement {
        let truth: Int
        let cheap: DistinctMemory
        let accurate: DistinctMemory
    }

    private func measure(_ scope: ProcessScope) throws -> Measurement {
        let cheap = try memorySnapshot(of: scope, mode: .cheap)
        let measured = try Measurement(
            truth: PageFrames.distinctBytes(of: cheap.processes.map(\.pid)),
            cheap: cheap.total.distinctBytes,
            accurate: memorySnapshot(of: scope, mode: .accurate).total.distinctBytes
        )
        for distinct in [measured.cheap, measured.accurate] {
            #expect(distinct.lower <= measured.truth)
            #expect(measured.truth <= (distinct.upper ?? 0))
        }
        return measured
    }

    /// The difference of the bounds, relative to the truth.
    private func width(_ measured: Measurement) throws -> Double {
        try Double(#require(measured.cheap.upper) - measured.cheap.lower) / Double(measured.truth)
    }

    @Test func idleWorkers() throws {
        let child = try ChildProcess(state: "tree", 24, 4 * Self.size)
        let measured = try measure(.tree(root: child.pid))
        // Of file pages, at most what the whole system maps.
        let mapped = try #require(MemInfo.ofMachine(in: .live)?.mappedBytes)
        let huge = try MemInfo.ofMachine(in: .live)?.anonymousHugeBytes ?? 0
        #expect(try #require(measured.cheap.upper) - measured.cheap.lower <= mapped + huge + 16 << 20)
        let estimate = try #require(measured.cheap.estimate)
        #expect(abs(estimate - measured.truth) < measured.truth / 20)
        // No other process maps their memory: the sum of PSS is the truth, apart from files that others map as well.
        #expect(abs(try #require(measured.accurate.estimate) - measured.truth) < measured.truth / 20)
    }

    @Test func workersThatRewriteAPart() throws {
        let child = try ChildProcess(state: "rewriting", 8, Self.size)
        let measured = try measure(.tree(root: child.pid))
        #expect(measured.truth >= Self.size * 5)
        #expect(abs(try #require(measured.cheap.estimate) - measured.truth) < measured.truth / 10)
    }

    @Test func workersOfWorkers() throws {
        let child = try ChildProcess(state: "lines", Self.size)
        let measured = try measure(.tree(root: child.pid))
        #expect(measured.truth >= 2 * Self.size)
        #expect(abs(try #require(measured.cheap.estimate) - measured.truth) < measured.truth / 10)
    }

    @Test func aParentThatFreesItsMemory() throws {
        let child = try ChildProcess(state: "freeing", 8, Self.size)
        let measured = try measure(.tree(root: child.pid))
        #expect(measured.truth >= Self.size)
        #expect(measured.cheap.lower >= Self.size)
    }

    /// The counters do not show which pages were kept: the bounds are wide, but correct.
    @Test func workersThatAllocateAndFree() throws {
        let child = try ChildProcess(state: "churning", 8, Self.size)
        let measured = try measure(.tree(root: child.pid))
        #expect(measured.cheap.lower >= Self.size)
    }

    @Test func aSharedSegment() throws {
        let child = try ChildProcess(state: "shmem", 8, Self.size)
        let measured = try measure(.tree(root: child.pid))
        let rss = try #require(try memorySnapshot(of: .tree(root: child.pid), mode: .cheap).total.rssBytes)
        #expect(rss >= 8 * Self.size)
        // The shared memory that the system maps is not counted for each process.
        let mapped = try #require(MemInfo.ofMachine(in: .live)?.mappedBytes)
        #expect(try #require(measured.cheap.upper) <= max(rss / 2, measured.truth + mapped + 64 << 20))
    }

    @Test func unrelatedProcesses() throws {
        let children = try (0..<4).map { _ in try ChildProcess(state: "hold", Self.size / 4) }
        let measured = try measure(.processes(children.map(\.pid)))
        #expect(measured.cheap.lower >= Self.size)
    }

    /// Processes with the same addresses that share nothing.
    @Test func unrelatedProcessesAtTheSameAddresses() throws {
        let program = try BuiltProduct.url(of: "ProcessStates").path
        let children = try (0..<2).map { _ in
            try ChildProcess(running: "/usr/bin/setarch", ["-R", program, "tree", "3", "\(Self.size / 2)"])
        }
        for child in children { #expect(child.line().hasPrefix("ready")) }
        let measured = try measure(.trees(roots: children.map(\.pid)))
        #expect(measured.cheap.lower >= Self.size)
        #expect(abs(try #require(measured.cheap.estimate) - measured.truth) < measured.truth / 5)
    }

    /// The family's root has exited, and init is the parent of the others: only a scan of their session finds them.
    @Test func aFamilyWithoutItsRoot() throws {
        let child = try ChildProcess(state: "tree", 3, Self.size)
        let mappedBefore = try Self.systemMappedBytes()
        let measured = try measure(.processes(child.ids))
        #expect(measured.cheap.lower >= Self.size)
        // No counter has the faults of a process that has exited: the whole RSS of each process may be private, but
        // together they have no more than the whole system maps.
        let rss = try child.ids.map { try #require(try memoryUsage(of: $0, mode: .cheap).rssBytes) }.reduce(0, +)
        let upper = try #require(measured.cheap.upper)
        #expect(upper <= rss)
        let system = try max(mappedBefore, Self.systemMappedBytes())
        #expect(upper <= system + 64 << 20)
    }

    /// The memory that all processes map according to the kernel: AnonPages and Mapped.
    private static func systemMappedBytes() throws -> Int {
        let lines = try KernelFile.text("/proc/meminfo").split(separator: "\n")
        return try ["AnonPages:", "Mapped:"].map { name in
            let line = try #require(lines.first { $0.hasPrefix(name) })
            return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) << 10
        }.reduce(0, +)
    }

    @Test func aProcessThatExecutesAfterTheFork() throws {
        let program = try BuiltProduct.url(of: "ProcessStates").path
        // A shell gives a background process an empty standard input.
        let script = "exec 3<&0; for i in 1 2; do \"$0\" hold \(Self.size / 2) <&3 & done; wait"
        let child = try ChildProcess(running: "/bin/sh", ["-c", script, program])
        #expect(child.line() == "ready" && child.line() == "ready")
        let measured = try measure(.tree(root: child.pid))
        #expect(measured.cheap.lower >= Self.size)
    }

    @Test func oneMemoryOfTwoProcesses() throws {
        let child = try ChildProcess(state: "vm-sharer", Self.size)
        let measured = try measure(.tree(root: child.pid))
        #expect(try #require(measured.cheap.upper) < 2 * Self.size)
    }
}

/// The effect of the system's own counters on the bounds.
@Suite struct KernelPageFeaturesTests {
    private func facts(_ files: [String: String], _ ask: (KernelPageFeatures) -> Bool) throws -> Bool {
        let tree = try FixtureTree(files)
        return withExtendedLifetime(tree) { ask(KernelPageFeatures(in: tree.root())) }
    }

    @Test(
        arguments: [
            ("6.16.0\n", true), ("6.18.44-x\n", true), ("7.0\n", true), ("6.15.9\n", false), ("5.10.0\n", false),
            ("x\n", false),
        ]
    )
    func statm(_ release: String, _ isExact: Bool) throws {
        #expect(try facts(["/proc/sys/kernel/osrelease": release], \.isStatmExact) == isExact)
    }

    private static let folder = "/sys/kernel/mm/transparent_hugepage/"
    private static let sizes = "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/stats/anon_fault_alloc"

    @Test(
        arguments: [
            (["/proc/vmstat": "nr_free_pages 5\nthp_fault_alloc 0\nthp_collapse_alloc 0\n"], false),
            (["/proc/vmstat": "thp_fault_alloc 1\nthp_collapse_alloc 0\n"], true),
            (["/proc/vmstat": "thp_fault_alloc 0\nthp_collapse_alloc 7\n"], true),
            (["/proc/vmstat": "nr_free_pages 5\nthp_fault_alloc_other 4\n"], false),
            (["/proc/vmstat": "thp_fault_alloc x\n"], true), (["/proc/vmstat": "thp_fault_alloc\n"], true),
            ([:], true),
            (["/proc/vmstat": "thp_fault_alloc 0\n", sizes: "0\n"], false),
            (["/proc/vmstat": "thp_fault_alloc 0\n", sizes: "3\n"], true),
            (["/proc/vmstat": "thp_fault_alloc 0\n", folder + "hugepages-64kB/enabled": "always\n"], true),
            (["/proc/vmstat": "thp_fault_alloc 0\n", folder + "hugepages-8kB/shmem_enabled": "never\n"], false),
        ] as [([String: String], Bool)]
    )
    func hugePages(_ files: [String: String], _ mayHave: Bool) throws {
        #expect(try facts(files, \.mayHaveHugePages) == mayHave)
    }

    @Test(arguments: [(nil, false), ("0\n", false), ("5\n", true), ("x\n", true)] as [(String?, Bool)])
    func mergedPages(_ sharing: String?, _ mayHave: Bool) throws {
        var files: [String: String] = [:]
        files["/sys/kernel/mm/ksm/pages_sharing"] = sharing
        #expect(try facts(files, { $0.mergedBytes != 0 }) == mayHave)
    }

    /// Without sysfs, a missing file does not show that the kernel merges no pages.
    @Test func mergedPagesWithoutSysfs() throws {
        let tree = try FixtureTree(hasSysfs: false)
        let features = KernelPageFeatures(in: tree.root())
        #expect(features.mergedBytes == nil && features.mayHaveMergedPages)
    }

    @Test(
        arguments: [
            ([:], false), (["pages_scanned": "0\n"], false), (["pages_scanned": "1\n", "full_scans": "0\n"], true),
            (["full_scans": "0\n", "run": "0\n"], false), (["full_scans": "2\n", "run": "0\n"], true),
            (["full_scans": "0\n", "run": "1\n"], true), (["pages_scanned": "x\n"], true), (["full_scans": "\n"], true),
        ] as [([String: String], Bool)]
    )
    func mergedPagesSinceBoot(_ files: [String: String], _ mayHave: Bool) throws {
        let files = Dictionary(uniqueKeysWithValues: files.map { ("/sys/kernel/mm/ksm/\($0.key)", $0.value) })
        #expect(try facts(files, \.mayHaveMergedPages) == mayHave)
    }

    /// A process 10 with 1,000 anonymous pages, all from its own faults, and two forks with ten faults each, on a
    /// system where everything is known.
    private static func family() -> [String: String] {
        func stat(_ pid: Int, _ parent: Int, _ flags: Int, faults: Int) -> String {
            ProcessStatTests.line(
                "x",
                [1: "\(pid)", 4: "\(parent)", 9: "\(flags)", 10: "\(faults)", 11: "0", 12: "0", 13: "0", 20: "1"]
            )
        }
        var files = [
            "/proc/vmstat": "thp_fault_alloc 0\nthp_collapse_alloc 0\n", "/proc/sys/kernel/osrelease": "6.18.0\n",
            "/proc/meminfo": "AnonPages: 99999999 kB\nMapped: 99999999 kB\nHugetlb: 0 kB\n",
            "/sys/devices/system/cpu/online": "0-3\n", "/proc/10/stat": stat(10, 1, 0, faults: 1000),
            "/proc/10/task/10/children": "11 12 ",
        ]
        for pid in [11, 12] {
            files["/proc/\(pid)/stat"] = stat(pid, 10, 0x40, faults: 10)
            files["/proc/\(pid)/task/\(pid)/children"] = ""
        }
        for pid in 10...12 { files["/proc/\(pid)/statm"] = "5000 \(1110 - pid) \(110 - pid) 0 0 0 0\n" }
        return files
    }

    /// Since Linux 6.10 the size of a whole huge page is among the sizes, and does not count as a smaller one.
    @Test(arguments: [("2048", "2097152\n", false), ("64", "2097152\n", true), ("2048", nil, true)])
    func smallerHugePages(_ kibibytes: String, _ whole: String?, _ mayHave: Bool) throws {
        let folder = "/sys/kernel/mm/transparent_hugepage"
        var files = ["\(folder)/hugepages-\(kibibytes)kB/stats/anon_fault_alloc": "7\n"]
        files["\(folder)/hpage_pmd_size"] = whole
        #expect(try facts(files, \.mayHaveSmallerHugePages) == mayHave)
    }

    /// No counter reports how much memory the intermediate sizes have added.
    @Test func faultsThatMayHaveMappedSmallerHugePages() throws {
        var files = Self.family()
        files["/sys/kernel/mm/transparent_hugepage/hugepages-64kB/stats/anon_fault_alloc"] = "3\n"
        files["/proc/meminfo", default: ""] += "AnonHugePages: 40 kB\n"
        let tree = try FixtureTree(files)
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root(pageSizeBytes: 4096))
        #expect(snapshot.total.distinctBytes.upper == (3000 + 100 + 99 + 98) * 4096)
    }

    /// One fault may have mapped a whole huge page: the bound grows by all huge pages of the system. 125 counts of each
    /// of the 4 CPUs may be missing in the system's number: pages, and before Linux 5.12 huge pages.
    @Test(
        arguments: [
            ("6.18.0", "AnonHugePages: 40 kB\n", 1530), ("5.12.0", "AnonHugePages: 40 kB\n", 1530),
            ("5.11.0", "AnonHugePages: 40 kB\n", 3000), ("x", "AnonHugePages: 40 kB\n", 3000),
            ("6.18.0", "AnonHugePages: 999999 kB\n", 3000), ("6.18.0", "", 3000),
        ]
    )
    func faultsThatMayHaveMappedHugePages(_ version: String, _ line: String, _ pages: Int) throws {
        var files = Self.family()
        files["/proc/sys/kernel/osrelease"] = "\(version)\n"
        files["/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"] = "2097152\n"
        files["/proc/vmstat"] = "thp_fault_alloc 1\n"
        files["/proc/meminfo", default: ""] += line
        let tree = try FixtureTree(files)
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root(pageSizeBytes: 4096))
        let distinct = snapshot.total.distinctBytes
        #expect(distinct.lower == 1000 * 4096)
        #expect(distinct.upper == (pages + 100 + 99 + 98) * 4096)
        #expect(distinct.estimate == (1020 + 100) * 4096)
        // The sum over the processes relies on no fault, and `statm` is exact since Linux 6.16.
        #expect(distinct.isProven == (pages == 3000 && version == "6.18.0"))
    }

    /// A family of three on a system where everything is known: its bounds rely on page faults.
    @Test func aFamilyIsBoundedByItsFaults() throws {
        let tree = try FixtureTree(Self.family())
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root(pageSizeBytes: 4096))
        let distinct = snapshot.total.distinctBytes
        #expect(snapshot.processes.count == 3)
        #expect(!distinct.isProven)
        #expect(distinct.assumptions == [.faultsAreComplete, .layoutsIdentifyFamilies])
        #expect(distinct.lower == 1000 * 4096)
        #expect(distinct.upper == (1020 + 100 + 99 + 98) * 4096)
        #expect(distinct.estimate == (1020 + 100) * 4096)
    }

    /// The bound is never above what the whole system maps.
    @Test func theSystemsOwnCountBounds() throws {
        var files = [
            "/proc/meminfo": "AnonPages: 5000 kB\nMapped: 100 kB\n", "/sys/devices/system/cpu/online": "0\n",
            "/proc/sys/kernel/osrelease": "6.18.0\n",
        ]
        for pid in 10...12 {
            files["/proc/\(pid)/stat"] = ProcessStatTests.line("x", [1: "\(pid)", 9: "64", 26: "5"])
            files["/proc/\(pid)/statm"] = "5000 1100 100 0 0 0 0\n"
        }
        let tree = try FixtureTree(files)
        let distinct = try memorySnapshot(of: .all, mode: .cheap, in: tree.root(pageSizeBytes: 4096)).total
            .distinctBytes
        let slack = 125 * 4096
        #expect(distinct.lower == 4000 << 10)
        #expect(distinct.upper == 5100 << 10 + 2 * slack)
    }
}
