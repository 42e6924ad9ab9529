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
                var failures: [String] = []
                // A part that cannot be read leaves the others as they are.
                func part<Part>(_ read: () throws(ProcMemError) -> Part) -> Part? {
                    do throws(ProcMemError) {
                        return try read()
                    } catch {
                        // The modes fail alike.
                        if !failures.contains(error.description) { failures.append(error.description) }
                        return nil
                    }
                }
                let limits = part { () throws(ProcMemError) in try CPULimits.current(in: root) }
                let container = part { () throws(ProcMemError) in try ContainerMemory.current(in: root) }
                let scope = Session.scope(in: root)
                let snapshots = [MemoryMode.cheap, .sampled(reads: 64), .accurate].compactMap { mode in
                    part { () throws(ProcMemError) in try memorySnapshot(of: scope, mode: mode, in: root) }
                }
                if common.json {
                    let cpu = limits.map { CPUAnswer(limits: $0) }
                    try Terminal.print(text: SummaryAnswer(cpu: cpu, container: container, memory: snapshots).json())
                } else {
                    let text = SummaryText(
                        limits: limits,
                        container: container,
                        snapshots: snapshots,
                        width: Terminal.width
                    )
                    if !text.lines.isEmpty { try Terminal.print(text.lines) }
                }
                guard failures.isEmpty else {
                    failures.forEach(Terminal.printError)
                    throw ExitCode.failure
                }
            }
        }
    }
#endif
