#if CommandLine
    import ArgumentParser

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @main struct Procmem: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "procmem",
            abstract: "Report CPU limits, memory limits and the memory usage of processes.",
            discussion: """
                Without a subcommand, procmem reports the number of CPUs that it may use and the limit that applies, \
                the memory limit of its container, and the distinct memory of the processes of this session. The \
                memory is measured in three modes, with the time of each reading.

                Exit status: 0 success, 1 the figures could not be read, 64 usage error.
                """,
            version: Version.text,
            subcommands: [
                SummaryCommand.self, CPUCommand.self, MemoryCommand.self, ContainerCommand.self, TopCommand.self,
                WatchCommand.self,
            ],
            defaultSubcommand: SummaryCommand.self
        )

        static func main() {
            Terminal.unblockSignals()
            guard CommandLine.arguments.isEmpty else { return main(nil) }
            // Swift's runtime reads the arguments from /proc/self/cmdline, and has none if that fails.
            let arguments = ProgramArguments.all
            // Without arguments, the command would print the summary in place of what was requested.
            guard !arguments.isEmpty else {
                Terminal.printError("/proc/self/cmdline: cannot be read; mount proc on /proc")
                _exit(1)
            }
            main(Array(arguments.dropFirst()))
        }
    }
#else
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// The command without its argument parser.
    @main struct Procmem {
        static func main() {
            Terminal.printError("built without the trait CommandLine, which parses the arguments; rebuild with it")
            exit(1)
        }
    }
#endif
