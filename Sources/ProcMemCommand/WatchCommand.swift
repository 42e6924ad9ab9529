#if CommandLine
    import ArgumentParser
    import ProcMem

    struct WatchCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "watch",
            abstract: "Follow the memory and the CPU time of several process trees and cgroups.",
            discussion: """
                For programs that display or record. Each scope has a name, and is one of:
                  tree:PID       a process and all of its descendants
                  process:PID    one process
                  cgroup:PATH    the processes of a cgroup and of the cgroups below it
                  cgroup-of:PID  those of the cgroup of a process at the first reading
                  all            all processes

                At each interval, one line is printed for each scope, or with --json one JSON object: the totals, their \
                bounds and sources, the CPU time since the line before, and the limits of the container. The time of \
                --budget is that of all scopes together.

                When the root of a tree exits, the scope goes on with the descendants that are known. It ends when none \
                is left. The command ends with the last scope, and when standard output is closed.

                With --control, lines of standard input change the scopes: "add NAME=SCOPE" and "remove NAME". The \
                command then ends when standard input is closed, and not with the last scope.

                With --textfile, nothing is printed to standard output: the file is replaced at each interval by metrics for Prometheus, as \
                the textfile collector of node_exporter reads them. The name of the scope is the label "group".

                Exit status: 0 success, 1 no scope could be read (without --control), or the output failed, 64 usage error.

                Examples:
                  procmem watch server=tree:1234 batch=cgroup:/batch --every 2s
                  procmem watch server=tree:1234 --json --rows --sort cpu
                  procmem watch all=all --every 15s --textfile /var/lib/node_exporter/procmem.prom
                """
        )

        @Argument(
            help: ArgumentHelp("What to follow, with its name: such as server=tree:1234.", valueName: "name=scope"),
            transform: { argument in
                do throws(NamedScope.ParseError) {
                    return try NamedScope(parsing: argument)
                } catch {
                    throw ValidationError(error.message)
                }
            }
        )
        var scopes: [NamedScope] = []

        @Option(
            help: ArgumentHelp("The time between two lines of a scope, at least 10ms.", valueName: "interval")
        )
        var every = DurationOption(.seconds(1))

        @Option(
            help: ArgumentHelp(
                "The time that the reading of all scopes may take at each interval, such as 5ms.",
                valueName: "time"
            )
        )
        var budget = DurationOption(.milliseconds(5))

        @Flag(help: "Print the processes of each scope too.")
        var rows = false

        @OptionGroup var rowOptions: RowOptions

        @Flag(help: "Read lines from standard input that add and remove scopes; end when it is closed.")
        var control = false

        @Option(
            help: ArgumentHelp(
                "Replace this file at each interval by metrics for Prometheus, instead of printing.",
                valueName: "file"
            )
        )
        var textfile: String?

        @OptionGroup var common: CommonOptions

        func validate() throws {
            if scopes.isEmpty, !control { throw ValidationError("Specify at least one NAME=SCOPE, or --control.") }
            if let name = NamedScope.repeatedNames(in: scopes).first {
                throw ValidationError("The name \"\(name)\" is given to two scopes.")
            }
            if every.duration < .milliseconds(10) { throw ValidationError("--every must be at least 10ms.") }
            if common.json, textfile != nil { throw ValidationError("Specify --json or --textfile, not both.") }
            if textfile == "" { throw ValidationError("The path of --textfile is empty.") }
            if rows, textfile != nil { throw ValidationError("--textfile has no rows.") }
            if rowOptions.isUsed, !rows {
                throw ValidationError("--columns, --sort and --by-command require --rows.")
            }
        }

        func run() throws {
            try following { try await follow() }
        }

        private var output: WatchSession.Output {
            if let textfile { return .metrics(MetricsFile(path: textfile)) }
            return common.json ? .json : .text
        }

        private func follow() async throws {
            let mode = MemoryMode.within(budget.duration)
            let sampler = MultiScopeSampler(
                mode: mode,
                detail: rowOptions.selection.detail(in: mode),
                in: common.root
            )
            let session = WatchSession(
                scopes,
                on: sampler,
                WatchSession.Settings(
                    interval: every.duration,
                    budget: budget.duration,
                    output: output,
                    rows: rows ? rowOptions.selection : nil,
                    isControlled: control,
                    sysroot: common.sysroot,
                    root: common.root
                )
            )
            try session.begin()
            let (inputs, inbox) = AsyncStream.makeStream(of: WatchSession.Input.self)
            // The lines that standard input may be ahead of the session.
            let room = Monitor(16)
            if control { try Self.startControl(inbox, room) }
            let interval = every.duration
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    do throws(ProcMemError) {
                        for try await pass in sampler.passes(every: interval) { inbox.yield(.pass(pass)) }
                    } catch {
                        inbox.yield(.failure(error))
                    }
                }
                for await input in inputs {
                    if case .control = input { room.withLock { $0 += 1 } }
                    guard try session.handle(input) else { break }
                    if case .pass = input { OutputWatch.start() }
                }
                group.cancelAll()
            }
            try session.end()
            guard control || session.hasReadScope else {
                Terminal.printError("no scope could be read")
                throw ExitCode.failure
            }
        }

        private static func startControl(
            _ inbox: AsyncStream<WatchSession.Input>.Continuation,
            _ room: Monitor<Int>
        ) throws {
            let isStarted = StandardInput.start { event in
                _ = room.wait(until: nil) { count -> Bool? in
                    guard count > 0 else { return nil }
                    count -= 1
                    return true
                }
                inbox.yield(.control(event))
            }
            if !isStarted {
                Terminal.printError("standard input cannot be read: no thread can be created")
                throw ExitCode.failure
            }
        }
    }
#endif
