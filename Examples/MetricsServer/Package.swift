// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "metrics-server",
    dependencies: [
        // With a name, because the folder of a clone may have any name.
        .package(name: "swift-procmem", path: "../..", traits: ["Metrics"]),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.7.0"),
    ],
    targets: [
        .executableTarget(
            name: "MetricsServer",
            dependencies: [
                .product(name: "ProcMemMetrics", package: "swift-procmem"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ],
            swiftSettings: [.treatAllWarnings(as: .error)]
        )
    ]
)
