#if CommandLine
    import ArgumentParser
    import ProcMem

    /// What every subcommand takes.
    struct CommonOptions: ParsableArguments {
        @Option(help: ArgumentHelp("Read a tree of files instead of this system.", valueName: "dir"))
        var sysroot: String?

        @Flag(help: "Print JSON.")
        var json = false

        var root: SystemRoot { sysroot.map { SystemRoot(directory: $0) } ?? .live }
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

        func mode(reads: Int, budget: Duration) -> MemoryMode {
            switch self {
            case .cheap: .cheap
            case .sampled: .sampled(reads: reads)
            case .accurate: .accurate
            case .within: .within(budget)
            }
        }
    }

    /// Refuses what cannot be a process's id as wrong usage, before anything is read.
    func validate(pids: [Int32]) throws {
        if let pid = pids.first(where: { $0 < 1 }) {
            throw ValidationError("\(pid) is not a process id.")
        }
    }

    /// Runs what answers, and turns its failure into one line and the exit status 1.
    func answering(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw told(error)
        }
    }

    /// The same for what goes on answering.
    func answering(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            throw told(error)
        }
    }

    /// Prints a failure to answer, and gives the exit status for it.
    private func told(_ error: any Error) -> any Error {
        switch error {
        case let error as ProcMemError: Terminal.printError(error.description)
        case is Terminal.OutputFailure: Terminal.printError("standard output: cannot be written")
        default: return error
        }
        return ExitCode.failure
    }
#endif
