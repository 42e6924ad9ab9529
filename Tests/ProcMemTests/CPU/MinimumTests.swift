import ProcMem
import TestSupport
import Testing

/// The parameter `minimum`: a lower bound of the number of CPUs.
@Suite struct MinimumTests {
    private func system(quota: String) throws -> FixtureTree {
        try FixtureTree(
            MountTable.files(
                in: "/",
                [
                    "/proc/self/status": "Cpus_allowed:\tf\n",
                    "/sys/fs/cgroup/cpu.max": quota,
                ]
            )
        )
    }

    @Test(arguments: [(Int.min, 2), (-1, 2), (0, 2), (1, 2), (2, 2), (3, 3), (4, 4), (9, 9)])
    func theAnswerIsNotBelowIt(_ minimum: Int, _ count: Int) throws {
        let tree = try system(quota: "150000 100000")
        #expect(effectiveCPUCount(minimum: minimum, in: tree.root()) == count)
        #expect(try CPULimits.current(in: tree.root()).effectiveCPUCount(minimum: minimum) == count)
    }

    @Test func itComesAfterTheRounding() throws {
        let tree = try system(quota: "50000 100000")
        #expect(effectiveCPUCount(rounding: .down, in: tree.root()) == 1)
        #expect(effectiveCPUCount(rounding: .down, minimum: 2, in: tree.root()) == 2)
    }

    @Test func itHoldsWhereNothingCanBeRead() throws {
        let tree = try FixtureTree()
        #expect(effectiveCPUCount(minimum: -3, in: tree.root()) == 1)
        #expect(effectiveCPUCount(minimum: 3, in: tree.root()) == 3)
    }
}
