/// A walk over processes, each looked at while its directory is held open.
struct ProcessWalk<Value> {
    /// One process that was met.
    struct Member {
        let pid: Int32
        /// How far below the process that the walk began with; 0 in a list.
        let depth: Int
        /// `nil` where not even `stat` may be read.
        let stat: ProcessStat?
        /// `nil` where the process may not be looked at.
        let value: Value?
    }

    /// A process that was heard of and not met yet.
    private struct Candidate {
        let process: ProcessSelector
        var depth = 0
        /// Who named it as a child.
        var parent: ProcessStat?
        /// Whether a caller named it, perhaps by the id of one of its threads.
        var mayBeThread = false
    }

    private let root: KernelRoot
    private let read: (borrowing ProcessDirectory, ProcessStat) throws(ReadFailure) -> Value
    private var children: ProcessChildren
    private var visited: Set<Int32> = []

    private(set) var members: [Member] = []
    /// Whether no process was left out for there being too many.
    private(set) var isComplete = true

    /// A tree that grows faster than it is walked has no end. Linux allows 2^22 processes; few systems see 2^15.
    private static var maximumCount: Int { 1 << 17 }

    /// - Parameter read: Looks at one process.
    init(
        in root: KernelRoot,
        read: @escaping (borrowing ProcessDirectory, ProcessStat) throws(ReadFailure) -> Value
    ) {
        self.root = root
        self.read = read
        children = ProcessChildren(in: root)
    }

    /// Visits a process that a caller named, and with `descends` all of its descendants, parents before children.
    mutating func visit(named process: ProcessSelector, descends: Bool) throws(ProcMemError) {
        do throws(ReadFailure) {
            var pending = try visit(Candidate(process: process, mayBeThread: true), descends: descends)
            while let next = pending.popLast() {
                do throws(ReadFailure) {
                    pending += try visit(next, descends: true)
                } catch  where error.isAbsence {
                    continue
                }
            }
        } catch {
            throw ProcMemError(explaining: error, at: ProcPath(directoryOf: process), of: process, in: root)
        }
    }

    /// Visits the processes of a list that the kernel gave a moment ago; those that have gone are passed over.
    mutating func visit(listed pids: [Int32]) throws(ProcMemError) {
        for pid in pids {
            do throws(ReadFailure) {
                _ = try visit(Candidate(process: .id(pid)), descends: false)
            } catch  where error.isAbsence {
                continue
            } catch {
                throw ProcMemError(error, path: root.text(ProcPath(directoryOf: .id(pid))))
            }
        }
    }

    /// Meets a process, and returns its children, the first one last.
    private mutating func visit(_ candidate: Candidate, descends: Bool) throws(ReadFailure) -> [Candidate] {
        guard members.count < Self.maximumCount else {
            isComplete = false
            return []
        }
        do {
            let directory = try ProcessDirectory(candidate.process, in: root)
            let stat = try directory.stat()
            if candidate.mayBeThread, let leader = try directory.processID(), leader != stat.processID {
                return try visit(Candidate(process: .id(leader)), descends: descends)
            }
            if let parent = candidate.parent, !isChild(stat, of: parent) { return [] }
            guard visited.insert(stat.processID).inserted else { return [] }
            let value = try read(directory, stat)
            members.append(Member(pid: stat.processID, depth: candidate.depth, stat: stat, value: value))
            guard descends else { return [] }
            return try children.ids(of: directory, stat).reversed().map {
                Candidate(process: .id($0), depth: candidate.depth + 1, parent: stat)
            }
        } catch .system(.permissionDenied), .system(.notPermitted) {
            let pid = candidate.process.threadID
            if visited.insert(pid).inserted {
                members.append(Member(pid: pid, depth: candidate.depth, stat: nil, value: nil))
            }
            return []
        }
    }

    /// Whether a process that was listed as a child is that child, and not one that has taken over its id since.
    ///
    /// A child whose parent has ended meanwhile belongs to whoever adopted it: a subreaper within the tree, or the world
    /// outside.
    private func isChild(_ stat: ProcessStat, of parent: ProcessStat) -> Bool {
        (stat.parentID == parent.processID || visited.contains(stat.parentID))
            && stat.startTimeTicks >= parent.startTimeTicks
    }
}
