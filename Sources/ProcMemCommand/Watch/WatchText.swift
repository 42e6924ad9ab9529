import FoundationEssentials
import ProcMem

/// The text output of `procmem watch`: one line for each scope and interval. The columns have fixed widths, so that lines
/// that are printed at different times are aligned.
struct WatchText {
    private enum Column: CaseIterable {
        case time, scope, distinct, bounds, rss, processes, cpu, limit

        var title: String {
            switch self {
            case .time: "TIME"
            case .scope: "SCOPE"
            case .distinct: "DISTINCT"
            case .bounds: "BOUNDS"
            case .rss: "RSS"
            case .processes: "PROCS"
            case .cpu: "CPU %"
            case .limit: "LIMIT"
            }
        }

        /// The number of columns of the terminal; a longer text moves the rest of its line.
        var width: Int {
            switch self {
            case .time: 20
            case .scope: 8
            case .distinct, .rss, .limit: 8
            case .bounds: 17
            case .processes: 5
            case .cpu: 6
            }
        }

        var isNumber: Bool { [.distinct, .rss, .processes, .cpu, .limit].contains(self) }

        /// See ``Table/Column/rank``.
        var rank: Int? {
            switch self {
            case .time: 4
            case .bounds: 3
            case .rss: 2
            case .limit: 1
            case .scope, .distinct, .processes, .cpu: nil
            }
        }
    }

    /// The width of the terminal; `nil` if lines are not cut.
    let width: Int?
    private let nameWidth: Int

    /// - Parameters:
    ///   - names: The names of the scopes.
    ///   - width: The width of the terminal; `nil` if lines are not cut.
    init(names: [String], fitting width: Int?) {
        self.width = width
        let longest = names.map(\.displayColumns).max() ?? 0
        nameWidth = max(Column.scope.width, width.map { min(longest, max(8, $0 / 4)) } ?? longest)
    }

    /// The titles of the columns.
    var header: String { line(Column.allCases.map(\.title)) }

    /// Returns the line of a scope.
    func line(_ time: Date, _ sample: ScopeTracker.Sample, _ limits: ScopeLimits) -> String {
        let total = sample.snapshot.total
        let distinct = total.distinctBytes
        return line(
            Column.allCases.map { column in
                switch column {
                case .time: time.formatted(.iso8601)
                case .scope: sample.scope.name.printable
                case .distinct: distinct.estimate?.asSize ?? "-"
                case .bounds: distinct.boundsText
                case .rss: total.rssBytes?.asSize ?? "-"
                // Behind the number of a list that was cut short.
                case .processes: total.processCount.map { "\($0)\(sample.snapshot.isComplete ? "" : "+")" } ?? "-"
                // Of a cgroup, the kernel's own counter has the time of processes that have exited too.
                case .cpu: limits.cgroupUtilization?.asCPUPercent ?? sample.cpuTime?.text ?? "-"
                case .limit: limits.container?.limitBytes?.asSize ?? "-"
                }
            }
        )
    }

    private func line(_ cells: [String]) -> String {
        var table = Table(
            Column.allCases.map { column in
                let width = column == .scope ? nameWidth : column.width
                return Table.Column(
                    title: String(repeating: " ", count: width),
                    isNumber: column.isNumber,
                    rank: column.rank
                )
            }
        )
        table.add(zip(Column.allCases, cells).map { $0 == .scope && width != nil ? $1.cut(to: nameWidth) : $1 })
        // The first row has the widths only.
        return table.lines(fitting: width)[1].cut(to: width)
    }

    /// Returns the rows of the processes, below the line of their scope.
    func rows(_ sample: ScopeTracker.Sample, _ selection: MemorySelection) -> [String] {
        let text = MemoryText(
            snapshot: sample.snapshot,
            hidesKernelThreads: true,
            selection: selection,
            cpuTime: .some(sample.cpuTime)
        )
        return text.rowLines(fitting: width.map { max(1, $0 - 2) }).map { "  " + $0 } + [""]
    }
}

extension DistinctMemory {
    /// The bounds without the estimate: `2.01–2.07 GiB`, `≥ 2.01 GiB`.
    fileprivate var boundsText: String {
        upper == nil ? "≥ \(lower.asSize)" : Int.range(estimate: nil, lower: lower, upper: upper)
    }
}

extension ProcessCPUTime {
    /// The utilization in percent of one CPU, with a mark for a lower bound.
    fileprivate var text: String { (isLowerBound ? "≥" : "") + utilization.asCPUPercent }
}
