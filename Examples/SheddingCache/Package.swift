// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "shedding-cache",
    dependencies: [
        // With a name, because the folder of a clone may have any name.
        .package(name: "swift-procmem", path: "../..", traits: [])
    ],
    targets: [
        .executableTarget(
            name: "SheddingCache",
            dependencies: [.product(name: "ProcMem", package: "swift-procmem")],
            swiftSettings: [.treatAllWarnings(as: .error)]
        )
    ]
)
