#if CommandLine
    import ArgumentParser
    import FoundationEssentials
    import ProcMem

    struct MemoryCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "memory",
            abstract: "What processes hold in memory.",
            discussion: """
                Without a process, a cgroup or --all: the processes of this session.

                cheap reads statm: RSS, in microseconds, whatever the size of the process. accurate reads smaps_rollup: \
                PSS, USS and swap, in a time that grows with the mapped memory, during which the process cannot map more. \
                sampled reads parts of pagemap: USS with its error, in a time that does not grow with the memory. bounded \
                takes the best of these that fits into --budget.
                """
        )

        @Argument(help: ArgumentHelp("The processes.", valueName: "pid"))
        var pids: [Int32] = []

        @Flag(help: "Their descendants as well.")
        var tree = false

        @Flag(help: "With --tree: look for descendants among all processes, which misses none but takes longer.")
        var exhaustive = false

        @Option(
            help: ArgumentHelp(
                "The processes of a cgroup and of those below it, as /proc/PID/cgroup names it or by its directory.",
                valueName: "path"
            )
        )
        var cgroup: String?

        @Option(
            help: ArgumentHelp(
                "The processes of the cgroup that a process is in, and of those below.",
                valueName: "pid"
            )
        )
        var cgroupOf: Int32?

        @Flag(help: "Every process.")
        var all = false

        @Option(help: "How exactly to look. (default: cheap; sampled with --reads, within with --budget)")
        var mode: ModeOption?

        @Option(help: ArgumentHelp("How many windows of a process a sample reads. (default: 64)", valueName: "n"))
        var reads: Int?

        @Option(
            help: ArgumentHelp(
                "How long a reading with --mode within may take: 5ms, 2s. (default: 50ms)",
                valueName: "time"
            )
        )
        var budget: DurationOption?

        @Option(
            help: ArgumentHelp("Go on, and print a line so often, such as 2s or 500ms.", valueName: "interval")
        )
        var watch: DurationOption?

        @OptionGroup var common: CommonOptions

        func validate() throws {
            try ProcMemCommand.validate(pids: pids + (cgroupOf.map { [$0] } ?? []))
            let scopes = [!pids.isEmpty, cgroup != nil, cgroupOf != nil, all].count { $0 }
            guard scopes <= 1 else {
                throw ValidationError("Give processes, or --cgroup, or --cgroup-of, or --all: one of them.")
            }
            if tree, scopes > 0, pids.isEmpty { throw ValidationError("--tree goes with processes.") }
            if exhaustive, !tree || pids.isEmpty {
                throw ValidationError("--exhaustive goes with --tree and processes.")
            }
            if reads ?? 1 < 1 { throw ValidationError("--reads is 1 at least.") }
            if reads != nil, chosenMode != .sampled { throw ValidationError("--reads goes with --mode sampled.") }
            if budget != nil, chosenMode != .within { throw ValidationError("--budget goes with --mode within.") }
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
        /// What to tell where no figure could be had of any process.
        fileprivate var failure: String? {
            guard total.rssBytes == nil else { return nil }
            if processes.isEmpty, let gap = gaps.notes.first { return "no process was looked at; \(gap)" }
            let refusals: [UnavailableReason] = [.permissionDenied, .unsupported, .malformed]
            guard let reason = processes.compactMap(\.usage.unavailable).first(where: refusals.contains) else {
                return nil
            }
            let advice = reason == .permissionDenied ? "; run as their owner, or with CAP_SYS_PTRACE" : ""
            return "no figure could be had of \(processes.count.counted("process", "processes")): \(reason)\(advice)"
        }
    }
#endif
