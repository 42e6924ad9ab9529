import Foundation
import ProcMem
import TestSupport

/// Quotas on v2, at every level that binds.
enum CgroupV2Checks {
    static let all: [Check] = limits + [
        Check("v2/no quota") {
            let cgroup = try Cgroup.make()
            let child = try cgroup.child(state: "hold", 4096)
            let limits = try CPULimits(of: child.pid)
            try expect(limits.quota == nil, "a quota: \(limits)")
            try expect(limits.complete, "not complete: \(limits.warnings)")
            try expect(limits.effectiveCPUCount(), is: nproc(), "CPUs")
        },
    ]

    /// What each of three levels allows, and the quota that binds.
    private struct Case {
        let name: String
        /// `cpu.max` of grandparent, parent and own cgroup; `nil` where it is left alone.
        let levels: [String?]
        let cpus: Double
        let level: Int
    }

    private static let cases = [
        Case(name: "on the own cgroup", levels: [nil, nil, "100000 100000"], cpus: 1, level: 2),
        Case(name: "on the parent", levels: [nil, "50000 100000", nil], cpus: 0.5, level: 1),
        Case(name: "on the grandparent", levels: ["150000 100000", nil, nil], cpus: 1.5, level: 0),
        Case(name: "on two levels", levels: ["150000 100000", nil, "120000 100000"], cpus: 1.2, level: 2),
        Case(name: "of a child above its parent", levels: [nil, "50000 100000", "300000 100000"], cpus: 0.5, level: 1),
        Case(name: "with a smaller number in a longer period", levels: [nil, "30000 20000", "40000 50000"], cpus: 0.8, level: 2),
        Case(name: "in a period of 1 ms", levels: [nil, nil, "1500 1000"], cpus: 1.5, level: 2),
        Case(name: "in a period of 1 s", levels: [nil, "250000 1000000", nil], cpus: 0.25, level: 1),
        Case(name: "of the least", levels: [nil, nil, "1000 1000000"], cpus: 0.001, level: 2),
        Case(name: "more than there are CPUs", levels: ["99900000 100000", nil, nil], cpus: 999, level: 0),
    ]

    private static let limits = cases.map { system in
        Check("v2/a quota \(system.name)") {
            var chain = [try Cgroup.make()]
            chain.append(try chain[0].make("parent"))
            chain.append(try chain[1].make("own"))
            for (cgroup, text) in zip(chain, system.levels) {
                guard let text else { continue }
                try cgroup.set("cpu.max", text)
                try expect(cgroup.text("cpu.max"), is: text, "what the kernel shows")
            }
            let child = try chain[2].child(state: "hold", 4096)
            let limits = try CPULimits(of: child.pid)
            let effective = min(system.cpus, Double(try nproc()))
            try expect(limits.quota?.quota.cpus, is: system.cpus, "quota")
            try expect(limits.quota?.cgroup, is: chain[system.level].path, "the level that binds")
            try expect(limits.levels.map(\.cgroup), is: chain.reversed().map(\.path) + ["/"], "levels")
            try expect(limits.complete && limits.warnings.isEmpty, "odd: \(limits.warnings)")
            let answer = try Inside.cpu(in: [chain[2]])
            try expect(answer.effectiveCPUs, is: effective, "the command, inside")
            try expect(answer.quota?.cgroup, is: chain[system.level].path, "the command's level")
            try expect(answer.effectiveCPUCount, is: max(1, Int(effective.rounded(.up))), "the command's count")
        }
    }

    /// How many CPUs another program counts, which knows the mask alone.
    static func nproc() throws -> Int {
        let text = try Inside.output(of: "nproc")
        return try require(Int(text), "nproc: \(text)")
    }
}
