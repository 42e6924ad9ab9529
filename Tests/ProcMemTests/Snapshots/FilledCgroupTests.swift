import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The estimate of a tree by the charge of the cgroup that it fills.
@Suite struct FilledCgroupTests {
    /// A process with 100 anonymous pages and two children with as many, of which each has more faults than pages. The
    /// cgroup is charged for 150 pages.
    private func system(isOnV1: Bool = false) throws -> FixtureTree {
        var files: [String: String] = [
            "/sys/devices/system/cpu/online": "0\n", "/cg/cgroup.procs": "1\n", "/cg/a/cgroup.procs": "10\n11\n12\n",
            "/proc/1/cgroup": isOnV1 ? "6:memory:/\n" : "0::/\n",
            "/cg/a/memory.stat": (isOnV1 ? "rss 4096\ntotal_rss" : "anon") + " \(150 * 4096)\n",
        ]
        files[isOnV1 ? "/cg/a/memory.usage_in_bytes" : "/cg/a/memory.current"] = "\(160 * 4096)\n"
        let mounts =
            isOnV1 ? "40 30 0:9 / /cg rw - cgroup cgroup rw,memory\n" : MountTable.v2(25, 22, "/", "/cg")
        for process in ["self", "10", "11", "12"] {
            files["/proc/\(process)/cgroup"] = isOnV1 ? "6:memory:/a\n" : "0::/a\n"
            files["/proc/\(process)/mountinfo"] = mounts
        }
        for pid in 10..<13 {
            let fields = [1: "\(pid)", 4: pid == 10 ? "1" : "10", 9: pid == 10 ? "0" : "64", 10: "900", 20: "1"]
            files["/proc/\(pid)/stat"] = ProcessStatTests.line("x", fields)
            files["/proc/\(pid)/statm"] = "9999 110 10 0 0 0 0\n"
            files["/proc/\(pid)/task/\(pid)/children"] = pid == 10 ? "11 12 " : ""
        }
        return try FixtureTree(files)
    }

    private func estimate(_ scope: ProcessScope, in tree: FixtureTree) throws -> Int? {
        let snapshot = try memorySnapshot(of: scope, mode: .cheap, in: tree.root(pageSizeBytes: 4096))
        return snapshot.total.distinctBytes.estimate.map { $0 / 4096 }
    }

    @Test(arguments: [false, true]) func anySetThatFillsACgroup(_ isOnV1: Bool) throws {
        let tree = try system(isOnV1: isOnV1)
        let scopes = [
            ProcessScope.tree(root: 10), .tree(root: 10, exhaustive: true), .processes([12, 11, 10]), .cgroup("/a"),
        ]
        for scope in scopes { #expect(try estimate(scope, in: tree) == 160) }
    }

    @Test func anotherProcessIsInTheCgroup() throws {
        let tree = try system()
        try tree.write("10\n11\n12\n13\n", to: "/cg/a/cgroup.procs")
        #expect(try estimate(.tree(root: 10), in: tree) == 310)
        #expect(try estimate(.processes([10, 11]), in: tree) == 210)
    }

    /// The charge includes the caller's memory.
    @Test func withoutTheCaller() throws {
        let tree = try system()
        try tree.write(ProcessStatTests.line("x", [1: "12", 4: "10"]), to: "/proc/self/stat")
        #expect(try estimate(.cgroup("/a"), in: tree) == 160)
        #expect(try estimate(.cgroup("/a").excludingCaller, in: tree) == 210)
    }

    /// A process that enters the cgroup, or leaves it, while the processes are read.
    @Test(arguments: ["10\n11\n12\n13\n", "10\n12\n"]) func theCgroupChanges(_ list: String) throws {
        let tree = try system()
        let root = tree.root(pageSizeBytes: 4096)
        for scope in [ProcessScope.tree(root: 10), .cgroup("/a")] {
            try tree.write("10\n11\n12\n", to: "/cg/a/cgroup.procs")
            var census = try ProcessCensus(
                of: scope,
                mode: .cheap,
                limits: SearchLimits(),
                isConcurrent: false,
                in: root
            )
            census.findFilledCgroup(within: .seconds(60), in: root)
            let filled = try #require(census.filled)
            let features = KernelPageFeatures(in: root)
            #expect(
                filled.charge(knowing: nil, features, in: root)
                    == AnonymousCharge(bytes: 150 << 12, lagBytes: 128 << 12)
            )
            try tree.write(list, to: "/cg/a/cgroup.procs")
            #expect(filled.charge(knowing: nil, features, in: root) == nil)
        }
    }
}

