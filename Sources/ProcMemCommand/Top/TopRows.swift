import ProcMem

/// A row of the view: one process, or several processes that are folded into one.
struct TopRow {
    /// What a row stands for, from pass to pass.
    enum ID: Hashable {
        case process(pid: Int32, startTimeTicks: Int?)
        /// The children of one parent with one name, and without children of their own.
        case workers(parent: Int32?, command: String?)
        /// All processes of one name.
        case command(String?)
    }

    enum Kind: Hashable {
        case process
        /// A process with all of its descendants.
        case subtree
        /// Workers, or the processes of a command. If it is open, the rows of its processes follow.
        case group(isOpen: Bool)
    }

    let id: ID
    let kind: Kind
    let memory: MemoryRow
    /// The number of levels above the row.
    var depth = 0
    /// The row of the group that the row is in.
    var group: ID?
    /// Whether a row of a tree can be folded, because processes below it follow.
    var hasChildren = false
}

/// What the user has chosen of the rows.
struct TopRowSettings: Hashable {
    var isTree = true
    var isByCommand = false
    /// The column by which a list is sorted.
    var sorting = MemoryColumn.rss
    /// A part of the name, or the beginning of the pid, of the processes that are shown; empty for all.
    var filter = ""
    /// The groups whose processes have rows of their own.
    var open: Set<TopRow.ID> = []
    /// The processes whose descendants have no rows of their own.
    var folded: Set<TopRow.ID> = []

    func matches(_ process: ProcessMemory) -> Bool {
        guard !filter.isEmpty else { return true }
        return "\(process.pid)".hasPrefix(filter)
            || process.command?.printable.lowercased().contains(filter.lowercased()) == true
    }
}

/// The rows of one or several trees.
struct TopRows {
    /// The processes of one tree, parents before their children, and their CPU time since the pass before.
    struct Source {
        var processes: [ProcessMemory]
        var cpuTime: ProcessCPUTime?
    }

    /// The smallest number of workers that are one row.
    static let minimumWorkers = 3

    private(set) var rows: [TopRow] = []

    init(_ sources: [Source], _ settings: TopRowSettings) {
        var seen: Set<TopRow.ID> = []
        var entries: [Entry] = []
        for source in sources {
            var stack: [(original: Int, shown: Int)] = []
            for process in source.processes
            where process.usage.unavailable != .kernelThread && settings.matches(process) {
                // The trees of two roots may overlap.
                guard sources.count == 1 || seen.insert(process.id).inserted else { continue }
                while let last = stack.last, last.original >= process.depth { stack.removeLast() }
                // The depth below the nearest ancestor that the filter shows.
                let depth = stack.last.map { $0.shown + 1 } ?? 0
                stack.append((process.depth, depth))
                entries.append(Entry(process: process, cpuTime: source.cpuTime, depth: depth))
            }
        }
        if settings.isByCommand {
            addCommands(entries, settings)
        } else if settings.isTree {
            addTree(entries, settings)
        } else {
            addList(entries, settings)
        }
    }

    private struct Entry {
        let process: ProcessMemory
        let cpuTime: ProcessCPUTime?
        let depth: Int

        var row: MemoryRow { MemoryRow(process, cpuTime) }
    }

    /// The index behind the descendants of an entry.
    private static func endOfSubtree(at index: Int, in entries: [Entry]) -> Int {
        var end = index + 1
        while end < entries.count, entries[end].depth > entries[index].depth { end += 1 }
        return end
    }

    /// The groups of workers, with the indices of their entries.
    private static func workers(of entries: [Entry]) -> [TopRow.ID: [Int]] {
        var groups: [TopRow.ID: [Int]] = [:]
        for (index, entry) in entries.enumerated() {
            let isLeaf = index + 1 == entries.count || entries[index + 1].depth <= entry.depth
            guard isLeaf, entry.process.usage.unavailable == nil || entry.process.usage.rssBytes != nil else {
                continue
            }
            groups[entry.process.workersID, default: []].append(index)
        }
        return groups.filter { $0.value.count >= minimumWorkers }
    }

