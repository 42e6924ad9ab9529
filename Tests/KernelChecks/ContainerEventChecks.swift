import Foundation
import ProcMem
import TestSupport

/// Soft limits, events, peaks and a controller that is off, on a real kernel.
enum ContainerEventChecks {
    private static let mib = 1 << 20

    static let all: [Check] = [
        Check("events/a soft limit that is exceeded") {
            let own = try Cgroup.make(.memory)
            let child = try own.child(state: "hold", 32 * mib)
            try expect(ContainerMemory(of: child.pid).isAboveHigh, is: false, "above the soft limit, without one")
            // Without swap, the kernel cannot reclaim this memory.
            try own.set("memory.high", "\(8 * mib)")
            let memory = try ContainerMemory(of: child.pid)
            try expect(memory.isAboveHigh, is: true, "above the soft limit")
            try expect(memory.highCgroup, is: own.path, "the cgroup that sets it")
            try expect(memory.availableBytes, is: 0, "available")
            try expect(memory.limitBytes, is: nil, "a limit")
        },
        Check("events/a limit that is hit, and a kill", on: [.v2, .v1, .hybrid]) {
            let parent = try Cgroup.make(.memory)
            let own = try parent.make()
            try parent.set(memoryLimit: 24 * mib)
            let child = try own.child(state: "hold", 4096)
            let before = try ContainerMemory(of: child.pid).events
            try expect(before.oomKill ?? 0, is: 0, "kills before")
            let status = try own.output(of: BuiltProduct.url(of: "ProcessStates").path, ["hold", "\(64 * mib)"]).status
            try expect(status, is: 128 + SIGKILL, "the end of a process that needs more than the limit")
            let after = try ContainerMemory(of: child.pid).events
            try expect(after.oomKill, is: 1, "kills after")
            try expect(
                own.isOnV2 ? own.number(after: "oom_kill", in: "memory.events") : 1,
                is: after.oomKill,
                "the kernel's count"
            )
        },
        Check("events/the peak, where the kernel has it", on: [.v2, .v1, .hybrid]) {
            let own = try Cgroup.make(.memory)
            let child = try own.child(state: "hold", 16 * mib)
            let peak = try ContainerMemory(of: child.pid).peakBytes
            let hasFile = own.has(own.isOnV2 ? "memory.peak" : "memory.max_usage_in_bytes")
            try expect(peak != nil, is: hasFile, "a peak")
            if let peak { try expect(peak >= 15 * mib, "a peak of \(peak) after 16 MiB") }
        },
        Check("events/a controller that is off") {
            // The memory controller is not passed on to a cgroup of the cpu controller alone: its parent is charged.
            let enabled = try Cgroup.make(.memory).child(state: "hold", 4096)
            try expect(ContainerMemory(of: enabled.pid).isControllerEnabled, is: true, "enabled")
            let inside = try Cgroup.make(.cpu)
            let own = try inside.make()
            let script = "umount \(own.mount) && mount -t cgroup2 cgroup2 \(own.mount)"
            let text = try Inside.output(of: "\(script)\n\(Inside.command) container --json", in: [own], new: "cm")
            try expect(text.contains("\"controllerEnabled\" : false"), "controllerEnabled: \(text)")
            try expect(text.contains("\"hiddenAncestors\" : true"), "hiddenAncestors: \(text)")
            let line = try Inside.output(of: "\(script)\n\(Inside.command) cpu", in: [own], new: "cm")
            try expect(line.contains("no quota is visible"), line)
        },
        Check("events/a cgroup that is removed under a reader", on: [.v2, .v1, .hybrid]) {
            let (first, second) = (try Cgroup.make(.memory), try Cgroup.make(.memory))
            try first.set(memoryLimit: 64 * mib)
            try second.set(memoryLimit: 96 * mib)
            let child = try first.child(state: "hold", 4096)
            var reader = try ContainerMemoryReader(of: child.pid)
            try expect(reader.read().limitBytes, is: 64 * mib, "the limit before the move")
            try second.take(child)
            try first.remove()
            try expect(reader.read().limitBytes, is: 96 * mib, "the limit after the removal")
            try second.set(memoryLimit: 48 * mib)
            try expect(reader.read().limitBytes, is: 48 * mib, "a limit that changed")
        },
    ]
}
