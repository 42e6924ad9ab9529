import ProcMem

/// The text output of `procmem memory`.
struct MemoryText {
    let snapshot: MemorySnapshot
    /// Whether to leave out kernel threads. They have no memory, and are shown only if the user names them by pid.
    var hidesKernelThreads = false

    /// Returns the table and the lines below it.
    ///
    /// - Parameter width: The number of columns of the terminal; `nil` if lines are not cut.
    func lines(fitting width: Int?) -> [String] {
        var table = Table(columns)
        let shown = snapshot.processes.filter { !hidesKernelThreads || $0.usage.unavailable != .kernelThread }
        for (process, branch) in zip(shown, TreeDrawing(depths: shown.map(\.depth)).prefixes) {
            let command = branch + (process.command?.printable ?? "?") + (process.note.map { " (\($0))" } ?? "")
            table.add(["\(process.pid)"] + figures(process.usage) + [command])
        }
        if shown.count != 1 {
            table.add(["total"] + totals + [shown.count.counted("process", "processes")])
        }
        return table.lines(fitting: width) + ["", summary] + charge + notes
    }

    private var columns: [Table.Column] {
        let ranks: KeyValuePairs<String, Int?> =
            switch snapshot.mode {
            case .cheap: ["RSS": nil, "SHARED": 1]
            case .sampled: ["RSS": 1, "USS": nil, "±": 2]
            case .accurate: ["RSS": 1, "PSS": nil, "USS": 2, "SWAP": 3]
            case .within: ["RSS": 1, "PSS": nil, "USS": 2, "±": 3, "AGE": 4, "SOURCE": 5]
            }
        return [Table.Column(title: "PID", isNumber: true)]
            + ranks.map { Table.Column(title: $0.key, isNumber: true, rank: $0.value) }
            + [Table.Column(title: "COMMAND")]
    }

    private func figures(_ usage: MemoryUsage) -> [String] {
        let figures =
            switch snapshot.mode {
            case .cheap: [usage.rssBytes, usage.sharedBytes]
            case .sampled: [usage.rssBytes, usage.ussBytes, usage.source.standardErrorBytes.map { 2 * $0 }]
            case .accurate: [usage.rssBytes, usage.pssBytes, usage.ussBytes, usage.swapBytes]
            case .within:
                [usage.rssBytes, usage.pssBytes, usage.ussBytes, usage.source.standardErrorBytes.map { 2 * $0 }]
            }
        let sizes = figures.map { $0?.asSize ?? "-" }
        guard case .within = snapshot.mode else { return sizes }
        return sizes + [usage.source.age?.asTime ?? "", usage.source.original.name]
    }

    private var totals: [String] {
        let total = snapshot.total
        switch snapshot.mode {
        case .cheap: return [total.rssBytes?.asSize ?? "-", ""]
        case .sampled: return [total.rssBytes?.asSize ?? "-", total.ussBytes?.asSize ?? "-", ""]
        case .accurate:
            return [total.rssBytes, total.pssBytes, total.ussBytes, total.swapBytes].map { $0?.asSize ?? "-" }
        case .within:
            return [total.rssBytes, total.pssBytes, total.ussBytes].map { $0?.asSize ?? "-" } + ["", "", ""]
        }
    }

    /// The distinct memory with its bounds, the mode, the time that the reading took, and the sources.
    private var summary: String {
        "distinct memory: \(snapshot.total.distinctBytes.text), \(reading) in \(snapshot.elapsed.asTime)"
            + (snapshot.total.sourcesText.map { ": \($0)" } ?? "")
    }

    private var reading: String {
        if case .within = snapshot.mode { "budgeted reading" } else { "\(snapshot.mode.name) reading" }
    }

    /// The snapshot on one line: the distinct memory and the time that the reading took.
    var line: String {
        let count = snapshot.total.processCount.counted("process", "processes")
        return "\(snapshot.total.distinctBytes.text), \(count), in \(snapshot.elapsed.asTime)"
            + (snapshot.total.sourcesText.map { ": \($0)" } ?? "")
            + (snapshot.isComplete ? "" : "; processes may be missing")
    }

