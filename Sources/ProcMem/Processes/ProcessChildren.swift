/// Finds the children of processes.
struct ProcessChildren {
    private let root: SystemRoot
    private(set) var search: DiscoveryMethod
    /// The result of the scan; `nil` before the scan.
    private var childrenByParent: [Int32: [Int32]]?

    private static var readOptions: FileReadOptions { FileReadOptions(expectedBytes: 1024, limitBytes: 64 << 20) }

    /// - Parameter exhaustive: Whether to scan all processes even if the kernel provides `children` files.
    init(in root: SystemRoot, exhaustive: Bool) {
        self.root = root
        search = exhaustive ? .scan : .childrenFiles
    }

    /// Returns the ids of a process's children, in the order of their creation. They may be out of date on return.
    ///
    /// `children` lists the processes that one *thread* has forked, so the file of every thread is read. This requires
    /// Linux 3.5 and `CONFIG_PROC_CHILDREN`. Without the file, the parents of all processes of the system are read,
    /// once.
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
        // A process with one thread has only the thread with its own id: the threads need not be listed.
        guard stat.threadCount != 1 else { return try listedIDs(of: directory, thread: stat.pid) }
        var ids: [Int32] = []
        for thread in try directory.threadIDs() {
            do {
                ids += try listedIDs(of: directory, thread: thread)
            } catch  where error == .system(.noSuchProcess) || error.isExit && thread != stat.pid {
                // The thread has exited. The kernel has given its children to another thread, read earlier or later. Only
                // for the main thread does a missing file mean that the kernel does not list children.
                continue
            }
        }
        return ids
    }

    private static func listedIDs(
        of directory: borrowing ProcessDirectory,
        thread: Int32
    ) throws(FileReadError) -> [Int32] {
        try directory.read(ProcPath(task: thread, "children"), readOptions, ids(parsing:))
    }

    /// Parses `children`: process ids in one line.
    static func ids(parsing bytes: Span<UInt8>) throws(ParseError) -> [Int32] {
        var ids: [Int32] = []
        var index = 0
        while let field = bytes.nextField(at: &index) {
            guard let id = bytes.pid(in: field) else { throw ParseError("process ids") }
            ids.append(id)
        }
        return ids
    }

    private func scan(within budget: inout SearchBudget) throws(FileReadError) -> [Int32: [Int32]] {
        if ProcVisibility.hidesProcesses(in: root) { budget.note(.hidden) }
        var children: [Int32: [Int32]] = [:]
        // Processes outside the tree are read too: they take time, but do not count as members.
        for pid in try root.processIDs() where budget.allowsTime() {
            do throws(FileReadError) {
                let stat = try root.read(
                    ProcPath(.id(pid), "stat"),
                    ProcessStat.readOptions,
                    ProcessStat.init(parsing:)
                )
                guard stat.pid != stat.parentPID else { continue }
                children[stat.parentPID, default: []].append(pid)
            } catch  where error.isExit {
                continue
            } catch  where !error.isLackOfResources {
                // The parent of this process is not known.
                budget.note(.hidden)
            }
        }
        return children
    }
}

extension SystemRoot {
    /// Returns the ids of all processes that `/proc` shows, in ascending order.
    func processIDs() throws(FileReadError) -> [Int32] {
        try open(ProcPath.processes, as: .directory).processIDs().sorted()
    }
}
