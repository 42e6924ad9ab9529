import ProcMem
import Timing

/// Returns the cases for the number of CPUs.
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
