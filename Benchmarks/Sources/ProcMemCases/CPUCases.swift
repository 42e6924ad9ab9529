import ProcMem
import Timing

/// How many CPUs the process may use.
func cpuCases() -> [String: ProcMemCases.Case] {
    [
        "effectiveCPUCount()": { time { ProcMem.effectiveCPUCount() } },
        "CPULimits.current()": { try time { try CPULimits.current().effectiveCPUCount() } },
        "CPULimitReader": {
            var reader = try CPULimitReader()
            try time { try reader.read().effectiveCPUCount() }
        },
    ]
}
