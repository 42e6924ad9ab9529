#if CommandLine
    import ArgumentParser
    import FoundationEssentials
    import ProcMem

    struct MemoryCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "memory",
            abstract: "Report the memory usage of processes.",
            discussion: """
                Without a pid, --cgroup, --cgroup-of or --all, procmem reports the processes of this session: the \
                process tree of the session leader.

                The line below the table is the distinct memory of the processes: the memory that they map, with each \
                page counted once, regardless of which other processes map it. The range in parentheses is its lower \
                and upper bound. The bounds are proven if they follow from what was read; if not, the line says what \
                they rely on. The share is the sum of PSS. It is smaller where processes outside the set map the \
                same pages.

                The modes sampled and accurate require permission to trace a process: the same user, or CAP_SYS_PTRACE.

                Columns, with their names for --columns and --sort:
                  pid, ppid  the process and its parent
                  count      with --by-command: the number of processes
                  rss        resident set size: all mapped pages, including shared ones
                  shared     the part of RSS that is files and shared memory, whether or
                             not other processes map it; anonymous memory that a fork
                             shares is not in it
                  anon       the part of RSS that is not files or shared memory
                  file       the part of RSS that is files (*)
                  shmem      the part of RSS that is shared memory: System V, tmpfs,
                             shared anonymous mappings (*)
                  pss        proportional set size: a shared page counts by its share
                  uss        unique set size: the pages that only this process maps
                  common     RSS minus USS: the pages that other processes map too
                  error      ±, the error of a sampled USS: two standard errors
                  swap       memory that is swapped out
                  lazyfree   the part of RSS that was given up with MADV_FREE, and that
                             the kernel has not reclaimed yet
                  hugepages  the part of RSS that is mapped by transparent huge pages
                  hugetlb    pages of hugetlbfs, which RSS and PSS do not include
                  peak       the largest RSS so far (*)
                  age        the time since the figures were read, if not just now
                  source     the kernel file that was read, or "sampled"
                  reason     why figures are missing
                  command    the name of the process
                For (*), and for swap and hugetlb in other modes than accurate, one more file of each process is \
                read, /proc/PID/status. pss, lazyfree and hugepages require the mode accurate or within.

                Exit status: 0 success, 1 no process could be read, 64 usage error. A process that cannot be read has \
                a row with the reason. --watch ends with 0 when none of its processes is left.

                Examples:
                  procmem memory 1234 --tree
                  procmem memory 1234 --tree --mode accurate
                  procmem memory --all --by-command --sort rss
                  procmem memory 1234 --columns pid,rss,anon,file,shmem,peak,command
                  procmem memory --cgroup-of 1234 --budget 20ms --watch 2s
                  procmem memory --cgroup /user.slice --totals
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

        @Flag(
            help: """
                With --cgroup or --cgroup-of: no processes, only the memory charged to the cgroup and an estimate of the \
                part that its processes map. The cost does not grow with processes or memory.
                """
        )
        var totals = false

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

        @OptionGroup var rows: RowOptions

        @Option(
            help: ArgumentHelp(
                "Print one line at this interval, such as 2s or 500ms, until interrupted or until no process is left.",
                valueName: "interval"
            )
        )
        var watch: DurationOption?

        @OptionGroup var output: FormatOptions

        @OptionGroup var common: CommonOptions

        func validate() throws {
            try ProcMemCommand.validate(pids: pids + (cgroupOf.map { [$0] } ?? []))
            try output.validate(common, isWatching: watch != nil)
            if output.format == .prometheus, rows.isUsed {
                throw ValidationError(
                    "--format prometheus has no rows: --columns, --sort and --by-command do not apply."
                )
            }
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
            if totals {
                guard cgroup != nil || cgroupOf != nil else {
                    throw ValidationError("--totals requires --cgroup or --cgroup-of.")
                }
                if mode != nil || reads != nil || budget != nil || rows.isUsed {
                    throw ValidationError(
                        "--totals reads no processes: --mode, --reads, --budget, --columns, --sort and --by-command do not "
                            + "apply."
                    )
                }
            }
            if reads ?? 1 < 1 { throw ValidationError("--reads must be at least 1.") }
            if reads != nil, chosenMode != .sampled { throw ValidationError("--reads requires --mode sampled.") }
            try validateSelection()
            if budget != nil, chosenMode != .within { throw ValidationError("--budget requires --mode within.") }
        }

        private func validateSelection() throws {
            if rows.named.contains(.cpu) {
                throw ValidationError("The column cpu requires two readings: procmem watch and procmem top have it.")
            }
            if watch != nil, !isJSON, rows.isUsed {
                throw ValidationError("--columns, --sort and --by-command apply to --watch only with --json.")
            }
        }

        func run() throws {
            if let watch {
                return try following { try await follow(every: watch.duration) }
            }
            try answering {
                let selection = rows.selection
                let snapshot = try memorySnapshot(of: scope, mode: memoryMode, detail: detail, in: common.root)
                if output.format == .prometheus {
                    var text = PrometheusText()
                    text.add(snapshot, group: output.group)
                    try Terminal.print(text)
                } else if isJSON {
                    try Terminal.print(text: MemoryAnswer(snapshot: snapshot, selection: selection).json())
                } else {
                    let text = MemoryText(
                        snapshot: snapshot,
                        hidesKernelThreads: pids.isEmpty,
                        selection: selection
                    )
                    try Terminal.print(text.lines(fitting: Terminal.width))
                }
                if let failure = snapshot.failure {
                    Terminal.printError(failure)
                    throw ExitCode.failure
                }
            }
        }

        private var isJSON: Bool { output.isJSON(common) }

        private var chosenMode: ModeOption { mode ?? (reads != nil ? .sampled : budget != nil ? .within : .cheap) }

        private var memoryMode: MemoryMode {
            chosenMode.mode(reads: reads ?? 64, budget: budget?.duration ?? .milliseconds(50))
        }

        private var detail: MemoryDetail { totals ? .totals : rows.selection.detail(in: memoryMode) }

        private func follow(every interval: Duration) async throws {
            let selection = rows.selection
            let sampler = MemorySampler(of: scope, mode: memoryMode, detail: detail, in: common.root)
            var hasPrinted = false
            do {
                for try await snapshot in sampler.snapshots(every: interval) {
                    if isJSON {
                        let answer = MemoryAnswer(snapshot: snapshot, selection: selection)
                        try Terminal.print(text: answer.json(onOneLine: true))
                    } else {
                        let text = MemoryText(snapshot: snapshot)
                        try Terminal.print(["\(Date.now.formatted(.iso8601))  \(text.line)"])
                    }
                    hasPrinted = true
                    OutputWatch.start()
                    // A cgroup without a process may have one later.
                    if namesProcesses, snapshot.hasEnded { break }
                }
            } catch let error as ProcMemError where hasPrinted && [.exited, .noSuchProcess].contains(error.code) {}
            Terminal.printError("no process is left")
        }

        /// Whether the scope ends with its processes.
        private var namesProcesses: Bool { !all && cgroup == nil && cgroupOf == nil }

        private var scope: ProcessScope {
            if all { return .all }
            if let cgroup { return .cgroup(cgroup) }
            if let cgroupOf { return .cgroup(of: cgroupOf) }
            guard pids.isEmpty else { return tree ? .trees(roots: pids, exhaustive: exhaustive) : .processes(pids) }
            return Session.scope(in: common.root)
        }
    }
#endif
