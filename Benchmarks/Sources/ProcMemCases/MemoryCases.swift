import FoundationEssentials
import ProcMem
import Timing

let modes: [String: MemoryMode] = [
    "cheap": .cheap, "sampled": .sampled(reads: 64), "accurate": .accurate, "within": .within(.milliseconds(50)),
]

/// Returns the cases for the memory of one process, of a tree and of all processes, which return bytes. The cases of
/// lists return the number of processes.
///
/// - Parameters:
///   - root: The pid of the process, or of the root of the tree.
///   - path: The directory of a cgroup.
///   - system: The location of the files of all processes.
func memoryCases(of root: Int32, in path: String, _ system: SystemRoot) -> [String: ProcMemCases.Case] {
    let tree = ProcessScope.tree(root: root)
    let cgroup = ProcessScope.cgroup(path)
    var cases: [String: ProcMemCases.Case] = [
        "tree, list": { try time { try processList(of: tree).processes.count } },
        "all, list": { try time { try processList(of: .all).processes.count } },
        "cgroup, totals": { try time { try bytes(memorySnapshot(of: cgroup, mode: .cheap, detail: .totals)) } },
        "cgroup, cheap": { try time { try bytes(memorySnapshot(of: cgroup, mode: .cheap)) } },
        "process, cheap, kept": {
            var reader = try MemoryReader(of: root)
            try time { try reader.usage(mode: .cheap).rssBytes ?? 0 }
        },
    ]
    // Prints by how many bytes a snapshot raises the largest RSS of this program.
    cases["all, cheap, peak"] = {
        let before = try peakRSSBytes()
        let count = try memorySnapshot(of: .all, mode: .cheap, in: system).processes.count
        guard count > 0 else { fatalError("no process") }
        print(try peakRSSBytes() - before)
    }
    for (name, mode) in modes {
        cases["process, \(name)"] = { try time { try bytes(memoryUsage(of: root, mode: mode)) } }
        cases["tree, \(name)"] = { try time { try bytes(memorySnapshot(of: tree, mode: mode)) } }
        cases["all, \(name)"] = { try time { try memorySnapshot(of: .all, mode: mode, in: system).processes.count } }
        // Prints the lower bound, the estimate and the upper bound.
        cases["tree, \(name), bounds"] = {
            let distinct = try memorySnapshot(of: tree, mode: mode).total.distinctBytes
            print(distinct.lower, distinct.estimate ?? 0, distinct.upper ?? 0)
        }
    }
    return cases
}

/// The largest RSS so far, `VmHWM` of this program.
private func peakRSSBytes() throws -> Int {
    let lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
    let fields = lines.first { $0.hasPrefix("VmHWM:") }?.split(whereSeparator: \.isWhitespace) ?? []
    guard fields.count == 3, let kibibytes = Int(fields[1]) else { fatalError("no VmHWM") }
    return kibibytes * 1024
}

private func bytes(_ usage: MemoryUsage) -> Int { usage.pssBytes ?? usage.ussBytes ?? usage.rssBytes ?? 0 }

func bytes(_ snapshot: MemorySnapshot) -> Int { snapshot.total.distinctBytes.estimate ?? 0 }
