import Foundation
import ProcMem
import TestSupport

/// Quotas at each level that can bind.
enum QuotaChecks {
    static let all: [Check] =
        limits + [
            Check("quota/none", on: .withCgroups) {
                let child = try Cgroup.make(.cpu).child(state: "hold", 4096)
                let limits = try CPULimits(of: child.pid)
                try expect(limits.binding == nil, "a quota: \(limits)")
                try expect(limits.isComplete, "not complete: \(limits.warnings)")
                try expect(limits.effectiveCPUCount(), is: Inside.nproc(), "CPUs")
            },
            Check("quota/a child's is at most its parent's on v1", on: [.v1, .hybrid]) {
                let parent = try Cgroup.make(.cpu)
                try parent.set(quota: 50_000)
                let isRefused = (try? parent.make().set(quota: 60_000)) == nil
                try expect(isRefused, "the kernel takes a child's quota above its parent's")
            },
            Check("quota/removed", on: .withCgroups) {
                let cgroup = try Cgroup.make(.cpu)
                let child = try cgroup.child(state: "hold", 4096)
                var reader = try CPULimitReader(of: child.pid)
                for quota in [70_000, nil, 150_000, nil] {
                    try cgroup.set(quota: quota)
                    try expect(CPULimits(of: child.pid).binding?.quota.quotaMicroseconds, is: quota, "limits")
                    try expect(reader.read().quota?.quotaMicroseconds, is: quota, "reader")
                }
            },
            Check("quota/follows a process that is moved", on: .withCgroups) {
                let (first, second) = (try Cgroup.make(.cpu), try Cgroup.make(.cpu))
                try first.set(quota: 70_000)
                try second.set(quota: 150_000)
                let child = try first.child(state: "hold", 4096)
                var reader = try CPULimitReader(of: child.pid)
                try expect(reader.read().quota?.quotaMicroseconds, is: 70_000, "before")
                try second.take(child.pid)
                try expect(CPULimits(of: child.pid).binding?.cgroup, is: second.path, "cgroup after the move")
                // The reader checks for moves ten times a second.
                var seen: Int?
                for _ in 0..<10_000 where seen != 150_000 {
                    usleep(1000)
                    seen = try reader.read().quota?.quotaMicroseconds
                }
                try expect(seen, is: 150_000, "reader after the move")
                try first.remove()
                try expect(reader.read().quota?.quotaMicroseconds, is: 150_000, "reader after the first is gone")
            },
            Check("quota/the cgroup of a reader is removed", on: .withCgroups) {
                let (first, second) = (try Cgroup.make(.cpu), try Cgroup.make(.cpu))
                try first.set(quota: 70_000)
                try second.set(quota: 150_000)
                let child = try first.child(state: "hold", 4096)
                var reader = try CPULimitReader(of: child.pid)
                try second.take(child.pid)
                try first.remove()
                // Reading its files now fails: the new cgroup is found immediately.
                let reading = try reader.read()
                try expect(reading.quota?.quotaMicroseconds, is: 150_000, "quota")
                try expect(reading.isComplete, "not complete")
            },
            Check("quota/of a zombie whose cgroup is removed", on: .withCgroups) {
                let cgroup = try Cgroup.make(.cpu)
                try cgroup.set(quota: 70_000)
                let parent = try cgroup.child(state: "zombie")
                let zombie = parent.ids[0]
                let other = try Cgroup.make(.cpu)
                try other.take(parent.pid)
                let membership = try Files.text("/proc/\(zombie)/cgroup")
                let before = try CPULimits(of: zombie)
                try expect(before.isComplete, "not complete at \(membership): \(before.warnings)")
                let names = membership.contains(cgroup.path)
                try expect(before.binding?.quota.quotaMicroseconds, is: names ? 70_000 : nil, "quota of a zombie")
                try cgroup.remove()
                let after = try CPULimits(of: zombie)
                let text = try Files.text("/proc/\(zombie)/cgroup")
                try expect(after.binding == nil, "a quota of what is gone: \(after.levels)")
                try expect(after.isComplete, is: !text.contains("(deleted)"), "complete; /proc reports \(text)")
            },
            Check("quota/of the processes of a thread group that is split", on: [.v2]) {
                let cgroup = try Cgroup.make(.cpu)
                let child = try cgroup.child(state: "thread")
                let own = try cgroup.make("threads")
                try own.set("cgroup.type", "threaded")
                try own.set(quota: 30_000)
                try own.set("cgroup.threads", "\(child.ids[0])")
                try expect(CPULimits(of: child.pid).binding == nil, "the main thread has a quota")
                try expect(
                    CPULimits(of: child.ids[0]).binding?.quota.quotaMicroseconds,
                    is: 30_000,
                    "the thread's quota"
                )
            },
        ]

