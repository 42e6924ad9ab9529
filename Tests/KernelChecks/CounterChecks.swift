import Foundation
import ProcMem
import TestSupport

/// The difference between the kernel's counters and its page tables.
enum CounterChecks {
    static let all: [Check] = [
        Check("counters/statm of small processes") {
            var gaps: [Int] = []
            for size in [4096, 1 << 20, 16 << 20] {
                let child = try ChildProcess(state: "hold", size)
                let statm = try memoryUsage(of: child.pid, mode: .cheap)
                let rollup = try memoryUsage(of: child.pid, mode: .accurate)
                let shown = try Files.number(after: "Rss", in: "/proc/\(child.pid)/smaps_rollup") << 10
                try expect(rollup.rssBytes, is: shown, "RSS of smaps_rollup")
                let gap = try require(rollup.rssBytes, "RSS") - require(statm.rssBytes, "RSS of statm")
                gaps.append(gap)
                // Before Linux 6.2 a thread keeps its counts to itself for up to 64 faults, of 16 file pages each.
                // Later kernels keep them per CPU, up to 31 pages or twice the number of CPUs.
                try expect(abs(gap) <= 64 * 16 * 4096, "statm lags behind by \(gap) bytes")
            }
            print("statm is behind by \(gaps.map { "\($0 >> 10) KiB" }.joined(separator: ", "))")
        },
        Check("counters/zombies and kernel threads") {
            let parent = try ChildProcess(state: "zombie")
            let zombie = try memoryUsage(of: parent.ids[0], mode: .accurate)
            try expect(zombie.unavailable, is: .zombie, "of a zombie")
            // Process 2 is the parent of all kernel threads.
            for mode in [MemoryMode.cheap, .accurate, .sampled(reads: 64)] {
                try expect(
                    memoryUsage(of: 2, mode: mode).unavailable,
                    is: .kernelThread,
                    "of a kernel thread by \(mode)"
                )
            }
        },
        Check("counters/a process without its main thread") {
            let child = try ChildProcess(state: "zombie-leader", 8 << 20)
            for mode in [MemoryMode.cheap, .accurate, .sampled(reads: 64)] {
                let usage = try memoryUsage(of: child.pid, mode: mode)
                try expect(usage.rssBytes ?? 0 >= 8 << 20, "\(mode): \(usage)")
            }
        },
        Check("counters/a snapshot of all processes", on: [.v2, .v1]) {
            for mode in [MemoryMode.cheap, .accurate, .sampled(reads: 64), .within(.milliseconds(200))] {
                let snapshot = try memorySnapshot(of: .all, mode: mode)
                try expect(snapshot.isComplete, "\(mode): \(snapshot.gaps)")
                let missing = snapshot.processes.filter { process in
                    process.usage.rssBytes == nil && process.usage.unavailable != .kernelThread
                        && process.usage.unavailable != .exited && process.usage.unavailable != .zombie
                }
                try expect(missing.isEmpty, "\(mode): without figures \(missing)")
            }
        },
    ]
}
