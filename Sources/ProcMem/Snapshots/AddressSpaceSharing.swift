/// The processes that share one address space (`CLONE_VM`, `vfork`), so that its memory is counted once.
struct AddressSpaceSharing {
    /// The facts about one process that are known without comparing it with another one.
    struct Candidate {
        let pid: Int32
        let parentPID: Int32
        let startTimeTicks: Int
        /// Whether its main thread has exited while other threads run.
        let isLedByZombie: Bool
        /// Whether it is a fork without exec. A process that has executed a program has an address space of its own.
        let isForkWithoutExec: Bool
        let layout: ProgramLayout?
        let virtualBytes: Int
        let rssBytes: Int
        let sharedBytes: Int
    }

    /// Which pairs of processes are compared. A comparison costs one system call.
    enum Thoroughness {
        /// All processes that can share an address space. Used with readings that cost far more than this.
        case all
        /// A process and its parent, if their sizes are similar. A pair may be missed while its memory is changing.
        case likely
    }

    /// For each pid of a process that shares an address space: the pid of the process that is counted for it. That
    /// process has no entry of its own.
    private(set) var certain: [Int32: Int32] = [:]
    /// For each pid: a process that may share its address space.
    private(set) var possible: [Int32: Int32] = [:]
    /// Whether all processes were compared, as far as the kernel allows it.
    private(set) var isThorough: Bool

    /// The largest difference between two sizes of one address space that are read one after the other. A forked
    /// process with an address space of its own differs by more: it maps a megabyte less of files than its parent.
    private static var toleranceBytes: Int { 256 << 10 }

    /// - Parameter compare: Compares two address spaces through the kernel; `nil` if the kernel does not report the
    ///   result.
    init(
        _ candidates: [Candidate],
        _ thoroughness: Thoroughness,
        compare: (Candidate, Candidate) -> MemoryMapOrder?
    ) {
        isThorough = thoroughness == .all
        guard candidates.contains(where: \.isForkWithoutExec) else { return }
        switch thoroughness {
        case .all: sort(candidates, compare)
        case .likely: compareWithParents(candidates, compare)
        }
    }

    /// Sorts the processes of each layout by the kernel's order of their address spaces. Processes that share one are
    /// equal.
    private mutating func sort(
        _ candidates: [Candidate],
        _ compare: (Candidate, Candidate) -> MemoryMapOrder?
    ) {
        for group in Dictionary(grouping: candidates, by: \.layout).values
        where group.contains(where: \.isForkWithoutExec) {
            var sorted: [Candidate] = []
            var unsorted: [Candidate] = []
            // The process that is inserted first is counted for those that share its address space: the one that
            // created them.
            let oldestFirst = group.sorted { $0.rank < $1.rank }
            for candidate in oldestFirst where !insert(candidate, into: &sorted, compare) {
                isThorough = false
                let suspects = [sorted.prefix(Self.maximumSuspects), unsorted.prefix(Self.maximumSuspects)].joined()
                possible[candidate.pid] = suspects.first { candidate.mayShare(with: $0) }?.pid
                unsorted.append(candidate)
            }
        }
    }

    /// The number of processes whose sizes are compared with those of a process that the kernel does not compare.
    private static var maximumSuspects: Int { 64 }

    /// Inserts a process at its place in the kernel's order, or records the process with which it shares an address
    /// space.
    ///
    /// - Returns: `false` if the kernel did not report the result of a comparison.
    private mutating func insert(
        _ candidate: Candidate,
        into sorted: inout [Candidate],
        _ compare: (Candidate, Candidate) -> MemoryMapOrder?
    ) -> Bool {
        var range = sorted.startIndex..<sorted.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            switch compare(candidate, sorted[middle]) {
            case .before: range = range.lowerBound..<middle
            case .after: range = middle + 1..<range.upperBound
            case .same:
                if candidate.pid != sorted[middle].pid { certain[candidate.pid] = sorted[middle].pid }
                return true
            case nil: return false
            }
        }
        sorted.insert(candidate, at: range.lowerBound)
        return true
    }

    private mutating func compareWithParents(
        _ candidates: [Candidate],
        _ compare: (Candidate, Candidate) -> MemoryMapOrder?
    ) {
        let indices = Dictionary(candidates.indices.map { (candidates[$0].pid, $0) }) { first, _ in first }
        for candidate in candidates where candidate.isForkWithoutExec {
            guard let index = indices[candidate.parentPID], candidates[index].pid != candidate.pid,
                candidates[index].layout == candidate.layout,
                candidate.difference(from: candidates[index]) <= Self.toleranceBytes
            else { continue }
            switch compare(candidate, candidates[index]) {
            case .same: certain[candidate.pid] = candidates[index].pid
            case .before, .after: break
            case nil:
                if candidate.mayShare(with: candidates[index]) { possible[candidate.pid] = candidates[index].pid }
            }
        }
        let parents = certain
        certain = parents.mapValues { Self.owner($0, parents) }.filter { $0.key != $0.value }
    }

    /// Returns the last ancestor that shares the address space: it is counted for all of its descendants that share it.
    private static func owner(_ pid: Int32, _ parents: [Int32: Int32]) -> Int32 {
        var owner = pid
        var line: Set<Int32> = []
        while let parent = parents[owner] {
            // Reused pids can make the parents circular: then one process of the circle is counted.
            guard line.insert(owner).inserted else { return circle(from: owner, parents).min() ?? owner }
            owner = parent
        }
        return owner
    }

    private static func circle(from pid: Int32, _ parents: [Int32: Int32]) -> Set<Int32> {
        var members: Set<Int32> = []
        var next: Int32? = pid
        while let member = next, members.insert(member).inserted { next = parents[member] }
        return members
    }
}

