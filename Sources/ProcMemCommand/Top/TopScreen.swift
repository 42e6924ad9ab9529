import ProcMem

/// The layout of the view: the lines for a size of the terminal.
///
/// From top to bottom: a line of settings with the command's own cost; a block for each tree; the titles of the columns; the
/// rows; a line about the selected row; and, if there is room, a line of keys.
enum TopScreen {
    /// Returns the screen.
    static func frame(_ model: TopModel) -> Frame {
        let (width, height) = model.size
        var frame = Frame(width: width, height: height)
        if case .help(let first) = model.focus {
            frame.lines = help(from: first, width, height)
            return frame
        }
        var lines = [title(model)] + blockLines(model)
        lines.append(columnTitles(model))
        let list = rows(model)
        lines += list
        lines += Array(repeating: StyledLine(), count: max(0, model.listHeight - list.count))
        lines += footer(model)
        // Of a terminal that is too low for the layout, the first lines are shown.
        frame.lines = lines.prefix(height).map { $0.cut(to: width) }
        return frame
    }

    /// Returns the number of lines for rows.
    static func listHeight(_ model: TopModel) -> Int {
        max(1, model.size.height - 2 - blocks(of: model).lineCount - footerHeight(model))
    }

    private static func footerHeight(_ model: TopModel) -> Int { model.size.height >= 16 ? 2 : 1 }

    private static func help(from first: Int, _ width: Int, _ height: Int) -> [StyledLine] {
        let lines = TopHelp.lines(fitting: width)
        let visible = lines.dropFirst(first).prefix(max(0, height - 1))
        let more = lines.count - first > height - 1 ? "; ↓ more" : ""
        let padding = Array(repeating: StyledLine(), count: max(0, height - 1 - visible.count))
        return visible.map { $0.cut(to: width) } + padding + [StyledLine("q back\(more)", .faint)]
    }

    // MARK: - Title

    private static func title(_ model: TopModel) -> StyledLine {
        var line = StyledLine("procmem top", .bold)
        line.append("  " + model.modeOption.text(model.budget))
        line.append(" every \(model.interval.asShortTime)", .faint)
        var cost = StyledLine("own ", .faint)
        cost.append((model.cost.utilization.map { "\($0.asCPUPercent) %" } ?? TopRow.unknown) + " CPU", .faint)
        cost.append(", " + (model.cost.rssBytes?.asSize ?? TopRow.unknown), .faint)
        // Where both do not fit, the mode is shown in full, because the user can change it.
        if line.columns + cost.columns + 1 > model.size.width {
            line = StyledLine(model.modeOption.text(model.budget), .bold)
        }
        return line.with(right: cost, width: model.size.width)
    }

    // MARK: - Trees

    /// How the trees are shown: with three lines each, or one.
    private struct Blocks {
        let shown: Int
        let isCompact: Bool
        let lineCount: Int
    }

    private static func blocks(of model: TopModel) -> Blocks {
        let count = model.trees.count
        let room = max(3, model.size.height * 2 / 5)
        if 3 * count <= room { return Blocks(shown: count, isCompact: false, lineCount: 3 * count) }
        // The last line names the trees that are not shown, and the legend.
        let shown = min(count, room - 1)
        return Blocks(shown: shown, isCompact: true, lineCount: shown + 1)
    }

    private static func blockLines(_ model: TopModel) -> [StyledLine] {
        let blocks = blocks(of: model)
        let width = model.size.width
        let trees = model.trees.prefix(blocks.shown)
        guard blocks.isCompact else { return trees.flatMap { block($0, width) } }
        let labelWidth = min(24, max(8, width / 4), trees.map(\.label.displayColumns).max() ?? 0)
        var lines = trees.map { compactLine($0, width, labelWidth) }
        let hidden = model.trees.count - blocks.shown
        var legend = StyledLine(hidden > 0 ? "and \(hidden.counted("more tree", "more trees"))  " : "")
        let parts = Set(trees.flatMap { $0.bar?.parts.map(\.part) ?? [] })
        for part in MemoryBar.Part.allCases where parts.contains(part) {
            legend.append(String(part.character), Style(color: part.color))
            legend.append(" \(part.name)  ", .faint)
        }
        lines.append(legend)
        return lines
    }

