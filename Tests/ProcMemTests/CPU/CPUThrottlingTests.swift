import Foundation
import ProcMem
import TestSupport
import Testing

/// Throttling counters in file trees.
@Suite struct CPUThrottlingTests {
    private func tree(_ files: [String: String], cgroup: String = "/pod/own", mountRoot: String = "/") throws
        -> FixtureTree
    {
        let system = MountTable.files(in: cgroup, root: mountRoot, ["/proc/self/status": "Cpus_allowed:\tff\n"])
        return try FixtureTree(system.merging(files) { $1 })
    }

    private func throttling(
        local: Int,
        own: String = "nr_periods 0\nnr_throttled 0\nthrottled_usec 0\n",
        in cgroup: String = "/pod/own"
    ) throws -> CPUThrottling {
        let folder = "/sys/fs/cgroup\(cgroup)"
        let tree = try tree(
            [
                "\(folder)/cpu.stat": own,
                "\(folder)/cpu.stat.local": "throttled_usec \(local)\n",
            ],
            cgroup: cgroup
        )
        return withExtendedLifetime(tree) { CPUThrottling.current(in: tree.root()) }
    }

    private func limits(quota: String, parent: String = "max 100000") throws -> CPULimits {
        let tree = try tree(["/sys/fs/cgroup/pod/own/cpu.max": quota, "/sys/fs/cgroup/pod/cpu.max": parent])
        return try withExtendedLifetime(tree) { try .current(in: tree.root()) }
    }

    @Test func theOwnCgroupsFigures() throws {
        let tree = try tree([
            "/sys/fs/cgroup/pod/own/cpu.stat": "usage_usec 9\nnr_periods 12\nnr_throttled 7\nthrottled_usec 345\n",
            "/sys/fs/cgroup/pod/own/cpu.stat.local": "throttled_usec 678\n",
            "/sys/fs/cgroup/pod/cpu.stat": "nr_periods 99\nnr_throttled 99\nthrottled_usec 99\n",
        ])
        let throttling = CPUThrottling.current(in: tree.root())
        #expect(throttling.cgroup == "/pod/own")
        #expect(throttling.periods == 12)
        #expect(throttling.throttledPeriods == 7)
        #expect(throttling.throttledMicroseconds == 345)
        #expect(throttling.localThrottledMicroseconds == 678)
        #expect(throttling.warnings.isEmpty)
    }

    @Test func version1() throws {
        let tree = try FixtureTree([
            "/proc/17/cgroup": "3:cpu,cpuacct:/a\n0::/b\n",
            "/proc/17/mountinfo": MountTable.v1(),
            "/sys/fs/cgroup/cpu/a/cpu.stat": "nr_periods 1\nnr_throttled 1\nthrottled_time 5000000\n",
            "/sys/fs/cgroup/cpu/a/cpu.stat.local": "throttled_time 7000000\n",
        ])
        let throttling = try CPUThrottling(of: 17, in: tree.root())
        #expect(throttling.cgroup == "/a")
        #expect(throttling.throttledMicroseconds == 5000)
        #expect(throttling.localThrottledMicroseconds == 7000)
    }

    /// The processes of this cgroup are accounted for by the nearest ancestor that has the controller.
    @Test func aCgroupWithoutTheController() throws {
        let tree = try tree([
            "/sys/fs/cgroup/pod/own/cpu.stat": "usage_usec 9\nuser_usec 9\nsystem_usec 0\n",
            "/sys/fs/cgroup/pod/own/cpu.stat.local": "",
            "/sys/fs/cgroup/pod/cpu.stat": "nr_periods 3\nnr_throttled 2\nthrottled_usec 1\n",
            "/sys/fs/cgroup/pod/cpu.stat.local": "throttled_usec 4\n",
        ])
        let throttling = CPUThrottling.current(in: tree.root())
        #expect(throttling.cgroup == "/pod")
        #expect(throttling.periods == 3)
        #expect(throttling.localThrottledMicroseconds == 4)
    }

    @Test func beforeLinux66() throws {
        let tree = try tree(["/sys/fs/cgroup/pod/own/cpu.stat": "nr_periods 1\nnr_throttled 0\nthrottled_usec 0\n"])
        let throttling = CPUThrottling.current(in: tree.root())
        #expect(throttling.throttledMicroseconds == 0)
        #expect(throttling.localThrottledMicroseconds == nil)
        #expect(throttling.warnings.isEmpty)
        #expect(try !throttling.showsHiddenLimit(since: throttling, under: limits(quota: "max 100000")))
    }

