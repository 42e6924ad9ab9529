#if CommandLine
    import ArgumentParser
    import ProcMem

    struct ContainerCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "container",
            abstract: "How much memory a process's container may have, and what it uses it for.",
            discussion: """
                The usage is that of the process's cgroup: its processes' memory, and what nobody holds any more, such as \
                kept files and /dev/shm. The working set is the usage without what was kept of files and not used lately.
                """
        )

        @Option(help: "The process; this one where it is left out.")
        var pid: Int32?

        @OptionGroup var common: CommonOptions

        func validate() throws {
            try ProcMemCommand.validate(pids: pid.map { [$0] } ?? [])
        }

        func run() throws {
            try answering {
                let memory = try pid.map { try ContainerMemory(of: $0, in: common.root) } ?? .current(in: common.root)
                if common.json {
                    try Terminal.print(text: memory.json())
                } else {
                    try Terminal.print(ContainerText(memory: memory).lines)
                }
            }
        }
    }
#endif