    /// The name with the distinct memory and the sum of RSS, the bar with the limit, and the sizes of its parts.
    private static func block(_ tree: TopModel.Tree, _ width: Int) -> [StyledLine] {
        var name = StyledLine(tree.label.cut(to: max(12, width / 3)), .bold)
        guard let snapshot = tree.sample?.snapshot, !tree.tracker.hasEnded else {
            name.append("  " + (tree.notice ?? "not measured yet"), Style(color: .yellow))
            return [name, StyledLine(), StyledLine()]
        }
        let distinct = snapshot.total.distinctBytes
        var figures = StyledLine("  ")
        figures.append(distinct.text, .bold)
        if let notice = tree.notice {
            figures.append("  " + notice, Style(color: .yellow))
        } else {
            let count = snapshot.processes.count.counted("process", "processes")
            if let gap = ProcessGap.allCases.first(where: snapshot.gaps.contains) {
                figures.append("  at least \(count): \(gap.phrase)", Style(color: .yellow))
            } else {
                figures.append("  " + count)
            }
        }
        var first = name
        first.append(figures)
        if let rss = snapshot.total.rssBytes {
            let sum = StyledLine("ΣRSS \(rss.asSize)", .faint)
            if first.columns + sum.columns + 2 <= width { first = first.with(right: sum, width: width) }
        }
        return [first.cut(to: width), barLine(tree, width), legend(tree, snapshot, width)]
    }

    private static func barLine(_ tree: TopModel.Tree, _ width: Int) -> StyledLine {
        let scale = tree.scaleText
        var limit = StyledLine(scale.map { " \($0)" } ?? "")
        // In a narrow terminal, the soft limit is only marked.
        if let soft = tree.softLimit, width >= 70 { limit.append(", soft limit \(soft.asSize)") }
        var line = StyledLine("[")
        line.append(
            tree.bar?.line(width: max(4, width - limit.columns - 2), scale: tree.scale, mark: tree.softLimit)
                ?? StyledLine()
        )
        line.append("]")
        line.append(limit)
        return line
    }

    private static func legend(_ tree: TopModel.Tree, _ snapshot: MemorySnapshot, _ width: Int) -> StyledLine {
        var line = StyledLine()
        for (part, bytes) in tree.bar?.parts ?? [] {
            if line.columns > 0 { line.append("  ") }
            line.append(String(part.character), Style(color: part.color))
            line.append(" \(width < 60 ? part.shortName : part.name) ")
            line.append(bytes?.asSize ?? TopRow.unknown, .bold)
        }
        let proof = StyledLine("  " + snapshot.proof(reasons: 1, endingIn: "").joined(separator: " "), .faint)
        if line.columns + proof.columns <= width { line.append(proof) }
        return line
    }

    private static func compactLine(_ tree: TopModel.Tree, _ width: Int, _ labelWidth: Int) -> StyledLine {
        let label = tree.label.cut(to: labelWidth)
        var line = StyledLine(label, .bold)
        line.append(String(repeating: " ", count: max(0, labelWidth - label.displayColumns) + 1))
        guard let snapshot = tree.sample?.snapshot, !tree.tracker.hasEnded else {
            line.append(tree.notice ?? "not measured yet", Style(color: .yellow))
            return line
        }
        let distinct = snapshot.total.distinctBytes
        let isLowerBound = distinct.upper == nil || !snapshot.isComplete
        let size = (isLowerBound ? "≥" : "") + (distinct.estimate ?? distinct.lower).asSize
        var text = StyledLine(size.aligned(right: 10))
        if let scale = tree.scaleText, width >= 60 { text.append(" " + scale, .faint) }
        if let rss = snapshot.total.rssBytes, width >= 80 {
            text.append("  ΣRSS" + rss.asSize.aligned(right: 9), .faint)
        }
        line.append("[")
        let room = max(4, width - line.columns - text.columns - 1)
        line.append(tree.bar?.line(width: room, scale: tree.scale, mark: tree.softLimit) ?? StyledLine())
        line.append("]")
        line.append(text)
        return line
    }

    // MARK: - Rows

    private static func columnTitles(_ model: TopModel) -> StyledLine {
        var line = StyledLine()
        let isSorted = !model.settings.isTree || model.settings.isByCommand
        for (index, column) in model.columns.columns.enumerated() {
            if index > 0 { line.append("  ") }
            let isSortedBy = isSorted && column.column == model.settings.sorting
            // A mark, because a bold title is not visible on each terminal.
            let title = (column.column.topTitle + (isSortedBy ? "↓" : "")).cut(to: column.width)
            let padding = String(repeating: " ", count: max(0, column.width - title.displayColumns))
            line.append(column.column.isNumber ? padding + title : title + padding, isSortedBy ? .bold : .plain)
        }
        return line.filled(to: model.size.width) { $0.isReversed = true }
    }

