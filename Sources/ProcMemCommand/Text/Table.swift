/// Columns of text under their names.
struct Table {
    struct Column {
        let title: String
        var isNumber = false
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

    /// The lines; the last column is cut where a line is wider than `width`.
    func lines(width: Int?) -> [String] {
        let widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = columns.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return columns[column].isNumber ? padding + row[column] : row[column] + padding
            }
            let line = cells.joined(separator: "  ")
            return String(line.cut(to: width).reversed().drop { $0 == " " }.reversed())
        }
    }
}

extension String {
    /// At most so many characters, with a mark where some are missing.
    func cut(to width: Int?) -> String {
        guard let width, count > width, width > 0 else { return self }
        return prefix(width - 1) + "…"
    }
}
