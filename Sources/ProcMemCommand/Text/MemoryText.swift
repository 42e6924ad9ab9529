import ProcMem

/// The text output of `procmem memory`.
struct MemoryText {
    let snapshot: MemorySnapshot
    /// Whether to leave out kernel threads. They have no memory, and are shown only if the user names them by pid.
    var hidesKernelThreads = false
    var selection = MemorySelection()
    /// The CPU time of the processes since an earlier snapshot, which is `nil` for the first one. Without it, there is no
    /// column of it unless it is selected.
    var cpuTime: ProcessCPUTime??

    /// Returns the table and the lines below it.
    ///
    /// - Parameter width: The number of columns of the terminal; `nil` if lines are not cut.
    func lines(fitting width: Int?) -> [String] {
        let details = summary.sentence(fitting: width) + details(fitting: width)
        guard snapshot.total.processCount != nil else { return details }
        let (table, columns, rows) = table
        let omitted = selection.columns == nil ? [] : table.omittedTitles(fitting: width)
        var notes = notes(columns, rows)
        if !omitted.isEmpty {
            notes.append("not shown, the terminal is too narrow: \(omitted.joined(separator: ", "))")
        }
        return table.lines(fitting: width) + [""] + details + notes.flatMap { [$0].sentence(fitting: width) }
    }

    /// Returns the table alone.
    func rowLines(fitting width: Int?) -> [String] { table.table.lines(fitting: width).map { $0.cut(to: width) } }

    /// The table of the processes, with its columns and its rows without the totals.
    private var table: (table: Table, columns: [MemoryColumn], rows: [MemoryRow]) {
        let processes = snapshot.processes.filter { !hidesKernelThreads || $0.usage.unavailable != .kernelThread }
        var columns = selection.columns(in: snapshot.mode)
        if cpuTime != nil, selection.columns == nil, !columns.contains(where: { $0.column == .cpu }) {
            columns.insert((.cpu, nil), at: columns.count - 1)
        }
        let rows = selection.rows(of: processes, in: snapshot.mode, cpuTime ?? nil)
        var table = Table(
            columns.map { column, rank in
                Table.Column(title: title(of: column, rows), isNumber: column.isNumber, rank: rank)
            }
        )
        // Branches connect the rows of a tree only if they are in its order.
        let isTree = selection.sorting == nil && !selection.isByCommand
        let branches = isTree ? TreeDrawing(depths: processes.map(\.depth)).prefixes : rows.map { _ in "" }
        let reasonHasColumn = columns.contains { $0.column == .reason }
        for (row, branch) in zip(rows, branches) {
            table.add(columns.map { row.cell($0.column, branch: branch, reasonHasColumn: reasonHasColumn) })
        }
        if rows.count != 1, let totals = totals(columns.map(\.column), processes.count) { table.add(totals) }
        return (table, columns.map(\.column), rows)
    }

    /// The title of a column. A sum that counts a page once for each process is marked.
    private func title(of column: MemoryColumn, _ rows: [MemoryRow]) -> String {
        rows.contains { $0.isGroup && $0.countsTwice(column) } ? "Σ" + column.title : column.title
    }

    /// Returns the last row of the table, with the sums over all processes; `nil` if the row cannot be labelled.
    private func totals(_ columns: [MemoryColumn], _ count: Int) -> [String]? {
        guard columns.contains(.pid) || columns.contains(.command) else { return nil }
        let processes = count.counted("process", "processes")
        return columns.map { column in
            switch column {
            case .pid: return "total"
            case .count: return "\(count)"
            case .command where columns.contains(.pid): return processes
            case .command: return columns.contains(.count) ? "total" : "total: \(processes)"
            case .rss, .pss, .uss, .swap:
                if let bytes = column.bytes(of: snapshot.total) { return bytes.asSize }
                // The sum of figures that count a page for each process is not a total.
                return snapshot.processes.contains { column.bytes(of: $0.usage) != nil } ? "" : "-"
            default: return ""
            }
        }
    }

