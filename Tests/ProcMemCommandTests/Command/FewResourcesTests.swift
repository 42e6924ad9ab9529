import Foundation
import TestSupport
import Testing

/// The command where few threads, descriptors or bytes of address space are left. It answers, or reports the reason and
/// exits with 1; it neither hangs nor crashes.
@Suite(.timeLimit(.minutes(BuildMode.isSanitized ? 20 : 2))) struct FewResourcesTests {
    private static let questions = [
        [], ["--json"], ["cpu"], ["cpu", "--throttling", "0.01"], ["container"], ["memory"],
        ["memory", "--all", "--mode", "within", "--budget", "20s"], ["memory", "--mode", "accurate", "--json"],
    ]

    /// Runs the command under a limit of prlimit; `timeout` ends it with status 124 if it hangs.
    private func run(_ limit: String, _ arguments: [String], as user: [String] = []) throws -> ChildProcess.Output {
        let procmem = try BuiltProduct.url(of: "procmem").path
        return try ChildProcess.output(
            of: "/usr/bin/env",
            BuildMode.withoutLeakSearch + ["timeout", "60"] + user + ["prlimit", limit, procmem] + arguments
        )
    }

    /// A user without any other process.
    private static let lonelyUser = ["setpriv", "--reuid", "3999999", "--regid", "3999999", "--clear-groups"]
    private static var executableReason: String? {
        guard Rights.isRoot else { return "needs root, to become a user without processes" }
        let run = try? ChildProcess.output(
            of: "/usr/bin/env",
            lonelyUser + ["test", "-x", BuiltProduct.url(of: "procmem").path]
        )
        return run?.status == 0 ? nil : "the build folder is not readable for other users"
    }

    @Test(.enabled(if: executableReason == nil, "\(executableReason ?? "")"), arguments: questions)
    func oneThread(_ arguments: [String]) throws {
        let run = try run("--nproc=1", arguments, as: Self.lonelyUser)
        #expect(run.status <= 1 && !run.text.isEmpty, "\(run.status): \(run.errorText)")
        #expect(!run.errorText.contains("thread"))
    }

    @Test(
        .enabled(if: executableReason == nil, "\(executableReason ?? "")"),
        arguments: [["cpu", "--watch"], ["container", "--watch"], ["memory", "--watch", "100ms"]]
    )
    func changesNeedAThread(_ arguments: [String]) throws {
        let run = try run("--nproc=1", arguments, as: Self.lonelyUser)
        #expect(run.status == 1)
        #expect(run.errorText.contains("no thread can be created"))
        #expect(run.errorText.contains("ulimit -u"))
    }

    /// Without the descriptors that the dynamic linker needs, the program does not start.
    @Test(arguments: questions, [5, 6, 7]) func fewDescriptors(_ arguments: [String], _ count: Int) throws {
        let run = try run("--nofile=\(count)", arguments)
        #expect(run.status <= 1, "\(run.status): \(run.errorText)")
        #expect(run.status == 1 || run.errorText.isEmpty)
        if run.status == 1 { #expect(run.errorText.contains("no file descriptor is left")) }
        // What was printed is whole.
        if arguments.contains("--json"), !run.text.isEmpty { _ = try JSON(parsing: run.text) }
        // The CPUs need few descriptors.
        if arguments.isEmpty || arguments == ["cpu"] { #expect(run.text.contains(" CPU")) }
    }
}
