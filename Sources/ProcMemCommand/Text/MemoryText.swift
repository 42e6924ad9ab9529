import ProcMem

/// The answer of `procmem memory` for people.
struct MemoryText {
    let snapshot: MemorySnapshot
    /// Whether to leave out what has no memory, where nobody asked for it by its id.
    var hidesKernelThreads = false

    /// - Parameter width: The columns of the terminal; `nil` where lines may be as long as they are.
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
            case .within: ["RSS": 1, "PSS": nil, "USS": 2, "±": 3, "AGE": 4, "FROM": 5]
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

    /// Each page counted once: the value or its bounds, how it was found, and in which time.
    private var summary: String {
        let held = "\(snapshot.total.distinctBytes.text) held, \(snapshot.mode.name) look in \(snapshot.elapsed.asTime)"
        return held + (snapshot.total.sourcesText.map { ": \($0)" } ?? "")
    }

    /// The whole on one line, with what the look cost.
    var line: String {
        let count = snapshot.total.processCount.counted("process", "processes")
        return "\(snapshot.total.distinctBytes.text), \(count), in \(snapshot.elapsed.asTime)"
            + (snapshot.total.sourcesText.map { ": \($0)" } ?? "")
            + (snapshot.isComplete ? "" : "; some may be missing")
    }

    /// What a cgroup is charged for beside its processes.
    private var charge: [String] {
        guard let charge = snapshot.cgroupCharge else { return [] }
        guard let charged = charge.chargedBytes, let rest = charge.unattributedBytes else {
            return charge.reasonsByUnknownFigure[.usageBytes].map { ["charged: unknown: \($0.printable)"] } ?? []
        }
        let held = rest.estimate?.asSize ?? "\(rest.lower.asSize) to \(rest.upper.asSize)"
        let uses = [
            charge.fileBytes.map { "files \($0.asSize)" },
            charge.shmemBytes.map { "\($0.asSize) of it shared memory" },
            charge.kernelBytes.map { "kernel \($0.asSize)" },
        ]
        return [
            "\(charged.asSize) charged to the cgroup, \(held) of it held by none of its processes",
            "charged for: " + uses.compactMap(\.self).joined(separator: ", "),
        ]
    }

    /// What the figures leave open, a line each.
    private var notes: [String] {
        var notes: [String] = []
        if let missing = snapshot.missing {
            let total = snapshot.total
            let rss = total.unreadableRSSBytes > 0 ? ": RSS \(total.unreadableRSSBytes.asSize), in no other sum" : ""
            notes.append(missing + rss)
        }
        let suspects = snapshot.processes.count { $0.mayShareMemoryWith != nil }
        if suspects > 0 {
            notes.append("\(suspects.counted("process", "processes")) may be counted twice: not allowed to ask (kcmp)")
        }
        return notes + snapshot.gaps.notes
    }
}

extension ProcessMemory {
    /// What is to be said of the process beside its figures.
    fileprivate var note: String? {
        if let reason = usage.unavailable { return reason.phrase }
        if let other = sharesMemoryWith { return "memory of \(other)" }
        return mayShareMemoryWith.map { "perhaps memory of \($0)" }
    }
}

extension DistinctMemory {
    /// `2.04 GiB`, `2.04 GiB (2.01–2.06)`, `1.01 GiB (980 MiB–1.02 GiB)`, or the bounds alone.
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
    /// Of how many processes the figures are from where, `12 smaps_rollup, 85 sampled, up to 3.10 s old`; `nil` where all
    /// are of this look and from one source.
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
    /// How many processes the figures lack; `nil` for none.
    var missing: String? {
        // What has no memory tells all there is to tell.
        let count = processes.count { [.permissionDenied, .unsupported, .malformed].contains($0.usage.unavailable) }
        return count == 0 ? nil : "\(count.counted("process tells", "processes tell")) less than asked for"
    }
}

extension Set<ProcessGap> {
    /// What is to be said of them, a line each.
    var notes: [String] {
        ProcessGap.allCases.filter(contains).map { "processes may be missing: \($0.phrase)" }
    }
}

extension ProcessGap {
    fileprivate var phrase: String {
        switch self {
        case .countLimit: "there are more than are looked at"
        case .timeLimit: "there was no more time"
        case .hidden: "some are hidden (hidepid), or may not be listed"
        case .otherNamespace: "some may be outside of this pid namespace"
        }
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
