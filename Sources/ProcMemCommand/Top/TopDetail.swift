import ProcMem

/// The line about the selected row: why figures are not known, and what has no column.
enum TopDetail {
    static func line(of model: TopModel) -> StyledLine {
        guard let row = model.selectedRow else { return StyledLine() }
        var parts: [String] = []
        if let reason = row.memory.reason { parts.append(reason + advice(row)) }
        parts += unknown(row, model)
        parts += facts(row)
        if !model.columns.omitted.isEmpty, model.selection.columns != nil {
            parts.append("too narrow for: \(model.columns.omitted.joined(separator: ", "))")
        }
        var line = StyledLine(name(row), .bold)
        if !parts.isEmpty { line.append(": " + parts.joined(separator: "; ")) }
        return line.cut(to: model.size.width)
    }

    private static func name(_ row: TopRow) -> String {
        let command = row.memory.command?.printable ?? "?"
        return row.memory.isGroup
            ? "\(row.memory.processes.count) × \(command)" : "\(row.memory.processes[0].pid) \(command)"
    }

    private static func advice(_ row: TopRow) -> String {
        row.memory.processes.contains { $0.usage.unavailable == .permissionDenied }
            ? " (run as the owner, or with CAP_SYS_PTRACE)" : ""
    }

    /// Why visible cells have no figure, apart from the reason of the process.
    private static func unknown(_ row: TopRow, _ model: TopModel) -> [String] {
        let unknown = model.columns.columns.map(\.column).filter { row.cell($0) == TopRow.unknown }
        var parts: [String] = []
        let ofMode = unknown.filter { $0.modes(insteadOf: model.mode) != nil && $0 != .error }
        if !ofMode.isEmpty {
            parts.append("\(titles(ofMode)): not read in mode \(model.mode.name) (m changes it)")
        }
        guard row.memory.reason == nil else { return parts }
        if unknown.contains(.uss), !ofMode.contains(.uss) {
            parts.append(
                "\(titles(unknown.filter { [.uss, .common].contains($0) })): no read fitted into the budget yet (+ doubles it)"
            )
        }
        if unknown.contains(.cpu) { parts.append("CPU %: known from the second pass on") }
        return parts
    }

    private static func titles(_ columns: [MemoryColumn]) -> String { columns.map(\.topTitle).joined(separator: ", ") }

    private static func facts(_ row: TopRow) -> [String] {
        if row.memory.isGroup {
            return row.memory.bytes(.pss).map { ["PSS \($0.asSize)"] } ?? []
        }
        let process = row.memory.processes[0]
        var facts: [String] = []
        if process.usage.source.name != "none" {
            facts.append(
                "from \(process.usage.source.original.name)" + (row.memory.age.map { ", \($0.asTime) old" } ?? "")
            )
        }
        if let pss = process.usage.pssBytes { facts.append("PSS \(pss.asSize)") }
        if let swap = process.usage.swapBytes, swap > 0 { facts.append("swap \(swap.asSize)") }
        if let other = process.sharesMemoryWith { facts.append("shares the memory of \(other)") }
        if let parent = process.parentPID { facts.append("child of \(parent)") }
        return facts
    }
}
