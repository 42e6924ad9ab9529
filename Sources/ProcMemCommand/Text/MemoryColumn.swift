import ProcMem

/// A column of `procmem memory`. Its raw value is its name on the command line.
enum MemoryColumn: String, CaseIterable {
    case pid, ppid, count, rss, shared, anon, file, shmem, pss, uss, common, error, swap, lazyfree, hugepages, hugetlb,
        peak
    case cpu, age, source, reason, command

    /// The columns of a mode's table, with the order in which they are left out if not all fit: the highest rank first.
    static func standard(in mode: MemoryMode) -> [(column: MemoryColumn, rank: Int?)] {
        switch mode {
        case .cheap: [(.pid, nil), (.rss, nil), (.shared, 1), (.command, nil)]
        case .sampled: [(.pid, nil), (.rss, 1), (.uss, nil), (.error, 2), (.command, nil)]
        case .accurate: [(.pid, nil), (.rss, 1), (.pss, nil), (.uss, 2), (.swap, 3), (.command, nil)]
        case .within:
            [
                (.pid, nil), (.rss, 1), (.pss, nil), (.uss, 2), (.error, 3), (.age, 4), (.source, 5), (.command, nil),
            ]
        }
    }

    var title: String {
        switch self {
        case .error: "±"
        case .cpu: "CPU %"
        default: rawValue.uppercased()
        }
    }

    /// Whether the cells are aligned as numbers.
    var isNumber: Bool {
        switch self {
        case .source, .reason, .command: false
        default: true
        }
    }

    /// Whether the column names one process, so that a row of several processes has no value for it.
    var namesOneProcess: Bool { self == .pid || self == .ppid }

    /// Whether `/proc/PID/status` must be read for the column in a mode.
    func needsStatus(in mode: MemoryMode) -> Bool {
        switch self {
        case .file, .shmem, .peak: true
        case .swap, .hugetlb: mode != .accurate
        default: false
        }
    }

    /// The modes that have the figure, for a mode that does not; `nil` if the mode has it.
    func modes(insteadOf mode: MemoryMode) -> String? {
        switch (self, mode) {
        case (.pss, .cheap), (.pss, .sampled), (.lazyfree, .cheap), (.lazyfree, .sampled), (.hugepages, .cheap),
            (.hugepages, .sampled):
            "accurate or within"
        case (.uss, .cheap), (.common, .cheap): "sampled, accurate or within"
        case (.error, .cheap), (.error, .accurate): "sampled or within"
        default: nil
        }
    }

    /// The size in the column, in bytes; `nil` if it is not known, or if the column does not have sizes.
    func bytes(of usage: MemoryUsage) -> Int? {
        switch self {
        case .rss: usage.rssBytes
        case .shared: usage.sharedBytes
        case .anon: usage.anonymousBytes
        case .file: usage.fileBytes
        case .shmem: usage.shmemBytes
        case .pss: usage.pssBytes
        case .uss: usage.ussBytes
        case .common: usage.commonBytes
        case .error: usage.source.standardErrorBytes.map { 2 * $0 }
        case .swap: usage.swapBytes
        case .lazyfree: usage.lazilyFreedBytes
        case .hugepages: usage.hugePagesBytes
        case .hugetlb: usage.hugetlbBytes
        case .peak: usage.peakRSSBytes
        case .pid, .ppid, .count, .cpu, .age, .source, .reason, .command: nil
        }
    }

    /// Returns the sum of the column over the processes of a total; `nil` if the total has no such sum.
    func bytes(of total: MemoryTotal) -> Int? {
        switch self {
        case .rss: total.rssBytes
        case .pss: total.pssBytes
        case .uss: total.ussBytes
        case .swap: total.swapBytes
        default: nil
        }
    }
}

/// What the caller selects of a snapshot: the columns, the order of the rows, and whether a row is one process or all
/// processes of one command.
struct MemorySelection {
    /// The columns; `nil` for those of the mode.
    var columns: [MemoryColumn]?
    /// The column by which the rows are sorted; `nil` for the order of the snapshot.
    var sorting: MemoryColumn?
    /// Whether the processes of one command are one row.
    var isByCommand = false

