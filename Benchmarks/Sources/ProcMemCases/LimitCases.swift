import ProcMem
import Timing

/// Returns the cases for the limits of the calling process.
func limitCases() -> [String: ProcMemCases.Case] {
    [
        "effectiveCPUCount()": { time { ProcMem.effectiveCPUCount() } },
        "CPULimits.current()": { try time { try CPULimits.current().effectiveCPUCount() } },
        "CPULimitReader": {
            var reader = try CPULimitReader()
            try time { try reader.read().effectiveCPUCount() }
        },
        "ContainerMemory.current()": { try time { try ContainerMemory.current().availableBytes ?? 0 } },
        "ContainerMemoryReader": {
            var reader = try ContainerMemoryReader()
            try time { try reader.read().availableBytes ?? 0 }
        },
    ]
}
