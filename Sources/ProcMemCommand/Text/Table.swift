/// Columns of text below their titles.
struct Table {
    struct Column {
        let title: String
        var isNumber = false
        /// The order in which columns are left out if not all fit: the highest rank first. A column without a rank is
        /// never left out.
        var rank: Int?
    }

    private let columns: [Column]
    private var rows: [[String]]

    init(_ columns: [Column]) {
        self.columns = columns
        rows = [columns.map(\.title)]
    }

    mutating func add(_ cells: [String]) {
        rows.append(cells)
    }

    /// All lines, without trailing spaces.
    var lines: [String] { lines(of: columns.indices) }

    /// Returns the lines. Columns are left out until the others and the beginning of the last one fit into `width`.
    func lines(fitting width: Int?) -> [String] { lines(of: shown(fitting: width)) }

    /// Returns the titles of the columns that are left out.
    func omittedTitles(fitting width: Int?) -> [String] {
        let shown = shown(fitting: width)
        return columns.indices.filter { !shown.contains($0) }.map { columns[$0].title }
    }

    private func shown(fitting width: Int?) -> [Int] {
        var shown = Array(columns.indices)
        while let width, minimumWidth(of: shown) > width,
            let index = shown.indices.filter({ columns[shown[$0]].rank != nil })
                .max(by: { (columns[shown[$0]].rank ?? 0) < (columns[shown[$1]].rank ?? 0) })
        {
            shown.remove(at: index)
        }
        return shown
    }

    private static var minimumLastWidth: Int { 16 }

    private func minimumWidth(of shown: [Int]) -> Int {
        guard let last = shown.last else { return 0 }
        return shown.dropLast().reduce(min(width(of: last), Self.minimumLastWidth)) { $0 + width(of: $1) + 2 }
    }

    private func width(of column: Int) -> Int { rows.map { $0[column].displayColumns }.max() ?? 0 }

    private func lines(of shown: some Collection<Int>) -> [String] {
        let widths = columns.indices.map(width)
        return rows.map { row in
            let cells = shown.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].displayColumns)
                return columns[column].isNumber ? padding + row[column] : row[column] + padding
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }
    }
}
