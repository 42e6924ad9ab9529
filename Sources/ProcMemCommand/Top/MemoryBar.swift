import ProcMem

/// The parts of the memory of several processes that a bar shows.
struct MemoryBar: Hashable {
    enum Part: CaseIterable {
        /// The pages that only one process maps: the sum of USS.
        case privatePages
        /// The pages that several of the processes map, each counted once.
        case sharedPages
        /// Pages of which it is not known whether they are private or shared, because USS is not known of each process.
        case privateOrShared
        /// The upper minus the lower bound.
        case uncertain

        /// The character that fills the part. The parts differ without colours too.
        var character: Character {
            switch self {
            case .privatePages: "█"
            case .sharedPages: "="
            case .privateOrShared: "▒"
            case .uncertain: "?"
            }
        }

        var name: String {
            switch self {
            case .privatePages: "private"
            case .sharedPages: "shared"
            case .privateOrShared: "private or shared"
            case .uncertain: "uncertain"
            }
        }

        var color: Style.Color {
            switch self {
            case .privatePages: .green
            case .sharedPages: .blue
            case .privateOrShared: .cyan
            case .uncertain: .yellow
            }
        }
    }

    /// The sizes of the parts, from left to right, without those that are empty. The size of the uncertain part is `nil` if
    /// there is no upper bound.
    let parts: [(part: Part, bytes: Int?)]

    static func == (left: MemoryBar, right: MemoryBar) -> Bool {
        left.parts.elementsEqual(right.parts) { $0.part == $1.part && $0.bytes == $1.bytes }
    }

    func hash(into hasher: inout Hasher) {
        for (part, bytes) in parts {
            hasher.combine(part)
            hasher.combine(bytes)
        }
    }

    init(_ total: MemoryTotal) {
        self.init(
            total.distinctBytes,
            ussBytes: total.ussBytes,
            isUSSComplete: total.figureCounts.map { $0.uss >= $0.rss } ?? false
        )
    }

    /// - Parameters:
    ///   - ussBytes: The sum of USS; `nil` if it is known of no process.
    ///   - isUSSComplete: Whether USS is known of every process that has memory.
    init(_ distinct: DistinctMemory, ussBytes: Int?, isUSSComplete: Bool) {
        self.init(lower: distinct.lower, upper: distinct.upper, ussBytes: ussBytes, isUSSComplete: isUSSComplete)
    }

    init(lower: Int, upper: Int?, ussBytes: Int?, isUSSComplete: Bool) {
        // A page of one process alone is a page: only the error of samples makes their sum larger.
        let privateBytes = min(ussBytes ?? 0, lower)
        let others = lower - privateBytes
        var parts: [(part: Part, bytes: Int?)] = [
            (.privatePages, privateBytes), (isUSSComplete ? .sharedPages : .privateOrShared, others),
            (.uncertain, upper.map { max(0, $0 - lower) }),
        ]
        parts.removeAll { $0.bytes == 0 }
        self.parts = parts
    }

    /// Returns the bar, without brackets.
    ///
    /// - Parameters:
    ///   - width: The number of columns.
    ///   - scale: The size that the whole width stands for: the limit, or the memory of the machine; `nil` if neither is
    ///     known.
    ///   - mark: The soft limit; `nil` for none.
    func line(width: Int, scale: Int?, mark: Int?) -> StyledLine {
        guard width > 0 else { return StyledLine() }
        let known = parts.reduce(0.0) { $0 + Double($1.bytes ?? 0) }
        let full = max(scale.map(Double.init) ?? known, 1)
        var cells: [(Character, Style)] = []
        var sum = 0.0
        for (part, bytes) in parts {
            sum += Double(bytes ?? 0)
            // Without an upper bound, one column stands for more than zero.
            var end = bytes == nil ? cells.count + 1 : Int((sum / full * Double(width)).rounded())
            // Memory is never shown as none.
            if cells.isEmpty, end == 0, part != .uncertain { end = 1 }
            let count = min(width, end) - cells.count
            if count > 0 {
                cells += Array(repeating: (part.character, Style(color: part.color)), count: count)
            }
        }
        cells += Array(repeating: ("·", .faint), count: max(0, width - cells.count))
        if let mark, mark > 0, Double(mark) <= full {
            let column = min(width - 1, Int(Double(mark) / full * Double(width)))
            cells[column] = ("|", Style(color: .red, isBold: true))
        }
        var line = StyledLine()
        for (character, style) in cells { line.append(String(character), style) }
        return line
    }
}