    private mutating func addTree(_ entries: [Entry], _ settings: TopRowSettings) {
        let workers = Self.workers(of: entries)
        var index = 0
        while index < entries.count {
            let entry = entries[index]
            let end = Self.endOfSubtree(at: index, in: entries)
            let group = entry.process.workersID
            if let members = workers[group], end == index + 1 {
                // The others of the group follow the first one.
                if members.first == index {
                    let members = members.map { entries[$0] }
                    addGroup(group, members, settings, depth: entry.depth, isOpen: settings.open.contains(group))
                }
                index += 1
            } else if end > index + 1, settings.folded.contains(entry.process.id) {
                let row = MemoryRow(group: entries[index..<end].map(\.process), entry.cpuTime)
                rows.append(TopRow(id: entry.process.id, kind: .subtree, memory: row, depth: entry.depth))
                index = end
            } else {
                rows.append(
                    TopRow(
                        id: entry.process.id,
                        kind: .process,
                        memory: entry.row,
                        depth: entry.depth,
                        hasChildren: end > index + 1
                    )
                )
                index += 1
            }
        }
    }

    private mutating func addList(_ entries: [Entry], _ settings: TopRowSettings) {
        let workers = Self.workers(of: entries)
        let grouped = Set(workers.values.joined())
        var units = entries.indices.filter { !grouped.contains($0) }.map {
            Unit(id: entries[$0].process.id, [entries[$0]])
        }
        units += workers.sorted { ($0.value.first ?? 0) < ($1.value.first ?? 0) }.map { id, members in
            Unit(id: id, members.map { entries[$0] }, isGroup: true)
        }
        add(units, settings)
    }

    private mutating func addCommands(_ entries: [Entry], _ settings: TopRowSettings) {
        var groups: [String?: [Entry]] = [:]
        for entry in entries { groups[entry.process.command, default: []].append(entry) }
        let units = groups.map { Unit(id: .command($0), $1, isGroup: $1.count > 1) }
        add(units.sorted(by: .command) { $0.row }, settings)
    }

    private struct Unit {
        let id: TopRow.ID
        let members: [Entry]
        let isGroup: Bool
        let row: MemoryRow

        init(id: TopRow.ID, _ members: [Entry], isGroup: Bool = false) {
            self.id = id
            self.members = members
            self.isGroup = isGroup
            row = isGroup ? MemoryRow(group: members.map(\.process), members[0].cpuTime) : members[0].row
        }
    }

    private mutating func add(_ units: [Unit], _ settings: TopRowSettings) {
        for unit in units.sorted(by: settings.sorting, of: { $0.row }) {
            if unit.isGroup {
                addGroup(unit.id, unit.members, settings, depth: 0, isOpen: settings.open.contains(unit.id))
            } else {
                rows.append(TopRow(id: unit.id, kind: .process, memory: unit.row))
            }
        }
    }

    private mutating func addGroup(
        _ id: TopRow.ID,
        _ members: [Entry],
        _ settings: TopRowSettings,
        depth: Int,
        isOpen: Bool
    ) {
        let row = MemoryRow(group: members.map(\.process), members[0].cpuTime)
        rows.append(TopRow(id: id, kind: .group(isOpen: isOpen), memory: row, depth: depth))
        guard isOpen else { return }
        let rows = members.map {
            TopRow(id: $0.process.id, kind: .process, memory: $0.row, depth: depth + 1, group: id)
        }
        self.rows += settings.isTree && !settings.isByCommand ? rows : rows.sorted(by: settings.sorting) { $0.memory }
    }
}

extension ProcessMemory {
    fileprivate var id: TopRow.ID { .process(pid: pid, startTimeTicks: startTimeTicks) }

    fileprivate var workersID: TopRow.ID { .workers(parent: parentPID, command: command) }
}
