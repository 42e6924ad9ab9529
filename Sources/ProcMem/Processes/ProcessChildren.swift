/// Finds the children of processes.
struct ProcessChildren {
    private let root: SystemRoot
    private(set) var search: DiscoveryMethod
    /// The result of the scan; `nil` before it.
    private var childrenByParent: [Int32: [Int32]]?

    private static var readOptions: FileReadOptions { FileReadOptions(expectedBytes: 1024, limitBytes: 64 << 20) }

    /// - Parameter exhaustive: Whether to scan in any case.
    init(in root: SystemRoot, exhaustive: Bool) {
        self.root = root
        search = exhaustive ? .scan : .childrenFiles
    }

    /// The ids of a process's children, in the order of their birth; a copy that is out of date when it arrives.
    ///
    /// `children` lists those that one *thread* has forked, so the file of every thread is read (since Linux 3.5, where
    /// the kernel is built with `CONFIG_PROC_CHILDREN`). Without it, every process of the system is looked at, once.
    mutating func ids(
        of directory: borrowing ProcessDirectory,
        _ stat: ProcessStat,
        within budget: inout SearchBudget
    ) throws(FileReadError) -> [Int32] {
        if search == .childrenFiles {
            do {
                return try Self.listedIDs(of: directory, stat)
            } catch .system(.noSuchFileOrDirectory) {
                search = .scan
            } catch .system(.noSuchProcess) {
                return []
            }
        }
        if childrenByParent == nil { childrenByParent = try scan(within: &budget) }
        return childrenByParent?[stat.pid] ?? []
    }

    private static func listedIDs(
        of directory: borrowing ProcessDirectory,
        _ stat: ProcessStat
    ) throws(FileReadError) -> [Int32] {
        // A process with one thread has it under its own id: no need to list them.
        guard stat.threadCount != 1 else { return try listedIDs(of: directory, thread: stat.pid) }
        var ids: [Int32] = []
        for thread in try directory.threadIDs() {
            do {
                ids += try listedIDs(of: directory, thread: thread)
            } catch .system(.noSuchProcess) {
                // The thread has ended; its children have gone to another one, which is still to come or was read.
                continue
            }
        }
        return ids
    }

    private static func listedIDs(
        of directory: borrowing ProcessDirectory,
        thread: Int32
    ) throws(FileReadError) -> [Int32] {
        try directory.read(ProcPath(task: thread, "children"), readOptions) { (bytes) throws(ParseError) in
            var ids: [Int32] = []
            var index = 0
            while let field = bytes.nextField(at: &index) {
                guard let id = bytes.pid(in: field) else { throw ParseError("process ids") }
                ids.append(id)
            }
            return ids
        }
    }

    private func scan(within budget: inout SearchBudget) throws(FileReadError) -> [Int32: [Int32]] {
        if ProcVisibility.hidesProcesses(in: root) { budget.note(.hidden) }
        var children: [Int32: [Int32]] = [:]
        // Strangers are looked at too: they take time, and no place among those who count.
        for pid in try root.processIDs() where budget.allowsTime() {
            do throws(FileReadError) {
                let stat = try root.read(
                    ProcPath(.id(pid), "stat"),
                    ProcessStat.readOptions,
                    ProcessStat.init(parsing:)
                )
                guard stat.pid != stat.parentPID else { continue }
                children[stat.parentPID, default: []].append(pid)
            } catch  where error.isAbsence {
                continue
            } catch .system(.permissionDenied), .system(.notPermitted) {
                // Whose child it is cannot be known.
                budget.note(.hidden)
            } catch .malformed, .tooLarge {
                continue
            }
        }
        return children
    }
}

extension SystemRoot {
    /// The ids of all processes that `/proc` shows, ascending.
    func processIDs() throws(FileReadError) -> [Int32] {
        try open(ProcPath.processes, as: .directory).processIDs().sorted()
    }
}
