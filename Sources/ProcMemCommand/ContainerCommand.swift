#if CommandLine
    import ArgumentParser
    import FoundationEssentials
    import ProcMem

    struct ContainerCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "container",
            abstract: "Report the memory limit and the memory usage of a container.",
            discussion: """
                The usage is what the kernel charges to the cgroup of the process: the memory of its processes, and \
                memory that no process maps, such as page cache and files in /dev/shm. The working set is the usage \
                without the inactive page cache.
                """
        )

        @Option(help: "A process in the container. (default: procmem itself)")
        var pid: Int32?

        @Flag(
            help: """
                Print one line now and one after each change, until interrupted or until the process exits: a limit \
                or a soft limit changed, the OOM killer killed a process, the limit was hit, the soft limit was breached.
                """
        )
        var watch = false

        @Option(
            help: ArgumentHelp(
                "With --watch: also print a line when the available memory falls below this size or this share of the "
                    + "limit, such as 200MiB or 20%, and when it is above again. May be given several times.",
                valueName: "size"
            ),
            transform: { argument in
                guard let threshold = AvailableThreshold(argument: argument) else {
                    throw ValidationError("\"\(argument.printable)\" is not a size such as 200MiB or 20%.")
                }
                return threshold
            }
        )
        var below: [AvailableThreshold] = []

        @Option(
            help: ArgumentHelp(
                "With --watch: also print a line when processes wait for memory for more than this share of two "
                    + "seconds, such as 10%.",
                valueName: "share"
            ),
            transform: { argument in
                guard let share = Double(percentage: argument) else {
                    throw ValidationError("\"\(argument.printable)\" is not a share such as 10%.")
                }
                return PressureThreshold(share: share)
            }
        )
        var pressure: PressureThreshold?

        @OptionGroup var output: FormatOptions

        @OptionGroup var common: CommonOptions

        func validate() throws {
            try ProcMemCommand.validate(pids: pid.map { [$0] } ?? [])
            try output.validate(common, isWatching: watch)
            if !watch, !below.isEmpty { throw ValidationError("--below requires --watch.") }
            if !watch, pressure != nil { throw ValidationError("--pressure requires --watch.") }
        }

        func run() throws {
            if watch { return try following { try await follow() } }
            try answering {
                let memory = try pid.map { try ContainerMemory(of: $0, in: common.root) } ?? .current(in: common.root)
                if output.format == .prometheus {
                    var text = PrometheusText()
                    text.add(memory, group: output.group)
                    try Terminal.print(text)
                } else if output.isJSON(common) {
                    try Terminal.print(text: memory.json())
                } else {
                    try Terminal.print(ContainerText(memory: memory).lines)
                }
            }
        }

        private func follow() async throws {
            var warnings: [String] = []
            let changes = ContainerMemoryChanges(of: pid, below: below, pressure: pressure, in: common.root)
            for try await change in changes {
                let time = Date.now.formatted(.iso8601)
                if output.isJSON(common) {
                    try Terminal.print(text: ContainerChangeAnswer(time: time, change: change).json(onOneLine: true))
                } else {
                    for warning in change.warnings where !warnings.contains(warning) { Terminal.printError(warning) }
                    warnings = change.warnings
                    try Terminal.print(["\(time)  \(ContainerChangeText(change: change, pressure: pressure).line)"])
                }
                OutputWatch.start()
            }
            // The sequence ends only when the process has exited.
            Terminal.printError("process \(pid.map(String.init) ?? "self") has exited")
            throw ExitCode.failure
        }
    }
#endif
