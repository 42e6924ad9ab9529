import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Totals of a cgroup, without its processes.
@Suite struct CgroupTotalsTests {
    private static let mib = 1 << 20
    private static let v2 = "anon 20971520\nfile 41943040\nfile_mapped 5242880\nshmem 1048576\nkernel 2097152\n"
    private static let v1 =
        "rss 1\nmapped_file 1\ntotal_rss 20971520\ntotal_cache 41943040\ntotal_mapped_file 5242880\ntotal_shmem 1048576\n"

    private struct System {
        var files: [String: String] = [:]
        var isOnV1 = false

        func snapshot(_ scope: ProcessScope, detail: MemoryDetail = .totals, mode: MemoryMode = .cheap) throws
            -> MemorySnapshot
        {
            var all = [
                "/proc/self/cgroup": isOnV1 ? "6:memory:/a\n" : "0::/a\n",
                "/proc/self/stat": ProcessStatTests.line("x", [1: "17"]),
                "/proc/self/mountinfo": isOnV1
                    ? "40 30 0:9 / /cg rw - cgroup cgroup rw,memory\n" : MountTable.v2(25, 22, "/", "/cg"),
                "/proc/meminfo": "MemTotal: 999999 kB\nAnonPages: 102400 kB\nMapped: 51200 kB\nHugetlb: 0 kB\n",
                "/sys/devices/system/cpu/online": "0-3\n",
                // Not a list: it must not be read.
                "/cg/a/cgroup.procs": "x",
            ]
            if isOnV1 {
                all["/cg/a/memory.usage_in_bytes"] = "\(70 * mib)\n"
                all["/cg/a/memory.kmem.usage_in_bytes"] = "\(2 * mib)\n"
                all["/cg/a/memory.stat"] = v1
            } else {
                all["/cg/a/memory.current"] = "\(70 * mib)\n"
                all["/cg/a/pids.current"] = "5\n"
                all["/cg/a/memory.stat"] = v2
            }
            let tree = try FixtureTree(all.merging(files) { $1 }.filter { $0.value != "none" })
            return try withExtendedLifetime(tree) {
                try memorySnapshot(of: scope, mode: mode, detail: detail, in: tree.root(pageSizeBytes: 4096))
            }
        }
    }

    /// 4 CPUs keep up to 128 pages each, which is 2 MiB. 125 pages of each CPU may be missing in /proc/meminfo.
    @Test(arguments: [false, true]) func whatIsChargedAndMapped(_ isOnV1: Bool) throws {
        let snapshot = try System(isOnV1: isOnV1).snapshot(.cgroup("/a"))
        let distinct = snapshot.total.distinctBytes
        #expect(distinct.estimate == 25 * Self.mib)
        #expect(distinct.lower == 18 * Self.mib)
        #expect(distinct.upper == 22 * Self.mib + 50 * Self.mib + 4 * 125 * 4096)
        #expect(!distinct.isProven && distinct.assumptions == [.chargesFollowProcesses])
        #expect(snapshot.processes.isEmpty && snapshot.search == .unlisted && snapshot.isComplete)
        let total = snapshot.total
        #expect(total.processCount == nil && total.rssBytes == nil && total.pssBytes == nil && total.swapBytes == nil)
        let charge = try #require(snapshot.cgroupCharge)
        #expect(charge.chargedBytes == 70 * Self.mib && charge.kernelBytes == 2 * Self.mib)
        #expect(charge.unattributedBytes?.estimate == 45 * Self.mib)
        #expect(charge.taskCount == (isOnV1 ? nil : 5))
        #expect(charge.reasonsByUnknownFigure.isEmpty)
    }

    /// No process was read: no number of processes is known, and none is 0.
    @Test func numbersOfUnlistedProcesses() throws {
        let total = try System().snapshot(.cgroup("/a")).total
        #expect(total.unavailableCount == nil && total.processesWithoutMemoryCount == nil)
        #expect(total.figureCounts == nil && total.unreadableRSSBytes == nil && total.sources.isEmpty)
        let encoded = try JSONSerialization.jsonObject(with: JSONEncoder().encode(total))
        let json = try #require(encoded as? [String: Any])
        let known = json.filter { !($0.value is NSNull) }.keys.sorted()
        #expect(known == ["distinctBytes", "sources"])
        #expect(json.count == 12)
    }

