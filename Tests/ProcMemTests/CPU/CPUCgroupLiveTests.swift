import Foundation
import ProcMem
import TestSupport
import Testing

/// Quotas that a real kernel enforces, in cgroups made for the purpose.
@Suite(
    .enabled(if: RealCgroup.isCPUPossible, "needs root, and /sys/fs/cgroup/cpu as a v1 hierarchy to write to"),
    .timeLimit(.minutes(1))
)
struct CPUCgroupLiveTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        var parent: (quota: Int, period: Int)?
        var own: (quota: Int, period: Int)?
        /// The binding quota in CPUs, and at which level: `own` or the one above it.
        var cpus: Double?
        var isOwn = true

        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "no quota"),
        Case(name: "on the own level", own: (100_000, 100_000), cpus: 1),
        Case(name: "a fraction", own: (150_000, 100_000), cpus: 1.5),
        Case(name: "less than one", own: (1000, 100_000), cpus: 0.01),
        Case(name: "on the parent only", parent: (50_000, 100_000), cpus: 0.5, isOwn: false),
        Case(name: "on both, the own one tighter", parent: (150_000, 100_000), own: (100_000, 100_000), cpus: 1),
        Case(name: "on both alike", parent: (100_000, 100_000), own: (50_000, 50_000), cpus: 1),
        Case(name: "another period", own: (25_000, 20_000), cpus: 1.25),
        Case(name: "more than any machine has", own: (9_000_000_000, 1_000_000), cpus: 9000),
    ]

    private func cgroups(_ system: Case) throws -> RealCgroup {
        let parent = try RealCgroup("cpu")
        let own = try RealCgroup(in: parent)
        for (cgroup, limit) in [(parent, system.parent), (own, system.own)] {
            guard let limit else { continue }
            try cgroup.set("cpu.cfs_period_us", to: limit.period)
            try cgroup.set("cpu.cfs_quota_us", to: limit.quota)
        }
        return own
    }

    private func name(of system: Case, in own: RealCgroup) -> String {
        system.isOwn ? own.path : String(own.path.dropLast("/own".count))
    }

    @Test(arguments: cases) func aChildsLimitsAreThoseOfItsCgroup(_ system: Case) throws {
        let own = try cgroups(system)
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(in: child)
        let limits = try CPULimits(of: child.pid)
        let mask = limits.affinity.count

        #expect(limits.isComplete)
        #expect(limits.warnings.isEmpty)
        #expect(limits.levels.map(\.cgroup) == [own.path, String(own.path.dropLast("/own".count)), "/"])
        #expect(limits.binding?.quota.cpus == system.cpus)
        #expect(limits.binding?.cgroup == system.cpus.map { _ in name(of: system, in: own) })
        let cpus = system.cpus ?? .infinity
        #expect(limits.effectiveCPUs == min(cpus, Double(mask)))
        #expect(limits.limitedBy == (cpus < Double(mask) ? .quota : .affinity))
        for (rounding, rule) in [
            (CPULimits.Rounding.up, FloatingPointRoundingRule.up), (.down, .down), (.nearest, .toNearestOrAwayFromZero),
        ] {
            let whole = min(cpus, Double(mask)).rounded(rule)
            #expect(limits.effectiveCPUCount(rounding: rounding) == max(1, Int(whole)))
        }
    }

    @Test(
        .enabled(
            if: CPUPrograms.have(CPUPrograms.command),
            "the command is not built, or with another C library than this system's"
        ),
        arguments: cases
    )
    func theCommandInsideSaysTheSame(_ system: Case) throws {
        let own = try cgroups(system)
        let report = try CPUReport(own.output(of: try #require(CPUPrograms.command), ["cpu", "--json"]))
        #expect(report.complete)
        #expect(report.quota?.cpus == system.cpus)
        #expect(report.quota?.cgroup == system.cpus.map { _ in name(of: system, in: own) })
        #expect(report.quota?.cgroupVersion == system.cpus.map { _ in 1 })
        #expect(report.effectiveCPUs == min(system.cpus ?? .infinity, Double(report.affinity.count)))
        #expect(report.effectiveCPUCount == max(1, Int(report.effectiveCPUs.rounded(.up))))
    }

    @Test func aChangedQuotaIsSeenAtOnce() throws {
        let own = try cgroups(Case(name: "", own: (100_000, 100_000)))
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(in: child)
        for quota in [50_000, 150_000, 100_000] {
            try own.set("cpu.cfs_quota_us", to: quota)
            #expect(try CPULimits(of: child.pid).binding?.quota.quotaMicroseconds == quota)
        }
        try own.set("cpu.cfs_quota_us", to: -1)
        #expect(try CPULimits(of: child.pid).binding == nil)
    }

    /// Of the main thread the kernel says that it is in the root; the other thread is where the process was.
    @Test func aProcessWithoutItsMainThread() throws {
        let own = try cgroups(Case(name: "", own: (50_000, 100_000)))
        let child = try own.child(state: "zombie-leader", "4096")
        let limits = try CPULimits(of: child.pid)
        #expect(limits.binding?.quota.cpus == 0.5)
        #expect(limits.binding?.cgroup == own.path)
        #expect(limits.isComplete)
        #expect(limits.warnings.isEmpty)
    }

    @Test func aNameOfManyKindsOfCharactersIsFollowed() throws {
        let parent = try RealCgroup("cpu")
        let own = try RealCgroup(in: parent, name: "a b:c\\040#\t'ä\u{7F}")
        try own.set("cpu.cfs_quota_us", to: 70_000)
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(in: child)
        let limits = try CPULimits(of: child.pid)
        #expect(limits.isComplete)
        #expect(limits.binding?.cgroup == own.path)
        #expect(limits.binding?.quota.cpus == 0.7)
    }

    @Test(
        .enabled(if: RealCgroup.isRealTimePossible, "real-time processes are not allowed in cgroups here"),
        .enabled(
            if: CPUPrograms.have(CPUPrograms.command),
            "the command is not built, or with another C library than this system's"
        )
    )
    func aRealTimeProcessIsNotBound() throws {
        let cgroup = try RealCgroup("cpu")
        try cgroup.set("cpu.cfs_quota_us", to: 50_000)
        try? cgroup.set("cpu.rt_runtime_us", to: 400_000)
        let command = try #require(CPUPrograms.command)
        let report = try CPUReport(cgroup.output(of: CPUPrograms.chrt, ["-f", "1", command, "cpu", "--json"]))
        #expect(report.quota?.cpus == 0.5)
        #expect(report.quota?.enforced == false)
        #expect(report.limitedBy == "affinity")
        #expect(report.effectiveCPUCount == report.affinity.count)
    }

    @Test func whatIsMadeIsRemoved() throws {
        var cgroup: RealCgroup? = try RealCgroup("cpu")
        let directory = try #require(cgroup?.directory)
        #expect(FileManager.default.fileExists(atPath: directory))
        cgroup = nil
        #expect(!FileManager.default.fileExists(atPath: directory))
    }
}
