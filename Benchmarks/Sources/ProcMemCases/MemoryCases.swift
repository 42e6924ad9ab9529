import ProcMem
import Timing

private let modes: [String: MemoryMode] = [
    "cheap": .cheap, "sampled": .sampled(reads: 64), "accurate": .accurate, "bounded": .bounded(.milliseconds(50)),
]

/// What a process, a tree and all processes hold, in bytes; of lists how many they are.
func memoryCases(of root: Int32) -> [String: ProcMemCases.Case] {
    let tree = ProcessScope.tree(root: root)
    var cases: [String: ProcMemCases.Case] = [
        "tree, list": { try time { try processList(of: tree).processes.count } },
        "all, list": { try time { try processList(of: .all).processes.count } },
        "process, cheap, kept": {
            var reader = try MemoryReader(of: root)
            try time { try reader.usage(mode: .cheap).rssBytes ?? 0 }
        },
    ]
    for (name, mode) in modes {
        cases["process, \(name)"] = { try time { try held(memoryUsage(of: root, mode: mode)) } }
        cases["tree, \(name)"] = { try time { try held(memorySnapshot(of: tree, mode: mode)) } }
        cases["all, \(name)"] = { try time { try memorySnapshot(of: .all, mode: mode).processes.count } }
        // What is said beside the estimate: lower bound, estimate, upper bound.
        cases["tree, \(name), bounds"] = {
            let bytes = try memorySnapshot(of: tree, mode: mode).total.physicalBytes
            print(bytes.lower, bytes.estimate ?? 0, bytes.upper ?? 0)
        }
        for (scopeName, scope) in [("process", ProcessScope.process(root)), ("tree", tree)] {
            // Time enough for an accurate look at the largest process, also beside others on a busy machine.
            let mode = name == "bounded" ? .bounded(.milliseconds(100)) : mode
            cases["\(scopeName), \(name), sampler"] = {
                let sampler = MemorySampler(of: scope, mode: mode)
                try await warmUp(sampler)
                try await time { try await held(sampler.snapshot()) }
            }
        }
    }
    // A program's first look: the sampler, its thread and a pass that knows nothing of earlier ones.
    cases["tree, bounded, first pass"] = {
        try await time { try await held(MemorySampler(of: tree, mode: .bounded(.milliseconds(50))).snapshot()) }
    }
    return cases
}

/// Passes until each process has had its turn, in a bounded mode until each has an accurate figure.
private func warmUp(_ sampler: MemorySampler) async throws {
    for _ in 0..<1000 {
        let total = try await sampler.snapshot().total
        if total.figureCounts.pss == total.processCount || total.figureCounts.uss == 0 { return }
    }
}

private func held(_ usage: MemoryUsage) -> Int { usage.pssBytes ?? usage.ussBytes ?? usage.rssBytes ?? 0 }

private func held(_ snapshot: MemorySnapshot) -> Int { snapshot.total.physicalBytes.estimate ?? 0 }
