import FoundationEssentials
import ProcMem
import Timing

/// Times what a tree holds: `TreeMemory MODE BATCHES CALLS`, and tells it in MiB. The environment variable `ROOT` names the
/// tree's root. `bounded` asks one sampler again and again, once it has come to accurate figures of all.
@main struct TreeMemory {
    static func main() async throws {
        let root = ProcessInfo.processInfo.environment["ROOT"].flatMap { Int32($0) } ?? 1
        let scope = ProcessScope.tree(root: root)
        switch CommandLine.arguments.dropFirst().first {
        case "cheap": try time { try held(memorySnapshot(of: scope, mode: .cheap)) }
        case "sampled": try time { try held(memorySnapshot(of: scope, mode: .sampled(reads: 64))) }
        case "accurate": try time { try held(memorySnapshot(of: scope, mode: .accurate)) }
        case "bounded":
            let sampler = MemorySampler(of: scope, mode: .bounded(.milliseconds(50)))
            var passes = 0
            // Warm: each process has had its turn.
            while try await sampler.snapshot().total.figureCounts.pss < sampler.snapshot().total.processCount,
                passes < 1000
            {
                passes += 1
            }
            try await time { try await held(sampler.snapshot()) }
        default: for mode in ["cheap", "sampled", "accurate", "bounded"] { print(mode) }
        }
    }

    private static func held(_ snapshot: MemorySnapshot) -> Int { (snapshot.total.physicalBytes.estimate ?? 0) >> 20 }
}
