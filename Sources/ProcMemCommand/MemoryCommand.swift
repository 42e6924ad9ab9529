#if CommandLine
    import ArgumentParser
    import FoundationEssentials
    import ProcMem

    struct MemoryCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "memory",
            abstract: "Report the memory usage of processes.",
            discussion: """
                Without a pid, --cgroup, --cgroup-of or --all, procmem reports the processes of this session: the \
                process tree of the session leader.

                The line below the table is the distinct memory of the processes: the memory that they map, with each \
                page counted once. The range in parentheses is its lower and upper bound.

                The modes sampled and accurate require permission to trace a process: the same user, or CAP_SYS_PTRACE.

                Columns:
                  RSS      resident set size: all mapped pages, including shared ones
                  SHARED   the part of RSS that is file or shared memory
                  PSS      proportional set size: a shared page counts by its share
                  USS      unique set size: the pages that only this process maps
                  ±        the error of a sampled USS: two standard errors
                  SWAP     memory that is swapped out
                  AGE      the time since the figures were read, if not just now
                  SOURCE   the kernel file that was read, or "sampled"

                Examples:
                  procmem memory 1234 --tree
                  procmem memory 1234 --tree --mode accurate
                  procmem memory --cgroup-of 1234 --budget 20ms --watch 2s
                """
        )

        @Argument(help: ArgumentHelp("The processes to report.", valueName: "pid"))
        var pids: [Int32] = []

        @Flag(help: "Include all descendants of the processes.")
        var tree = false

        @Flag(
            help: """
                With --tree: find descendants by scanning all processes. This misses no live process, and takes time \
                that grows with the number of processes of the system.
                """
        )
        var exhaustive = false

        @Option(
            help: ArgumentHelp(
                "Report the processes of this cgroup and of the cgroups below it. The path is as in /proc/PID/cgroup, "
                    + "or a directory such as /sys/fs/cgroup/a.",
                valueName: "path"
            )
        )
        var cgroup: String?

        @Option(
            help: ArgumentHelp(
                "Report the processes of the cgroup of this process, and of the cgroups below it.",
                valueName: "pid"
            )
        )
        var cgroupOf: Int32?

        @Flag(help: "Report all processes.")
        var all = false

        @Option(
            help: """
                How to measure: the trade-off between accuracy and cost. The default is cheap; with --reads it is \
                sampled, and with --budget it is within.
                """
        )
        var mode: ModeOption?

        @Option(
            help: ArgumentHelp(
                "With --mode sampled: the number of reads of pagemap for each process. (default: 64)",
                valueName: "n"
            )
        )
        var reads: Int?

        @Option(
            help: ArgumentHelp(
                "With --mode within: the time that a reading may take, such as 5ms or 2s. (default: 50ms)",
                valueName: "time"
            )
        )
        var budget: DurationOption?

        @Option(
            help: ArgumentHelp(
                "Print one line at this interval, such as 2s or 500ms, until interrupted.",
                valueName: "interval"
            )
        )
        var watch: DurationOption?

        @OptionGroup var common: CommonOptions

        func validate() throws {
            try ProcMemCommand.validate(pids: pids + (cgroupOf.map { [$0] } ?? []))
            let scopes = [!pids.isEmpty, cgroup != nil, cgroupOf != nil, all].count { $0 }
            guard scopes <= 1 else {
                throw ValidationError("Specify only one of: pids, --cgroup, --cgroup-of, --all.")
            }
            if tree, scopes > 0, pids.isEmpty {
                throw ValidationError("--tree applies to pids, not to --cgroup, --cgroup-of or --all.")
            }
            if exhaustive, !tree || pids.isEmpty {
                throw ValidationError("--exhaustive requires --tree and at least one pid.")
            }
            if reads ?? 1 < 1 { throw ValidationError("--reads must be at least 1.") }
            if reads != nil, chosenMode != .sampled { throw ValidationError("--reads requires --mode sampled.") }
            if budget != nil, chosenMode != .within { throw ValidationError("--budget requires --mode within.") }
        }

        func run() async throws {
            if let watch { return try await answering { try await follow(every: watch.duration) } }
            try answering {
                let snapshot = try memorySnapshot(of: scope, mode: memoryMode, in: common.root)
                if common.json {
                    try Terminal.print(text: snapshot.json())
                } else {
                    let text = MemoryText(snapshot: snapshot, hidesKernelThreads: pids.isEmpty)
                    try Terminal.print(text.lines(fitting: Terminal.width))
                }
                if let failure = snapshot.failure {
                    Terminal.printError(failure)
                    throw ExitCode.failure
                }
            }
        }

        private var chosenMode: ModeOption { mode ?? (reads != nil ? .sampled : budget != nil ? .within : .cheap) }

        private var memoryMode: MemoryMode {
            chosenMode.mode(reads: reads ?? 64, budget: budget?.duration ?? .milliseconds(50))
        }

        private func follow(every interval: Duration) async throws {
            let sampler = MemorySampler(of: scope, mode: memoryMode, in: common.root)
            for try await snapshot in sampler.snapshots(every: interval) {
                if common.json {
                    try Terminal.print(text: snapshot.json(onOneLine: true))
                } else {
                    let text = MemoryText(snapshot: snapshot)
                    try Terminal.print(["\(Date.now.formatted(.iso8601))  \(text.line)"])
                }
            }
        }

        private var scope: ProcessScope {
            if all { return .all }
            if let cgroup { return .cgroup(cgroup) }
            if let cgroupOf { return .cgroup(of: cgroupOf) }
            guard pids.isEmpty else { return tree ? .trees(roots: pids, exhaustive: exhaustive) : .processes(pids) }
            return Session.scope(in: common.root)
        }
    }

    extension MemorySnapshot {
        /// The error message if no figure of any process could be read; `nil` otherwise.
        fileprivate var failure: String? {
            guard total.rssBytes == nil else { return nil }
            if processes.isEmpty, let gap = gaps.notes.first { return "no process was read; \(gap)" }
            let refusals: [UnavailableReason] = [.permissionDenied, .unsupported, .malformed]
            guard let reason = processes.compactMap(\.usage.unavailable).first(where: refusals.contains) else {
                return nil
            }
            let advice = reason == .permissionDenied ? "; run as the owner, or with CAP_SYS_PTRACE" : ""
            let count = processes.count.counted("process", "processes")
            return "the memory of \(count) could not be read: \(reason.phrase)\(advice)"
        }
    }
#endif
