#if CommandLine
    import ArgumentParser
    import ProcMem

    struct SummaryCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "summary",
            abstract: "Report CPUs, memory limit and the memory usage of this session."
        )

        @OptionGroup var common: CommonOptions

        func run() throws {
            try answering {
                let root = common.root
                let limits = try CPULimits.current(in: root)
                let container = try ContainerMemory.current(in: root)
                let scope = Session.scope(in: root)
                let snapshots = [
                    try memorySnapshot(of: scope, mode: .cheap, in: root),
                    try memorySnapshot(of: scope, mode: .sampled(reads: 64), in: root),
                    try memorySnapshot(of: scope, mode: .accurate, in: root),
                ]
                if common.json {
                    try Terminal.print(
                        text: SummaryAnswer(cpu: CPUAnswer(limits: limits), container: container, memory: snapshots)
                            .json()
                    )
                } else {
                    let text = SummaryText(
                        limits: limits,
                        container: container,
                        snapshots: snapshots,
                        width: Terminal.width
                    )
                    try Terminal.print(text.lines)
                }
            }
        }
    }
#endif
