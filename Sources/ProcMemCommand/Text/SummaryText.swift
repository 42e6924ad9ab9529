import ProcMem

/// The answer of `procmem` alone for people.
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
            let name = root.command.map { " of \($0.printable)" } ?? ""
            lines.append(
                row("tree", "\(snapshot.total.processCount.counted("process", "processes"))\(name) (\(root.pid))")
            )
        }
        lines += snapshots.map { row("  \($0.mode.name)", held($0)) }
        let gaps = snapshots.reduce(into: Set()) { $0.formUnion($1.gaps) }
        lines += gaps.notes.map { row("note", $0) }
        lines += (limits.warnings + container.warnings).map { row("warning", $0.printable) }
        return lines
    }

    private var machineCPUs: String {
        let online = limits.onlineCount.map { "\($0) online on the machine" } ?? "the machine's are unknown"
        return "\(online), \(limits.affinity.count) in the affinity mask"
    }

    private var memory: String {
        let machine = container.machineBytes.map { "the machine has \($0.asSize)" } ?? "the machine's is unknown"
        return "\(ContainerText(memory: container).limit); \(machine)"
    }

    private func held(_ snapshot: MemorySnapshot) -> String {
        let total = snapshot.total
        let time = snapshot.elapsed.asTime
        // The figure and its price first: a narrow terminal cuts the end.
        let figure =
            switch snapshot.mode {
            case .cheap:
                "\(counted(total)) in \(time), from counters; RSS adds up to \(total.rssBytes?.asSize ?? "unknown")"
            case .sampled, .within: "\(counted(total)) in \(time), from samples"
            case .accurate: "PSS \(total.pssBytes?.asSize ?? "unknown") in \(time), each page counted once"
            }
        return figure + (snapshot.missing.map { "; \($0)" } ?? "")
    }

    private func counted(_ total: MemoryTotal) -> String {
        total.rssBytes == nil ? "unknown" : total.distinctBytes.text
    }

    private func row(_ title: String, _ text: String) -> String {
        title + String(repeating: " ", count: max(1, 11 - title.count)) + text
    }
}
