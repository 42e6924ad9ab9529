import ProcMem

/// The state of the view: what was measured, and what the user has chosen. It reads nothing.
struct TopModel {
    /// One tree, cgroup or the whole system, with a bar of its own.
    struct Tree {
        var tracker: ScopeTracker
        /// The figures of the last pass that had some.
        var sample: ScopeTracker.Sample?
        /// The limits that apply to the processes; `nil` if they are not known.
        var container: ContainerMemory?
        /// What has happened to the tree; `nil` for nothing.
        var notice: String?
        /// The name of the root when it was first seen.
        var command: String?
        /// The error that ended the tree before anything was measured.
        var error: ProcMemError?

        var name: String { tracker.scope.name }

        init(_ scope: NamedScope) { tracker = ScopeTracker(scope) }
    }

    /// What a key requires beyond drawing.
    enum Effect {
        case nothing, quit
        /// The mode has changed: a new sampler is needed.
        case changeMode
        /// The screen may be damaged.
        case redraw
    }

    /// The cost of the command itself.
    struct Cost: Hashable {
        /// The share of one CPU in the last interval; `nil` in the first one.
        var utilization: Double?
        var rssBytes: Int?
    }

    /// What the keys apply to.
    enum Focus: Hashable {
        case rows, filter
        case help(firstLine: Int)
    }

    var trees: [Tree]
    let selection: MemorySelection
    let interval: Duration
    private(set) var budget: Duration
    private(set) var modeOption = TopMode.within
    private(set) var elapsed: Duration?
    private(set) var settings: TopRowSettings
    private(set) var rows = TopRows([], TopRowSettings())
    private(set) var focus = Focus.rows
    /// The index of the selected row, and of the first visible one.
    private(set) var selected = 0
    private(set) var first = 0
    var cost = Cost()
    var size: (width: Int, height: Int) = (80, 24)
    /// The filter before it was edited.
    private var previousFilter = ""

    init(_ scopes: [NamedScope], _ selection: MemorySelection, every interval: Duration, budget: Duration) {
        trees = scopes.map(Tree.init)
        self.selection = selection
        self.interval = interval
        self.budget = budget
        settings = TopRowSettings()
        settings.isByCommand = selection.isByCommand
        let isTree = scopes.allSatisfy { if case .tree = $0.kind { true } else { false } }
        settings.isTree = isTree && selection.sorting == nil && !selection.isByCommand
        settings.sorting = selection.sorting ?? .rss
    }

    var mode: MemoryMode { modeOption.mode(budget: budget) }

    /// The error of the scopes if nothing could be measured of any of them; `nil` otherwise.
    var failure: ProcMemError? {
        trees.allSatisfy { $0.error != nil } ? trees.first?.error : nil
    }

    var hasEnded: Bool { trees.allSatisfy(\.tracker.hasEnded) }

    var columns: TopColumns {
        TopColumns(selection, in: mode, width: size.width - 1, largestPID: largestPID)
    }

    private var largestPID: Int32 {
        trees.reduce(0) { max($0, $1.sample?.snapshot.processes.reduce(0) { max($0, $1.pid) } ?? 0) }
    }

    // MARK: - Passes

    /// Takes what a pass has measured, and returns the names of the scopes that are no longer measured.
    mutating func take(_ pass: MultiScopeSampler.Pass) -> [String] {
        elapsed = pass.elapsed
        var ended: [String] = []
        for reading in pass.readings {
            guard let index = trees.firstIndex(where: { $0.name == reading.name }) else { continue }
            let hadEnded = trees[index].tracker.hasEnded
            trees[index].take(reading.result)
            if trees[index].tracker.hasEnded, !hadEnded { ended.append(reading.name) }
        }
        update()
        return ended
    }

    /// Computes the rows, and keeps the selected row where it still exists.
    private mutating func update() {
        let id = selectedRow?.id
        let sources = trees.compactMap { tree in
            tree.tracker.hasEnded
                ? nil : tree.sample.map { TopRows.Source(processes: $0.snapshot.processes, cpuTime: $0.cpuTime) }
        }
        rows = TopRows(sources, settings)
        if let id, let index = rows.rows.firstIndex(where: { $0.id == id }) { selected = index }
        scroll()
    }

    // MARK: - Rows

    var selectedRow: TopRow? { rows.rows.indices.contains(selected) ? rows.rows[selected] : nil }

    /// The indices of the rows that are visible.
    var visible: Range<Int> {
        let count = rows.rows.count
        return min(first, count)..<min(first + listHeight, count)
    }

    /// The number of rows that fit on the screen.
    var listHeight: Int { TopScreen.listHeight(self) }

    /// Keeps the selected row on the screen.
    mutating func scroll() {
        selected = max(0, min(selected, rows.rows.count - 1))
        first = max(0, min(first, rows.rows.count - listHeight, selected))
        if selected >= first + listHeight { first = selected - listHeight + 1 }
    }

    // MARK: - Keys

