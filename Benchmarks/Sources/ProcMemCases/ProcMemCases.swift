import FoundationEssentials
import ProcMem

/// Measures the time of ProcMem: `ProcMemCases CASE BATCHES CALLS`. Without arguments it lists the cases.
///
/// The environment variable `ROOT` is the pid of the process, or of the root of the tree, to measure. The default is
/// the calling process. `CGROUP` is the directory of the cgroup to measure, `CPU_CGROUP` that with the cpu controller, and
/// `SYSROOT` a directory with files of all processes.
@main struct ProcMemCases {
    /// A case that runs on the main thread of a process without other threads. In a process with several threads each
    /// system call on a descriptor costs more, and the C program for comparison has one thread.
    typealias Case = () throws -> Void
    typealias WaitingCase = @Sendable () async throws -> Void

    @MainActor static func main() async throws {
        let environment = ProcessInfo.processInfo.environment
        let root = environment["ROOT"].flatMap { Int32($0) } ?? ProcessInfo.processInfo.processIdentifier
        let system = environment["SYSROOT"].map { SystemRoot(directory: $0) } ?? .live
        let cases = limitCases().merging(memoryCases(of: root, in: environment["CGROUP"] ?? "/", system)) { $1 }
        let delivery = deliveryCases(memory: environment["CGROUP"] ?? "", cpu: environment["CPU_CGROUP"] ?? "")
        let waitingCases = samplerCases(of: root, system).merging(delivery) { $1 }
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
