import Foundation
import ProcMem
import TestSupport

/// The estimates by the charge of a cgroup, for a tree that fills it and for the cgroup alone, compared with page frames.
enum CgroupChargeChecks {
    private static let size = 32 << 20
    /// The program and its libraries, which are charged to another cgroup or mapped only in part.
    private static let files = 6 << 20

    static let all: [Check] =
        [
            ["tree", "6", "\(size)"], ["rewriting", "6", "\(size)"], ["churning", "6", "\(size)"],
            ["freeing", "6", "\(size)"], ["batches", "8", "\(size)"], ["lines", "\(size)"],
        ]
        .map { words in
            Check("charge/\(words[0])", on: [.v2, .v1]) { try expectEstimates(words) }
        } + [
            Check("charge/huge pages, of which workers rewrite a part", on: [.v2, .v1]) {
                let enabled = "/sys/kernel/mm/transparent_hugepage/enabled"
                try Files.write("always", to: enabled)
                defer { try? Files.write("madvise", to: enabled) }
                try expectEstimates(["huge-tree", "4", "\(size)"])
            },
            Check("charge/a tree in several cgroups", on: [.v2, .v1]) {
                let top = try Cgroup.make(.memory)
                let first = try top.make("first")
                let child = try first.child(state: "churning", 4, size)
                // The memory of a worker stays charged to the cgroup in which it was written, which is in the same one.
                let second = try top.make("second")
                try second.take(child.ids[0])
                try expectEstimates(of: child, in: top)
            },
            Check("charge/threads in threaded cgroups", on: [.v2]) {
                let domain = try Cgroup.make()
                let child = try ChildProcess(state: "thread")
                try domain.take(child)
                guard domain.has("memory.stat") else { throw Skipped("the memory controller is not enabled") }
                let threaded = try domain.make("threaded")
                try threaded.set("cgroup.type", "threaded")
                try threaded.set("cgroup.threads", "\(child.pid)")
                let snapshot = try memorySnapshot(of: .cgroup(domain.path), mode: .cheap)
                try expect(snapshot.processes.map(\.pid), is: [child.pid], "processes")
                let tree = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap).total.distinctBytes
                try expect(tree.estimate != nil, "no estimate of a process in a threaded cgroup")
            },
            Check("charge/processes that were moved with their memory", on: [.v2, .v1]) {
                let own = try Cgroup.make(.memory)
                let child = try ChildProcess(state: "tree", 3, size)
                for pid in [child.pid] + child.ids { try own.take(pid) }
                child.keep(own)
                // All of it is charged elsewhere: the counters contradict the charge.
                let pids = [child.pid] + child.ids
                let truth = try PageFrames.distinctBytes(of: pids)
                let tree = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap).total.distinctBytes
                try expect(near(tree.estimate, truth, files), "tree: \(tree), the truth is \(truth)")
                let totals = try distinctBytes(chargedTo: own)
                try expect(!totals.isProven && totals.assumptions == [.chargesFollowProcesses], "totals: \(totals)")
                print("truth \(truth >> 20) MiB, tree \(text(tree)), totals \(text(totals))")
            },
            Check("charge/a sharer of memory in another cgroup", on: [.v2, .v1]) {
                let own = try Cgroup.make(.memory)
                let other = try Cgroup.make(.memory)
                let child = try own.child(state: "vm-sharer", size)
                try other.take(child.ids[0])
                child.keep(other)
                // The address space belongs to the process that made it.
                let truth = try PageFrames.distinctBytes(of: [child.pid])
                for scope in [ProcessScope.process(child.pid), .tree(root: child.pid)] {
                    let distinct = try memorySnapshot(of: scope, mode: .cheap).total.distinctBytes
                    try expect(near(distinct.estimate, truth, files), "\(scope): \(distinct), the truth is \(truth)")
                }
                let totals = try distinctBytes(chargedTo: own)
                try expect(near(totals.estimate, truth, files), "totals: \(totals), the truth is \(truth)")
                print(
                    "truth \(truth >> 20) MiB, totals \(text(totals)), of the sharer \(text(try distinctBytes(chargedTo: other)))"
                )
            },
        ]

    private static func expectEstimates(_ words: [String]) throws {
        let own = try Cgroup.make(.memory)
        let program = try BuiltProduct.url(of: "ProcessStates").path
        let child = try ChildProcess(running: CommandLine.arguments[0], Cgroup.entering([own]) + [program] + words)
        child.keep(own)
        try child.waitUntilReady(in: words[0])
        try expectEstimates(of: child, in: own)
    }

    /// The estimate of the tree, and that of the cgroup without its processes.
    private static func expectEstimates(of child: ChildProcess, in cgroup: Cgroup) throws {
        let scope = ProcessScope.tree(root: child.pid)
        let pids = try processList(of: scope).processes.map(\.pid)
        let truth = try PageFrames.distinctBytes(of: pids)
        let lag = 128 * Int(sysconf(Int32(_SC_PAGESIZE))) * ProcessInfo.processInfo.processorCount
        let tree = try memorySnapshot(of: scope, mode: .cheap).total.distinctBytes
        let totals = try distinctBytes(chargedTo: cgroup)
        print("truth \(truth >> 20) MiB, tree \(text(tree)), totals \(text(totals))")
        try expect(near(tree.estimate, truth, files + lag), "tree: \(tree), the truth is \(truth)")
        try expect(near(totals.estimate, truth, files + lag), "totals: \(totals), the truth is \(truth)")
        try expect(totals.lower <= truth && truth <= totals.upper ?? .max, "totals: \(totals), the truth is \(truth)")
    }

    private static func distinctBytes(chargedTo cgroup: Cgroup) throws -> DistinctMemory {
        try memorySnapshot(of: .cgroup(cgroup.path), mode: .cheap, detail: .totals).total.distinctBytes
    }

    private static func near(_ bytes: Int?, _ expected: Int, _ slack: Int) -> Bool {
        bytes.map { abs($0 - expected) <= slack } ?? false
    }

    private static func text(_ distinct: DistinctMemory) -> String {
        let upper = distinct.upper.map { "\($0 >> 20)" } ?? "unknown"
        return "\((distinct.estimate ?? 0) >> 20) (\(distinct.lower >> 20) to \(upper))"
    }
}
