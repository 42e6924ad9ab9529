import Foundation
import ProcMem
import TestSupport
import Testing

/// Quotas that a real kernel enforces, in cgroups that the tests create.
@Suite(.cpuCgroups, .timeLimit(.minutes(5)))
struct CPUCgroupLiveTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        var parent: (quota: Int, period: Int)?
        var own: (quota: Int, period: Int)?
        /// The binding quota in CPUs, and the level that sets it: `own` or its parent.
        var cpus: Double?
        var isOwn = true

        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "no quota"),
        Case(name: "at the process's level", own: (100_000, 100_000), cpus: 1),
        Case(name: "a fraction", own: (150_000, 100_000), cpus: 1.5),
        Case(name: "less than one", own: (1000, 100_000), cpus: 0.01),
        Case(name: "at the parent only", parent: (50_000, 100_000), cpus: 0.5, isOwn: false),
        Case(name: "at both, the process's tighter", parent: (150_000, 100_000), own: (100_000, 100_000), cpus: 1),
        Case(name: "at both, equal", parent: (100_000, 100_000), own: (50_000, 50_000), cpus: 1),
        Case(name: "another period", own: (25_000, 20_000), cpus: 1.25),
        Case(name: "more than any machine has", own: (9_000_000_000, 1_000_000), cpus: 9000),
    ]

    private func cgroups(_ system: Case) throws -> Cgroup {
        let parent = try Cgroup.make(.cpu)
        let own = try parent.make()
        for (cgroup, limit) in [(parent, system.parent), (own, system.own)] {
            guard let limit else { continue }
            try cgroup.set(quota: limit.quota, period: limit.period)
        }
        return own
    }

    private func name(of system: Case, in own: Cgroup) -> String { own.levels[system.isOwn ? 0 : 1] }

    @Test(arguments: cases) func aChildsLimitsAreThoseOfItsCgroup(_ system: Case) throws {
        let own = try cgroups(system)
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(child)
        let limits = try CPULimits(of: child.pid)
        let mask = limits.affinity.count

        #expect(limits.isComplete)
        #expect(limits.warnings.isEmpty)
        #expect(limits.levels.map(\.cgroup) == own.levels)
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
        #expect(report.quota?.cgroupVersion == system.cpus.map { _ in own.isOnV2 ? 2 : 1 })
        #expect(report.effectiveCPUs == min(system.cpus ?? .infinity, Double(report.affinity.count)))
        #expect(report.effectiveCPUCount == max(1, Int(report.effectiveCPUs.rounded(.up))))
    }

    @Test func aChangedQuotaIsSeenAtOnce() throws {
        let own = try cgroups(Case(name: "", own: (100_000, 100_000)))
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(child)
        for quota in [50_000, 150_000, 100_000] {
            try own.set(quota: quota)
            #expect(try CPULimits(of: child.pid).binding?.quota.quotaMicroseconds == quota)
        }
        try own.set(quota: nil)
        #expect(try CPULimits(of: child.pid).binding == nil)
    }

    /// On v1 the kernel reports that the exited main thread is in the root; the other thread is still in the process's
    /// cgroup.
    @Test func aProcessWithoutItsMainThread() throws {
        let own = try cgroups(Case(name: "", own: (50_000, 100_000)))
        let child = try own.child(state: "zombie-leader", 4096)
        let limits = try CPULimits(of: child.pid)
        #expect(limits.binding?.quota.cpus == 0.5)
        #expect(limits.binding?.cgroup == own.path)
        #expect(limits.isComplete)
        #expect(limits.warnings.isEmpty)
    }

    @Test func aNameOfManyKindsOfCharactersIsFollowed() throws {
        let parent = try Cgroup.make(.cpu)
        let own = try parent.make("a b:c\\040#\t'ä\u{7F}")
        try own.set(quota: 70_000)
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(child)
        let limits = try CPULimits(of: child.pid)
        #expect(limits.isComplete)
        #expect(limits.binding?.cgroup == own.path)
        #expect(limits.binding?.quota.cpus == 0.7)
    }

    @Test(
        .enabled(if: isRealTimePossible, "real-time processes are not permitted in cgroups here"),
        .enabled(
            if: CPUPrograms.have(CPUPrograms.command),
            "the command is not built, or with another C library than this system's"
        )
    )
    func aRealTimeProcessIsNotBound() throws {
        let cgroup = try Cgroup.make(.cpu)
        try cgroup.set(quota: 50_000)
        try Self.allowRealTime(in: cgroup)
        let command = try #require(CPUPrograms.command)
        let report = try CPUReport(cgroup.output(of: CPUPrograms.chrt, ["-f", "1", command, "cpu", "--json"]))
        #expect(report.quota?.cpus == 0.5)
        #expect(report.quota?.enforced == false)
        #expect(report.limitedBy == "affinity")
        #expect(report.effectiveCPUCount == report.affinity.count)
    }

    /// With `CONFIG_RT_GROUP_SCHED` on v1, a cgroup needs a runtime budget before it can contain real-time processes.
    private static func allowRealTime(in cgroup: Cgroup) throws {
        if cgroup.has("cpu.rt_runtime_us") { try cgroup.set("cpu.rt_runtime_us", "400000") }
    }

    private static let isRealTimePossible: Bool = {
        do {
            let cgroup = try Cgroup.make(.cpu)
            try allowRealTime(in: cgroup)
            return try cgroup.output(of: CPUPrograms.chrt, ["-f", "1", "/bin/true"]).status == 0
        } catch {
            return false
        }
    }()
}
