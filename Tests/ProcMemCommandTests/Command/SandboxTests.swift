import Foundation
import TestSupport
import Testing

/// A state in which a supervisor, a container runtime or a careless parent may start the command.
struct Sandbox: CustomTestStringConvertible, Sendable {
    /// What the command can do in this state.
    enum Outcome: Sendable {
        /// Every question is answered.
        case answers
        /// Every question is answered, or one line on standard error reports the part that is missing.
        case answersOrReports
        /// Nothing can be printed: the status is 1.
        case fails
    }

    let name: String
    /// A command that executes its arguments in the state.
    let launcher: [String]
    let outcome: Outcome
    /// Whether a sanitizer, which the command may be built with, does not start in this state, or prints a warning.
    let excludesSanitizers: Bool

    var testDescription: String { name }

    init(
        _ name: String,
        _ launcher: [String],
        _ outcome: Outcome = .answers,
        excludesSanitizers: Bool = false
    ) {
        self.excludesSanitizers = excludesSanitizers
        self.name = name
        self.launcher = launcher
        self.outcome = outcome
    }

    private static func shell(_ script: String) -> [String] { ["sh", "-c", script + "; exec \"$@\"", "sh"] }
    private static func redirected(_ redirection: String) -> [String] {
        ["sh", "-c", "exec \"$@\" \(redirection)", "sh"]
    }
    private static func mounted(_ script: String) -> [String] {
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script + " && exec \"$@\"", "sh"]
    }
    private static func filtered(_ words: String...) -> [String] {
        [(try? BuiltProduct.url(of: "FilteredCalls").path) ?? "FilteredCalls"] + words
    }

    /// States that any user can create.
    static let unprivileged = [
        Sandbox("standard input closed", redirected("<&-")),
        Sandbox("standard output closed", redirected(">&-"), .fails),
        Sandbox("standard error closed", redirected("2>&-")),
        Sandbox("all three closed", redirected("<&- >&- 2>&-"), .fails),
        Sandbox("output on a full device", redirected(">/dev/full"), .fails),
        Sandbox("errors on a full device", redirected("2>/dev/full")),
        Sandbox("SIGPIPE ignored", shell("trap '' PIPE")),
        Sandbox("SIGCHLD ignored", ["env", "--ignore-signal=CHLD"]),
        Sandbox("every signal blocked", ["env", "--block-signal"]),
        Sandbox("an empty environment", ["env", "-i"]),
        Sandbox("a hostile environment", ["env", "COLUMNS=-1", "LC_ALL=x", "TERM=", "TZ=/proc/self/mem", "NO_COLOR="]),
        Sandbox("a directory that was removed", shell("cd \"$(mktemp -d)\" && rmdir \"$PWD\"")),
        Sandbox("60 MB of address space", ["prlimit", "--as=60000000"], .answersOrReports, excludesSanitizers: true),
        Sandbox("a stack of 256 KiB", ["prlimit", "--stack=262144"]),
        Sandbox("no core, no locked memory", ["prlimit", "--core=0", "--memlock=0"]),
        Sandbox("the lowest priority", ["nice", "-n", "19"]),
        Sandbox("SCHED_IDLE", ["chrt", "--idle", "0"]),
        Sandbox("a filter that refuses with EPERM", filtered("refuse", "\(EPERM)"), .answersOrReports),
        Sandbox("a filter that refuses with ENOSYS", filtered("refuse", "\(ENOSYS)"), .answersOrReports),
        Sandbox("a filter that kills", filtered("run"), .answersOrReports),
    ]

    /// States that only root can create.
    static let privileged = [
        Sandbox("another user", ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]),
        Sandbox("no capabilities", ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]),
        Sandbox("no new privileges", ["setpriv", "--no-new-privs"]),
        Sandbox("a user namespace", ["unshare", "--user"]),
        Sandbox("a user namespace, as its root", ["unshare", "--user", "--map-root-user"]),
        Sandbox("a pid namespace with the outer /proc", ["unshare", "--pid", "--fork"], .answersOrReports),
        Sandbox("a pid namespace", ["unshare", "--pid", "--fork", "--mount-proc"]),
        Sandbox("a cgroup namespace", ["unshare", "--cgroup"]),
        Sandbox("network and IPC namespaces", ["unshare", "--net", "--ipc", "--uts"]),
        Sandbox("a time namespace", ["unshare", "--time", "--boottime", "100000"]),
        Sandbox("hidepid=1", mounted("mount -t proc -o hidepid=1 proc /proc")),
        Sandbox("hidepid=2", mounted("mount -t proc -o hidepid=2 proc /proc")),
        Sandbox("subset=pid", mounted("mount -t proc -o subset=pid proc /proc"), .answersOrReports),
        Sandbox("no /proc", mounted("mount -t tmpfs none /proc"), .answersOrReports, excludesSanitizers: true),
        Sandbox("no /sys", mounted("mount -t tmpfs none /sys")),
        Sandbox(
            "neither",
            mounted("mount -t tmpfs none /sys && mount -t tmpfs none /proc"),
            .answersOrReports,
            excludesSanitizers: true
        ),
        Sandbox(
            "meminfo is a FIFO",
            mounted("f=$(mktemp -u) && mkfifo $f && mount --bind $f /proc/meminfo && rm -f $f"),
            .answersOrReports
        ),
        Sandbox("SCHED_FIFO", ["chrt", "--fifo", "1"]),
        Sandbox("first to be killed", ["choom", "-n", "1000", "--"]),
    ]
}

