import ProcMem
import Timing

let modes: [String: MemoryMode] = [
    "cheap": .cheap, "sampled": .sampled(reads: 64), "accurate": .accurate, "bounded": .within(.milliseconds(50)),
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
            let bytes = try memorySnapshot(of: tree, mode: mode).total.distinctBytes
            print(bytes.lower, bytes.estimate ?? 0, bytes.upper ?? 0)
        }
    }
    return cases
}

private func held(_ usage: MemoryUsage) -> Int { usage.pssBytes ?? usage.ussBytes ?? usage.rssBytes ?? 0 }

func held(_ snapshot: MemorySnapshot) -> Int { snapshot.total.distinctBytes.estimate ?? 0 }
