import Foundation
import ProcMem
import TestSupport

/// Makes every query of the library while one of its system calls fails, or a read is cut short; then the next call, and
/// so on.
///
///     FaultCases [--all | --error=NUMBER] [--strict] [--times] [CASE…]    the cases whose names begin with one of these texts
///     FaultCases --openings [DIRECTORY…]    prints the files that a query of the limits opens or reads twice, on the
///                                           running system and below directories that replace `/`
///
/// With `--all`, every error that a manual page lists is injected, and reads are cut to every length. With `--error`, only this error is
/// injected. With `--strict`, a
/// number without an explanation may not differ either. Prints the outcomes, and each problem: an answer that differs from
/// the undisturbed one without a label, or a descriptor that stays open. Exit status: 0 if there is no problem, 1 otherwise,
/// 3 if a call is repeated without end, 64 for a name that matches no case, 128 and more after a trap.
@main enum FaultCases {
    static func main() async throws {
        // `exit` would leave the file trees of the function behind.
        exit(try await run())
    }

    /// Returns the exit status.
    private static func run() async throws -> Int32 {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "--openings" { return try printOpenings(below: arguments.dropFirst()) }
        let names = arguments.filter { !$0.hasPrefix("--") }
        var campaign = Campaign(
            isExhaustive: arguments.contains("--all"),
            onlyError: arguments.lazy.compactMap { Int32($0.split(separator: "--error=").first ?? "") }.first,
            isStrict: arguments.contains("--strict")
        )
        let (v2, v1) = (try Systems.v2(), try Systems.v1())
        let child = try ChildProcess(state: "tree", 2, 262144)
        let cases =
            FaultCase.all("v2", of: 17, cgroup: "/a/b", isWhole: true, in: v2.root())
            + FaultCase.all("v1", of: 17, cgroup: "/sys/fs/cgroup/memory/a", isWhole: true, in: v1.root())
            + FaultCase.all("live", of: child.pid, cgroup: nil, isWhole: false, in: .live)
            + FaultCase.all("live below /", of: child.pid, cgroup: nil, isWhole: false, in: SystemRoot(directory: "/"))
        let unknown = names.filter { name in !cases.contains { $0.name.hasPrefix(name) } }
        guard unknown.isEmpty else {
            print("no such case: \(unknown)")
            return 64
        }
        for test in cases where names.isEmpty || names.contains(where: { test.name.hasPrefix($0) }) {
            let start = ContinuousClock.now
            let (before, known) = (campaign.tally.faults, campaign.problems.count)
            await campaign.run(test)
            for problem in campaign.problems[known...] { print(problem) }
            if arguments.contains("--times") {
                print("\(start.duration(to: .now)) \(campaign.tally.faults - before) \(test.name)")
            }
        }
        let tally = campaign.tally
        print(
            """
            \(tally.cases) cases, \(tally.calls) system calls, \(tally.faults) faults: \(tally.same) the same answer, \
            \(tally.labelled) labelled, \(tally.absent) without what is missing, \(tally.errors) errors, \(tally.unlabelled) without a label, \(tally.leaks) leaks
            """
        )
        withExtendedLifetime((v2, v1, child)) {}
        return campaign.problems.isEmpty ? 0 : 1
    }

    private static func printOpenings(below directories: some Sequence<String>) throws -> Int32 {
        let (v2, v1, hybrid) = (try Systems.v2(), try Systems.v1(), try Systems.hybrid())
        var systems = [
            ("live", SystemRoot.live), ("live below /", SystemRoot(directory: "/")), ("v2", v2.root()),
            ("v1", v1.root()), ("hybrid", hybrid.root()),
        ]
        systems += directories.map { ($0, SystemRoot(directory: $0)) }
        let repeated = systems.flatMap { Openings.repeated($0, in: $1) }
        for line in repeated { print(line) }
        print("\(systems.count) systems")
        withExtendedLifetime((v2, v1, hybrid)) {}
        return repeated.isEmpty ? 0 : 1
    }
}
