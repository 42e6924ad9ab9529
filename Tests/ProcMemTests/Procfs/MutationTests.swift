import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Much input that no kernel writes. A parser may refuse or accept it, but it does not trap or hang, and returns
/// possible values.
@Suite(.timeLimit(.minutes(10))) struct MutationTests {
    @Test(arguments: MutatedParser.all)
    func whateverIsParsedIsPossible(_ parser: MutatedParser) {
        for sample in parser.samples {
            #expect(KernelText.parse(sample) { parser.accepts($0) } == true, "\(sample)")
        }
        var mutator = Mutator(parser.samples, seed: 2026)
        var taken = 0
        for _ in 0..<3000 {
            let bytes = mutator.next()
            let isTaken = KernelText.parse(bytes) { parser.accepts($0) }
            #expect(isTaken != nil, "\(bytes)")
            if isTaken == true { taken += 1 }
        }
        // The parsers refuse some input; those that can fail do not accept all of it.
        #expect(taken > 100)
        #expect(taken < 3000 || parser.testDescription == "cgroup")
    }

    @Test func whateverASystemSaysThereIsAnAnswer() throws {
        let membership = ["0::/a/b\n", "4:cpu,cpuacct:/a\n0::/\n", "0::/../b\n"]
        let mounts = [
            MountTable.system + MountTable.v2(25, 22, "/", "/cg") + MountTable.v1(31, 20, "/", "/v1"),
            MountTable.v2(25, 22, "/..", "/cg") + MountTable.v2(26, 25, "/a", "/cg")
                + MountTable.v1(31, 20, "/a", "/v1"),
        ]
        let status = ["Name:\tx\nTgid:\t17\nCpus_allowed:\tff\n"]
        var mutators = [membership, mounts, status, ["150000 100000\n", "max 1\n"], ["50000\n", "-1\n"], ["0-3\n"]]
            .enumerated().map { Mutator($1, seed: UInt64($0)) }
        let files = [
            ["/proc/self/cgroup"], ["/proc/self/mountinfo"], ["/proc/self/status"],
            ["/cg/cpu.max", "/cg/a/cpu.max", "/cg/a/b/cpu.max", "/cg/b/cpu.max", "/sys/fs/cgroup/cpu.max"],
            ["/v1/cpu.cfs_quota_us", "/v1/a/cpu.cfs_quota_us", "/v1/cpu.cfs_period_us", "/v1/a/cpu.cfs_period_us"],
            ["/sys/devices/system/cpu/online"],
        ]
        let tree = try FixtureTree(["/proc/self/stat": ProcessStatTests.line()])
        let good = [membership[0], mounts[0], status[0], "150000 100000\n", "50000\n", "0-3\n"]
        for (paths, text) in zip(files, good) {
            for path in paths { try tree.write(Data(text.utf8), to: path) }
        }
        #expect(try CPULimits.current(in: tree.root()).effectiveCPUCount() == 2)
        for _ in 0..<250 {
            let kind = mutators[0].number(below: files.count)
            for path in files[kind] { try tree.write(Data(mutators[kind].next()), to: path) }
            guard let limits = try? CPULimits.current(in: tree.root()) else {
                #expect(effectiveCPUCount(in: tree.root()) == 1)
                continue
            }
            let counts = [CPULimits.Rounding.down, .nearest, .up].map { limits.effectiveCPUCount(rounding: $0) }
            #expect(counts == counts.sorted() && counts[0] >= 1 && counts[2] <= max(1, limits.affinity.count))
            #expect(effectiveCPUCount(in: tree.root()) == counts[2])
            #expect(limits.effectiveCPUs > 0)
            #expect(limits.binding == nil || limits.levels.contains { $0.quota == limits.binding?.quota })
            #expect(limits.isComplete || !limits.warnings.isEmpty)
        }
    }
}
