import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The explanation of the count in `CPULimits`.
@Suite struct CPULimitsTests {
    @Test func levelsComeFromTheOwnCgroupUpwards() throws {
        let tree = try CPUSystem(limits: ["/a/b": "max 100000\n", "/a": "400000 100000\n"]).tree()
        let levels = try CPULimits.current(in: tree.root()).levels
        #expect(levels.map(\.cgroup) == ["/a/b", "/a", "/"])
        let files = ["a/b/cpu.max", "a/cpu.max", "cpu.max"].map { tree.directory.path + "/sys/fs/cgroup/" + $0 }
        #expect(levels.map(\.path) == files)
        #expect(levels.map { $0.quota?.quotaMicroseconds } == [nil, 400_000, nil])
    }

    @Test(
        arguments: [
            (["/a/b": "300000 100000", "/a": "200000 100000", "/": "400000 100000"], "/a"),
            (["/a/b": "100000 100000", "/a": "200000 100000"], "/a/b"),
            (["/a": "200000 100000", "/": "100000 100000"], "/"),
            (["/a/b": "900000 300000", "/a": "500000 200000", "/": "100000 20000"], "/a"),
            // Of equal quotas, however they are written, the one nearest to the process binds.
            (["/a/b": "200000 100000", "/a": "200000 100000"], "/a/b"),
            (["/a/b": "100000 50000", "/a": "200000 100000", "/": "20 10"], "/a/b"),
            (["/a": "20 10", "/": "200000 100000"], "/a"),
            // The difference is too small for floating point.
            (
                ["/a/b": "9223372036854775806 9223372036854775805", "/a": "9223372036854775807 9223372036854775806"],
                "/a"
            ),
            (
                ["/a/b": "9223372036854775807 9223372036854775806", "/a": "9223372036854775806 9223372036854775805"],
                "/a/b"
            ),
            (["/a/b": "junk", "/a": "200000 100000"], "/a"),
            (["/a/b": "200000 100000", "/a": "100000 0"], "/a/b"),
        ] as [([String: String], String)]
    )
    func theTightestLevelBinds(_ limits: [String: String], _ cgroup: String) throws {
        let found = try CPUSystem(limits: limits).currentLimits()
        let quota = try #require(found.binding)
        #expect(quota.cgroup == cgroup)
        #expect(quota.cgroupVersion == .v2)
        #expect(quota.isEnforced)
        #expect(found.levels.first { $0.cgroup == cgroup }?.quota == quota.quota)
    }

    @Test func noLevelBindsWhereNoneHasAQuota() throws {
        let limits = try CPUSystem(limits: ["/a": "max 100000"]).currentLimits()
        #expect(limits.binding == nil)
        #expect(limits.levels.count == 3)
        #expect(limits.limitedBy == .affinity)
        #expect(limits.effectiveCPUs == 8)
        #expect(limits.isComplete)
        #expect(limits.warnings.isEmpty)
    }

    @Test(
        arguments: [
            ("150000 100000", .quota, 1.5, [2, 1, 2]), ("149999 100000", .quota, 1.49999, [2, 1, 1]),
            ("7999999 1000000", .quota, 7.999999, [8, 7, 8]), ("800000 100000", .affinity, 8, [8, 8, 8]),
            ("800001 100000", .affinity, 8, [8, 8, 8]), ("9000000 100000", .affinity, 8, [8, 8, 8]),
            // Less than half a CPU still gives one thread.
            ("1000 100000", .quota, 0.01, [1, 1, 1]), ("max 100000", .affinity, 8, [8, 8, 8]),
        ] as [(String, CPULimits.Limit, Double, [Int])]
    )
    func theSmallerOfMaskAndQuotaDecides(
        _ text: String,
        _ limit: CPULimits.Limit,
        _ cpus: Double,
        _ counts: [Int]
    ) throws {
        let tree = try CPUSystem(limits: ["/a": text]).tree()
        let limits = try CPULimits.current(in: tree.root())
        #expect(limits.limitedBy == limit)
        #expect(limits.effectiveCPUs == cpus)
        #expect([.up, .down, .nearest].map { limits.effectiveCPUCount(rounding: $0) } == counts)
        #expect([.up, .down, .nearest].map { effectiveCPUCount(rounding: $0, in: tree.root()) } == counts)
        #expect(limits.effectiveCPUCount() == counts[0])
    }

    @Test(arguments: [(0, true), (1, false), (2, false), (3, true), (5, true), (6, false)] as [(Int, Bool)])
    func underRealTimeTheQuotaIsReportedAndNotCounted(_ policy: Int, _ isEnforced: Bool) throws {
        let system = CPUSystem(policy: policy, limits: ["/a": "150000 100000"])
        let limits = try system.currentLimits()
        #expect(limits.policy?.rawValue == policy)
        #expect(limits.binding?.isEnforced == isEnforced)
        #expect(limits.binding?.quota.cpus == 1.5)
        #expect(limits.effectiveCPUCount() == (isEnforced ? 2 : 8))
        #expect(limits.effectiveCPUs == (isEnforced ? 1.5 : 8))
        #expect(limits.limitedBy == (isEnforced ? .quota : .affinity))
    }

