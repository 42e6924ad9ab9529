import Foundation
import ProcMem
import TestSupport

/// Containers of a real runtime, measured from inside and from outside.
enum RuntimeChecks {
    /// By default containers are in the host's cgroup namespace on v1, and in one of their own on v2.
    static let all: [Check] =
        checks(on: [.v2], true) + checks(on: [.v1], false) + checks(on: [.v2], false, isThorough: true)
        + checks(on: [.v1], true, isThorough: true) + checks(on: [.hybrid], false, isThorough: true)

    private static func checks(on systems: Set<System>, _ hasOwnCgroups: Bool, isThorough: Bool = false) -> [Check] {
        let kind = hasOwnCgroups ? "" : ", in the host's cgroup namespace"
        return [
            Check("crun/a quota\(kind)", on: systems, isThorough: isThorough) {
                let container = try Container(.init(quota: 150_000), hasOwnCgroups: hasOwnCgroups)
                try expectCPUs(cpu(container), 1.5, count: 2, mask: "0-3", "inside")
                try expectOutside(container, 1.5)
                try container.update("--cpu-quota 40000")
                try expectCPUs(cpu(container), 0.4, count: 1, mask: "0-3", "inside, changed")
                try expectOutside(container, 0.4)
            },
            Check("crun/a cpuset and a quota above it\(kind)", on: systems, isThorough: isThorough) {
                let container = try Container(.init(quota: 300_000, cpus: "1-2"), hasOwnCgroups: hasOwnCgroups)
                try expectCPUs(cpu(container), 2, count: 2, mask: "1-2", "inside")
                try expect(container.output(of: "nproc"), is: "2", "nproc inside")
                try expectOutside(container, 2)
            },
            Check("crun/a memory limit\(kind)", on: systems, isThorough: isThorough) {
                let limit = 96 << 20
                let container = try Container(.init(memory: limit), hasOwnCgroups: hasOwnCgroups)
                let text = try container.output(of: "\(Inside.command) container --json")
                let inside: ContainerAnswer = try Inside.decode(text)
                try expect(inside.effectiveMemoryBytes, is: limit, "memory inside")
                try expect(inside.complete && inside.warnings.isEmpty, "odd: \(inside)")
                try expect(ContainerMemory(of: container.pid).limitBytes, is: limit, "limit outside")
                try expectCPUs(cpu(container), 4, count: 4, mask: "0-3", "CPUs without a limit")
            },
            Check("crun/memory of its processes\(kind)", on: systems, isThorough: isThorough) {
                let container = try Container(.init(memory: 96 << 20), hasOwnCgroups: hasOwnCgroups)
                for mode in ["cheap", "accurate", "sampled", "within"] {
                    let command = "\(Inside.command) memory --tree 1 --mode \(mode) --json"
                    let answer: MemoryAnswer = try Inside.decode(container.output(of: command))
                    let sleep = try require(answer.processes.first { $0.pid == 1 }, "process 1 in \(answer)")
                    try expect(sleep.unavailable == nil, "\(mode): \(sleep)")
                    // statm may lag behind the page tables: each mode has its own second source.
                    let rss =
                        try sleep.source == "smaps_rollup"
                        ? SmapsRollup(of: container.pid).rssBytes : Statm(of: container.pid).residentBytes
                    try expect(abs((sleep.rssBytes ?? 0) - rss) <= 64 << 10, "\(mode): \(sleep), outside \(rss)")
                }
            },
        ]
    }

    private struct MemoryAnswer: Decodable {
        let processes: [Process]

        struct Process: Decodable {
            let pid: Int32
            let source: String
            let rssBytes: Int?
            let unavailable: String?
        }
    }

    private static func cpu(_ container: Container) throws -> CPUAnswer {
        try Inside.decode(container.output(of: "\(Inside.command) cpu --json"))
    }

    private static func expectCPUs(
        _ answer: CPUAnswer,
        _ cpus: Double,
        count: Int,
        mask: String,
        _ what: String
    ) throws {
        guard answer.effectiveCPUs == cpus, answer.effectiveCPUCount == count, answer.affinity.cpus == mask else {
            throw Unexpected("\(what): expected \(cpus) CPUs, \(count) of \(mask), found \(answer)")
        }
        guard answer.complete, answer.warnings.isEmpty else {
            throw Unexpected("unexpected warnings of \(what): \(answer.warnings)")
        }
    }

    private static func expectOutside(_ container: Container, _ cpus: Double) throws {
        let limits = try CPULimits(of: container.pid)
        guard limits.effectiveCPUs == cpus else { throw Unexpected("CPUs outside: \(limits)") }
        guard limits.isComplete else { throw Unexpected("not complete outside: \(limits.warnings)") }
    }
}
