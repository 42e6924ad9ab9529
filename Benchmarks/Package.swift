// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]
let procmem = Target.Dependency.product(name: "ProcMem", package: "swift-procmem")

// A package of its own, so that nobody who depends on ProcMem resolves what is needed here. An executable for each peer: what
// one links must not slow down another.
let package = Package(
    name: "benchmarks",
    dependencies: [
        // By name, since a clone's folder may be called anything.
        .package(name: "swift-procmem", path: "..", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // Its counters of allocations need a library that is not everywhere; Sources/Allocations counts in their place.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .target(name: "Allocations"),
        .target(name: "Floor"),
        .target(name: "Timing", dependencies: ["Allocations"], swiftSettings: settings),
        .executableTarget(name: "FloorProgram", dependencies: ["Floor"]),
        .executableTarget(name: "ProcMemCases", dependencies: ["Timing", procmem], swiftSettings: settings),
        .executableTarget(name: "FoundationCases", dependencies: ["Timing"], swiftSettings: settings),
        .executableTarget(
            name: "NIOCases",
            dependencies: ["Timing", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        // Where ordo-one/benchmark looks for what it runs.
        .executableTarget(
            name: "Micro",
            dependencies: [
                "Allocations", "Floor", procmem,
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/Micro",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
    ]
)
