/// Which processes have one memory between them, so that it is counted once.
struct AddressSpaceSharing {
    /// What is known of a process without asking about pairs.
    struct Candidate {
        let pid: Int32
        let parentPID: Int32
        let startTimeTicks: Int
        /// Whether its main thread has ended, while others go on.
        let isLedByZombie: Bool
        /// Whether it has executed no program since it was forked: who has, has a memory of its own.
        let isForkWithoutExec: Bool
        let layout: ProgramLayout?
        let virtualBytes: Int
        let rssBytes: Int
        let sharedBytes: Int
    }

    /// How many pairs are asked about. A question costs 3 µs, as much as half of a cheap look at a process.
    enum Thoroughness {
        /// All that can share, beside a look that costs far more.
        case all
        /// A process and its parent, where their sizes are near. One that is changing its memory just now may be missed.
        case likely
    }

    /// By a process's id: the one whose memory it has too, which itself has nobody else's.
    private(set) var certain: [Int32: Int32] = [:]
    /// By a process's id: one whose memory it may have too.
    private(set) var possible: [Int32: Int32] = [:]

    /// How far sizes of one memory may lie apart when they are read one after the other. A process that was merely forked
    /// maps a megabyte less of files than its parent does.
    private static var toleranceBytes: Int { 256 << 10 }

    /// - Parameter compare: Asks the kernel about two processes; `nil` where it does not tell.
    init(
        _ candidates: [Candidate],
        _ thoroughness: Thoroughness,
        compare: (Candidate, Candidate) -> MemoryMapOrder?
    ) {
        guard candidates.contains(where: \.isForkWithoutExec) else { return }
        switch thoroughness {
        case .all: sort(candidates, compare)
        case .likely: askParents(candidates, compare)
        }
    }

    /// Sorts the processes of each layout by their memory maps: those that have one come together.
    private mutating func sort(
        _ candidates: [Candidate],
        _ compare: (Candidate, Candidate) -> MemoryMapOrder?
    ) {
        for group in Dictionary(grouping: candidates, by: \.layout).values
        where group.contains(where: \.isForkWithoutExec) {
            var sorted: [Candidate] = []
            var untold: [Candidate] = []
            // The first to be inserted counts for all: who made the others.
            let oldestFirst = group.sorted { $0.rank < $1.rank }
            for candidate in oldestFirst where !insert(candidate, into: &sorted, compare) {
                let suspects = (sorted + untold).prefix(Self.maximumSuspects)
                possible[candidate.pid] = suspects.first { candidate.mayShare(with: $0) }?.pid
                untold.append(candidate)
            }
        }
    }

    /// With how many a process is compared by size that the kernel tells nothing about.
    private static var maximumSuspects: Int { 64 }

    /// - Returns: `false` where the kernel did not tell.
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

    private mutating func askParents(
        _ candidates: [Candidate],
        _ compare: (Candidate, Candidate) -> MemoryMapOrder?
    ) {
        let places = Dictionary(candidates.indices.map { (candidates[$0].pid, $0) }) { first, _ in first }
        for candidate in candidates where candidate.isForkWithoutExec {
            guard let place = places[candidate.parentPID], candidates[place].pid != candidate.pid,
                candidates[place].layout == candidate.layout,
                candidate.difference(from: candidates[place]) <= Self.toleranceBytes
            else { continue }
            switch compare(candidate, candidates[place]) {
            case .same: certain[candidate.pid] = candidates[place].pid
            case .before, .after: break
            case nil:
                if candidate.mayShare(with: candidates[place]) { possible[candidate.pid] = candidates[place].pid }
            }
        }
        let makers = certain
        certain = makers.mapValues { Self.owner($0, makers) }.filter { $0.key != $0.value }
    }

    /// The last of a line of sharers, who counts for all of it.
    private static func owner(_ pid: Int32, _ makers: [Int32: Int32]) -> Int32 {
        var owner = pid
        var line: Set<Int32> = []
        while let maker = makers[owner] {
            // Reused ids can make parents circular: one of the circle counts.
            guard line.insert(owner).inserted else { return circle(from: owner, makers).min() ?? owner }
            owner = maker
        }
        return owner
    }

    private static func circle(from pid: Int32, _ makers: [Int32: Int32]) -> Set<Int32> {
        var members: Set<Int32> = []
        var next: Int32? = pid
        while let member = next, members.insert(member).inserted { next = makers[member] }
        return members
    }
}

extension AddressSpaceSharing.Candidate {
    /// `nil` for a process that tells too little to be compared.
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

    /// Who has executed a program before who has not, then by age.
    fileprivate var rank: (Int, Int, Int32) { (isForkWithoutExec ? 1 : 0, startTimeTicks, pid) }

    /// Whether nothing speaks against one memory of the two: equal sizes, and a fork without a program since.
    fileprivate func mayShare(with other: Self) -> Bool {
        (isForkWithoutExec || other.isForkWithoutExec) && difference(from: other) == 0
    }

    /// The largest of the differences between the sizes.
    fileprivate func difference(from other: Self) -> Int {
        [
            (virtualBytes, other.virtualBytes), (rssBytes, other.rssBytes), (sharedBytes, other.sharedBytes),
        ].reduce(0) { largest, pair in
            let (difference, overflow) = pair.0.subtractingReportingOverflow(pair.1)
            return max(largest, overflow ? .max : Int(clamping: difference.magnitude))
        }
    }
}

/// Asks the kernel whether two processes have one memory map, by `kcmp(2)`.
///
/// The call takes ids and compares what they have at that moment: two whose main threads have ended have none, and that is
/// the same. So a process is asked about by a thread that lives, and "the same" is confirmed by a look at both.
struct MemoryMapComparer {
    let root: SystemRoot

    /// - Returns: `nil` where the kernel does not tell: below a directory, without the right to trace both, or without kcmp.
    func compare(_ first: AddressSpaceSharing.Candidate, _ second: AddressSpaceSharing.Candidate) -> MemoryMapOrder? {
        guard root.isLive, let firstID = livingID(of: first), let secondID = livingID(of: second),
            let order = try? Syscalls.compareMemoryMaps(firstID, secondID)
        else { return nil }
        guard order == .same else { return order }
        return isHolding(first, firstID) && isHolding(second, secondID) ? .same : nil
    }

    private func livingID(of process: AddressSpaceSharing.Candidate) -> Int32? {
        guard process.isLedByZombie else { return process.pid }
        guard let directory = try? ProcessDirectory(.id(process.pid), in: root), let stat = try? directory.stat() else {
            return nil
        }
        return try? directory.firstValueFromLiveThread(leftBehind: stat) { statm(of: $0)?.isEmpty == false ? $0 : nil }
    }

    /// Whether the process is still the one that was met, and the thread still has a memory.
    private func isHolding(_ process: AddressSpaceSharing.Candidate, _ threadID: Int32) -> Bool {
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
