import Allocations
import Benchmark
import Floor
import ProcMem

func processBenchmarks(of process: Int32) {
    Benchmark("MemoryReader, cheap", configuration: configuration(.kilo)) { benchmark in
        var reader = try MemoryReader(of: process)
        try measured(benchmark) { blackHole(try reader.usage(mode: .cheap)) }
    }
    let statm = floor_open(process, "statm")
    measure("C: pread of statm") { blackHole(floor_reread(statm)) }
    measure("memoryUsage, cheap") { blackHole(try memoryUsage(of: process, mode: .cheap)) }
    measure("C: open, read, close of statm") { blackHole(floor_read(process, "statm")) }
    measure("memoryUsage, sampled", .one) { blackHole(try memoryUsage(of: process, mode: .sampled(reads: 64))) }
    let pagemap = floor_open(process, "pagemap")
    measure("C: pread of 16 entries of pagemap") { blackHole(floor_pagemap(pagemap, 0x400000, 16)) }
    measure("memoryUsage, accurate", .one) { blackHole(try memoryUsage(of: process, mode: .accurate)) }
    measure("C: open, read, close of smaps_rollup", .one) { blackHole(floor_read(process, "smaps_rollup")) }
    let rollup = floor_open(process, "smaps_rollup")
    measure("C: pread of smaps_rollup", .one) { blackHole(floor_reread(rollup)) }
}

func treeBenchmarks(of root: Int32) {
    let tree = ProcessScope.tree(root: root)
    measure("processList of a tree", .one) { blackHole(try processList(of: tree)) }
    measure("C: the tree's children and stat", .one) { blackHole(floor_tree(root, nil)) }
    measure("memorySnapshot of a tree, cheap", .one) { blackHole(try memorySnapshot(of: tree, mode: .cheap)) }
    measure("C: the tree's children, stat and statm", .one) { blackHole(floor_tree(root, "statm")) }
    for (name, mode) in [("cheap", MemoryMode.cheap), ("within", .within(.milliseconds(50)))] {
        Benchmark("MemorySampler's pass over a tree, \(name)", configuration: configuration(.one)) { benchmark in
            let sampler = MemorySampler(of: tree, mode: mode)
            for _ in 0..<10 { blackHole(try await sampler.snapshot()) }
            benchmark.startMeasurement()
            let before = allocation_count()
            blackHole(try await sampler.snapshot())
            let after = allocation_count()
            benchmark.stopMeasurement()
            benchmark.measurement(allocations, Int(after - before))
            benchmark.measurement(calls, 1)
        }
    }
}
