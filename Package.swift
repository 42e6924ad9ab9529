// swift-tools-version: 6.2
import PackageDescription

// The tests call C in many lines, where the keyword `unsafe` would add no information. They therefore use only these
// settings.
let testSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    // Makes a C type in a public declaration a compile error.
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// Every unsafe operation must be marked with `unsafe`, so that a review can find all of them.
let settings = testSettings + [.strictMemorySafety()]

let package = Package(
    name: "swift-procmem",
    products: [
        .library(name: "CProcps", targets: ["CProcps"]),
        .library(name: "ProcMem", targets: ["ProcMem"]),
        .library(name: "ProcMemMetrics", targets: ["ProcMemMetrics"]),
        .executable(name: "procmem", targets: ["ProcMemCommand"]),
    ],
    traits: [
        .trait(name: "Procps", description: "ProcessTable, which links procps' C library (libproc2 or libprocps)."),
        .trait(
            name: "CommandLine",
            description: "The command procmem, which parses its arguments with ArgumentParser."
        ),
        .trait(name: "Metrics", description: "ProcMemMetrics, which records metrics with swift-metrics."),
        .default(enabledTraits: ["Procps", "CommandLine"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.7.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
    ],
    targets: [
        // No `pkgConfig:` here: it accepts one name only, and warns on every build where the other generation is
        // installed. Both generations install into the compiler's default folders, and the module map names the library
        // to link.
        .systemLibrary(
            name: "CProcps",
            providers: [.apt(["libproc2-dev"]), .yum(["procps-ng-devel"])]
        ),
        .target(name: "CLinux"),
        .target(name: "CArguments"),
        // Its signal handlers may call only async-signal-safe functions, which code in Swift does not guarantee.
        .target(name: "CTerminal"),
        .target(
            name: "ProcMem",
            dependencies: ["CLinux", .target(name: "CProcps", condition: .when(traits: ["Procps"]))],
            swiftSettings: settings
        ),
        .target(
            name: "ProcMemMetrics",
            dependencies: [
                "ProcMem",
                .product(name: "CoreMetrics", package: "swift-metrics", condition: .when(traits: ["Metrics"])),
                .product(
                    name: "ServiceLifecycle",
                    package: "swift-service-lifecycle",
                    condition: .when(traits: ["Metrics"])
                ),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "ProcMemCommand",
            dependencies: [
                "ProcMem", "ProcMemMetrics", "CArguments", "CLinux", "CTerminal",
                .product(
                    name: "ArgumentParser",
                    package: "swift-argument-parser",
                    condition: .when(traits: ["CommandLine"])
                ),
            ],
            swiftSettings: settings
        ),
        .target(name: "CTestSupport", path: "Tests/CTestSupport", exclude: ["allowed_system_calls.inc"]),
        .executableTarget(name: "ProcessStates", path: "Tests/ProcessStates"),
        // Makes every query of the library, or runs another program, under a seccomp filter.
        .executableTarget(
            name: "FilteredCalls",
            dependencies: ["CTestSupport", "ProcMem"],
            path: "Tests/FilteredCalls",
            swiftSettings: testSettings
        ),
        // Defines functions of the C library, so that a program that links it can make them fail.
        .target(name: "CFaults", path: "Tests/CFaults"),
        // Makes every query of the library while one of its system calls fails.
        .executableTarget(
            name: "FaultCases",
            dependencies: ["CFaults", "ProcMem", "TestSupport", "ProcessStates"],
            path: "Tests/FaultCases",
            swiftSettings: testSettings
        ),
        // Makes a system call of a program fail from outside.
        .executableTarget(name: "CallInjector", path: "Tests/CallInjector"),
        .target(
            name: "TestSupport",
            dependencies: ["CTestSupport", "ProcMem"],
            path: "Tests/TestSupport",
            swiftSettings: testSettings
        ),
        // Runs in a virtual machine that scripts/test-kernel starts, and not on the machine that builds it.
        .executableTarget(
            name: "KernelChecks",
            dependencies: ["CTestSupport", "ProcMem", "TestSupport"],
            path: "Tests/KernelChecks",
            exclude: ["README.md", "init"],
            swiftSettings: testSettings
        ),
        // Reads under load. scripts/load runs it.
        .executableTarget(
            name: "LoadChecks",
            dependencies: ["ProcMem", "ProcessStates", "TestSupport"],
            path: "Tests/LoadChecks",
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "CProcpsTests",
            // ProcMem is needed for one purpose: while a test calls libprocps 3.3, which is not thread-safe, no
            // ProcessTable may call it.
            dependencies: ["ProcMem", .target(name: "CProcps", condition: .when(traits: ["Procps"]))],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "ProcMemTests",
            dependencies: [
                "ProcMem", "ProcessStates", "FilteredCalls", "TestSupport", "CTestSupport",
                .target(name: "CProcps", condition: .when(traits: ["Procps"])),
            ],
            resources: [.copy("Fixtures")],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "DocumentationTests",
            // So that they are built before the code blocks of the documentation are compiled against them.
            dependencies: ["ProcMem", "ProcMemMetrics"],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "ProcMemMetricsTests",
            dependencies: [
                "ProcMemMetrics", "ProcessStates", "TestSupport",
                .product(name: "MetricsTestKit", package: "swift-metrics", condition: .when(traits: ["Metrics"])),
                .product(
                    name: "ServiceLifecycleTestKit",
                    package: "swift-service-lifecycle",
                    condition: .when(traits: ["Metrics"])
                ),
            ],
            swiftSettings: testSettings
        ),
        .testTarget(
            name: "ProcMemCommandTests",
            dependencies: [
                "ProcMem", "ProcMemCommand", "ProcMemMetrics", "ProcessStates", "FilteredCalls", "TestSupport",
                "CTestSupport",
            ],
            swiftSettings: testSettings
        ),
    ]
)
