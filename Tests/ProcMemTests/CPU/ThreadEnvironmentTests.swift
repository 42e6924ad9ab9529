import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// OpenMP's variables, against what `nproc` makes of them.
@Suite struct ThreadEnvironmentTests {
    private func environment(_ count: String?, _ limit: String?) -> ThreadEnvironment {
        ThreadEnvironment(threadCount: count.map { Array($0.utf8) }, threadLimit: limit.map { Array($0.utf8) })
    }

    static let cases: [(count: String?, limit: String?)] = [
        ("7", nil), ("7,3,2", nil), (" 7 ", nil), ("7 ,3", nil), ("0", nil), ("-7", nil), ("x", nil), ("7x", nil),
        ("", nil), (",7", nil), ("7", "3"), ("7", "0"), ("7", "x"), ("3", "7"), (nil, "1"), (nil, "99"), (nil, " 1"),
        ("x", "1"), ("1 2", nil),
    ]

    private func nproc(_ variables: [String: String]) throws -> Int {
        let run = try ChildProcess.output(
            of: "/usr/bin/env",
            ["-u", "OMP_NUM_THREADS", "-u", "OMP_THREAD_LIMIT"] + variables.map { "\($0)=\($1)" } + ["nproc"]
        )
        return try #require(Int(run.text.trimmingCharacters(in: .whitespacesAndNewlines)), "\(run.errorText)")
    }

    @Test(arguments: cases) func asNprocDoes(_ count: String?, _ limit: String?) throws {
        let cpus = try nproc([:])
        var variables: [String: String] = [:]
        variables["OMP_NUM_THREADS"] = count
        variables["OMP_THREAD_LIMIT"] = limit
        #expect(try environment(count, limit).count { cpus } == nproc(variables))
    }

    @Test func theUsersNumberNeedsNoFile() throws {
        let tree = try FixtureTree()
        #expect(effectiveCPUCount(environment: environment("7", nil), minimum: 9, in: tree.root()) == 7)
        #expect(effectiveCPUCount(environment: environment(nil, nil), minimum: 9, in: tree.root()) == 9)
        #expect(effectiveCPUCount(environment: environment("99999999999999999999", nil), in: tree.root()) == 1)
    }

    @Test func variables() {
        #expect(
            EnvironmentVariable.value(of: "PATH") == ProcessInfo.processInfo.environment["PATH"].map { Array($0.utf8) }
        )
        #expect(EnvironmentVariable.value(of: "PROCMEM_NO_SUCH_VARIABLE") == nil)
    }
}
