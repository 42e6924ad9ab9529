import ProcMem

/// The text output of `procmem` without a subcommand.
struct SummaryText {
    /// `nil` if the limits could not be read.
    let limits: CPULimits?
    /// `nil` if neither a limit nor the machine's memory could be read.
    let container: ContainerMemory?
    /// The snapshots of the modes in which the processes could be read.
    let snapshots: [MemorySnapshot]
    /// The number of columns of the terminal; `nil` if lines are not cut.
    var width: Int?

    var lines: [String] {
        var lines: [String] = []
        if let limits {
            lines += [row("CPUs", CPUText(limits: limits, rounding: .up).answer), row("", machineCPUs(limits))]
        }
        if let container { lines.append(row("memory", memory(container))) }
        if let snapshot = snapshots.first, let root = snapshot.processes.first {
            let name = root.command.map { "\($0.printable) " } ?? ""
            let count = snapshot.processes.count.counted("process", "processes")
            lines.append(row("tree", "\(count), root \(name)(\(root.pid)); distinct memory:"))
        }
        lines += snapshots.flatMap { snapshot in
            var parts = distinctMemory(snapshot)
            parts[0] = row("  \(snapshot.mode.name)", parts[0])
            return parts.sentence(fitting: width, indentation: Self.titleWidth)
        }
        lines += (disagreement.map { [$0] } ?? []).map { row("note", $0) }
        let gaps = snapshots.reduce(into: Set()) { $0.formUnion($1.gaps) }
        lines += gaps.notes.map { row("note", $0) }
        // Both may concern one file.
        let warnings = limits?.warnings ?? []
        lines += (warnings + (container?.warnings ?? []).filter { !warnings.contains($0) }).map {
            row("warning", $0.printable)
        }
        return lines
    }

    private func machineCPUs(_ limits: CPULimits) -> String {
        let online = limits.onlineCount.map { "\($0) online on the machine" } ?? "number online unknown"
        return "\(online), \(limits.affinity.count) in the affinity mask"
    }

    private func memory(_ container: ContainerMemory) -> String {
        let hugePages = container.hugePageBytes == nil ? ", huge pages unknown" : ""
        let machine =
            container.machineBytes.map { "the machine has \($0.asSize)\(hugePages)" } ?? "machine memory unknown"
        return "\(ContainerText(memory: container).limit); \(machine)"
    }

    /// The parts of a line: the figure and its cost come first, because a line may be cut at its end.
    private func distinctMemory(_ snapshot: MemorySnapshot) -> [String] {
        let total = snapshot.total
        let known = total.rssBytes == nil ? "unknown" : total.distinctBytes.text
        let source: String
        var sum: String?
        switch snapshot.mode {
        case .cheap:
            source = "counters"
            sum = "sum of RSS \(total.rssBytes?.asSize ?? "unknown")"
        case .sampled, .within: source = "samples"
        case .accurate:
            source = "page tables"
            sum = "sum of PSS \(total.pssBytes?.asSize ?? "unknown")"
        }
        let proof = total.rssBytes.flatMap { _ in snapshot.proof(reasons: 1, endingIn: "").first }
        let rest = [proof, sum, snapshot.missing].compactMap(\.self)
        let parts = ["\(known) in \(snapshot.elapsed.asTime), from \(source)"] + rest
        // Semicolons separate the parts.
        return parts.dropLast().map { "\($0);" } + parts.suffix(1)
    }

    /// Why the bounds of two modes have no value in common; `nil` if all have one.
    private var disagreement: String? {
        let known = snapshots.filter { $0.total.rssBytes != nil }
        let highest = known.max { $0.total.distinctBytes.lower < $1.total.distinctBytes.lower }
        let lowest = known.min { $0.upper < $1.upper }
        // Bounds that are printed alike do not contradict each other for a reader.
        guard let highest, let lowest, lowest.upper < highest.total.distinctBytes.lower,
            lowest.upper.asSize != highest.total.distinctBytes.lower.asSize
        else { return nil }
        let reason =
            if highest.identities != lowest.identities {
                "processes started or exited between the readings"
            } else if let unproven = [lowest, highest].first(where: { !$0.total.distinctBytes.isProven }) {
                "\(unproven.mode.name) is \(unproven.proof(reasons: 2, endingIn: "").joined(separator: " "))"
            } else {
                "the memory changed between the readings"
            }
        return "\(lowest.mode.name) and \(highest.mode.name) do not agree: \(reason)"
    }

    private static let titleWidth = 11

    private func row(_ title: String, _ text: String) -> String {
        title + String(repeating: " ", count: max(1, Self.titleWidth - title.count)) + text
    }
}

extension MemorySnapshot {
    fileprivate var upper: Int { total.distinctBytes.upper ?? .max }

    /// The pid and the start time of each process.
    fileprivate var identities: Set<[Int]> { Set(processes.map { [Int($0.pid), $0.startTimeTicks ?? -1] }) }
}
