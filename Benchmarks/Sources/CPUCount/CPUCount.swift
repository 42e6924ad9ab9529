import ProcMem
import Timing

/// Times one of ProcMem's ways to the CPU count: `CPUCount CASE BATCHES CALLS`. Without arguments it names them.
@main struct CPUCount {
    static func main() throws {
        let cases: KeyValuePairs<String, () throws -> Void> = [
            "effectiveCPUCount()": { time { ProcMem.effectiveCPUCount() } },
            "CPULimitReader": {
                var reader = try CPULimitReader()
                try time { try reader.read().effectiveCPUCount() }
            },
            "CPULimits.current()": { try time { try CPULimits.current().effectiveCPUCount() } },
        ]
        guard let chosen = CommandLine.arguments.dropFirst().first else {
            for (name, _) in cases { print(name) }
            return
        }
        for (name, run) in cases where name == chosen { try run() }
    }
}
