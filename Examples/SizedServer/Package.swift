// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "sized-server",
    dependencies: [
        // With a name, because the folder of a clone may have any name.
        .package(name: "swift-procmem", path: "../..", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .executableTarget(
            name: "SizedServer",
            dependencies: [
                .product(name: "ProcMem", package: "swift-procmem"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: [.treatAllWarnings(as: .error)]
        )
    ]
)