/// The command in sandboxes, each with six questions. It answers, or reports what it could not read; it does not crash or
/// hang, and what it prints is whole.
@Suite(.timeLimit(.minutes(4))) struct SandboxTests {
    private static let questions = [
        [], ["--json"], ["cpu"], ["container", "--json"], ["memory"],
        ["memory", "--all", "--mode", "within", "--budget", "20s", "--json"],
    ]

    private func ask(_ question: [String], in sandbox: Sandbox) throws {
        let procmem = try BuiltProduct.url(of: "procmem").path
        func run(_ command: [String]) throws -> ChildProcess.Output {
            try ChildProcess.output(of: "/usr/bin/env", ["timeout", "60"] + sandbox.launcher + command)
        }
        if sandbox.excludesSanitizers, BuildMode.isSanitized {
            try Test.cancel("a sanitizer needs /proc, and address space")
        }
        let probe = try run(["/bin/true"])
        try #require(probe.status != 127, "\(probe.errorText)")
        guard probe.status == 0 else { try Test.cancel("cannot be created here: \(sandbox.name): \(probe.errorText)") }
        let run = try run([procmem] + question)
        let state = "\(question) \(run.status): \(run.errorText)\(run.text)"
        switch sandbox.outcome {
        case .answers: #expect(run.status == 0 && !run.text.isEmpty && run.errorText.isEmpty, "\(state)")
        case .fails: #expect(run.status == 1 && run.text.isEmpty, "\(state)")
        case .answersOrReports:
            #expect(run.status == 0 && !run.text.isEmpty || run.status == 1 && !run.errorText.isEmpty, "\(state)")
        }
        // Standard error has no other text, such as that of a runtime which ends the process.
        for line in run.errorText.split(separator: "\n") { #expect(line.hasPrefix("procmem: "), "\(state)") }
        if question.contains("--json"), !run.text.isEmpty { _ = try JSON(parsing: run.text) }
    }

    @Test(arguments: Sandbox.unprivileged, questions) func withoutPrivileges(_ sandbox: Sandbox, _ question: [String])
        throws
    {
        try ask(question, in: sandbox)
    }

    @Test(
        .enabled(if: ProcMount.unavailableReason == nil, "\(ProcMount.unavailableReason ?? "")"),
        arguments: Sandbox.privileged,
        questions
    )
    func withPrivileges(_ sandbox: Sandbox, _ question: [String]) throws {
        try ask(question, in: sandbox)
    }

    /// execve(2) allows a program to be started without any argument, not even its name.
    @Test func noArguments() throws {
        let script = """
            import ctypes, sys
            none = (ctypes.c_char_p * 1)(None)
            ctypes.CDLL(None).execve(sys.argv[1].encode(), none, none)
            """
        let procmem = try BuiltProduct.url(of: "procmem").path
        let run = try ChildProcess.output(of: "/usr/bin/env", ["python3", "-c", script, procmem])
        #expect(
            run.status == 0 && run.text.hasPrefix("CPUs ") && run.errorText.isEmpty,
            "\(run.status): \(run.errorText)"
        )
    }
}
