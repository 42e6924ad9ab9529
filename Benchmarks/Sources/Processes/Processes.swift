import FoundationEssentials
import ProcMem
import Timing

/// Times ProcMem's ways to many processes: `Processes CASE BATCHES CALLS`. Without arguments it names them. The environment
/// variable `ROOT` names the process whose tree is meant.
@main struct Processes {
    static func main() throws {
        let root = ProcessInfo.processInfo.environment["ROOT"].flatMap { Int32($0) } ?? 1
        let cases: KeyValuePairs<String, () throws -> Void> = [
            "list of a tree": { try time { try processList(of: .tree(root: root)).processes.count } },
            "list of a tree, exhaustive": {
                try time { try processList(of: .tree(root: root, exhaustive: true)).processes.count }
            },
            "snapshot of a tree, cheap": {
                try time { try memorySnapshot(of: .tree(root: root), mode: .cheap).processes.count }
            },
            "snapshot of a tree, accurate": {
                try time { try memorySnapshot(of: .tree(root: root), mode: .accurate).processes.count }
            },
            "snapshot of a tree, sampled": {
                try time { try memorySnapshot(of: .tree(root: root), mode: .sampled(reads: 64)).processes.count }
            },
            "MemoryReader, cheap": {
                var reader = try MemoryReader(of: root)
                try time { try reader.usage(mode: .cheap).rssBytes ?? 0 }
            },
            "list of all": { try time { try processList(of: .all).processes.count } },
            "snapshot of all, cheap": { try time { try memorySnapshot(of: .all, mode: .cheap).processes.count } },
        ]
        guard let chosen = CommandLine.arguments.dropFirst().first else {
            for (name, _) in cases { print(name) }
            return
        }
        for (name, run) in cases where name == chosen { try run() }
    }
}