    /// The files that must be read for the columns, and for the one that the rows are sorted by.
    func detail(in mode: MemoryMode) -> MemoryDetail {
        ((columns ?? []) + [sorting].compactMap(\.self)).contains { $0.needsStatus(in: mode) } ? .all : .standard
    }

    /// Returns the columns of the table with their ranks: see ``Table/Column/rank``.
    func columns(in mode: MemoryMode) -> [(column: MemoryColumn, rank: Int?)] {
        if let columns {
            // The first column and the command are never left out.
            return columns.enumerated().map { ($1, $0 == 0 || $1 == .command ? nil : $0) }
        }
        var standard = MemoryColumn.standard(in: mode)
        if isByCommand { standard[0] = (.count, nil) }
        if let sorting, !standard.contains(where: { $0.column == sorting }) {
            standard.insert((sorting, nil), at: standard.count - 1)
        }
        return standard
    }

    /// Returns the rows in their order.
    ///
    /// - Parameter cpuTime: The CPU time of the processes since an earlier reading; `nil` if there is none.
    func rows(
        of processes: [ProcessMemory],
        in mode: MemoryMode,
        _ cpuTime: ProcessCPUTime? = nil
    ) -> [MemoryRow] {
        guard isByCommand else {
            let rows = processes.map { MemoryRow($0, cpuTime) }
            return sorting.map { rows.sorted(by: $0) } ?? rows
        }
        var groups: [String?: [ProcessMemory]] = [:]
        for process in processes { groups[process.command, default: []].append(process) }
        // In a group, the processes keep their order. Groups with equal figures are in the order of their names.
        let rows = groups.values.map { MemoryRow(group: $0, cpuTime) }.sorted(by: .command)
        return rows.sorted(by: sorting ?? mode.mainColumn)
    }
}

extension MemoryMode {
    /// The column by which groups of processes are sorted.
    var mainColumn: MemoryColumn {
        switch self {
        case .cheap, .within: .rss
        case .sampled: .uss
        case .accurate: .pss
        }
    }
}

/// A row of the table: one process, or several processes of one command.
struct MemoryRow {
    /// The processes of the row, at least one.
    let processes: [ProcessMemory]
    let isGroup: Bool
    /// The number of CPUs that the processes used since an earlier reading, as far as it is known; `nil` if it is known of
    /// none.
    let utilization: Double?

    init(_ process: ProcessMemory, _ cpuTime: ProcessCPUTime? = nil) {
        (processes, isGroup) = ([process], false)
        utilization = cpuTime?.utilization(of: process.pid)
    }

    init(group: [ProcessMemory], _ cpuTime: ProcessCPUTime? = nil) {
        (processes, isGroup) = (group, true)
        let known = group.compactMap { cpuTime?.utilization(of: $0.pid) }
        utilization = known.isEmpty ? nil : known.reduce(0, +)
    }

    var command: String? { processes[0].command }

    /// The processes whose figures are added up: each address space once, as in the total.
    private var counted: [MemoryUsage] {
        isGroup ? processes.filter { $0.sharesMemoryWith == nil }.map(\.usage) : [processes[0].usage]
    }

    /// Whether the sum of a column counts a page more than once if several of the processes map it.
    func countsTwice(_ column: MemoryColumn) -> Bool {
        guard bytes(column) != nil else { return false }
        return switch column {
        case .pss, .uss, .error, .peak: false
        case .swap: swapShare == nil
        default: true
        }
    }

    /// The sum of `SwapPss`, in bytes; `nil` if it is not known of any process.
    var swapShare: Int? { sum(counted.compactMap(\.swapPssBytes)) }

    private func sum(_ sizes: [Int]) -> Int? {
        sizes.isEmpty
            ? nil
            : sizes.reduce(0) { sum, size in
                let (next, overflow) = sum.addingReportingOverflow(size)
                return overflow ? .max : next
            }
    }

    /// The size in a column: the sum over the processes of a group, or the largest of their peaks.
    func bytes(_ column: MemoryColumn) -> Int? {
        let sizes = counted.compactMap { column.bytes(of: $0) }
        if !isGroup { return sizes.first }
        return switch column {
        case .peak: sizes.max()
        case .swap: swapShare ?? sum(sizes)
        default: sum(sizes)
        }
    }