    /// The cgroup of the caller, and that of a process.
    @Test func otherNamesOfACgroup() throws {
        for scope in [ProcessScope.currentCgroup, .cgroup("/cg/a")] {
            let estimate = try System().snapshot(scope).total.distinctBytes.estimate
            #expect(estimate == 25 * Self.mib)
        }
    }

    @Test func hugePagesThatAreCharged() throws {
        let stat = Self.v2 + "hugetlb 4194304\n"
        let meminfo = "AnonPages: 102400 kB\nMapped: 51200 kB\nHugetlb: 8192 kB\n"
        let system = System(files: ["/cg/a/memory.stat": stat, "/proc/meminfo": meminfo])
        #expect(try system.snapshot(.cgroup("/a")).total.distinctBytes.estimate == 29 * Self.mib)
    }

    /// Another cgroup was charged for more than the whole system maps: the charge is old. It is limited.
    @Test func theSystemBoundsTheCharge() throws {
        let files = ["/proc/meminfo": "AnonPages: 1024 kB\nMapped: 1024 kB\nHugetlb: 0 kB\n"]
        let distinct = try System(files: files).snapshot(.cgroup("/a")).total.distinctBytes
        let upper = 2 * Self.mib + 2 * 4 * 125 * 4096
        #expect(distinct.upper == upper && distinct.estimate == upper && distinct.lower == 0)
        #expect(distinct.assumptions.isEmpty && !distinct.isProven)
    }

    @Test func unknownFigures() throws {
        let noStat = try System(files: ["/cg/a/memory.stat": "none"]).snapshot(.cgroup("/a"))
        #expect(noStat.total.distinctBytes.estimate == nil && noStat.total.distinctBytes.lower == 0)
        #expect(noStat.cgroupCharge?.reasonsByUnknownFigure[.anonBytes]?.contains("does not exist") == true)
        let noMeminfo = try System(files: ["/proc/meminfo": "none"]).snapshot(.cgroup("/a")).total.distinctBytes
        #expect(noMeminfo.estimate == 25 * Self.mib && noMeminfo.upper == nil && noMeminfo.lower == 18 * Self.mib)
        let noCPUs = try System(files: ["/sys/devices/system/cpu/online": "none"]).snapshot(.cgroup("/a"))
        #expect(noCPUs.total.distinctBytes.estimate == 25 * Self.mib && noCPUs.total.distinctBytes.lower == 0)
        let noTasks = try System(files: ["/cg/a/pids.current": "none"]).snapshot(.cgroup("/a"))
        #expect(noTasks.cgroupCharge?.taskCount == nil && noTasks.total.distinctBytes.estimate == 25 * Self.mib)
    }

