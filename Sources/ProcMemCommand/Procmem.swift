#if CommandLine
    import ArgumentParser

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    @main struct Procmem: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "procmem",
            abstract: "How many CPUs may be used here, and how much memory is really held.",
            discussion: """
                Without a subcommand: the CPUs that this container may use and why, its memory limit, and what the \
                processes of this session hold, by a cheap and by an accurate look.

                Exit status: 0 done, 1 the answer could not be had, 64 wrong usage.
                """,
            subcommands: [SummaryCommand.self, CPUCommand.self, MemoryCommand.self, ContainerCommand.self],
            defaultSubcommand: SummaryCommand.self
        )

        static func main() async {
            // Swift's runtime reads the arguments from there; without them every question would look like none.
            guard !CommandLine.arguments.isEmpty else {
                Terminal.printError("/proc/self/cmdline: cannot be read; mount proc on /proc")
                _exit(1)
            }
            await main(nil)
        }
    }
#else
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// What is left of the command without its argument parser.
    @main struct Procmem {
        static func main() {
            Terminal.printError("built without the trait CommandLine, which parses the arguments; build with it")
            exit(1)
        }
    }
#endif
