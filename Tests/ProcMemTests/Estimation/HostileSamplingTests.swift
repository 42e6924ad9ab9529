import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Files that no kernel writes: the code does not trap, does not run for long, and returns possible figures only.
@Suite(.timeLimit(.minutes(10))) struct HostileSamplingTests {
    private func tree(
        maps: String,
        statm: String,
        pids: [Int32] = [17],
        pagemapBytes: Int? = nil
    ) throws -> FixtureTree {
        let tree = try FixtureTree()
        for pid in pids {
            let stat = [1: "\(pid)", 4: "\(pids.first ?? 1)", 9: "64", 22: "5"]
            try tree.write(ProcessStatTests.line("x", stat), to: "/proc/\(pid)/stat")
            try tree.write(statm, to: "/proc/\(pid)/statm")
            try tree.write(maps, to: "/proc/\(pid)/maps")
            let words = [UInt64](repeating: 1 << 63 | 1 << 56 | 5, count: pagemapBytes == nil ? 65536 : 0)
            try tree.write(words.withUnsafeBytes { Data($0) }, to: "/proc/\(pid)/pagemap")
            guard let pagemapBytes else { continue }
            #expect(truncate(tree.directory.path + "/proc/\(pid)/pagemap", off_t(pagemapBytes)) == 0)
        }
        return tree
    }

    private func expectPossible(_ tree: FixtureTree, _ pids: [Int32] = [17], reads: Int = 64) throws {
        let snapshot = try memorySnapshot(
            of: .processes(pids),
            mode: .sampled(reads: reads),
            in: tree.root(pageSizeBytes: 4096)
        )
        let distinct = snapshot.total.distinctBytes
        #expect(snapshot.processes.count == pids.count)
        #expect(distinct.lower >= 0)
        if let upper = distinct.upper { #expect(distinct.lower <= upper) }
        if let estimate = distinct.estimate {
            #expect(distinct.lower <= estimate && estimate <= distinct.upper ?? .max)
        }
        for process in snapshot.processes {
            if let uss = process.usage.ussBytes { #expect(uss >= 0 && uss <= process.usage.rssBytes ?? 0) }
            if case .sampled(let error, let reads) = process.usage.source { #expect(error >= 0 && reads >= 0) }
        }
    }

    @Test(arguments: [Int.min, -1, 0, 1, 2, 65536, .max]) func anyNumberOfReads(_ reads: Int) throws {
        let tree = try tree(maps: "1000-2000000 rw-p 0 0:0 0\n", statm: "9000 5000 10 0 0 0 0\n")
        try expectPossible(tree, reads: reads)
        let usage = try memoryUsage(of: 17, mode: .sampled(reads: reads), in: tree.root(pageSizeBytes: 4096))
        #expect(usage.ussBytes != nil)
        guard case .sampled(_, let windows) = usage.source else {
            Issue.record("\(usage)")
            return
        }
        #expect(windows > 0)
    }

    /// The maximum number of windows that fit into memory, in a process of 2 PiB that is resident according to its
    /// counters.
    @Test func allReadsThatThereCanBe() throws {
        let statm = "549755813888 549755813888 0 0 0 0 0\n"
        let tree = try tree(maps: "0-8000000000000 rw-p 0 0:0 0\n", statm: statm, pagemapBytes: 1 << 43)
        let usage = try memoryUsage(of: 17, mode: .sampled(reads: .max), in: tree.root(pageSizeBytes: 4096))
        guard case .sampled(_, let windows) = usage.source else {
            Issue.record("\(usage)")
            return
        }
        #expect(windows > 1000 && windows <= 1 << 16)
    }

    /// Ranges of the maximum address size, dense or empty according to the counters.
    @Test(arguments: ["9000 0 0 0 0 0 0\n", "9000 7 7 0 0 0 0\n", "9000 281474976710656 0 0 0 0 0\n"])
    func hugeRanges(_ statm: String) throws {
        for maps in [
            "0-200000000000000 rw-p 0 0:0 0\n", "0-200000000000000 rw-p 200000000000000 1:1 9\n",
            "0-8000000000000 rw-p 0 0:0 0\n8000000000000-200000000000000 rw-s 0 1:1 9\n",
        ] {
            try expectPossible(tree(maps: maps, statm: statm))
            // The largest sparse file that can be created here.
            try expectPossible(tree(maps: maps, statm: statm, pagemapBytes: 1 << 43))
        }
    }

    /// More pages of files than `Int` can count: their offsets coincide, with no other consequence.
    @Test func filesBeyondAllNumbers() throws {
        var maps = ""
        for file in 0..<40000 {
            let start = String(0x1000 + file * 0x1000, radix: 16)
            maps += "\(start)-\(String(0x2000 + file * 0x1000, radix: 16)) r--s 200000000000000 1:1 \(file + 1)\n"
        }
        try expectPossible(tree(maps: maps, statm: "9000 281474976710656 281474976710656 0 0 0 0\n"))
    }

    /// The sum is larger than `Int`.
    @Test func manyLargeProcesses() throws {
        let pids = (100..<120).map { Int32($0) }
        let statm = "281474976710656 281474976710656 5 0 0 0 0\n"
        let tree = try tree(maps: "1000-1000000 rw-p 0 0:0 0\n", statm: statm, pids: pids)
        try expectPossible(tree, pids)
    }

    /// Reused pids can make the parents circular, or make a process its own parent.
    @Test func circularParents() throws {
        let pids: [Int32] = [100, 101, 102]
        let tree = try tree(maps: "1000-1000000 rw-p 0 0:0 0\n", statm: "9000 4000 5 0 0 0 0\n", pids: pids)
        for (pid, parent) in [(100, 102), (101, 100), (102, 101)] {
            let stat = ProcessStatTests.line("x", [1: "\(pid)", 4: "\(parent)", 9: "64", 22: "5"])
            try tree.write(stat, to: "/proc/\(pid)/stat")
            let shared = [UInt64](repeating: pid == 100 ? 0 : 1 << 63, count: 65536)
            try tree.write(shared.withUnsafeBytes { Data($0) }, to: "/proc/\(pid)/pagemap")
        }
        try expectPossible(tree, pids)
    }

    @Test(arguments: ["0 0 0 0 0 0 0\n", "5 0 0 0 0 0 0\n", "5 1 9 0 0 0 0\n", "-5 -1 -1 0 0 0 0\n", "x\n", ""])
    func countersThatSayNothing(_ statm: String) throws {
        try expectPossible(tree(maps: "1000-1000000 rw-p 0 0:0 0\n", statm: statm))
    }

    @Test(arguments: [Int.min, -4096, 0, 1, 3, 1 << 30]) func pagesOfAnySize(_ pageSizeBytes: Int) throws {
        let tree = try tree(maps: "1000-1000000 rw-p 0 0:0 0\n", statm: "9000 4000 5 0 0 0 0\n")
        let root = tree.root(pageSizeBytes: pageSizeBytes)
        #expect(root.pageSizeBytes >= 1)
        _ = try memorySnapshot(of: .process(17), mode: .sampled(reads: 64), in: root)
    }

    /// Each line is malformed in another way, and the page maps are random.
    @Test func noise() throws {
        let line = "1000-9000 rw-p 0 0:0 0\na000-800000 rw-p 2000 1:1 7 /x\n1000000-1100000 rw-s 0 1:1 8\n"
        var maps = Mutator([line, "1000-f00000 rw-p 0 0:0 0\n"], seed: 3)
        var statm = Mutator(["9000 4000 1000 0 0 0 0\n"], seed: 4)
        let tree = try tree(maps: line, statm: "9000 4000 1000 0 0 0 0\n", pids: [17, 18])
        var generator = SampleGenerator(seed: 5)
        for _ in 0..<150 {
            try tree.write(Data(maps.next()), to: "/proc/17/maps")
            try tree.write(Data(statm.next()), to: "/proc/18/statm")
            let words = (0..<4000).map { _ in generator.next() }
            try tree.write(words.withUnsafeBytes { Data($0) }, to: "/proc/18/pagemap")
            try expectPossible(tree, [17, 18])
        }
    }
}