extension AddressSpaceSharing.Thoroughness {
    /// Returns which pairs are compared in a mode: all, unless that would cost much in comparison with the mode.
    ///
    /// All of them need a number of comparisons that grows with *n* log *n*.
    init(in mode: MemoryMode, processCount: Int) {
        switch mode {
        case .cheap: self = .likely
        case .sampled, .accurate: self = .all
        case .within(let budget):
            let rounds = Int.bitWidth - processCount.leadingZeroBitCount
            let likelyTime = Duration.nanoseconds(500) * processCount.saturatingMultiplied(by: rounds)
            self = likelyTime <= budget / 10 ? .all : .likely
        }
    }
}

extension AddressSpaceSharing.Candidate {
    /// Returns `nil` if a figure that the comparison needs is not known.
    init?(_ pid: Int32, _ stat: ProcessStat, _ usage: MemoryUsage) {
        guard let rssBytes = usage.rssBytes, let sharedBytes = usage.sharedBytes, let virtualBytes = stat.virtualBytes
        else { return nil }
        self.init(
            pid: pid,
            parentPID: stat.parentPID,
            startTimeTicks: stat.startTimeTicks,
            isLedByZombie: stat.isZombie,
            isForkWithoutExec: stat.isForkWithoutExec,
            layout: stat.layout,
            virtualBytes: virtualBytes,
            rssBytes: rssBytes,
            sharedBytes: sharedBytes
        )
    }

    /// The sort key: processes that have executed a program come first, then the older process.
    fileprivate var rank: (Int, Int, Int32) { (isForkWithoutExec ? 1 : 0, startTimeTicks, pid) }

    /// Returns whether two processes may share an address space: one is a fork without exec, and all sizes are equal.
    fileprivate func mayShare(with other: Self) -> Bool {
        (isForkWithoutExec || other.isForkWithoutExec) && difference(from: other) == 0
    }

    /// Returns the largest difference between the sizes of two processes.
    fileprivate func difference(from other: Self) -> Int {
        [
            (virtualBytes, other.virtualBytes), (rssBytes, other.rssBytes), (sharedBytes, other.sharedBytes),
        ].reduce(0) { largest, pair in
            let (difference, overflow) = pair.0.subtractingReportingOverflow(pair.1)
            return max(largest, overflow ? .max : Int(clamping: difference.magnitude))
        }
    }
}

/// Compares the address spaces of two processes through `kcmp(2)`.
///
/// The call compares what two thread ids have at that moment. Main threads that have exited have no address space, and
/// two of those compare as equal. Therefore a process is compared through a live thread, and an equal result is
/// confirmed by reading both processes again.
struct MemoryMapComparer {
    let root: SystemRoot

    /// Compares the address spaces of two processes.
    ///
    /// - Returns: `nil` if the kernel does not report the result: the caller may not trace both processes, the kernel
    ///   has no `kcmp`, or the files are read below another directory than `/`.
    func compare(_ first: AddressSpaceSharing.Candidate, _ second: AddressSpaceSharing.Candidate) -> MemoryMapOrder? {
        guard root.isLive, let firstID = liveThreadID(of: first), let secondID = liveThreadID(of: second),
            let order = try? Syscalls.compareMemoryMaps(firstID, secondID)
        else { return nil }
        guard order == .same else { return order }
        return hasMemory(first, firstID) && hasMemory(second, secondID) ? .same : nil
    }

    private func liveThreadID(of process: AddressSpaceSharing.Candidate) -> Int32? {
        guard process.isLedByZombie else { return process.pid }
        guard let directory = try? ProcessDirectory(.id(process.pid), in: root), let stat = try? directory.stat() else {
            return nil
        }
        return try? directory.firstValueFromLiveThread(of: stat) { statm(of: $0)?.isEmpty == false ? $0 : nil }
    }

    /// Returns whether the pid still names the same process, and whether the thread still has an address space.
    private func hasMemory(_ process: AddressSpaceSharing.Candidate, _ threadID: Int32) -> Bool {
        let stat = try? root.read(
            ProcPath(.id(process.pid), "stat"),
            ProcessStat.readOptions,
            ProcessStat.init(parsing:)
        )
        return stat?.startTimeTicks == process.startTimeTicks && statm(of: threadID)?.isEmpty == false
    }

    private func statm(of threadID: Int32) -> Statm? {
        try? Statm(at: ProcPath(.id(threadID), "statm"), in: root)
    }
}