    @Test func onlyAWholeCgroupHasTotals() throws {
        for scope in [ProcessScope.current, .currentTree, .all, .currentCgroup.excludingCaller] {
            let error = #expect(throws: ProcMemError.self) {
                try memorySnapshot(of: scope, mode: .cheap, detail: .totals)
            }
            #expect(error?.code == .invalidArgument)
        }
        let error = #expect(throws: ProcMemError.self) { try System().snapshot(.cgroup("/missing")) }
        #expect(error?.code == .invalidArgument)
    }

    /// A time that is too short for the processes: the charge includes all of them, and those that were read raise the lower
    /// bound.
    @Test func aListThatWasCutShort() throws {
        let system = System(files: ["/cg/a/cgroup.procs": "17\n18\n"])
        let snapshot = try system.snapshot(.cgroup("/a"), detail: .standard, mode: .within(.zero))
        #expect(snapshot.gaps == [.timeLimit] && snapshot.processes.isEmpty)
        let distinct = snapshot.total.distinctBytes
        #expect(distinct.estimate == 25 * Self.mib && distinct.lower == 18 * Self.mib && !distinct.isProven)
        #expect(distinct.upper == 72 * Self.mib + 4 * 125 * 4096)
    }

    /// The charge includes the calling process, which the scope excludes.
    @Test func aListWithoutTheCallerThatWasCutShort() throws {
        let system = System(files: ["/cg/a/cgroup.procs": "17\n18\n"])
        let scope = ProcessScope.cgroup("/a").excludingCaller
        let distinct = try system.snapshot(scope, detail: .standard, mode: .within(.zero)).total.distinctBytes
        #expect(distinct.estimate == nil && distinct.lower == 0)
    }

    /// One of two processes was read: its memory is a lower bound.
    @Test(arguments: [(5, 25, 18), (30, 30, 30)]) func aListThatIsTooLong(
        _ mebibytes: Int,
        _ estimate: Int,
        _ lower: Int
    ) throws {
        let pages = mebibytes * Self.mib / 4096
        let tree = try FixtureTree([
            "/proc/self/cgroup": "0::/a\n", "/proc/self/mountinfo": MountTable.v2(25, 22, "/", "/cg"),
            "/proc/17/stat": ProcessStatTests.line("x", [1: "17", 9: "0"]),
            "/proc/17/statm": "9999 \(pages) 0 0 0 0 0\n",
            "/proc/meminfo": "MemTotal: 999999 kB\nAnonPages: 102400 kB\nMapped: 51200 kB\nHugetlb: 0 kB\n",
            "/sys/devices/system/cpu/online": "0-3\n", "/cg/a/cgroup.procs": "17\n18\n",
            "/cg/a/memory.current": "\(70 * Self.mib)\n", "/cg/a/memory.stat": Self.v2,
        ])
        let snapshot = try withExtendedLifetime(tree) {
            try memorySnapshot(
                of: .cgroup("/a"),
                mode: .cheap,
                limits: SearchLimits(maximumCount: 1),
                in: tree.root(pageSizeBytes: 4096)
            )
        }
        #expect(snapshot.gaps == [.countLimit] && snapshot.processes.map(\.pid) == [17])
        let distinct = snapshot.total.distinctBytes
        #expect(distinct.estimate == estimate * Self.mib && distinct.lower == lower * Self.mib && !distinct.isProven)
    }

    @Test func aSamplerOfTotals() async throws {
        let tree = try FixtureTree([
            "/proc/self/cgroup": "0::/a\n", "/proc/self/mountinfo": MountTable.v2(25, 22, "/", "/cg"),
            "/cg/a/cgroup.procs": "x", "/cg/a/memory.stat": Self.v2,
        ])
        let sampler = MemorySampler(of: .cgroup("/a"), mode: .cheap, detail: .totals, in: tree.root())
        #expect(try await sampler.snapshot().total.distinctBytes.estimate == 25 * Self.mib)
        try tree.write("anon 1048576\nfile_mapped 0\n", to: "/cg/a/memory.stat")
        #expect(try await sampler.snapshot().total.distinctBytes.estimate == Self.mib)
    }
}

/// The same with a live cgroup, compared with page frames.
@Suite(.memoryCgroups, .pageFrames)
struct CgroupTotalsLiveTests {
    private static let mib = 1 << 20

    @Test(arguments: [["tree", "3", "\(32 << 20)"], ["churning", "4", "\(16 << 20)"], ["shmem", "3", "\(16 << 20)"]])
    func theProcessesOfACgroup(_ words: [String]) throws {
        let own = try Cgroup.make(.memory)
        let child = try own.make().child(state: words[0], words[1], words[2])
        let pids = try processList(of: .tree(root: child.pid)).processes.map(\.pid)
        let truth = try PageFrames.distinctBytes(of: pids)
        let distinct = try memorySnapshot(of: .cgroup(own.path), mode: .cheap, detail: .totals).total.distinctBytes
        // The program and its libraries are charged to another cgroup.
        let files = 6 * Self.mib
        let lag = 128 * 4096 * (ProcessInfo.processInfo.processorCount + 1)
        #expect(abs(try #require(distinct.estimate) - truth) <= files + lag)
        #expect(distinct.lower <= truth && truth <= distinct.upper ?? .max)
    }
}
