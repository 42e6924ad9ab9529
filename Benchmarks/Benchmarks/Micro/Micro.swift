import Allocations
import Benchmark
import Foundation

// One call of each function, beside the same system calls in C and nothing else. The environment variable ROOT names the
// process that is looked at, the root of a small tree; its own process without it.

let benchmarks: @Sendable () -> Void = {
    let environment = ProcessInfo.processInfo.environment
    let process = environment["ROOT"].flatMap { Int32($0) } ?? ProcessInfo.processInfo.processIdentifier
    processBenchmarks(of: process)
    treeBenchmarks(of: process)
    cpuBenchmarks()
    parserBenchmarks()
}

let allocations = BenchmarkMetric.custom("Heap allocations")
/// How many calls one sample is, so that a report can divide by it.
let calls = BenchmarkMetric.custom("Calls")

/// Times calls, and counts what they allocate. A thousand calls are one sample of what takes microseconds; what takes longer is
/// timed call by call.
func measure(_ name: String, _ factor: BenchmarkScalingFactor = .kilo, _ work: @escaping @Sendable () throws -> Void) {
    Benchmark(name, configuration: configuration(factor)) { benchmark in
        try measured(benchmark) { try work() }
    }
}

/// The same for what needs something that is made for each sample and not timed.
func measured(_ benchmark: Benchmark, _ work: () throws -> Void) throws {
    benchmark.startMeasurement()
    let before = allocation_count()
    for _ in benchmark.scaledIterations { try work() }
    let after = allocation_count()
    benchmark.stopMeasurement()
    benchmark.measurement(allocations, Int(after - before))
    benchmark.measurement(calls, benchmark.scaledIterations.count)
}

func configuration(_ factor: BenchmarkScalingFactor) -> Benchmark.Configuration {
    .init(
        metrics: [.wallClock, .throughput, .instructions, allocations, calls],
        warmupIterations: 2,
        scalingFactor: factor,
        maxDuration: .milliseconds(600)
    )
}
