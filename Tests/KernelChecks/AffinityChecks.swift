import Foundation
import ProcMem
import TestSupport

/// The CPUs on which a process may run: its mask, cpusets, and the online CPUs.
enum AffinityChecks {
    static let all: [Check] = [
        Check("affinity/taskset", on: [.v2, .possible]) {
            let child = try ChildProcess(state: "hold", 4096)
            for mask in ["0", "1-2", "0,3", "0-3"] {
                _ = try Inside.output(of: "taskset -pc \(mask) \(child.pid)")
                let limits = try CPULimits(of: child.pid)
                try expect(limits.affinity.description, is: mask, "CPUs")
                try expect(allowed(child.pid), is: mask, "what the kernel shows")
                let answer = try Inside.cpu(after: "taskset -pc \(mask) $$ >/dev/null")
                try expect(answer.affinity.cpus, is: mask, "the command")
                let nproc = try Inside.output(of: "taskset -c \(mask) nproc")
                try expect("\(answer.effectiveCPUCount)", is: nproc, "the command's count, and nproc's")
            }
        },
        Check("affinity/a cpuset", on: [.v2, .v1, .hybrid, .possible]) {
            let cgroup = try Cgroup.make(.cpuset)
            let own = try cgroup.make()
            // On v1 a parent must have all CPUs of its children.
            try own.set("cpuset.cpus", "1-3")
            try cgroup.set("cpuset.cpus", "1-3")
            let child = try own.child(state: "hold", 4096)
            for set in ["1-3", "2", "1,3"] {
                try own.set("cpuset.cpus", set)
                try expect(CPULimits(of: child.pid).affinity.description, is: set, "CPUs")
                try expect(allowed(child.pid), is: set, "what the kernel shows")
                let answer = try Inside.cpu(in: [own])
                try expect(answer.affinity.cpus, is: set, "the command, inside")
                try expect("\(answer.effectiveCPUCount)", is: Inside.output(of: "nproc", in: [own]), "nproc inside")
            }
        },
        Check("affinity/a cpuset and a quota", on: [.v2]) {
            let cgroup = try Cgroup.make(.cpu, .cpuset)
            try cgroup.set("cpuset.cpus", "0-1")
            for (quota, cpus, limit) in [(150_000, 1.5, "quota"), (200_000, 2, "affinity"), (300_000, 2, "affinity")] {
                try cgroup.set(quota: quota)
                let answer = try Inside.cpu(in: [cgroup])
                try expect(answer.effectiveCPUs, is: cpus, "CPUs")
                try expect(answer.limitedBy, is: limit, "what limits")
            }
        },
        Check("affinity/CPUs that go and come", on: [.v2, .v1]) {
            let child = try ChildProcess(state: "hold", 4096)
            var changes = CPULimitChanges(of: child.pid, pollInterval: .milliseconds(100)).makeAsyncIterator()
            try await expect(changes.next()?.affinity.description, is: "0-3", "CPUs at first")
            for (number, isOnline, cpus) in [
                (3, false, "0-2"), (1, false, "0,2"), (3, true, "0,2-3"), (1, true, "0-3"),
            ] {
                try Files.write(isOnline ? "1" : "0", to: "/sys/devices/system/cpu/cpu\(number)/online")
                var limits = try await require(changes.next(), "a change")
                // The mask and the online CPUs may be read between two steps of the kernel.
                if limits.affinity.count != limits.onlineCount {
                    limits = try await require(changes.next(), "a change")
                }
                try expect(limits.affinity.description, is: cpus, "CPUs")
                try expect(Files.text("/sys/devices/system/cpu/online"), is: cpus, "what the kernel shows")
                try expect(limits.onlineCount, is: limits.affinity.count, "online CPUs")
                try expect(limits.effectiveCPUCount(), is: Inside.nproc(), "the count, and nproc's")
            }
        },
        Check("affinity/the only CPU of a mask goes", on: [.v2, .v1]) {
            let child = try ChildProcess(state: "hold", 4096)
            _ = try Inside.output(of: "taskset -pc 3 \(child.pid)")
            try Files.write("0", to: "/sys/devices/system/cpu/cpu3/online")
            defer { try? Files.write("1", to: "/sys/devices/system/cpu/cpu3/online") }
            // While it sleeps, the process keeps the mask with this one CPU. The kernel reports the online CPUs of the
            // mask: none.
            let asleep = try CPULimits(of: child.pid)
            try expect(asleep.affinity.description, is: allowed(child.pid), "CPUs asleep")
            try expect(asleep.effectiveCPUs, is: 1, "CPUs asleep, by the limits")
            var reader = try CPULimitReader(of: child.pid)
            try expect(reader.read().effectiveCPUs, is: 1, "CPUs asleep, by a reader")
            child.send(line: "")
            var awake = ""
            _ = try Waiting.until(within: .seconds(20)) {
                awake = try CPULimits(of: child.pid).affinity.description
                return awake == "0-2"
            }
            try expect(awake, is: "0-2", "CPUs after it woke")
        },
        Check("affinity/a kernel for 2,048 CPUs", on: [.possible]) {
            let possible = try Files.text("/sys/devices/system/cpu/possible")
            // Newer kernels count the processors that the firmware lists (observed on 6.12).
            if possible == "0-3" { throw Skipped("possible_cpus= makes no more CPUs possible on this kernel") }
            try expect(possible, is: "0-2047", "possible CPUs")
            try expect(effectiveCPUCount(), is: 4, "CPUs")
            try expect(CPULimits.current().affinity.description, is: "0-3", "CPUs")
            var reader = try CPULimitReader()
            try expect(reader.read().affinityCount, is: 4, "reader")
            try expect(Inside.nproc(), is: 4, "nproc")
        },
        Check("affinity/the story: a cpuset of 64 of 96 CPUs", on: [.large]) {
            let cgroup = try Cgroup.make(.cpuset)
            try cgroup.set("cpuset.cpus", "0-63")
            let answer = try Inside.cpu(in: [cgroup])
            try expect(Files.text("/sys/devices/system/cpu/online"), is: "0-95", "online CPUs")
            try expect(answer.onlineCount, is: 96, "online CPUs by the command")
            try expect(answer.effectiveCPUCount, is: 64, "CPUs")
            try expect(answer.affinity.cpus, is: "0-63", "mask")
            try expect(Inside.output(of: "nproc", in: [cgroup]), is: "64", "nproc")
            print("online has \(answer.onlineCount ?? 0), ProcMem \(answer.effectiveCPUCount)")
        },
        Check("affinity/the story: a quota among 96 CPUs", on: [.large]) {
            let cgroup = try Cgroup.make(.cpu)
            try cgroup.set(quota: 6_350_000)
            try expect(Inside.cpu(in: [cgroup]).effectiveCPUCount, is: 64, "CPUs")
        },
    ]

    private static func allowed(_ pid: Int32) throws -> String {
        for line in try Files.text("/proc/\(pid)/status").split(separator: "\n")
        where line.hasPrefix("Cpus_allowed_list") {
            return line.split(separator: "\t").last.map(String.init) ?? ""
        }
        return ""
    }
}
