import FoundationEssentials
import ProcMem

/// Times ProcMem: `ProcMemCases CASE BATCHES CALLS`. Without arguments it names the cases.
///
/// The environment variable `ROOT` names the process, or the root of the tree, that is meant; its own process without it.
@main struct ProcMemCases {
    typealias Case = @Sendable () async throws -> Void

    static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let root = environment["ROOT"].flatMap { Int32($0) } ?? ProcessInfo.processInfo.processIdentifier
        let cases = cpuCases().merging(memoryCases(of: root)) { $1 }
        guard let name = CommandLine.arguments.dropFirst().first else {
            for name in cases.keys.sorted() { print(name) }
            return
        }
        guard let run = cases[name] else { fatalError("no case \(name)") }
        try await run()
    }
}
