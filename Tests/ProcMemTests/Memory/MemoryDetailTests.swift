import TestSupport
import Testing

@testable import ProcMem

@Suite struct MemoryDetailTests {
    static let modes: [MemoryMode] = [.cheap, .accurate, .sampled(reads: 64), .within(.seconds(5))]

    @Test func theFieldsOfStatus() throws {
        let text = """
            Name:\tx
            VmHWM:\t    9000 kB
            RssAnon:\t    5000 kB
            RssFile:\t    1200 kB
            RssShmem:\t     800 kB
            VmSwap:\t      48 kB
            HugetlbPages:\t    2048 kB

            """
        let status = try KernelText.parse(text) { try ProcessStatus(parsing: $0) }
        #expect(status.peakRSSBytes == 9000 << 10 && status.fileBytes == 1200 << 10)
        #expect(status.shmemBytes == 800 << 10 && status.swapBytes == 48 << 10 && status.hugetlbBytes == 2048 << 10)
    }

    @Test(arguments: modes) func aLiveProcess(_ mode: MemoryMode) throws {
        let child = try ChildProcess(state: "hold", 8 << 20)
        let plain = try memorySnapshot(of: .process(child.pid), mode: mode).processes[0].usage
        #expect(plain.fileBytes == nil && plain.shmemBytes == nil && plain.peakRSSBytes == nil)
        let usage = try memorySnapshot(of: .process(child.pid), mode: mode, detail: .all).processes[0].usage
        let shared = try #require(usage.sharedBytes)
        let file = try #require(usage.fileBytes)
        let shmem = try #require(usage.shmemBytes)
        // Before Linux 6.16, some pages of each CPU are missing in the counters.
        #expect(abs(file + shmem - shared) < 4 << 20)
        #expect(try #require(usage.peakRSSBytes) > 8 << 20)
        #expect(usage.swapBytes != nil && usage.hugetlbBytes == 0)
        // PSS changes with other processes.
        #expect(usage.source.name == plain.source.name && (usage.pssBytes == nil) == (plain.pssBytes == nil))
    }

    /// If the system has set aside no pages of hugetlbfs, no process has any: samples need no other file to know this.
    @Test(arguments: ["Hugetlb: 0 kB\n", "Hugetlb: 2048 kB\n", "MemTotal: 9 kB\n"], [nil, "HugetlbPages: 2048 kB\n"])
    func hugetlbfsOfSampledProcesses(_ meminfo: String, _ status: String?) throws {
        var files = [
            "/proc/meminfo": meminfo, "/sys/devices/system/cpu/online": "0\n",
            "/proc/7/stat": MemorySnapshotTests.stat(7, parent: 1, start: 70), "/proc/7/statm": "50 20 5 1 0 1 0\n",
        ]
        files["/proc/7/status"] = status
        let tree = try FixtureTree(files)
        let mode = MemoryMode.sampled(reads: 16)
        let usage = try memorySnapshot(of: .processes([7]), mode: mode, in: tree.root(pageSizeBytes: 4096)).processes[0]
            .usage
        let expected = meminfo.hasPrefix("Hugetlb: 0 ") ? 0 : status.map { _ in 2048 << 10 }
        #expect(usage.hugetlbBytes == expected)
    }

    @Test(arguments: modes) func aSampler(_ mode: MemoryMode) async throws {
        let child = try ChildProcess(state: "tree", 2, 1 << 20)
        let sampler = MemorySampler(of: .tree(root: child.pid), mode: mode, detail: .all)
        for _ in 0..<4 {
            let processes = try await sampler.snapshot().processes
            #expect(processes.count == 3 && processes.allSatisfy { $0.usage.peakRSSBytes != nil })
        }
    }

    /// After the main thread has exited, `status` of the process has no sizes, and that of another thread has.
    @Test(arguments: [MemoryDetail.standard, .all]) func aProcessWithoutItsMainThread(_ detail: MemoryDetail) throws {
        let child = try ChildProcess(state: "zombie-leader", 4096)
        let usage = try memorySnapshot(of: .process(child.pid), mode: .cheap, detail: detail).processes[0].usage
        #expect(usage.rssBytes != nil)
        #expect((usage.peakRSSBytes != nil) == (detail == .all))
    }

    @Test func aMissingOrMalformedStatusLeavesItsFiguresUnknown() throws {
        let tree = try FixtureTree([
            "/proc/7/stat": MemorySnapshotTests.stat(7, parent: 1, start: 70), "/proc/7/statm": "50 20 5 1 0 1 0\n",
            "/proc/8/stat": MemorySnapshotTests.stat(8, parent: 1, start: 80), "/proc/8/statm": "50 20 5 1 0 1 0\n",
            "/proc/8/status": "Cpus_allowed:\tx\nVmHWM:\t80 kB\n",
        ])
        let root = tree.root()
        let processes = try memorySnapshot(of: .processes([7, 8]), mode: .cheap, detail: .all, in: root).processes
        for usage in processes.map(\.usage) {
            #expect(usage.rssBytes != nil && usage.peakRSSBytes == nil && usage.unavailable == nil)
        }
    }
}