    private static func rows(_ model: TopModel) -> [StyledLine] {
        let all = model.rows.rows
        let visible = model.visible
        guard !all.isEmpty else {
            let text =
                model.settings.filter.isEmpty
                ? model.hasEnded ? "no process is left; q quits" : "no processes"
                : "no process matches \"\(model.settings.filter.printable)\""
            return [StyledLine(text, .faint)]
        }
        let columns = model.columns.columns
        let branches = TreeDrawing(depths: all.map(\.depth), visible: visible).prefixes
        return zip(visible, branches).map { index, branch in
            let line = line(of: all[index], columns, branch, width: model.size.width)
            return index == model.selected ? line.filled(to: model.size.width) { $0 = .reversed } : line
        }
    }

    private static func line(
        of row: TopRow,
        _ columns: [TopColumns.Column],
        _ branch: String,
        width: Int
    ) -> StyledLine {
        var line = StyledLine()
        for (index, (column, columnWidth)) in columns.map({ ($0.column, $0.width) }).enumerated() {
            if index > 0 { line.append("  ") }
            if column == .command {
                let hasReason = columns.contains { $0.column == .reason }
                let command = row.commandLine(branch: branch, reasonHasColumn: hasReason)
                let isLast = index == columns.count - 1
                line.append(isLast ? command : command.filled(to: columnWidth) { _ in })
                continue
            }
            let text = row.mark(of: column) + row.cell(column)
            let shown = text.cut(to: columnWidth)
            let padding = String(repeating: " ", count: max(0, columnWidth - shown.displayColumns))
            let style: Style = text == TopRow.unknown || column == .source ? .faint : .plain
            line.append(column.isNumber ? padding + shown : shown + padding, style)
        }
        return line.cut(to: width)
    }

    // MARK: - Footer

    private static func footer(_ model: TopModel) -> [StyledLine] {
        let filter = filterLine(model)
        let isLow = footerHeight(model) == 1
        if isLow { return [filter ?? TopDetail.line(of: model)] }
        return [TopDetail.line(of: model), filter ?? keys(fitting: model.size.width)]
    }

    private static func filterLine(_ model: TopModel) -> StyledLine? {
        guard model.focus == .filter || !model.settings.filter.isEmpty else { return nil }
        var line = StyledLine("/", .bold)
        line.append(model.settings.filter.printable)
        if model.focus == .filter {
            line.append(" ", .reversed)
            line.append("  Enter keeps the filter, Esc restores", .faint)
        } else {
            line.append("  Esc removes the filter", .faint)
        }
        return line
    }

    private static func keys(fitting width: Int) -> StyledLine {
        var line = StyledLine()
        let keys = [
            ("q", "quit"), ("h", "help"), ("m", "mode"), ("s", "sort"), ("t", "tree"), ("space", "fold"),
            ("/", "filter"),
            ("↑↓", "select"),
        ]
        for (key, text) in keys {
            let part = (line.columns == 0 ? "" : "  ") + key + " " + text
            guard line.columns + part.displayColumns <= width else { break }
            if line.columns > 0 { line.append("  ") }
            line.append(key, .bold)
            line.append(" " + text, .faint)
        }
        return line
    }
}

extension String {
    /// Returns the text behind as many spaces as a width requires.
    fileprivate func aligned(right width: Int) -> String {
        String(repeating: " ", count: max(0, width - displayColumns)) + self
    }
}

extension MemoryBar.Part {
    fileprivate var shortName: String {
        switch self {
        case .privatePages: "priv"
        case .sharedPages: "shared"
        case .privateOrShared: "priv/shared"
        case .uncertain: "±"
        }
    }
}

extension TopMode {
    /// The mode in the title: `within 5 ms`.
    fileprivate func text(_ budget: Duration) -> String {
        let mode = mode(budget: budget)
        return self == .within ? "within \(budget.asShortTime)" : mode.name
    }
}

extension Duration {
    /// The duration without zeros behind the point: `1 s`, `1.5 s`, `5 ms`.
    fileprivate var asShortTime: String {
        let parts = asTime.split(separator: " ")
        guard parts.count == 2, parts[0].contains(".") else { return asTime }
        let number = parts[0].reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed()
        return String(number) + " " + parts[1]
    }
}

extension TopModel.Tree {
    var bar: MemoryBar? { sample.map { MemoryBar($0.snapshot.total) } }

    /// What the whole width of the bar stands for: the limit, or the memory of the machine; `nil` if neither is known.
    var scale: Int? { container?.effectiveMemoryBytes }

    var scaleText: String? {
        guard let container, let scale else { return nil }
        return container.limitBytes == scale ? "of \(scale.asSize)" : "of \(scale.asSize) (machine)"
    }

    /// The soft limit, if it is below the limit.
    var softLimit: Int? { container?.highBytes }
}
