#if CommandLine
    import ArgumentParser
    import FoundationEssentials
    import ProcMem

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    struct CPUCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cpu",
            abstract: "How many CPUs a process may use, and why."
        )

        @Option(help: "The process; this one where it is left out.")
        var pid: Int32?

        @Option(help: "What a fraction of a CPU counts as.")
        var rounding = RoundingOption.up

        @Flag(help: "Go on, and print a line whenever the answer changes.")
        var watch = false

        @Option(help: ArgumentHelp("Tell the throttling within this time as well.", valueName: "seconds"))
        var throttling: Double?

        @OptionGroup var common: CommonOptions

        func validate() throws {
            try ProcMemCommand.validate(pids: pid.map { [$0] } ?? [])
            guard let throttling else { return }
            guard throttling > 0, throttling <= 3600 else {
                throw ValidationError("--throttling takes up to 3600 seconds.")
            }
            if watch { throw ValidationError("Give --watch or --throttling: one of them.") }
        }

        func run() async throws {
            if watch { return try await answering { try await follow() } }
            try answering {
                let observation = try observe()
                let limits = try pid.map { try CPULimits(of: $0, in: common.root) } ?? .current(in: common.root)
                if common.json {
                    try Terminal.print(text: json(limits, observation).json())
                } else {
                    let text = CPUText(limits: limits, rounding: rounding.rounding, observation: observation)
                    try Terminal.print(text.lines)
                }
            }
        }

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
                if common.json {
                    try Terminal.print(text: answer)
                } else {
                    try Terminal.print(["\(Date.now.formatted(.iso8601))  \(answer)"])
                }
            }
            // Only the end of the process ends the changes.
            Terminal.printError("process \(pid.map(String.init) ?? "self") has ended")
            throw ExitCode.failure
        }

        private func json(_ limits: CPULimits, _ observation: ThrottlingObservation? = nil) -> CPUAnswer {
            CPUAnswer(limits: limits, rounding: rounding.rounding, observation: observation)
        }

        /// The answer on one line.
        private func line(_ limits: CPULimits) throws -> String {
            common.json
                ? try json(limits).json(onOneLine: true)
                : CPUText(limits: limits, rounding: rounding.rounding).answer
        }
    }
#endif
