#if CommandLine
    import ArgumentParser
    import ProcMem

    struct TopCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "top",
            abstract: "Show the memory of process trees live, on the whole screen.",
            discussion: """
                Each pid is the root of a tree, with a bar of its own. Without a pid, --cgroup or --all, the tree is that \
                of this session's leader.

                The bar is the distinct memory of a tree: the memory that its processes map, with each page counted once. \
                Its parts are
                  █  private to one process: the sum of USS
                  =  shared among the processes, counted once
                  ▒  private or shared, if USS is not known of each process
                  ?  uncertain: between the lower and the upper bound
                  |  the soft limit of the container (memory.high)
                The whole width is the limit of the container, or the memory of the machine if there is none. ΣRSS is the \
                sum of RSS, which counts a page once for each process that maps it.

                At least three children of one process with one name are one row, if they have no children: \
                "48 × python3". The column PRIVATE is USS, the column uss of --columns and --sort; COMMON is RSS minus \
                USS; ± is two standard errors of a sampled USS. The column SOURCE has the origin of the figures: c counters (statm), s samples \
                (pagemap), a accurate (smaps_rollup), with the age of a figure that was kept. "–" is a figure that is \
                not known: the line below the rows has the reason for the selected row.

                Keys:
                  q          quit
                  ↑ ↓        select a row; also PgUp, PgDn, Home, End
                  space      fold or unfold workers, or the processes below a row
                  s          sort by the next column; a tree becomes a list
                  t          tree or list
                  m          the next mode: cheap, sampled, accurate, within
                  + -        double or halve the budget of the mode within
                  /          show only names with a text, or pids that begin with it
                  h          help

                The corner has the command's own cost: its share of one CPU since the pass before, and its RSS. If the \
                root of a tree exits, its descendants remain. The command ends with q, or by a signal; not when no \
                process is left.

                Colours are those of the terminal; with NO_COLOR set, none is used. In other places than a terminal, use \
                procmem watch.

                Exit status: 0 success, 1 nothing could be measured, or no terminal, 64 usage error.

                Examples:
                  procmem top
                  procmem top 1234 5678 --every 2s
                  procmem top --all --by-command --sort rss
                  procmem top --cgroup /user.slice --budget 20ms
                """
        )

        @Argument(help: ArgumentHelp("The roots of the trees.", valueName: "pid"))
        var pids: [Int32] = []

        @Option(
            help: ArgumentHelp(
                "Show the processes of this cgroup and of the cgroups below it. The path is as in /proc/PID/cgroup, or a "
                    + "directory such as /sys/fs/cgroup/a.",
                valueName: "path"
            )
        )
        var cgroup: String?

        @Flag(help: "Show all processes except kernel threads.")
        var all = false

        @Option(help: ArgumentHelp("The time between two passes, at least 100ms.", valueName: "interval"))
        var every = DurationOption(.seconds(1))

        @Option(
            help: ArgumentHelp(
                "In the mode within: the time that a pass may take, such as 5ms or 50ms.",
                valueName: "time"
            )
        )
        var budget = DurationOption(.milliseconds(5))

        @OptionGroup var rows: RowOptions

        func validate() throws {
            try ProcMemCommand.validate(pids: pids)
            guard [!pids.isEmpty, cgroup != nil, all].count(where: { $0 }) <= 1 else {
                throw ValidationError("Specify only one of: pids, --cgroup, --all.")
            }
            if cgroup == "" { throw ValidationError("The path of --cgroup is empty.") }
            if every.duration < .milliseconds(100) {
                throw ValidationError("--every must be at least 100ms: more passes cannot be read.")
            }
        }

        func run() throws {
            let environment = FullScreen.Environment.current
            guard FullScreen.isTerminal else {
                Terminal.printError(
                    "top requires a terminal as standard input and output; use procmem watch for programs and files"
                )
                throw ExitCode.failure
            }
            guard !environment.isDumb else {
                Terminal.printError("the terminal (TERM) has no addressable cursor; use procmem watch")
                throw ExitCode.failure
            }
            let model = TopModel(scopes, rows.selection, every: every.duration, budget: budget.duration)
            do {
                try TopSession(model, hasColors: environment.hasColors).run()
            } catch let error as FullScreen.Failure {
                Terminal.printError(error.description)
                throw ExitCode.failure
            } catch let error as ProcMemError {
                Terminal.printError(error.description)
                throw ExitCode.failure
            } catch let error as Terminal.OutputFailure {
                Terminal.printError(error.description)
                throw ExitCode.failure
            }
        }

        private var scopes: [NamedScope] {
            if all { return [NamedScope(name: "all", kind: .all)] }
            if let cgroup { return [NamedScope(name: "cgroup", kind: .cgroup(cgroup))] }
            let roots = pids.isEmpty ? [Session.rootPID ?? FullScreen.ownPID] : pids
            var seen: Set<Int32> = []
            return roots.filter { seen.insert($0).inserted }.map { NamedScope(name: "\($0)", kind: .tree($0)) }
        }
    }
#endif
