import FoundationEssentials
import ProcMem

/// Times ProcMem: `ProcMemCases CASE BATCHES CALLS`. Without arguments it names the cases.
///
/// The environment variable `ROOT` names the process, or the root of the tree, that is meant; its own process without it.
@main struct ProcMemCases {
    /// Done by the main thread, in a process that has no other: with several, each system call on a descriptor costs more, and
    /// the C program that it is compared with has one.
    typealias Case = () throws -> Void
    typealias WaitingCase = @Sendable () async throws -> Void

    @MainActor static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let root = environment["ROOT"].flatMap { Int32($0) } ?? ProcessInfo.processInfo.processIdentifier
        let cases = cpuCases().merging(memoryCases(of: root)) { $1 }
        let waitingCases = samplerCases(of: root)
        guard let name = CommandLine.arguments.dropFirst().first else {
            for name in (Array(cases.keys) + Array(waitingCases.keys)).sorted() { print(name) }
            return
        }
        if let run = cases[name] {
            try run()
        } else if let run = waitingCases[name] {
            try await run()
        } else {
            fatalError("no case \(name)")
        }
    }
}
