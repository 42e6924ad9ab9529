import Foundation
import ProcMem
import TestSupport

/// The CPU time that busy processes get, compared with the CPUs that they may use according to ProcMem.
enum EnforcementChecks {
    static let all: [Check] = [
        Check("enforcement/of the process's quota", on: [.v2, .v1]) {
            let cgroup = try Cgroup.make(.cpu)
            try cgroup.set(quota: 40_000)
            try expectShare(of: cgroup, loops: 2)
        },
        Check("enforcement/of the parent's quota", on: [.v2, .hybrid]) {
            let parent = try Cgroup.make(.cpu)
            try parent.set(quota: 120_000)
            try expectShare(of: parent.make(), loops: 4)
        },
        Check("enforcement/of the tighter of two", on: [.v2, .mixed], isThorough: true) {
            let parent = try Cgroup.make(.cpu)
            try parent.set(quota: 90_000)
            let own = try parent.make()
            // 0.6 CPUs, although the quota is the larger number.
            try own.set(quota: 300_000, period: 500_000)
            try expectShare(of: own, loops: 3)
        },
        Check("enforcement/of the mask", on: [.v2], isThorough: true) {
            try expectShare(of: Cgroup.make(.cpu), loops: 4, prefix: "taskset -c 1,3")
        },
        Check("enforcement/of no quota under a real-time policy", on: [.v2, .v1]) {
            let cgroup = try Cgroup.make(.cpu)
            try cgroup.set(quota: 20_000)
            // The kernel reserves 5 % for other threads.
            let limits = try expectShare(
                of: cgroup,
                loops: 1,
                prefix: "taskset -c 2",
                first: ["--fifo", "5"],
                tolerance: 0.15
            )
            try expect(limits.binding?.isEnforced, is: false, "whether the quota is enforced")
        },
        Check("enforcement/of a hidden quota shows in cpu.stat.local", on: [.v2, .mixed]) {
            let parent = try Cgroup.make(.cpu)
            try parent.set(quota: 20_000)
            let own = try parent.make()
            guard own.has("cpu.stat.local") else { throw Skipped("the kernel has no cpu.stat.local") }
            let command = """
                umount \(own.mount) && mount -t cgroup2 cgroup2 \(own.mount)
                while :; do :; done &
                \(Inside.command) cpu --json --throttling 3
                kill $!
                """
            let answer: CPUAnswer = try Inside.decode(Inside.output(of: command, in: [own], new: "cm"))
            try expect(answer.quota == nil, "the quota is not hidden: \(answer)")
            try expect(answer.throttling?.hiddenLimit, is: true, "a hidden limit")
            // Without a limit no process is throttled.
            try parent.set(quota: nil)
            let free: CPUAnswer = try Inside.decode(Inside.output(of: command, in: [own], new: "cm"))
            try expect(free.throttling?.hiddenLimit, is: false, "a hidden limit, although there is none")
        },
    ]

    /// User time in ticks, which are hundredths of a second.
    private static func cpuTicks(of pid: Int32) throws -> Int {
        let fields = try Files.text("/proc/\(pid)/stat").split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 11 ? Int(fields[11]) ?? 0 : 0
    }

    /// Runs endless loops, and expects them to get the CPUs of the limits, measured by the kernel's CPU time.
    @discardableResult
    private static func expectShare(
        of cgroup: Cgroup,
        loops: Int,
        prefix: String = "",
        first options: [String] = [],
        tolerance: Double = 0.1
    ) throws -> CPULimits {
        let loop = "exec \(prefix) /bin/sh -c 'while :; do :; done'"
        let children = try (0..<loops).map { _ in
            let entrance = ["enter"] + options + Cgroup.entering([cgroup]).dropFirst()
            return try ChildProcess(running: CommandLine.arguments[0], entrance + ["/bin/sh", "-c", loop])
        }
        defer { children.forEach { $0.end() } }
        // Waits until all of them loop. Under a small quota this takes a while, because the programs must start first.
        let begun = try Waiting.until(within: .seconds(30)) {
            try children.allSatisfy { child in
                try Files.text("/proc/\(child.pid)/cmdline").hasPrefix("/bin/sh\0-c\0while")
                    && cpuTicks(of: child.pid) > 5
            }
        }
        try expect(begun, "the loops have not started")
        let limits = try CPULimits(of: children[0].pid)
        var seen: [Double] = []
        // If the host is busy, the guest has less CPU time for a while, but never more.
        for _ in 0..<5 {
            let (began, before) = (ContinuousClock.now, try cgroup.usedMicroseconds())
            usleep(3_000_000)
            let used = try cgroup.usedMicroseconds() - before
            let cpus = Double(used) / ((ContinuousClock.now - began) / .microseconds(1))
            seen.append(cpus)
            try expect(
                cpus <= limits.effectiveCPUs * (1 + tolerance),
                "the loops get \(cpus) CPUs, and may have \(limits.effectiveCPUs)"
            )
            if cpus >= limits.effectiveCPUs * (1 - tolerance) {
                print(String(format: "%.3f CPUs of %.3f", cpus, limits.effectiveCPUs))
                return limits
            }
        }
        throw Unexpected("the loops get \(seen) CPUs; their limits allow \(limits.effectiveCPUs)")
    }
}
