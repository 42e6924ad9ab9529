import Foundation
import Testing

/// Compiles the code blocks of README.md and of the DocC catalog as a reader would, with warnings as errors.
///
/// Without the traits `Procps` and `Metrics`, the library lacks `ProcessTable` and `ProcMemMetricsService`, which some of
/// the blocks use.
struct CodeBlockTests {
    @Test(.enabled(if: hasAllTraits, "the library is built without ProcessTable or ProcMemMetricsService"))
    func everyCodeBlockCompiles() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let process = Process()
        process.executableURL = root.appending(path: "scripts/test-documentation")
        // The tests are in the directory into which the library was built. No second build may start while SwiftPM
        // runs.
        let built = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        process.arguments = ["--built-in", built.path]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(text)")
        #expect(text.contains(/[1-9][0-9]* blocks of Swift/), "\(text)")
    }
}

#if Procps && Metrics
    private let hasAllTraits = true
#else
    private let hasAllTraits = false
#endif
