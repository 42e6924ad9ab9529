import ProcMem

/// The columns of the view: their widths do not depend on the rows, so that only rows that are visible are formatted, and
/// columns do not move.
struct TopColumns {
    struct Column: Hashable {
        let column: MemoryColumn
        let width: Int
    }

    /// The columns that fit, the command last.
    let columns: [Column]
    /// The titles of the columns that do not fit.
    let omitted: [String]

    /// - Parameters:
    ///   - selection: The columns that the caller has chosen.
    ///   - largestPID: The largest id of a process.
    init(_ selection: MemorySelection, in mode: MemoryMode, width: Int, largestPID: Int32) {
        var ranked =
            selection.columns == nil
            ? Self.standard(in: mode, isByCommand: selection.isByCommand) : selection.columns(in: mode)
        if selection.columns == nil, let sorting = selection.sorting, !ranked.contains(where: { $0.column == sorting })
        {
            ranked.insert((sorting, 1), at: ranked.count - 1)
        }
        func sum() -> Int { ranked.reduce(-2) { $0 + Self.width(of: $1.column, largestPID) + 2 } }
        var omitted: [String] = []
        while sum() > width,
            let index = ranked.indices.filter({ ranked[$0].rank != nil })
                .max(by: { (ranked[$0].rank ?? 0) < (ranked[$1].rank ?? 0) })
        {
            omitted.append(ranked.remove(at: index).column.topTitle)
        }
        columns = ranked.map { Column(column: $0.column, width: Self.width(of: $0.column, largestPID)) }
        self.omitted = omitted
    }

    /// The columns of a mode, with the order in which they are left out: the highest rank first.
    private static func standard(in mode: MemoryMode, isByCommand: Bool) -> [(column: MemoryColumn, rank: Int?)] {
        let first: MemoryColumn = isByCommand ? .count : .pid
        let sizes: [(column: MemoryColumn, rank: Int?)] =
            switch mode {
            case .cheap: [(.anon, 4), (.shared, 5), (.rss, nil)]
            case .accurate: [(.uss, nil), (.common, 3), (.swap, 6), (.rss, 2)]
            case .sampled, .within: [(.uss, nil), (.error, 5), (.common, 3), (.rss, 2)]
            }
        return [(first, nil)] + sizes + [(.cpu, 1), (.source, 4), (.command, nil)]
    }

    private static func width(of column: MemoryColumn, _ largestPID: Int32) -> Int {
        switch column {
        case .pid, .ppid: max(5, "\(largestPID)".count)
        case .count: 5
        case .cpu: 6
        case .age: 7
        case .source: 6
        case .reason: 17
        case .command: 12
        default: 9
        }
    }
}

extension MemoryColumn {
    /// The title in the view.
    var topTitle: String { self == .uss ? "PRIVATE" : title }
}

extension MemorySource {
    /// The source in one letter: counters, samples, or accurate; `nil` if there is none.
    fileprivate var letter: String? {
        switch original {
        case .statm: "c"
        case .sampled: "s"
        case .smapsRollup, .smaps: "a"
        case .cached, .unavailable: nil
        }
    }
}

extension Duration {
    /// The age in whole seconds, minutes or hours: `0s`, `59s`, `2m`.
    var asAge: String {
        let seconds = components.seconds
        return seconds < 100 ? "\(seconds)s" : seconds < 6000 ? "\(seconds / 60)m" : "\(seconds / 3600)h"
    }
}

extension TopRow {
    /// A figure that is not known.
    static let unknown = "–"

    /// The text of a cell, except of the command.
    func cell(_ column: MemoryColumn) -> String {
        switch column {
        case .pid, .ppid:
            if case .subtree = kind { return column == .pid ? "\(memory.processes[0].pid)" : "" }
        case .source: return provenance
        case .age: return memory.age?.asAge ?? ""
        case .cpu, .count, .reason, .command: break
        default:
            guard let bytes = memory.bytes(column) else { return Self.unknown }
            return bytes.asSize
        }
        let text = memory.cell(column, branch: "", reasonHasColumn: true)
        return text == "-" ? Self.unknown : text
    }

    /// Returns `≥` for a sum that lacks processes whose figure is not known, and `Σ` for one that counts a page once for each
    /// process that maps it.
    func mark(of column: MemoryColumn) -> String {
        guard memory.isGroup, memory.bytes(column) != nil else { return "" }
        let isIncomplete = memory.processes.contains { process in
            process.sharesMemoryWith == nil && column.bytes(of: process.usage) == nil
                && ![.zombie, .exited, .kernelThread].contains(process.usage.unavailable)
        }
        if column != .error, isIncomplete { return "≥" }
        return memory.countsTwice(column) ? "Σ" : ""
    }

    /// The source of the figures: `c`, `s` or `a`, or several of them, with the greatest age of a figure that was not read in
    /// this pass.
    private var provenance: String {
        let letters = Set(memory.processes.compactMap(\.usage.source.letter)).sorted()
        guard !letters.isEmpty else { return Self.unknown }
        return letters.joined(separator: "/") + (memory.age.map { " " + $0.asAge } ?? "")
    }

    /// The name with what the row stands for, behind the branches of the tree.
    ///
    /// - Parameter reasonHasColumn: Whether the reason is not repeated behind the command.
    func commandLine(branch: String, reasonHasColumn: Bool) -> StyledLine {
        var line = StyledLine(branch, .faint)
        let name = memory.command?.printable ?? "?"
        switch kind {
        case .process:
            line.append(memory.cell(.command, branch: "", reasonHasColumn: reasonHasColumn))
        case .subtree:
            line.append("▸ ", .faint)
            line.append(name, .bold)
            line.append(" +\(memory.processes.count - 1) below", .faint)
        case .group(let isOpen):
            line.append(isOpen ? "▾ " : "▸ ", .faint)
            line.append("\(memory.processes.count) × \(name)", .bold)
            if let each { line.append("  \(each)") }
        }
        return line
    }

    /// The typical figure of one process of a group: `4.60 MiB private each`, `4.60–9.10 MiB private each`.
    private var each: String? {
        for (column, name) in [(MemoryColumn.uss, "private"), (.rss, "RSS")] {
            let sizes = memory.processes.compactMap { column.bytes(of: $0.usage) }
            guard let least = sizes.min(), let most = sizes.max(), sizes.count * 2 > memory.processes.count else {
                continue
            }
            if Double(most) <= 1.1 * Double(least) { return "\(((least + most) / 2).asSize) \(name) each" }
            return Int.range(estimate: nil, lower: least, upper: most) + " \(name) each"
        }
        return nil
    }
}
