#if CommandLine
    import ArgumentParser
    import ProcMem

    /// The options of every subcommand.
    struct CommonOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "Read the files below this directory (dir/proc, dir/sys) instead of the running system.",
                valueName: "dir"
            )
        )
        var sysroot: String?

        @Flag(help: "Print JSON. Sizes are in bytes; an unknown figure is null.")
        var json = false

        var root: SystemRoot { sysroot.map { SystemRoot(directory: $0) } ?? .live }
    }

    /// The options of the subcommands that print one answer in several formats.
    struct FormatOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "How to print the answer: text, json, or prometheus, the text format 0.0.4 of Prometheus: gauges only, "
                    + "without figures that are not known. --json is short for --format json.",
                valueName: "format"
            )
        )
        var format: OutputFormat?

        @Option(
            help: ArgumentHelp(
                "With --format prometheus: the value of the label \"group\" of each metric.",
                valueName: "name"
            )
        )
        var group: String?

        /// Throws a usage error if the options contradict each other.
        func validate(_ common: CommonOptions, isWatching: Bool) throws {
            if common.json, format != nil { throw ValidationError("Specify --json or --format, not both.") }
            if group != nil, format != .prometheus {
                throw ValidationError("--group requires --format prometheus.")
            }
            if group == "" { throw ValidationError("The name of --group is empty.") }
            if isWatching, format == .prometheus {
                throw ValidationError("--format prometheus prints one answer: it does not apply to --watch.")
            }
        }

        func isJSON(_ common: CommonOptions) -> Bool { common.json || format == .json }
    }

    enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
        case text, json, prometheus
    }

    enum RoundingOption: String, CaseIterable, ExpressibleByArgument {
        case up, down, nearest

        var rounding: CPULimits.Rounding {
            switch self {
            case .up: .up
            case .down: .down
            case .nearest: .nearest
            }
        }
    }

    enum ModeOption: String, CaseIterable, ExpressibleByArgument {
        case cheap, sampled, accurate, within

        static var allValueDescriptions: [String: String] {
            [
                "cheap": "RSS, from statm. The cost does not grow with memory.",
                "sampled": "USS with its error, from reads of pagemap. The cost grows with mappings and reads.",
                "accurate": "PSS, USS and swap, from smaps_rollup. The cost grows with mapped memory; meanwhile, the "
                    + "process cannot map memory.",
                "within": "The most accurate figures that can be read in the time of --budget.",
            ]
        }

        func mode(reads: Int, budget: Duration) -> MemoryMode {
            switch self {
            case .cheap: .cheap
            case .sampled: .sampled(reads: reads)
            case .accurate: .accurate
            case .within: .within(budget)
            }
        }
    }

    /// Throws a usage error, before anything is read, if a number cannot be a process ID.
    func validate(pids: [Int32]) throws {
        if let pid = pids.first(where: { $0 < 1 }) {
            throw ValidationError("\(pid) is not a process ID: the smallest is 1.")
        }
    }

    /// Runs `body`. A failure becomes one line on standard error and the exit status 1.
    func answering(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw reported(error)
        }
    }

    /// Runs a command that prints a line for each change, like ``answering(_:)``, on the calling thread.
    func following(_ body: @escaping () async throws -> Void) throws {
        try answering { try CallingThread.run(body) }
    }

    /// Prints a failure, and returns the exit status for it.
    private func reported(_ error: any Error) -> any Error {
        switch error {
        case let error as ProcMemError: Terminal.printError(error.description)
        case let error as Terminal.OutputFailure: Terminal.printError(error.description)
        case let error as MetricsFile.Failure: Terminal.printError(error.description)
        default: return error
        }
        return ExitCode.failure
    }
#endif
