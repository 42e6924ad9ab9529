import ProcMem

/// The text output of `procmem` without a subcommand.
struct SummaryText {
    let limits: CPULimits
    let container: ContainerMemory
    let snapshots: [MemorySnapshot]

    var lines: [String] {
        var lines = [
            row("CPUs", CPUText(limits: limits, rounding: .up).answer),
            row("", machineCPUs),
            row("memory", memory),
        ]
        if let snapshot = snapshots.first, let root = snapshot.processes.first {
            let name = root.command.map { "\($0.printable) " } ?? ""
            let count = snapshot.total.processCount.counted("process", "processes")
            lines.append(row("tree", "\(count), root \(name)(\(root.pid)); distinct memory:"))
        }
        lines += snapshots.map { row("  \($0.mode.name)", distinctMemory($0)) }
        let gaps = snapshots.reduce(into: Set()) { $0.formUnion($1.gaps) }
        lines += gaps.notes.map { row("note", $0) }
        lines += (limits.warnings + container.warnings).map { row("warning", $0.printable) }
        return lines
    }

    private var machineCPUs: String {
        let online = limits.onlineCount.map { "\($0) online on the machine" } ?? "number online unknown"
        return "\(online), \(limits.affinity.count) in the affinity mask"
    }

    private var memory: String {
        let hugePages = container.hugePageBytes == nil ? ", huge pages unknown" : ""
        let machine =
            container.machineBytes.map { "the machine has \($0.asSize)\(hugePages)" } ?? "machine memory unknown"
        return "\(ContainerText(memory: container).limit); \(machine)"
    }

    private func distinctMemory(_ snapshot: MemorySnapshot) -> String {
        let total = snapshot.total
        let time = snapshot.elapsed.asTime
        // The figure and its cost come first, because a line is cut at its end.
        let figure =
            switch snapshot.mode {
            case .cheap:
                "\(bounds(total)) in \(time), from counters; sum of RSS \(total.rssBytes?.asSize ?? "unknown")"
            case .sampled, .within: "\(bounds(total)) in \(time), from samples"
            case .accurate: "\(total.pssBytes?.asSize ?? "unknown") in \(time), sum of PSS"
            }
        return figure + (snapshot.missing.map { "; \($0)" } ?? "")
    }

    private func bounds(_ total: MemoryTotal) -> String {
        total.rssBytes == nil ? "unknown" : total.distinctBytes.text
    }

    private func row(_ title: String, _ text: String) -> String {
        title + String(repeating: " ", count: max(1, 11 - title.count)) + text
    }
}
