import Foundation
import ProcMem
import TestSupport

/// Limits and usage of memory cgroups, compared with the kernel's charges and with the processes that the OOM killer
/// kills.
enum ContainerMemoryChecks {
    private static let mib = 1 << 20

    static let all: [Check] = [
        Check("container/none", on: .withCgroups) {
            let child = try Cgroup.make(.memory).child(state: "hold", 4096)
            let memory = try ContainerMemory(of: child.pid)
            try expect(memory.limitBytes == nil, "a limit: \(memory)")
            let machine = try Files.number(after: "MemTotal", in: "/proc/meminfo") << 10
            try expect(memory.effectiveMemoryBytes, is: machine, "memory")
            try expect(memory.isComplete && memory.warnings.isEmpty, "odd: \(memory.warnings)")
        },
        Check("container/the limit of a level is what kills", on: [.v2, .v1]) {
            for level in 0..<3 {
                var chain = [try Cgroup.make(.memory)]
                chain.append(try chain[0].make("parent"))
                chain.append(try chain[1].make())
                let limits = [96, 64, 80].map { $0 * mib }
                // This level and those above it have a limit, which is smaller or larger than the one above.
                for (number, cgroup) in chain.enumerated() where number <= level { try limit(cgroup, limits[number]) }
                let child = try chain[2].child(state: "hold", 4096)
                let memory = try ContainerMemory(of: child.pid)
                let expected = limits[...level].min() ?? 0
                try expect(memory.limitBytes, is: expected, "limit")
                let binding = limits.firstIndex(of: expected) ?? 0
                try expect(memory.limitCgroup, is: chain[binding].path, "the cgroup that sets it")
                try expect(memory.levels.map(\.cgroup), is: chain.reversed().map(\.path) + ["/"], "levels")
                let answer = try Inside.container(in: [chain[2]])
                try expect(answer.effectiveMemoryBytes, is: expected, "the command, inside")
                try expect(answer.complete && answer.warnings.isEmpty, "odd: \(answer.warnings)")
                try withoutSwap {
                    try expect(
                        SwapChecks.survives(in: chain[2], holding: expected - 12 * mib),
                        "killed below \(expected)"
                    )
                    try expect(!SwapChecks.survives(in: chain[2], holding: expected + mib), "alive above \(expected)")
                }
            }
        },
        Check("container/what is charged", on: .withCgroups) {
            let cgroup = try Cgroup.make(.memory)
            let file = "/dev/shm/check\(getpid())"
            defer { unlink(file) }
            let child = try cgroup.child(state: "hold", 40 * mib)
            _ = try Inside.output(of: "dd if=/dev/zero of=\(file) bs=1M count=20 2>/dev/null", in: [cgroup])
            // The kernel updates memory.stat every two seconds, or after many changes.
            var memory = try ContainerMemory(of: child.pid)
            _ = try Waiting.until(within: .seconds(20)) {
                memory = try ContainerMemory(of: child.pid)
                return near(memory.anonBytes, 40 * mib) && near(memory.shmemBytes, 20 * mib)
            }
            let usage = try cgroup.chargedBytes()
            try expect(near(memory.usageBytes, usage), "usage \(memory), the kernel reports \(usage)")
            try expect(near(memory.anonBytes, 40 * mib), "anonymous \(memory)")
            try expect(near(memory.shmemBytes, 20 * mib), "shared memory \(memory)")
            let parts = (memory.anonBytes ?? 0) + (memory.fileBytes ?? 0) + (memory.kernelBytes ?? 0)
            // The parts do not include kernel memory if its figure is missing, as on v2 of Linux 5.10.
            if memory.kernelBytes != nil {
                try expect(near(parts, usage), "the parts are \(parts), the whole \(usage)")
            }
            try expect(memory.usageCgroup, is: cgroup.path, "the cgroup that is charged")
            print("unknown: \(memory.reasonsByUnknownFigure.keys.map(\.rawValue).sorted())")
        },
        Check("container/processes of a cgroup and the rest of its charge", on: [.v2, .v1]) {
            let cgroup = try Cgroup.make(.memory)
            let child = try cgroup.child(state: "tree", 3, 32 * mib)
            let pids = try processList(of: .cgroup(of: child.pid)).processes.map(\.pid)
            let listed = try cgroup.text("cgroup.procs").split(separator: "\n").compactMap { Int32($0) }
            try expect(pids.sorted(), is: listed.sorted(), "processes")
            let snapshot = try memorySnapshot(of: .cgroup(of: child.pid), mode: .accurate)
            let usage = try cgroup.chargedBytes()
            let charge = try require(snapshot.cgroupCharge, "a charge")
            try expect(snapshot.total.processCount, is: 4, "processes")
            try expect(near(charge.chargedBytes, usage), "charged \(charge), the kernel reports \(usage)")
            let rest = try require(charge.unattributedBytes, "the memory of no process")
            let held = try PageFrames.distinctBytes(of: pids)
            // File pages are charged to the cgroup that accessed them first, which is another one.
            try expect(rest.lower <= usage - min(held, usage) + 4 * mib, "\(charge), they map \(held)")
            try expect(rest.upper >= usage - held - 4 * mib, "\(charge), they map \(held)")
        },
        Check("container/pressure", on: [.v2]) {
            let cgroup = try Cgroup.make(.memory)
            let child = try cgroup.child(state: "hold", 24 * mib)
            let before = try ContainerMemory(of: child.pid)
            if !cgroup.has("memory.pressure") {
                try expect(
                    before.pressure == nil && before.reasonsByUnknownFigure[.pressure] != nil,
                    "pressure of no file"
                )
                throw Skipped("the kernel has no memory.pressure")
            }
            let pressure = try require(before.pressure, "pressure: \(before.reasonsByUnknownFigure)")
            // Above memory.high the kernel throttles a process, which counts as memory pressure.
            try cgroup.set(memoryHigh: 16 * mib)
            try expect(ContainerMemory(of: child.pid).highBytes, is: 16 * mib, "memory.high")
            let taker = try ChildProcess(
                running: CommandLine.arguments[0],
                Cgroup.entering([cgroup]) + [BuiltProduct.url(of: "ProcessStates").path, "hold", "\(16 * mib)"]
            )
            let hasGrown = try Waiting.until(within: .seconds(20)) {
                let after = try require(ContainerMemory(of: child.pid).pressure, "pressure")
                return after.some.totalMicroseconds > pressure.some.totalMicroseconds
            }
            taker.end()
            try expect(hasGrown, "the pressure has not grown from \(pressure)")
        },
        Check("container/a namespace hides limits, which is reported", on: [.v2, .mixed]) {
            let parent = try Cgroup.make(.memory)
            if !parent.isOnV2 { throw Skipped("v1 has no namespace of its own here") }
            try limit(parent, 64 * mib)
            let own = try parent.make()
            let script = "umount \(own.mount) && mount -t cgroup2 cgroup2 \(own.mount)"
            let text = try Inside.output(
                of: "\(script)\nexec \(Inside.command) container --json",
                in: [own],
                new: "cm"
            )
            try expect(text.contains("\"hiddenAncestors\" : true") || text.contains("\"hiddenAncestors\":true"), text)
        },
        Check("container/a parent that does not bind its children", on: [.v1]) {
            let parent = try Cgroup.make(.memory)
            do {
                try parent.set("memory.use_hierarchy", "0")
            } catch { throw Skipped("the kernel has only hierarchical accounting") }
            guard try parent.number("memory.use_hierarchy") == 0 else {
                throw Skipped("the kernel has only hierarchical accounting")
            }
            try limit(parent, 32 * mib)
            let own = try parent.make()
            try expect(own.number("memory.use_hierarchy"), is: 0, "use_hierarchy of the child")
            let child = try own.child(state: "hold", 4096)
            let memory = try ContainerMemory(of: child.pid)
            // The kernel decides: the process survives above the parent's limit.
            try expect(
                withoutSwap { try SwapChecks.survives(in: own, holding: 48 * mib) },
                "killed above the parent's limit"
            )
            try expect(memory.limitBytes == nil, "a limit: \(memory)")
        },
    ]

    static func limit(_ cgroup: Cgroup, _ bytes: Int) throws {
        try cgroup.set(memoryLimit: bytes)
    }

    private static func near(_ bytes: Int?, _ expected: Int) -> Bool {
        bytes.map { abs($0 - expected) <= 3 * mib } ?? false
    }

    /// Nothing may be swapped out meanwhile: a limit would only slow processes down.
    private static func withoutSwap<R>(_ body: () throws -> R) throws -> R {
        if Files.exists("/sys/block/zram0") { _ = try? Inside.output(of: "swapoff /dev/zram0") }
        return try body()
    }
}