    /// The distinct memory with its bounds, whether they are proven, the mode, the time that the reading took, and the
    /// sources.
    private var summary: [String] {
        let distinct = snapshot.total.distinctBytes
        let reading = "\(reading) in \(snapshot.elapsed.asTime)" + (snapshot.total.sourcesText.map { ": \($0)" } ?? "")
        return ["distinct memory: \(distinct.text),"] + snapshot.proof(reasons: 2, endingIn: ";") + [reading]
    }

    private var reading: String {
        if snapshot.total.processCount == nil { return "totals" }
        return if case .within = snapshot.mode { "budgeted reading" } else { "\(snapshot.mode.name) reading" }
    }

    /// The snapshot on one line: the distinct memory and the time that the reading took.
    var line: String {
        let count = snapshot.total.processCount.map { $0.counted("process", "processes") + ", " } ?? ""
        let proof = snapshot.total.distinctBytes.isProven ? "proven" : "not proven"
        return "\(snapshot.total.distinctBytes.text) distinct, \(proof), \(count)in \(snapshot.elapsed.asTime)"
            + (snapshot.total.sourcesText.map { ": \($0)" } ?? "")
            + (snapshot.isComplete ? "" : "; processes may be missing")
    }

    /// What belongs to the distinct memory: pages of hugetlbfs, the processes' share of it, and the charge of the
    /// cgroup.
    private func details(fitting width: Int?) -> [String] {
        let hugetlb = snapshot.hugetlbText.map {
            ["of it: \($0) of huge pages (hugetlbfs),", "not part of RSS and PSS"]
        }
        let share = snapshot.share.map { ["share of it: \($0.pssBytes.asSize) (PSS);", $0.cause] }
        return [hugetlb, share, charge].compactMap(\.self).flatMap { $0.sentence(fitting: width) } + chargeUses
    }

    /// The charge of the cgroup, and the part of it that its processes do not map.
    private var charge: [String]? {
        guard let charge = snapshot.cgroupCharge else { return nil }
        guard let charged = charge.chargedBytes, let rest = charge.unattributedBytes else {
            return charge.reasonsByUnknownFigure[.usageBytes].map { ["cgroup charge: unknown: \($0.printable)"] }
        }
        let unmapped = Int.range(estimate: rest.estimate, lower: rest.lower, upper: rest.upper)
        return ["cgroup charge: \(charged.asSize),", "\(unmapped) of it not mapped by its processes"]
    }

    private var chargeUses: [String] {
        guard let charge = snapshot.cgroupCharge, charge.chargedBytes != nil else { return [] }
        let uses = [
            charge.fileBytes.map { "page cache \($0.asSize)" },
            charge.shmemBytes.map { "\($0.asSize) of it shared memory" },
            charge.kernelBytes.map { "kernel \($0.asSize)" },
        ]
        .compactMap(\.self)
        return uses.isEmpty ? [] : ["  of it: " + uses.joined(separator: ", ")]
    }

    /// One line for each reservation about the figures.
    private func notes(_ columns: [MemoryColumn], _ rows: [MemoryRow]) -> [String] {
        var notes: [String] = []
        if let missing = snapshot.missing {
            let rss = snapshot.total.unreadableRSSBytes ?? 0
            notes.append(missing + (rss > 0 ? "; \(rss.asSize) of RSS counts in no other sum" : ""))
        }
        let suspects = snapshot.processes.count { $0.mayShareMemoryWith != nil }
        if suspects > 0 {
            notes.append("\(suspects.counted("process", "processes")) may be counted twice: kcmp(2) is not permitted")
        }
        return notes + snapshot.gaps.notes + columnNotes(columns, rows)
    }

    /// One line for each property of the columns that a reader must know.
    private func columnNotes(_ columns: [MemoryColumn], _ rows: [MemoryRow]) -> [String] {
        var notes: [String] = []
        if rows.contains(where: { row in columns.contains { row.isGroup && row.countsTwice($0) } }) {
            notes.append("Σ: a page that several of the processes map counts once for each of them")
        }
        if columns.contains(.peak), selection.isByCommand { notes.append("PEAK: the largest of the processes") }
        var titles: [String: [String]] = [:]
        for column in columns {
            if let modes = column.modes(insteadOf: snapshot.mode) { titles[modes, default: []].append(column.title) }
        }
        for (modes, titles) in titles.sorted(by: { $0.key < $1.key }) {
            notes.append(
                "\(titles.joined(separator: ", ")): unknown in mode \(snapshot.mode.name); use --mode \(modes)"
            )
        }
        return notes
    }
}

