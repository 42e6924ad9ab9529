// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]
let procmem = Target.Dependency.product(name: "ProcMem", package: "swift-procmem")

// A separate package, so that a client of ProcMem does not resolve the dependencies of the benchmarks. Each peer has
// its own executable, so that the libraries of one do not slow down another.
let package = Package(
    name: "benchmarks",
    dependencies: [
        // With a name, because the folder of a clone may have any name.
        .package(name: "swift-procmem", path: "..", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // Without its allocation counters, which need a library that is often not installed; Sources/Allocations
        // replaces them.
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
        // ordo-one/benchmark requires this path.
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
