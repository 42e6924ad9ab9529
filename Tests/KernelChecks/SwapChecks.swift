import Foundation
import ProcMem
import TestSupport

/// Processes of which the kernel has swapped out a part.
enum SwapChecks {
    private static let size = 48 << 20

    static let all: [Check] = [
        Check("swap/a process that is swapped out", on: [.v2, .v1, .mixed]) {
            try withSwap {
                let (cgroup, child) = try pressed(["hold", "\(size)"])
                let usage = try memoryUsage(of: child.pid, mode: .accurate)
                let swap = try Files.number(after: "VmSwap", in: "/proc/\(child.pid)/status") << 10
                try expect(swap >= size / 4, "only \(swap) bytes are swapped out")
                // The counters of status are exact to a few pages for each CPU.
                try expect(near(usage.swapBytes, swap), "swap \(usage), status reports \(swap)")
                try expect(near(usage.swapPssBytes, swap), "SwapPss \(usage)")
                let container = try ContainerMemory(of: child.pid)
                let charged = try cgroup.isOnV2 ? cgroup.number("memory.swap.current") : try swapOnV1(cgroup)
                try expect(near(container.swapBytes, charged), "swap of the cgroup \(container), charged \(charged)")
                try expect(near(container.swapBytes, swap), "swap of the cgroup \(container), its process \(swap)")
                print("\(swap >> 20) MiB of \(size >> 20) are swapped out")
            }
        },
        Check("swap/workers that share what is swapped out", on: [.v2]) {
            try withSwap {
                let (cgroup, child) = try pressed(["tree", "4", "\(size)"])
                let scope = ProcessScope.tree(root: child.pid)
                let snapshot = try memorySnapshot(of: scope, mode: .accurate)
                let each = snapshot.processes.map { $0.usage.swapBytes ?? 0 }
                // Each of the five processes reports the swap that they share; the sum counts it once.
                try expect(each.allSatisfy { $0 >= size / 8 }, "swap of each \(each)")
                let sum = try require(snapshot.total.swapBytes, "a sum")
                let used = try swapsUsed()
                try expect(
                    sum <= used + 2 << 20 && sum >= (each.max() ?? 0) * 3 / 4,
                    "sum \(sum), each \(each), used \(used)"
                )
                let truth = try PageFrames.distinctBytes(of: snapshot.processes.map(\.pid))
                for mode in [MemoryMode.cheap, .sampled(reads: 64)] {
                    let distinct = try memorySnapshot(of: scope, mode: mode).total.distinctBytes
                    let upper = try require(distinct.upper, "an upper bound")
                    let slack = distinct.isProven ? 0 : truth / 50 + 1 << 20
                    try expect(
                        distinct.lower - slack <= truth && truth <= upper + slack,
                        "\(mode): \(distinct), the truth is \(truth)"
                    )
                }
                // The charge does not include what is swapped out.
                let totals = try memorySnapshot(of: .cgroup(cgroup.path), mode: .cheap, detail: .totals)
                let distinct = totals.total.distinctBytes
                let estimate = try require(distinct.estimate, "an estimate of the cgroup")
                try expect(abs(estimate - truth) <= 7 << 20, "totals: \(distinct), the truth is \(truth)")
                print("swap of each \(each.map { $0 >> 20 }), together \(sum >> 20), /proc/swaps \(used >> 20) MiB")
            }
        },
        Check("swap/a limit of swap", on: [.v2, .v1]) {
            try withSwap {
                let cgroup = try Cgroup.make(.memory)
                let child = try cgroup.child(state: "hold", 4096)
                let limit = 40 << 20
                try cgroup.set(memoryLimit: limit)
                try cgroup.set(swapLimit: 8 << 20)
                let memory = try ContainerMemory(of: child.pid)
                try expect(memory.limitBytes, is: limit, "limit")
                try expect(memory.swapLimitBytes, is: 8 << 20, "limit of swap")
                // The kernel allows a process both limits together, and no more.
                try expect(survives(in: cgroup, holding: limit + 4 << 20), "killed below both limits")
                try expect(!survives(in: cgroup, holding: limit + 12 << 20), "alive above both limits")
            }
        },
    ]

    /// Whether a process with this much memory survives.
    static func survives(in cgroup: Cgroup, holding bytes: Int) throws -> Bool {
        do {
            let child = try cgroup.child(state: "hold", bytes)
            child.end()
            return true
        } catch ChildProcess.Failure.notReady {
            return false
        }
    }

    /// Starts a process under a limit of about half of its memory.
    private static func pressed(_ words: [String]) throws -> (Cgroup, ChildProcess) {
        let cgroup = try Cgroup.make(.memory)
        try cgroup.set(memoryLimit: size / 2)
        let program = try BuiltProduct.url(of: "ProcessStates").path
        let child = try ChildProcess(running: CommandLine.arguments[0], Cgroup.entering([cgroup]) + [program] + words)
        child.keep(cgroup)
        try child.waitUntilReady(in: words[0])
        return (cgroup, child)
    }

    private static func near(_ bytes: Int?, _ expected: Int) -> Bool {
        bytes.map { abs($0 - expected) <= 1 << 20 } ?? false
    }

    /// Without swap that is only cached: v1 has no file for it.
    private static func swapOnV1(_ cgroup: Cgroup) throws -> Int {
        try cgroup.number("memory.memsw.usage_in_bytes") - cgroup.number("memory.usage_in_bytes")
    }

    private static func swapsUsed() throws -> Int {
        let free = try Files.number(after: "SwapFree", in: "/proc/meminfo")
        return try (Files.number(after: "SwapTotal", in: "/proc/meminfo") - free) << 10
    }

    /// Gives the guest swap in compressed memory during a closure.
    private static func withSwap(_ body: () throws -> Void) throws {
        if !Files.exists("/sys/block/zram0") {
            // In any order: a module that needs another one is tried again.
            let script = """
                cd /modules; for file in *.xz; do [ -e "$file" ] && unxz "$file" || true; done
                for pass in 1 2 3; do for file in *.ko; do insmod "$file" 2>/dev/null || true; done; done
                """
            _ = try Inside.output(of: script)
        }
        guard Files.exists("/sys/block/zram0") else { throw Skipped("the module zram cannot be loaded") }
        if try Files.text("/proc/swaps").split(separator: "\n").count < 2 {
            try Files.write("\(512 << 20)", to: "/sys/block/zram0/disksize")
            _ = try Inside.output(of: "mkswap /dev/zram0 >/dev/null && swapon /dev/zram0")
        }
        try body()
    }
}
