#if CommandLine
    import ArgumentParser
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
