#if CommandLine
    import ArgumentParser
    import FoundationEssentials
    import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    struct CPUCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cpu",
            abstract: "Report how many CPUs a process may use, and which limit applies.",
            discussion: """
                The number of CPUs is the smaller of two limits: the CPUs in the affinity mask, and the smallest quota \
                of the visible cgroups (quota divided by period, rounded). It is at least 1.
                """
        )

        @Option(help: "The process to report. (default: procmem itself)")
        var pid: Int32?

        @Option(help: "How to round a quota that is not a whole number of CPUs.")
        var rounding = RoundingOption.up

        @Flag(help: "Print one line now and one after each change, until interrupted.")
        var watch = false

        @Option(
            help: ArgumentHelp(
                "Also measure, for this time, how long the kernel throttles the cgroup of the process. At most 3600.",
                valueName: "seconds"
            )
        )
        var throttling: Double?

        @OptionGroup var output: FormatOptions

        @OptionGroup var common: CommonOptions

        func validate() throws {
            try ProcMemCommand.validate(pids: pid.map { [$0] } ?? [])
            try output.validate(common, isWatching: watch)
            guard let throttling else { return }
            if output.format == .prometheus {
                throw ValidationError("--throttling has no figures for --format prometheus.")
            }
            guard throttling > 0, throttling <= 3600 else {
                throw ValidationError("--throttling must be greater than 0 and at most 3600 seconds.")
            }
            if watch { throw ValidationError("Specify --watch or --throttling, not both.") }
        }

        func run() throws {
            if watch { return try following { try await follow() } }
            try answering {
                let observation = try observe()
                let limits = try pid.map { try CPULimits(of: $0, in: common.root) } ?? .current(in: common.root)
                if output.format == .prometheus {
                    var text = PrometheusText()
                    text.add(limits, rounding.rounding, group: output.group)
                    try Terminal.print(text)
                } else if isJSON {
                    try Terminal.print(text: json(limits, observation).json())
                } else {
                    let text = CPUText(limits: limits, rounding: rounding.rounding, observation: observation)
                    try Terminal.print(text.lines)
                }
            }
        }

        private var isJSON: Bool { output.isJSON(common) }

        private func observe() throws -> ThrottlingObservation? {
            try throttling.map { seconds in
                try ThrottlingObservation(of: pid, in: common.root) { usleep(UInt32(seconds * 1e6)) }
            }
        }

        private func follow() async throws {
            var known: String?
            for try await limits in CPULimitChanges(of: pid, in: common.root) {
                let answer = try line(limits)
                if answer == known { continue }
                known = answer
                if isJSON {
                    try Terminal.print(text: answer)
                } else {
                    try Terminal.print(["\(Date.now.formatted(.iso8601))  \(answer)"])
                }
                OutputWatch.start()
            }
            // The sequence ends only when the process has exited.
            Terminal.printError("process \(pid.map(String.init) ?? "self") has exited")
            throw ExitCode.failure
        }

        private func json(_ limits: CPULimits, _ observation: ThrottlingObservation? = nil) -> CPUAnswer {
            CPUAnswer(limits: limits, rounding: rounding.rounding, observation: observation)
        }

        /// Returns the result on one line.
        private func line(_ limits: CPULimits) throws -> String {
            isJSON
                ? try json(limits).json(onOneLine: true)
                : CPUText(limits: limits, rounding: rounding.rounding).answer
        }
    }
#endif
