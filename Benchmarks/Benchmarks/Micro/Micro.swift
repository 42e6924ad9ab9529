import Allocations
import Benchmark
import Foundation

// One call of each function, and the same system calls in C. The environment variable ROOT is the pid of the process to
// measure, which is the root of a small tree. The default is the calling process.

let benchmarks: @Sendable () -> Void = {
    let environment = ProcessInfo.processInfo.environment
    let process = environment["ROOT"].flatMap { Int32($0) } ?? ProcessInfo.processInfo.processIdentifier
    processBenchmarks(of: process)
    treeBenchmarks(of: process)
    cpuBenchmarks()
    parserBenchmarks()
}

let allocations = BenchmarkMetric.custom("Heap allocations")
/// The number of calls in one sample, by which the report divides.
let calls = BenchmarkMetric.custom("Calls")

/// Measures the time and the heap allocations of a call. By default one sample is a thousand calls, for functions that
/// take microseconds. With the factor `.one` it is a single call, for slower functions.
func measure(_ name: String, _ factor: BenchmarkScalingFactor = .kilo, _ work: @escaping @Sendable () throws -> Void) {
    Benchmark(name, configuration: configuration(factor)) { benchmark in
        try measured(benchmark) { try work() }
    }
}

/// Measures `work` inside a benchmark, whose set-up for each sample is not timed.
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
