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
    private func run(
        _ limit: String,
        _ arguments: [String],
        as user: [String] = [],
        seconds: Int = 60
    ) throws -> ChildProcess.Output {
        try run(user + ["prlimit", limit], arguments, seconds: seconds)
    }

    /// Runs the command by a program that executes it.
    private func run(_ wrapper: [String], _ arguments: [String], seconds: Int = 60) throws -> ChildProcess.Output {
        let procmem = try BuiltProduct.url(of: "procmem").path
        return try ChildProcess.output(
            of: "/usr/bin/env",
            BuildMode.withoutLeakSearch + ["timeout", "\(seconds)"] + wrapper + [procmem] + arguments
        )
    }

    /// An answer, or its reason; what was printed is whole.
    private func expectAnswerOrReason(_ run: ChildProcess.Output, _ arguments: [String], _ reasons: [String]) throws {
        #expect(run.status <= 1, "\(run.status): \(run.errorText)")
        if run.status == 1 { #expect(reasons.contains { run.errorText.contains($0) }, "\(run.errorText)") }
        if run.status == 0 { #expect(!run.text.isEmpty) }
        if arguments.contains("--json"), !run.text.isEmpty { _ = try JSON(parsing: run.text) }
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

    private static let sequences = [["cpu", "--watch"], ["container", "--watch"], ["memory", "--watch", "100ms"]]

    /// In a cgroup with pids.max of 2, the command and one more thread, which is enough to wait for changes. The command could
    /// use another one, to notice that its output, which is a pipe here, is closed.
    @Test(
        .enabled(if: Cgroup.unavailableReason(.pids) == nil, "needs a cgroup with the pids controller"),
        arguments: questions + sequences
    )
    func oneMoreThreadInTheCgroup(_ arguments: [String]) throws {
        let cgroup = try Cgroup.make(.pids)
        try cgroup.set("pids.max", "2")
        let enters = ["/bin/sh", "-c", "(echo 0 > \(cgroup.directory)/cgroup.procs && exec \"$0\" \"$@\") | cat"]
        let isSequence = arguments.contains("--watch")
        let run = try run(enters, arguments, seconds: isSequence ? 3 : 60)
        #expect(run.status == (isSequence ? 124 : 0) && !run.text.isEmpty, "\(run.status): \(run.errorText)")
        #expect(!run.errorText.contains("thread"))
    }

    /// A filter refuses to create a thread, or an event: questions are answered without either.
    @Test(arguments: questions, ["clone3", "eventfd2"])
    func questionsUnderAFilter(_ arguments: [String], _ call: String) throws {
        let filter = [try BuiltProduct.url(of: "FilteredCalls").path, "refuse-one", call, "\(EPERM)"]
        let run = try run(filter, arguments)
        #expect(run.status == 0 && !run.text.isEmpty, "\(run.status): \(run.errorText)")
    }

    @Test(arguments: sequences, ["clone3", "eventfd2"])
    func changesUnderAFilter(_ arguments: [String], _ call: String) throws {
        let filter = [try BuiltProduct.url(of: "FilteredCalls").path, "refuse-one", call, "\(EPERM)"]
        let run = try run(filter, arguments, seconds: 3)
        // A sampler waits without an event.
        let isAnswered = call == "eventfd2" && arguments[0] == "memory"
        #expect(run.status == (isAnswered ? 124 : 1), "\(run.status): \(run.errorText)")
        if !isAnswered { #expect(run.errorText.contains("errno 1,"), "\(run.errorText)") }
    }

    /// The smallest address space in which this build starts, in steps of 10,000 KiB; a release build starts in 30,000 KiB.
    private func smallestAddressSpace() throws -> Int? {
        try (3...20).map { $0 * 10_000 }.first { kibibytes in
            try run("--as=\(kibibytes * 1024)", ["--version"]).status == 0
        }
    }

    /// With 30,000 KiB beyond the start: a file of a large process is read as a whole (other tests have processes with 60,000
    /// mappings), and Swift ends a program whose allocation fails.
    @Test(.enabled(if: !BuildMode.isSanitized, "a sanitizer reserves address space")) func littleAddressSpace() throws {
        let kibibytes = try #require(try smallestAddressSpace()) + 30_000
        for arguments in Self.questions {
            let run = try run("--as=\(kibibytes * 1024)", arguments)
            try expectAnswerOrReason(run, arguments, ["no memory is left", "no thread can be created"])
        }
    }

    /// Without the descriptors that the dynamic linker needs, the program does not start.
    @Test(arguments: questions, [4, 5, 6, 7]) func fewDescriptors(_ arguments: [String], _ count: Int) throws {
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