    @Test func whatIsNotVisibleIsNotAnothers() throws {
        let files = ["/sys/fs/cgroup/cpu.stat": "nr_periods 1\nnr_throttled 1\nthrottled_usec 1\n"]
        let tree = try tree(files, mountRoot: "/other")
        let throttling = CPUThrottling.current(in: tree.root())
        #expect(throttling.cgroup == nil && throttling.periods == nil && throttling.throttledMicroseconds == nil)
        #expect(throttling.warnings.count == 1)
        let empty = try FixtureTree()
        let nothing = CPUThrottling.current(in: empty.root())
        #expect(nothing.cgroup == nil && nothing.localThrottledMicroseconds == nil)
        #expect(nothing.warnings.count == 1)
    }

    @Test func aMalformedFileIsQuoted() throws {
        let tree = try tree([
            "/sys/fs/cgroup/pod/own/cpu.stat": "nr_periods many\n",
            "/sys/fs/cgroup/pod/own/cpu.stat.local": "throttled_usec 4\n",
            "/sys/fs/cgroup/pod/cpu.stat": "nr_periods 3\n",
        ])
        let throttling = CPUThrottling.current(in: tree.root())
        #expect(throttling.periods == nil)
        #expect(throttling.localThrottledMicroseconds == 4)
        let path = tree.directory.path + "/sys/fs/cgroup/pod/own/cpu.stat"
        #expect(
            throttling.warnings == ["\(path): expected a number after nr_periods, found \"nr_periods many\\n\""]
        )
    }

    /// `cpu.stat` counts the time for which the cgroup's own quota throttled it, and `cpu.stat.local` that of any quota.
    @Test func timeThatGrowsBesideTheOwnQuotaShowsAHiddenOne() throws {
        let own = try limits(quota: "150000 100000")
        let before = "nr_periods 9\nnr_throttled 5\nthrottled_usec 700\n"
        let earlier = try throttling(local: 1000, own: before)
        #expect(try throttling(local: 1001, own: before).showsHiddenLimit(since: earlier, under: own))
        let periods = "nr_periods 99\nnr_throttled 5\nthrottled_usec 700\n"
        #expect(try throttling(local: 2000, own: periods).showsHiddenLimit(since: earlier, under: own))
        #expect(try !throttling(local: 1000, own: before).showsHiddenLimit(since: earlier, under: own))
        // The own quota throttled it too.
        for text in ["nr_throttled 5\nthrottled_usec 701\n", "nr_throttled 6\nthrottled_usec 700\n"] {
            #expect(try !throttling(local: 2000, own: text).showsHiddenLimit(since: earlier, under: own))
        }
        // Not known.
        #expect(try !throttling(local: 2000, own: "nr_throttled 5\n").showsHiddenLimit(since: earlier, under: own))
        // Another visible quota.
        let both = try limits(quota: "150000 100000", parent: "250000 100000")
        #expect(try !throttling(local: 2000, own: before).showsHiddenLimit(since: earlier, under: both))
    }

    @Test func timeThatGrowsWithoutALimitShowsAHiddenOne() throws {
        let unlimited = try limits(quota: "max 100000")
        let earlier = try throttling(local: 1000)
        #expect(try throttling(local: 1001).showsHiddenLimit(since: earlier, under: unlimited))
        #expect(try !throttling(local: 1000).showsHiddenLimit(since: earlier, under: unlimited))
        #expect(try !throttling(local: 999).showsHiddenLimit(since: earlier, under: unlimited))
        // A visible limit of an ancestor may be the cause.
        let parent = try limits(quota: "max 100000", parent: "150000 100000")
        #expect(try !throttling(local: 2000).showsHiddenLimit(since: earlier, under: parent))
        // The counters of two cgroups cannot be compared.
        #expect(try !throttling(local: 2000, in: "/moved").showsHiddenLimit(since: earlier, under: unlimited))
        // A limit that cannot be read counts as hidden.
        #expect(try throttling(local: 1001).showsHiddenLimit(since: earlier, under: limits(quota: "junk")))
    }
}