    @Test(
        arguments: [
            ("0-15\n", 16), ("0,2,4\n", 3), ("junk", nil), (nil, nil),
        ] as [(String?, Int?)]
    )
    func theOnlineCPUsAreReportedBesideTheMask(_ online: String?, _ count: Int?) throws {
        let limits = try CPUSystem(mask: "5", online: online).currentLimits()
        #expect(limits.onlineCount == count)
        #expect(limits.affinity.description == "0,2")
    }

    @Test func aMalformedLevelIsQuotedAndLeftOut() throws {
        let tree = try CPUSystem(limits: ["/a/b": "2 CPUs\n", "/a": "", "/": "300000 100000\n"]).tree()
        let limits = try CPULimits.current(in: tree.root())
        let folder = tree.directory.path + "/sys/fs/cgroup"
        let expected = "expected \"QUOTA PERIOD\" or \"max PERIOD\" in microseconds, found"
        #expect(
            limits.warnings == [
                "\(folder)/a/b/cpu.max: \(expected) \"2 CPUs\\n\"", "\(folder)/a/cpu.max: \(expected) \"\"",
            ]
        )
        #expect(limits.isComplete)
        #expect(limits.effectiveCPUCount() == 3)
    }

    @Test func aQuotaWithoutItsPeriodIsSaid() throws {
        let tree = try CPUSystem(
            membership: "4:cpu:/a\n",
            mounts: MountTable.v1(31, 30, "/", "/cg"),
            more: ["/cg/a/cpu.cfs_quota_us": "70000\n", "/cg/cpu.cfs_quota_us": "-1\n"]
        ).tree()
        let limits = try CPULimits.current(in: tree.root())
        let file = tree.directory.path + "/cg/a/cpu.cfs_period_us"
        #expect(limits.warnings == ["\(file): is missing, although a quota of 70000 microseconds is set"])
        #expect(limits.binding == nil)
        #expect(limits.isComplete)
    }

    @Test(
        arguments: [
            ("/cg/a/cpu.cfs_quota_us", 8, nil), ("/cg/a/cpu.cfs_period_us", 8, nil), ("/cg/cpu.cfs_quota_us", 1, 0.5),
        ] as [(String, Int, Double?)]
    )
    func aV1LevelOfWhichHalfCannotBeReadIsNotSeen(_ path: String, _ count: Int, _ cpus: Double?) throws {
        var files = [
            "/cg/a/cpu.cfs_quota_us", "/cg/a/cpu.cfs_period_us", "/cg/cpu.cfs_quota_us", "/cg/cpu.cfs_period_us",
        ]
        .reduce(into: [:]) { $0[$1] = $1.contains("quota") ? "50000\n" : "100000\n" }
        if count == 8 { files["/cg/cpu.cfs_quota_us"] = "-1\n" }
        files[path] = nil
        let system = CPUSystem(membership: "4:cpu:/a\n", mounts: MountTable.v1(31, 30, "/", "/cg"), more: files)
        let limits = try system.currentLimits(links: [path: "/loop", "/loop": "/loop"])
        #expect(!limits.isComplete)
        #expect(limits.warnings.count == 1)
        #expect(limits.warnings.first?.contains("\(path): cannot be read (errno 40") == true)
        #expect(limits.effectiveCPUCount() == count)
        #expect(limits.binding?.quota.cpus == cpus)
    }

    @Test func oneWarningIsEnoughForALevelThatIsGone() throws {
        let system = CPUSystem(membership: "0::/a/b/gone (deleted)\n", limits: ["/a": "200000 100000"])
        let limits = try system.currentLimits()
        #expect(!limits.isComplete)
        #expect(limits.warnings.count == 1)
        #expect(limits.warnings.first?.hasSuffix("/a/b/gone (deleted)/cpu.max: no such cgroup is visible") == true)
        #expect(limits.binding?.cgroup == "/a")
        #expect(limits.levels.map(\.cgroup) == ["/a/b/gone (deleted)", "/a/b", "/a", "/"])
    }

    @Test func aPathThatIsNotUTF8IsFollowedByItsBytes() throws {
        let name: [UInt8] = [0xFF, 0x80, 0x61]
        let tree = try CPUSystem().tree()
        let folder = try tree.root().open("/sys/fs/cgroup".nulTerminated.span, as: .directory)
        try DeepTree.write("200000 100000\n", to: "cpu.max", inFolder: name, of: folder.rawValue)
        try tree.write(.init(Array("0::/".utf8) + name + [0x0A]), to: "/proc/self/cgroup")
        let limits = try CPULimits.current(in: tree.root())
        #expect(limits.isComplete)
        #expect(limits.binding?.quota.cpus == 2)
        #expect(limits.binding?.cgroup == "/\u{FFFD}\u{FFFD}a")
    }
}
