import ProcMem

/// The answer of `procmem memory` for people.
struct MemoryText {
    let snapshot: MemorySnapshot
    /// Whether to leave out what has no memory, where nobody asked for it by its id.
    var hidesKernelThreads = false

    var lines: [String] {
        var table = Table(columns)
        let shown = snapshot.processes.filter { !hidesKernelThreads || $0.usage.unavailable != .kernelThread }
        for process in shown {
            let indent = String(repeating: "  ", count: min(process.depth, 20))
            let note = process.usage.unavailable.map { " (\($0.phrase))" } ?? ""
            table.add(
                ["\(process.pid)"] + figures(process.usage) + [indent + (process.command?.printable ?? "?") + note]
            )
        }
        if shown.count != 1 {
            table.add(["total"] + totals + [shown.count.counted("process", "processes")])
        }
        return table.lines + ["", summary]
    }

    private var isAccurate: Bool { snapshot.mode == .accurate }

    private var columns: [Table.Column] {
        let titles = isAccurate ? ["RSS", "PSS", "USS", "SWAP"] : ["RSS", "SHARED"]
        return [Table.Column(title: "PID", isNumber: true)] + titles.map { Table.Column(title: $0, isNumber: true) }
            + [Table.Column(title: "COMMAND")]
    }

    private func figures(_ usage: MemoryUsage) -> [String] {
        let figures =
            isAccurate
            ? [usage.rssBytes, usage.pssBytes, usage.ussBytes, usage.swapBytes] : [usage.rssBytes, usage.sharedBytes]
        return figures.map { $0?.asSize ?? "-" }
    }

    private var totals: [String] {
        let total = snapshot.total
        guard isAccurate else { return [total.rssBytes?.asSize ?? "-", ""] }
        return [total.rssBytes, total.pssBytes, total.ussBytes, total.swapBytes].map { $0?.asSize ?? "-" }
    }

    /// Each page counted once: the value or its bounds, how it was found, and in which time.
    var summary: String {
        var text = "\(snapshot.total.physicalBytes.text) held, \(snapshot.mode.name) look in \(snapshot.elapsed.asTime)"
        text += snapshot.missing.map { "; \($0)" } ?? ""
        if !snapshot.complete { text += "; too many processes, some were left out" }
        return text
    }
}

extension PhysicalMemory {
    /// `2.04 GiB`, `2.04 GiB (2.01 GiB to 2.06 GiB)`, or the bounds alone.
    var text: String {
        let bounds = upper.map { "\(lower.asSize) to \($0.asSize)" } ?? "at least \(lower.asSize)"
        guard let estimate else { return bounds }
        return lower == estimate && upper == estimate ? estimate.asSize : "\(estimate.asSize) (\(bounds))"
    }
}

extension MemorySnapshot {
    /// How many processes the figures lack; `nil` for none.
    var missing: String? {
        // What has no memory tells all there is to tell.
        let count = processes.count { [.permissionDenied, .unsupported, .malformed].contains($0.usage.unavailable) }
        return count == 0 ? nil : "\(count.counted("process tells", "processes tell")) less than asked for"
    }
}

extension UnavailableReason {
    /// For a row of the table.
    fileprivate var phrase: String {
        switch self {
        case .permissionDenied: "permission denied"
        case .kernelThread: "kernel thread"
        case .zombie: "zombie"
        case .exited: "exited"
        case .unsupported: "not offered by this kernel"
        case .malformed: "malformed file"
        }
    }
}