    /// The charge of the cgroup, and the part of it that its processes do not map.
    private var charge: [String] {
        guard let charge = snapshot.cgroupCharge else { return [] }
        guard let charged = charge.chargedBytes, let rest = charge.unattributedBytes else {
            return charge.reasonsByUnknownFigure[.usageBytes].map { ["cgroup charge: unknown: \($0.printable)"] } ?? []
        }
        let unmapped = rest.estimate?.asSize ?? "\(rest.lower.asSize) to \(rest.upper.asSize)"
        let uses = [
            charge.fileBytes.map { "page cache \($0.asSize)" },
            charge.shmemBytes.map { "\($0.asSize) of it shared memory" },
            charge.kernelBytes.map { "kernel \($0.asSize)" },
        ]
        return [
            "cgroup charge: \(charged.asSize), \(unmapped) of it not mapped by its processes",
            "  of it: " + uses.compactMap(\.self).joined(separator: ", "),
        ]
    }

    /// One line for each reservation about the figures.
    private var notes: [String] {
        var notes: [String] = []
        if let missing = snapshot.missing {
            let total = snapshot.total
            let rss = total.unreadableRSSBytes
            notes.append(missing + (rss > 0 ? "; \(rss.asSize) of RSS counts in no other sum" : ""))
        }
        let suspects = snapshot.processes.count { $0.mayShareMemoryWith != nil }
        if suspects > 0 {
            notes.append("\(suspects.counted("process", "processes")) may be counted twice: kcmp(2) is not permitted")
        }
        return notes + snapshot.gaps.notes
    }
}

extension ProcessMemory {
    /// A remark behind the name of the process; `nil` for none.
    fileprivate var note: String? {
        if let reason = usage.unavailable { return reason.phrase }
        if let other = sharesMemoryWith { return "shares the memory of \(other)" }
        return mayShareMemoryWith.map { "may share the memory of \($0)" }
    }
}

extension DistinctMemory {
    /// The estimate with its bounds, or the bounds alone: `2.04 GiB`, `2.04 GiB (2.01–2.06)`, `1.01 GiB (980 MiB–1.02
    /// GiB)`.
    var text: String {
        guard let upper else {
            let least = "at least \(lower.asSize)"
            return estimate.map { "\($0.asSize) (\(least))" } ?? least
        }
        let ends = [lower.asSize, upper.asSize].map { $0.split(separator: " ") }
        let isOneUnit = ends[0].last == ends[1].last
        guard let estimate else {
            return isOneUnit ? "\(ends[0][0])–\(upper.asSize)" : "\(lower.asSize)–\(upper.asSize)"
        }
        if lower == estimate, upper == estimate { return estimate.asSize }
        let hasItsUnit = isOneUnit && estimate.asSize.hasSuffix(ends[0].last ?? "")
        return "\(estimate.asSize) "
            + (hasItsUnit ? "(\(ends[0][0])–\(ends[1][0]))" : "(\(lower.asSize)–\(upper.asSize))")
    }
}

extension MemoryTotal {
    /// The number of processes by source, and the greatest age: `12 smaps_rollup, 85 sampled, up to 3.10 s old`. It is
    /// `nil` if all figures were read for this snapshot and from one source.
    var sourcesText: String? {
        var counts: [String: Int] = [:]
        for (source, count) in sources { counts[source.original.name, default: 0] += count }
        counts["none"] = nil
        guard counts.count > 1 || oldestAge != nil else { return nil }
        let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        return (parts + (oldestAge.map { ["up to \($0.asTime) old"] } ?? [])).joined(separator: ", ")
    }
}

extension MemorySnapshot {
    /// The number of processes with figures that could not be read; `nil` for none.
    var missing: String? {
        // Processes without memory, such as zombies, lack no figure.
        let count = processes.count { [.permissionDenied, .unsupported, .malformed].contains($0.usage.unavailable) }
        return count == 0 ? nil : "\(count.counted("process", "processes")) not fully readable"
    }
}

extension Set<ProcessGap> {
    /// One line for each gap.
    var notes: [String] {
        ProcessGap.allCases.filter(contains).map { "processes may be missing: \($0.phrase)" }
    }
}

extension ProcessGap {
    fileprivate var phrase: String {
        switch self {
        case .countLimit: "there are too many"
        case .timeLimit: "the time was up"
        case .hidden: "some are hidden (hidepid) or cannot be listed"
        case .otherNamespace: "some may be in another pid namespace"
        }
    }
}

extension UnavailableReason {
    /// The reason in a row of the table, and in an error message.
    var phrase: String {
        switch self {
        case .permissionDenied: "permission denied"
        case .kernelThread: "kernel thread"
        case .zombie: "zombie"
        case .exited: "exited"
        case .unsupported: "not supported by this kernel"
        case .malformed: "malformed file"
        case .executing: "executes programs in a row"
        case .failed: "could not be read"
        }
    }
}
