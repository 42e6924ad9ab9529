// swift-tools-version: 6.2
import PackageDescription

// A separate package, because its program links only if it is built for libFuzzer: scripts/fuzz.
let package = Package(
    name: "fuzz",
    dependencies: [
        // With a name, because the folder of a clone may have any name.
        .package(name: "swift-procmem", path: "..", traits: ["Procps"])
    ],
    targets: [
        .target(name: "Driver"),
        .executableTarget(
            name: "Fuzz",
            dependencies: ["Driver", .product(name: "ProcMem", package: "swift-procmem")],
            swiftSettings: [.treatAllWarnings(as: .error)]
        ),
    ]
)