/// Trees in live cgroups.
@Suite(.memoryCgroups, .pageFrames)
struct FilledCgroupLiveTests {
    private static let mib = 1 << 20

    private func distinct(_ pid: Int32, _ mode: MemoryMode = .cheap) throws -> DistinctMemory {
        try memorySnapshot(of: .tree(root: pid), mode: mode).total.distinctBytes
    }

    private func truth(_ pid: Int32) throws -> Int {
        try PageFrames.distinctBytes(of: processList(of: .tree(root: pid)).processes.map(\.pid))
    }

    /// Workers that wrote and freed memory: the counters show more than twice as much.
    @Test func aTreeThatFillsACgroup() throws {
        let own = try Cgroup.make(.memory)
        let child = try own.child(state: "churning", 4, 16 * Self.mib)
        let truth = try truth(child.pid)
        #expect(abs(try #require(distinct(child.pid).estimate) - truth) <= 3 * Self.mib)
        let other = try ChildProcess(state: "hold", 4096)
        try own.take(other)
        #expect(try #require(distinct(child.pid).estimate) > 2 * truth)
        other.end()
        #expect(abs(try #require(distinct(child.pid).estimate) - truth) <= 3 * Self.mib)
    }

    /// Without frame numbers, samples do not show which of several versions of a page the workers map.
    @Test func samplesThatDecideLittle() throws {
        let own = try Cgroup.make(.memory)
        let program = try BuiltProduct.url(of: "ProcessStates").path
        let words = ["as-nobody", "batches", "8", "\(64 * Self.mib)"]
        let script = "echo $$ > \(own.directory)/cgroup.procs && exec \"$0\" \"$@\""
        let child = try ChildProcess(running: "/bin/sh", ["-c", script, program] + words)
        child.keep(own)
        try child.waitUntilReady(in: "batches")
        let truth = try truth(child.pid)
        let sampled = try Rights.asNobody { try distinct(child.pid, .sampled(reads: 64)) }
        // Without the charge it is 40 % too low. The files, 4 % of the memory, are still estimated from samples.
        #expect(abs(try #require(sampled.estimate) - truth) <= truth / 10, "\(sampled), the truth is \(truth)")
    }

    /// Memory that was charged before a move stays charged to the cgroup from which the process came. The bounds contradict
    /// the charge, which is too low.
    @Test func aProcessThatWasMoved() throws {
        let own = try Cgroup.make(.memory)
        let child = try ChildProcess(state: "tree", 2, 24 * Self.mib)
        for pid in [child.pid] + child.ids { try own.take(pid) }
        child.keep(own)
        #expect(
            try CgroupMemoryUsage(CgroupMemoryFiles(of: CgroupDirectory(named: own.path, in: .live), in: .live))
                .anonBytes ?? 0 < Self.mib
        )
        let truth = try truth(child.pid)
        let distinct = try distinct(child.pid)
        #expect(abs(try #require(distinct.estimate) - truth) <= 3 * Self.mib)
        #expect(distinct.lower <= truth && truth <= distinct.upper ?? .max)
    }

    /// A sampler keeps the files of the processes open, and still detects a process that enters the cgroup.
    @Test func passesOfASampler() throws {
        let own = try Cgroup.make(.memory)
        let child = try own.child(state: "churning", 2, 16 * Self.mib)
        let truth = try truth(child.pid)
        var runner = PassRunner(of: .tree(root: child.pid), mode: .cheap, limits: SearchLimits(), in: .live)
        for _ in 0..<4 {
            let estimate = try runner.run().total.distinctBytes.estimate
            #expect(abs(try #require(estimate) - truth) <= 3 * Self.mib)
        }
        let other = try ChildProcess(state: "hold", 4096)
        try own.take(other)
        let estimate = try runner.run().total.distinctBytes.estimate
        #expect(try #require(estimate) > truth + 8 * Self.mib)
    }
}
