#if CommandLine
    import ArgumentParser
    import ProcMem

    /// What every subcommand takes.
    struct CommonOptions: ParsableArguments {
        @Option(help: ArgumentHelp("Read a tree of files instead of this system.", valueName: "dir"))
        var sysroot: String?

        @Flag(help: "Print JSON.")
        var json = false

        var root: KernelRoot { sysroot.map { KernelRoot(directory: $0) } ?? .live }
    }

    enum RoundingOption: String, CaseIterable, ExpressibleByArgument {
        case up, down, nearest

        var rounding: Rounding {
            switch self {
            case .up: .up
            case .down: .down
            case .nearest: .nearest
            }
        }
    }

    enum ModeOption: String, CaseIterable, ExpressibleByArgument {
        case cheap, accurate

        var mode: MemoryMode {
            switch self {
            case .cheap: .cheap
            case .accurate: .accurate
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
        } catch let error as ProcMemError {
            Terminal.printError(error.description)
            throw ExitCode.failure
        } catch is Terminal.OutputFailure {
            Terminal.printError("standard output: cannot be written")
            throw ExitCode.failure
        }
    }
#endif
