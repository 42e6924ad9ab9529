/// The help screen of the view.
enum TopHelp {
    private static let entries: [(String, String)] = [
        ("q", "quit"),
        ("↑ ↓", "select a row; also k and j, PgUp, PgDn, Home, End"),
        ("space", "fold or unfold workers, or the processes below a row"),
        ("s", "sort by the next column; a tree becomes a list"),
        ("t", "tree or list"),
        ("m", "the next mode: cheap, sampled, accurate, within"),
        ("+ -", "double or halve the budget of the mode within"),
        (
            "/",
            "show only names with a text, or pids that begin with it; Enter applies it, Esc discards the change; Esc in the list removes it"
        ),
        ("h", "this help; q or Esc leaves it"),
    ]

    private static let columns: [(String, String)] = [
        ("PRIVATE", "USS: the pages that only this process maps"),
        ("±", "two standard errors of PRIVATE if it is an estimate"),
        ("COMMON", "RSS minus USS: pages that other processes map too"),
        ("RSS", "all mapped pages, shared ones included"),
        ("SHARED", "files and shared memory, a part of RSS"),
        ("CPU %", "100 is one CPU, since the pass before"),
        ("SOURCE", "c counters, s samples, a accurate; with the age of a figure that was kept"),
        ("–", "not known; the line below the rows has the reason"),
        ("Σ", "a sum that counts a page once for each process that maps it"),
        ("≥", "a sum that lacks processes whose figure is not known"),
    ]

    private static let bar: [(String, String)] =
        MemoryBar.Part.allCases.map { part in
            let text =
                switch part {
                case .privatePages: "private to one process (the sum of USS)"
                case .sharedPages: "shared among the processes, each page counted once"
                case .privateOrShared: "private or shared: USS is not known of each process"
                case .uncertain: "uncertain: between the lower and the upper bound"
                }
            return (String(part.character), text)
        } + [
            ("·", "the rest of the limit of the container, or of the memory of the machine; not necessarily free"),
            ("|", "the soft limit of the container (memory.high)"),
            ("ΣRSS", "the sum of RSS, which counts a page once for each process that maps it"),
            ("own", "the CPU share of one CPU and the RSS of this command"),
        ]

    /// Returns the lines of the help.
    static func lines(fitting width: Int) -> [StyledLine] {
        var lines: [StyledLine] = []
        for (title, entries) in [("Keys", entries), ("Columns", columns), ("Bar", bar)] {
            if !lines.isEmpty { lines.append(StyledLine()) }
            lines.append(StyledLine(title, .bold))
            for (name, text) in entries {
                let label = "  " + name + String(repeating: " ", count: max(0, 7 - name.displayColumns)) + "  "
                let indentation = label.displayColumns
                let wrapped = text.split(separator: " ").map(String.init)
                    .sentence(fitting: max(12, width - indentation), indentation: 0)
                for (number, part) in wrapped.enumerated() {
                    var line = StyledLine(number == 0 ? label : String(repeating: " ", count: indentation), .bold)
                    line.append(part)
                    lines.append(line)
                }
            }
        }
        return lines
    }
}