extension Int {
    /// Returns an estimate with its bounds, or the bounds alone: `2.04 GiB`, `2.04 GiB (2.01–2.06)`, `1.01 GiB (980
    /// MiB–1.02 GiB)`, `980 MiB–1.02 GiB`, `at least 980 MiB`. Bounds that would be printed alike are left out.
    ///
    /// - Parameters:
    ///   - estimate: The estimate; `nil` if there is none.
    ///   - lower: The lower bound.
    ///   - upper: The upper bound; `nil` if there is none.
    static func range(estimate: Int?, lower: Int, upper: Int?) -> String {
        guard let upper else {
            let least = "at least \(lower.asSize)"
            return estimate.map { "\($0.asSize) (\(least))" } ?? least
        }
        if lower.asSize == upper.asSize { return lower.asSize }
        let ends = [lower.asSize, upper.asSize].map { $0.split(separator: " ") }
        let isOneUnit = ends[0].last == ends[1].last
        guard let estimate else {
            return isOneUnit ? "\(ends[0][0])–\(upper.asSize)" : "\(lower.asSize)–\(upper.asSize)"
        }
        let hasItsUnit = isOneUnit && estimate.asSize.hasSuffix(ends[0].last ?? "")
        return "\(estimate.asSize) "
            + (hasItsUnit ? "(\(ends[0][0])–\(ends[1][0]))" : "(\(lower.asSize)–\(upper.asSize))")
    }
}

extension DistinctMemory {
    /// The estimate with its bounds.
    var text: String { Int.range(estimate: estimate, lower: lower, upper: upper) }
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
        let count = processes.count { $0.usage.unavailable?.isFailure == true }
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
    /// Why processes may be missing.
    var phrase: String {
        switch self {
        case .countLimit: "the limit on their number was reached"
        case .timeLimit: "the time limit was reached"
        case .hidden: "some are hidden (hidepid) or cannot be listed"
        case .otherNamespace: "some may be in another pid namespace"
        }
    }
}

extension UnavailableReason {
    /// Whether the process may have memory that could not be read.
    var isFailure: Bool { ![.kernelThread, .zombie, .exited].contains(self) }

    /// The reason in a row of the table, and in an error message.
    var phrase: String {
        switch self {
        case .permissionDenied: "permission denied"
        case .kernelThread: "kernel thread"
        case .zombie: "zombie"
        case .exited: "exited"
        case .unsupported: "not supported by this kernel"
        case .malformed: "malformed file"
        case .executing: "executed a program in every attempt"
        case .failed: "could not be read"
        }
    }
}

extension MemorySnapshot {
    /// The error message if no figure of any process could be read; `nil` otherwise.
    var failure: String? {
        if total.processCount == nil {
            let reasons = cgroupCharge?.reasonsByUnknownFigure
            return total.distinctBytes.estimate == nil
                ? "the memory of the cgroup could not be read: " + (reasons?[.anonBytes] ?? "unknown").printable : nil
        }
        guard total.rssBytes == nil else { return nil }
        if processes.isEmpty, let gap = gaps.notes.first {
            // The charge of a cgroup gives an estimate without a process.
            return total.distinctBytes.estimate == nil ? "no process was read; \(gap)" : nil
        }
        let reasons = processes.compactMap(\.usage.unavailable)
        // Kernel threads and zombies are read: they have no memory. A process that is gone is not read.
        let isGone = !reasons.isEmpty && reasons.allSatisfy { $0 == .exited }
        guard let reason = reasons.first(where: \.isFailure) ?? (isGone ? .exited : nil) else { return nil }
        let advice = reason == .permissionDenied ? "; run as the owner, or with CAP_SYS_PTRACE" : ""
        let count = processes.count.counted("process", "processes")
        return "the memory of \(count) could not be read: \(reason.phrase)\(advice)"
    }
}
