// swift-tools-version: 6.2
import PackageDescription

// A package that depends on ProcMem as a user's does, without its traits. scripts/test-client builds and checks it.
let package = Package(
    name: "client",
    dependencies: [
        // By name, since a clone's folder may be called anything.
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
