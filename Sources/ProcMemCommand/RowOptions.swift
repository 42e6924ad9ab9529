#if CommandLine
    import ArgumentParser

    /// The options for the rows of processes, which `memory`, `watch` and `top` have in common.
    struct RowOptions: ParsableArguments {
        @Option(
            help: ArgumentHelp(
                "The columns of the table, separated by commas. JSON has all figures; for it, this option chooses which "
                    + "files are read.",
                valueName: "list"
            ),
            transform: ColumnList.init(parsing:)
        )
        var columns: ColumnList?

        @Option(
            help: ArgumentHelp(
                "Sort the rows by this column: numbers from the largest to the smallest, names in alphabetical order. "
                    + "A tree becomes a list.",
                valueName: "column"
            )
        )
        var sort: MemoryColumn?

        @Flag(
            help: """
                One row for all processes of a command, with the sums of their figures. In JSON, the sums are in \
                "groups".
                """
        )
        var byCommand = false

        /// The columns that the caller has named.
        var named: [MemoryColumn] { (columns?.columns ?? []) + [sort].compactMap(\.self) }

        /// Whether the caller has given one of the options.
        var isUsed: Bool { byCommand || !named.isEmpty }

        var selection: MemorySelection {
            MemorySelection(columns: columns?.columns, sorting: sort, isByCommand: byCommand)
        }

        func validate() throws {
            if byCommand, let column = named.first(where: \.namesOneProcess) {
                throw ValidationError("The column \(column.rawValue) does not apply to --by-command.")
            }
            if !byCommand, named.contains(.count) {
                throw ValidationError("The column count requires --by-command.")
            }
        }
    }

    /// The argument of `--columns`.
    struct ColumnList {
        let columns: [MemoryColumn]

        init(parsing text: String) throws {
            columns = try text.split(separator: ",", omittingEmptySubsequences: false).map { name in
                guard let column = MemoryColumn(rawValue: name.filter { $0 != " " }.lowercased()) else {
                    let valid = MemoryColumn.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("\"\(String(name).printable)\" is not a column. The columns are: \(valid).")
                }
                return column
            }
        }
    }

    extension MemoryColumn: ExpressibleByArgument {}
#endif
