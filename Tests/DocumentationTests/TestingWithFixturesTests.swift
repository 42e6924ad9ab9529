import Foundation
import ProcMem
import Testing

/// The article *Testing views and policies*, executed. `ExecutedBlocksTests` compares the two.
@Suite(.timeLimit(.minutes(1))) struct TestingWithFixturesTests {
    @Test func aPolicyThatSizesAPool() throws {
        func poolSize(computes: Bool, in root: SystemRoot = .live) -> Int {
            effectiveCPUCount(rounding: computes ? .down : .up, in: root)
        }

        let system = try container()
        defer { system.remove() }
        try system.write(["sys/fs/cgroup/app/cpu.max": "150000 100000\n"])
        #expect(poolSize(computes: false, in: system.root) == 2)
        #expect(poolSize(computes: true, in: system.root) == 1)

        let limits = try CPULimits.current(in: system.root)
        #expect(limits.effectiveCPUs == 1.5)
        #expect(limits.limitedBy == .quota)
        #expect(limits.binding?.cgroup == "/app")
    }

    @Test func aViewOfAContainerNearItsLimit() throws {
        func line(of memory: ContainerMemory) -> String {
            guard let limit = memory.limitBytes,
                let used = memory.workingSetBytes
            else { return "unknown" }
            let percent = used * 100 / limit
            return "\(percent) %" + (percent >= 90 ? ", near the limit" : "")
        }

        let system = try container()
        defer { system.remove() }
        #expect(line(of: try .current(in: system.root)) == "unknown")
        try system.write([
            "sys/fs/cgroup/app/memory.max": "1000000\n",
            "sys/fs/cgroup/app/memory.current": "980000\n",
            "sys/fs/cgroup/app/memory.stat": "inactive_file 30000\n",
        ])
        let memory = try ContainerMemory.current(in: system.root)
        #expect(line(of: memory) == "95 %, near the limit")
        #expect(memory.availableBytes == 50000)
    }

    @Test func aSnapshotOfTwoProcesses() throws {
        func stat(_ pid: Int, parent: Int, name: String) -> String {
            // Field 9 has the flags, field 22 the start time.
            "\(pid) (\(name)) S \(parent) 1 1 0 -1 0 700 0 0 0 4 4 0 0 "
                + "20 0 1 0 12345 1 512 18446744073709551615\n"
        }

        let system = MadeUpSystem()
        defer { system.remove() }
        try system.write([
            "proc/10/stat": stat(10, parent: 1, name: "server"),
            "proc/10/statm": "9000 512 256 1 0 300 0\n",
            "proc/10/task/10/children": "11 ",
            "proc/11/stat": stat(11, parent: 10, name: "worker"),
            "proc/11/statm": "9000 1024 256 1 0 300 0\n",
            "proc/11/task/11/children": "",
        ])
        let snapshot = try memorySnapshot(
            of: .tree(root: 10),
            mode: .cheap,
            in: system.root
        )
        #expect(snapshot.processes.map(\.command) == ["server", "worker"])
        #expect(snapshot.processes[1].parentPID == 10)
        #expect(snapshot.processes.map(\.usage.rssBytes) == [2 << 20, 4 << 20])
        #expect(snapshot.isComplete)
    }

    @Test func changes() async throws {
        let system = try container()
        defer { system.remove() }
        let own = "sys/fs/cgroup/app"
        try system.write([
            "\(own)/cpu.max": "150000 100000\n",
            "\(own)/memory.max": "1000000\n",
            "\(own)/memory.events": "max 0\noom 0\noom_kill 0\n",
            "proc/10/stat": "10 (server) S 1 1 1 0 -1 0 700 0 0 0 4 4 0 0 "
                + "20 0 1 0 12345 1 512\n",
            "proc/10/statm": "9000 512 256 1 0 300 0\n",
        ])

        var limits = CPULimitChanges(
            pollInterval: .milliseconds(10),
            in: system.root
        ).makeAsyncIterator()
        #expect(try await limits.next()?.effectiveCPUs == 1.5)
        try system.write(["\(own)/cpu.max": "400000 100000\n"])
        #expect(try await limits.next()?.effectiveCPUs == 4)

        var changes = ContainerMemoryChanges(
            pollInterval: .milliseconds(10),
            in: system.root
        ).makeAsyncIterator()
        #expect(try await changes.next()?.cause == .start)
        try system.write(["\(own)/memory.events": "max 0\noom 0\noom_kill 2\n"])
        #expect(try await changes.next()?.cause == .oomKill(count: 2))

        let sampler = MemorySampler(
            of: .processes([10]),
            mode: .cheap,
            in: system.root
        )
        let before = try await sampler.snapshot().total.rssBytes
        try system.write(["proc/10/statm": "9000 1024 256 1 0 300 0\n"])
        let after = try await sampler.snapshot().total.rssBytes
        #expect(before == 2 << 20 && after == 4 << 20)
    }

    @Test func samplesErrorsAndBounds() {
        func text(_ usage: MemoryUsage) -> String {
            guard let uss = usage.ussBytes else {
                return usage.unavailable.map { "unknown: \($0)" } ?? "unknown"
            }
            let error = usage.source.standardErrorBytes
            return "\(uss)" + (error.map { " ± \(2 * $0)" } ?? "")
        }

        func text(_ memory: DistinctMemory) -> String {
            let upper = memory.upper.map(String.init) ?? "unknown"
            return "\(memory.lower) – \(upper)"
        }

        let sampled = MemoryUsage(
            from: .sampled(standardErrorBytes: 5000, reads: 40),
            rssBytes: 900_000,
            ussBytes: 700_000
        )
        #expect(text(sampled) == "700000 ± 10000")
        let hidden = MemoryUsage(
            from: .statm,
            rssBytes: 900_000,
            unavailable: .permissionDenied
        )
        #expect(text(hidden) == "unknown: permissionDenied")
        let total = DistinctMemory(
            estimate: 800_000,
            lower: 700_000,
            upper: nil,
            isProven: false,
            assumptions: [.samplesAreRepresentative]
        )
        #expect(text(total) == "700000 – unknown")
    }

    /// `pagemap` of a directory is no pagemap: the kernel has no pages for it.
    @Test func whatADirectoryCannotReplace() throws {
        let system = MadeUpSystem()
        defer { system.remove() }
        try system.write([
            "proc/10/stat": "10 (server) S 1 1 1 0 -1 0 700 0 0 0 4 4 0 0 20 0 1 0 12345 1 512\n",
            "proc/10/statm": "9000 512 256 1 0 300 0\n",
        ])
        for mode in [MemoryMode.sampled(reads: 100), .accurate] {
            let usage = try memoryUsage(of: 10, mode: mode, in: system.root)
            #expect(usage.rssBytes == 2 << 20 && usage.ussBytes == nil)
            #expect(usage.unavailable == .unsupported)
        }
        try system.write([
            "proc/10/smaps_rollup":
                "0-1 ---p 0 00:00 0 [rollup]\nRss: 2048 kB\nPss: 1024 kB\nPrivate_Clean: 0 kB\n"
                + "Private_Dirty: 512 kB\n"
        ])
        #expect(try memoryUsage(of: 10, mode: .accurate, in: system.root).ussBytes == 512 << 10)
        let error = ProcMemError(.outOfResources, path: "/proc/10/stat", errno: 24)
        #expect(error.description.hasPrefix("/proc/10/stat: "))
    }
}

private struct MadeUpSystem {
    let directory = FileManager.default.temporaryDirectory
        .appending(path: "made-up-\(UUID().uuidString)")

    var root: SystemRoot {
        SystemRoot(directory: directory.path, pageSizeBytes: 4096)
    }

    func write(_ files: [String: String]) throws {
        for (path, text) in files {
            let file = directory.appending(path: path)
            let folder = file.deletingLastPathComponent()
            try FileManager.default.createDirectory(
                at: folder,
                withIntermediateDirectories: true
            )
            // Atomically: a reader never sees half of a file.
            try Data(text.utf8).write(to: file, options: .atomic)
        }
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }
}

private func container() throws -> MadeUpSystem {
    let system = MadeUpSystem()
    try system.write([
        "proc/self/status": "Name:\tapp\nCpus_allowed:\tff\n",
        "proc/self/cgroup": "0::/app\n",
        "proc/self/mountinfo":
            "25 22 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        "proc/meminfo":
            "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n",
        "sys/devices/system/cpu/online": "0-7\n",
        "sys/fs/cgroup/app/cgroup.procs": "",
    ])
    return system
}
