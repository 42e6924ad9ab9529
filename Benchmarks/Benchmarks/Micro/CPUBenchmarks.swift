import Benchmark
import ProcMem

func cpuBenchmarks() {
    measure("effectiveCPUCount()") { blackHole(ProcMem.effectiveCPUCount()) }
    measure("CPULimits.current()") { blackHole(try CPULimits.current()) }
    Benchmark("CPULimitReader", configuration: configuration(.kilo)) { benchmark in
        var reader = try CPULimitReader()
        try measured(benchmark) { blackHole(try reader.read()) }
    }
    measure("ContainerMemory.current()", .one) { blackHole(try ContainerMemory.current()) }
    measure("effectiveMemoryBytes()", .one) { blackHole(ProcMem.effectiveMemoryBytes()) }
}
