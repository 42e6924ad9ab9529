// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

// A package of its own, so that nobody who depends on ProcMem resolves SwiftNIO. An executable for each peer: what one
// links must not slow down another.
let package = Package(
    name: "benchmarks",
    dependencies: [
        // By name, since a clone's folder may be called anything.
        .package(name: "swift-procmem", path: "..", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .target(name: "Timing", swiftSettings: settings),
        .executableTarget(
            name: "CPUCount",
            dependencies: ["Timing", .product(name: "ProcMem", package: "swift-procmem")],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "Processes",
            dependencies: ["Timing", .product(name: "ProcMem", package: "swift-procmem")],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "TreeMemory",
            dependencies: ["Timing", .product(name: "ProcMem", package: "swift-procmem")],
            swiftSettings: settings
        ),
        .executableTarget(name: "CPUCountFoundation", dependencies: ["Timing"], swiftSettings: settings),
        .executableTarget(
            name: "CPUCountNIO",
            dependencies: ["Timing", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
    ]
)