    mutating func handle(_ key: Key) -> Effect {
        if key == .redraw { return .redraw }
        switch focus {
        case .help(let line): return handleInHelp(key, line)
        case .filter: return handleInFilter(key)
        case .rows: break
        }
        switch key {
        case .up, .character("k"): move(by: -1)
        case .down, .character("j"): move(by: 1)
        case .pageUp: move(by: -listHeight)
        case .pageDown: move(by: listHeight)
        case .home, .character("g"): move(by: -rows.rows.count)
        case .end, .character("G"): move(by: rows.rows.count)
        case .character("q"): return .quit
        case .character("h"), .character("?"): focus = .help(firstLine: 0)
        case .character(" "): fold()
        case .character("s"): sort()
        case .character("t"): switchTree()
        case .character("/"):
            previousFilter = settings.filter
            focus = .filter
        case .escape:
            settings.filter = ""
            update()
        case .character("m"):
            modeOption = modeOption.next
            return .changeMode
        case .character("+"): return changeBudget(to: budget * 2)
        case .character("-"): return changeBudget(to: budget / 2)
        default: break
        }
        return .nothing
    }

    /// Changes the time of a pass, within what is useful, and selects the mode that has a budget.
    private mutating func changeBudget(to budget: Duration) -> Effect {
        let changed = min(max(budget, .microseconds(500)), max(.milliseconds(500), self.budget))
        guard changed != self.budget || modeOption != .within else { return .nothing }
        (self.budget, modeOption) = (changed, .within)
        return .changeMode
    }

    private mutating func move(by count: Int) {
        selected += count
        scroll()
    }

    private mutating func handleInHelp(_ key: Key, _ line: Int) -> Effect {
        let last = max(0, TopHelp.lines(fitting: size.width).count - (size.height - 1))
        var next = line
        switch key {
        case .up, .character("k"): next -= 1
        case .down, .character("j"): next += 1
        case .pageUp: next -= size.height - 2
        case .pageDown, .character(" "): next += size.height - 2
        case .home: next = 0
        case .end: next = last
        case .character("q"), .character("h"), .character("?"), .escape, .enter:
            focus = .rows
            return .nothing
        default: return .nothing
        }
        focus = .help(firstLine: max(0, min(next, last)))
        return .nothing
    }

    private mutating func handleInFilter(_ key: Key) -> Effect {
        switch key {
        case .character(let character) where settings.filter.count < 64: settings.filter.append(character)
        case .backspace: settings.filter = String(settings.filter.dropLast())
        case .enter: focus = .rows
        case .escape:
            settings.filter = previousFilter
            focus = .rows
        case .up: move(by: -1)
        case .down: move(by: 1)
        default: return .nothing
        }
        update()
        return .nothing
    }

    /// Folds or unfolds the selected row. A process in an open group folds its group.
    private mutating func fold() {
        guard let row = selectedRow else { return }
        switch row.kind {
        case .group(let isOpen):
            if isOpen { settings.open.remove(row.id) } else { settings.open.insert(row.id) }
        case .subtree: settings.folded.remove(row.id)
        case .process:
            if let group = row.group {
                settings.open.remove(group)
                selected = rows.rows.firstIndex { $0.id == group } ?? selected
            } else if row.hasChildren {
                settings.folded.insert(row.id)
            }
        }
        update()
    }

    /// Sorts by the next column. A tree becomes a list, sorted by the column of the list before.
    private mutating func sort() {
        let sortable = columns.columns.map(\.column)
        if settings.isTree, !settings.isByCommand {
            settings.isTree = false
            if !sortable.contains(settings.sorting) { settings.sorting = sortable[0] }
        } else {
            let index = sortable.firstIndex(of: settings.sorting).map { ($0 + 1) % sortable.count }
            settings.sorting = sortable[index ?? 0]
        }
        showFirst()
    }

    private mutating func switchTree() {
        if settings.isByCommand {
            settings.isByCommand = false
            settings.isTree = true
        } else {
            settings.isTree.toggle()
        }
        update()
    }

    /// Selects the first row: after a change of the order, it is the one that the user asks for.
    private mutating func showFirst() {
        (selected, first) = (0, 0)
        rows = TopRows([], settings)
        update()
    }
}

/// The modes in the order of the key m.
enum TopMode: CaseIterable {
    case cheap, sampled, accurate, within

    var next: Self {
        let all = Self.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }

    func mode(budget: Duration) -> MemoryMode {
        switch self {
        case .cheap: .cheap
        case .sampled: .sampled(reads: 64)
        case .accurate: .accurate
        case .within: .within(budget)
        }
    }
}

extension TopModel.Tree {
    fileprivate mutating func take(_ result: Result<MemorySnapshot, ProcMemError>) {
        let (sample, events) = tracker.take(result)
        if let sample {
            self.sample = sample
            if command == nil { command = sample.snapshot.processes.first?.command }
        }
        for event in events {
            switch event {
            case .rootExited(let pid): notice = "\(pid) has exited; its descendants remain"
            case .failed(let error): notice = error.description
            case .recovered: notice = nil
            case .ended(nil): notice = "no process is left"
            case .ended(let error?):
                notice = error.description
                if self.sample == nil { self.error = error }
            }
        }
    }

    /// The name of the tree: `1234 python3`.
    var label: String {
        switch tracker.scope.kind {
        case .tree(let pid), .process(let pid): "\(pid)" + (command.map { " \($0.printable)" } ?? "")
        case .cgroup(let path): "cgroup \(path.printable)"
        case .cgroupOf(let pid): "cgroup of \(pid)"
        case .all: "all processes"
        }
    }
}
