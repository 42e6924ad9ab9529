/// Finds the children of processes.
struct ProcessChildren {
    /// How they are found.
    enum Method: Sendable, Hashable {
        /// `/proc/PID/task/TID/children`, one small file for each thread.
        case childrenFiles
        /// The parent ids in the `stat` of every process, because the kernel has no `children` files.
        case scan
    }

    private let root: KernelRoot
    private(set) var method = Method.childrenFiles
    private var childrenByParent: [Int32: [Int32]] = [:]

    private static var shape: FileShape { FileShape(expectedBytes: 1024, limitBytes: 64 << 20) }

    init(in root: KernelRoot) {
        self.root = root
    }

    /// The ids of a process's children, in the order of their birth; a copy that is out of date when it arrives.
    ///
    /// `children` lists those that one *thread* has forked, so the file of every thread is read (since Linux 3.5, where
    /// the kernel is built with `CONFIG_PROC_CHILDREN`). Without it, every process of the system is looked at, once.
    mutating func ids(of directory: borrowing ProcessDirectory, _ stat: ProcessStat) throws(ReadFailure) -> [Int32] {
        if method == .scan { return childrenByParent[stat.processID] ?? [] }
        do {
            // A process with one thread has it under its own id: no need to list them.
            guard stat.threadCount != 1 else { return try Self.ids(of: directory, thread: stat.processID) }
            var ids: [Int32] = []
            for thread in try directory.threadIDs() {
                do {
                    ids += try Self.ids(of: directory, thread: thread)
                } catch .system(.noSuchProcess) {
                    // The thread has ended; its children have gone to another one, which is still to come or was read.
                    continue
                }
            }
            return ids
        } catch .system(.noSuchFileOrDirectory) {
            try scan()
            return childrenByParent[stat.processID] ?? []
        } catch .system(.noSuchProcess) {
            return []
        }
    }

    private static func ids(of directory: borrowing ProcessDirectory, thread: Int32) throws(ReadFailure) -> [Int32] {
        try directory.read(ProcPath(task: thread, "children"), shape) { (bytes) throws(Malformation) in
            var ids: [Int32] = []
            var index = 0
            while let field = bytes.nextField(at: &index) {
                guard let id = bytes.processID(in: field) else { throw Malformation("process ids") }
                ids.append(id)
            }
            return ids
        }
    }

    private mutating func scan() throws(ReadFailure) {
        method = .scan
        for pid in try root.processIDs() {
            guard let stat = try? root.read(ProcPath(.id(pid), "stat"), ProcessStat.shape, ProcessStat.init(parsing:)),
                stat.processID != stat.parentID
            else { continue }
            childrenByParent[stat.parentID, default: []].append(pid)
        }
    }
}

extension KernelRoot {
    /// The ids of all processes that `/proc` shows, ascending.
    func processIDs() throws(ReadFailure) -> [Int32] {
        try open(ProcPath.processes, as: .directory).processIDs().sorted()
    }
}
