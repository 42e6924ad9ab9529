/// Which processes have one memory between them, so that it is counted once.
struct MemorySharing {
    /// What is known of a process without asking about pairs.
    struct Candidate {
        let pid: Int32
        let parentPID: Int32
        /// Whether it has executed no program since it was forked: who has, has a memory of its own.
        let hasNotExecuted: Bool
        let layout: ProgramLayout?
        let virtualBytes: Int
        let rssBytes: Int
        let sharedBytes: Int
    }

    /// By a process's id: the one whose memory it has too.
    private(set) var certain: [Int32: Int32] = [:]
    /// By a process's id: one whose memory it may have too.
    private(set) var possible: [Int32: Int32] = [:]

    /// How far sizes of one memory may lie apart when they are read one after the other. It spares the question, 3 µs, for
    /// most of the processes that were merely forked: they map fewer pages of files than their parent does.
    private static var toleranceBytes: Int { 256 << 10 }
    /// With how many processes without a parent in the list one of them is compared.
    private static var maximumComparisons: Int { 16 }

    /// - Parameter haveOneMemory: Asks the kernel about two processes; `nil` where it does not tell.
    init(_ candidates: [Candidate], haveOneMemory: (Int32, Int32) -> Bool?) {
        guard candidates.contains(where: \.hasNotExecuted) else { return }
        let placeByPID = Dictionary(candidates.indices.map { (candidates[$0].pid, $0) }) { first, _ in first }
        // A process shares with the one that made it. Where that has ended, or has executed a program, those that it left
        // behind may share with one another.
        var orphans: [ProgramLayout?: [Candidate]] = [:]
        for candidate in candidates {
            if let place = placeByPID[candidate.parentPID], candidates[place].layout == candidate.layout {
                compare(candidate, with: candidates[place], haveOneMemory)
            } else {
                for other in (orphans[candidate.layout] ?? []).prefix(Self.maximumComparisons) {
                    compare(candidate, with: other, haveOneMemory)
                    if certain[candidate.pid] != nil { break }
                }
                orphans[candidate.layout, default: []].append(candidate)
            }
        }
    }

    private mutating func compare(
        _ candidate: Candidate,
        with other: Candidate,
        _ haveOneMemory: (Int32, Int32) -> Bool?
    ) {
        guard candidate.pid != other.pid, candidate.hasNotExecuted || other.hasNotExecuted,
            candidate.difference(from: other) <= Self.toleranceBytes
        else { return }
        switch haveOneMemory(candidate.pid, other.pid) {
        case true?: certain[candidate.pid] = owner(of: other.pid, otherThan: candidate.pid)
        case false?: break
        case nil: if candidate.difference(from: other) == 0 { possible[candidate.pid] = other.pid }
        }
    }

    /// The process that is counted for all that share one memory.
    private func owner(of pid: Int32, otherThan asking: Int32) -> Int32? {
        var owner = pid
        var steps = 0
        while let next = certain[owner], steps < certain.count {
            owner = next
            steps += 1
        }
        // Two that were compared both ways have one owner already.
        return owner == asking ? nil : owner
    }
}

extension MemorySharing.Candidate {
    /// `nil` for a process that tells too little to be compared.
    init?(_ pid: Int32, _ stat: ProcessStat, _ usage: MemoryUsage) {
        guard let rssBytes = usage.rssBytes, let sharedBytes = usage.sharedBytes, let virtualBytes = stat.virtualBytes
        else { return nil }
        self.init(
            pid: pid,
            parentPID: stat.parentID,
            hasNotExecuted: stat.hasNotExecuted,
            layout: stat.layout,
            virtualBytes: virtualBytes,
            rssBytes: rssBytes,
            sharedBytes: sharedBytes
        )
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
