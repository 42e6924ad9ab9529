// swift-tools-version: 6.2
import PackageDescription

// A package that depends on ProcMem like a user's package does, without its traits. scripts/test-client builds and
// checks it.
let package = Package(
    name: "client",
    dependencies: [
        // By name, because the directory of a clone may have any name.
        .package(name: "swift-procmem", path: "../..", traits: [])
    ],
    targets: [
        .executableTarget(
            name: "Client",
            dependencies: [.product(name: "ProcMem", package: "swift-procmem")],
            swiftSettings: [.treatAllWarnings(as: .error)]
        )
    ]
)