    /// The quotas of three levels, and the one that binds.
    private struct Case {
        let name: String
        /// Quota and period of the grandparent, the parent and the process's own cgroup; `nil` leaves a level
        /// unchanged.
        let levels: [(Int, Int)?]
        let cpus: Double
        let level: Int
        var systems: Set<System> = [.v2, .v1]
        /// Whether a program started there would take too long.
        var isSlow = false
    }

    private static let cases = [
        Case(name: "on the own cgroup", levels: [nil, nil, (100_000, 100_000)], cpus: 1, level: 2),
        Case(name: "on the parent", levels: [nil, (50_000, 100_000), nil], cpus: 0.5, level: 1),
        Case(
            name: "on the grandparent",
            levels: [(150_000, 100_000), nil, nil],
            cpus: 1.5,
            level: 0,
            systems: .withCgroups
        ),
        Case(
            name: "on two levels",
            levels: [(150_000, 100_000), nil, (120_000, 100_000)],
            cpus: 1.2,
            level: 2,
            systems: .withCgroups
        ),
        Case(
            name: "of a child above its parent",
            levels: [nil, (50_000, 100_000), (300_000, 100_000)],
            cpus: 0.5,
            level: 1,
            systems: [.v2, .mixed]
        ),
        Case(
            name: "with a smaller number in a longer period",
            levels: [nil, (30_000, 20_000), (40_000, 50_000)],
            cpus: 0.8,
            level: 2
        ),
        Case(name: "in a period of 1 ms", levels: [nil, nil, (1500, 1000)], cpus: 1.5, level: 2),
        Case(name: "in a period of 1 s", levels: [nil, (250_000, 1_000_000), nil], cpus: 0.25, level: 1),
        Case(name: "of the least", levels: [nil, nil, (1000, 1_000_000)], cpus: 0.001, level: 2, isSlow: true),
        Case(name: "more than there are CPUs", levels: [(99_900_000, 100_000), nil, nil], cpus: 999, level: 0),
    ]

    private static let limits = cases.map { system in
        Check("quota/\(system.name)", on: system.systems) {
            var chain = [try Cgroup.make(.cpu)]
            chain.append(try chain[0].make("parent"))
            chain.append(try chain[1].make())
            let child = try chain[2].child(state: "hold", 4096)
            for (cgroup, limit) in zip(chain, system.levels) {
                guard let (quota, period) = limit else { continue }
                try cgroup.set(quota: quota, period: period)
            }
            let limits = try CPULimits(of: child.pid)
            let effective = min(system.cpus, Double(try Inside.nproc()))
            try expect(limits.binding?.quota.cpus, is: system.cpus, "quota")
            try expect(limits.binding?.cgroup, is: chain[system.level].path, "the level that binds")
            try expect(limits.binding?.cgroupVersion, is: chain[0].isOnV2 ? .v2 : .v1, "version")
            try expect(limits.levels.map(\.cgroup), is: chain.reversed().map(\.path) + ["/"], "levels")
            try expect(limits.isComplete && limits.warnings.isEmpty, "odd: \(limits.warnings)")
            try expect(limits.effectiveCPUs, is: effective, "CPUs")
            if system.isSlow { return }
            let answer = try Inside.cpu(in: [chain[2]])
            try expect(answer.effectiveCPUs, is: effective, "the command, inside")
            try expect(answer.quota?.cgroup, is: chain[system.level].path, "the command's level")
            try expect(answer.effectiveCPUCount, is: max(1, Int(effective.rounded(.up))), "the command's count")
        }
    }
}