    /// The greatest age of the figures.
    var age: Duration? { processes.compactMap(\.usage.source.age).max() }

    /// The source of the figures, or `mixed` for several sources.
    var source: String {
        let names = Set(processes.map(\.usage.source.original.name))
        return names.count == 1 ? processes[0].usage.source.original.name : "mixed"
    }

    /// The reason why figures are missing; for a group, the number of processes for each reason.
    var reason: String? {
        if !isGroup { return processes[0].usage.unavailable?.phrase }
        let counts = processes.compactMap(\.usage.unavailable).reduce(into: [:]) { $0[$1, default: 0] += 1 }
        let parts = UnavailableReason.allCases.compactMap { reason in counts[reason].map { "\($0) \(reason.phrase)" } }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// A remark about an address space that two processes share; `nil` for none.
    private var sharing: String? {
        if isGroup { return nil }
        if let other = processes[0].sharesMemoryWith { return "shares the memory of \(other)" }
        return processes[0].mayShareMemoryWith.map { "may share the memory of \($0)" }
    }

    /// The text of a cell.
    ///
    /// - Parameters:
    ///   - branch: The branches in front of the command.
    ///   - reasonHasColumn: Whether the reason is not repeated behind the command.
    func cell(_ column: MemoryColumn, branch: String, reasonHasColumn: Bool) -> String {
        switch column {
        case .pid: isGroup ? "" : "\(processes[0].pid)"
        case .ppid: isGroup ? "" : processes[0].parentPID.map { "\($0)" } ?? "-"
        case .count: "\(processes.count)"
        case .cpu: utilization?.asCPUPercent ?? "-"
        case .age: age?.asTime ?? ""
        case .source: source
        case .reason: reason ?? ""
        case .command:
            branch + (command?.printable ?? "?")
                + ((reasonHasColumn ? nil : reason) ?? sharing).map { " (\($0))" }.joined
        default: bytes(column)?.asSize ?? "-"
        }
    }
}

extension String? {
    fileprivate var joined: String { self ?? "" }
}

extension MemoryUsage {
    /// The part of RSS that other processes map too, in bytes: RSS minus USS.
    fileprivate var commonBytes: Int? {
        // USS includes pages of hugetlbfs, and RSS does not.
        guard let rssBytes, let ussBytes, hugetlbBytes ?? 0 == 0 else { return nil }
        return max(0, rssBytes - ussBytes)
    }
}

extension Array {
    /// Returns the elements sorted by a column of their rows: numbers from the largest to the smallest, names in
    /// alphabetical order, unknown values last. Rows with equal values keep their order.
    ///
    /// - Parameter row: Returns the row of an element.
    func sorted(by column: MemoryColumn, of row: (Element) -> MemoryRow) -> [Element] {
        switch column {
        case .command: sorted({ row($0).command }, <)
        case .source: sorted({ row($0).source }, <)
        case .reason: sorted({ row($0).reason }, <)
        case .age: sorted({ row($0).age }, >)
        case .count: sorted({ row($0).processes.count }, >)
        case .cpu: sorted({ row($0).utilization }, >)
        case .pid: sorted({ row($0).processes[0].pid }, >)
        case .ppid: sorted({ row($0).processes[0].parentPID }, >)
        default: sorted({ row($0).bytes(column) }, >)
        }
    }

    private func sorted<Key>(_ key: (Element) -> Key?, _ precedes: (Key, Key) -> Bool) -> [Element] {
        let keyed = enumerated().map { (index: $0, key: key($1), element: $1) }
        let sorted = keyed.sorted { left, right in
            switch (left.key, right.key) {
            case (let first?, let second?) where precedes(first, second): true
            case (let first?, let second?) where precedes(second, first): false
            case (_?, nil): true
            case (nil, _?): false
            default: left.index < right.index
            }
        }
        return sorted.map(\.element)
    }
}

extension [MemoryRow] {
    /// Returns the rows sorted by a column.
    func sorted(by column: MemoryColumn) -> [MemoryRow] { sorted(by: column) { $0 } }
}
