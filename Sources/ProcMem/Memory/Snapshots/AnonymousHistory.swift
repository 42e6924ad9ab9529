/// What was known of the anonymous memory of a tree, for a look that comes later.
///
/// Every page that was not there then has been brought since, by a fault of somebody who is there now, as long as nobody has
/// ended: so what was known before, plus a page for each fault since, bounds what is there now. That is much less than all
/// faults of a process that took and gave back memory before it forked.
struct AnonymousHistory: Sendable {
    private struct Faults: Sendable {
        let own: Int
        let ofChildren: Int
    }

    /// Not more than this was there.
    private let upperBytes: Int
    /// Whether that was proven.
    let isProven: Bool
    private let faults: [Process: Faults]

    private struct Process: Hashable, Sendable {
        let pid: Int32
        let startTimeTicks: Int

        init(_ stat: ProcessStat) {
            pid = stat.processID
            startTimeTicks = stat.startTimeTicks
        }
    }

    /// - Returns: `nil` where the faults of a process are not known.
    init?(upperBytes: Int, isProven: Bool = true, _ stats: [ProcessStat?]) {
        var faults: [Process: Faults] = [:]
        for stat in stats {
            guard let stat, let own = stat.faultCount, let ofChildren = stat.childFaultCount else { return nil }
            faults[Process(stat)] = Faults(own: own, ofChildren: ofChildren)
        }
        self.upperBytes = upperBytes
        self.isProven = isProven
        self.faults = faults
    }

    /// Not more than this is there now, of a tree with all of its processes.
    ///
    /// - Returns: `nil` where a process has ended since, or a child of one, or where one has come that may have been forked
    ///   by somebody else: there may be pages that those have brought.
    func upperBytes(now stats: [ProcessStat?], pageSizeBytes: Int) -> Int? {
        let layouts = Dictionary(stats.compactMap { stat in stat.map { ($0.processID, $0.layout) } }) { first, _ in
            first
        }
        var met = 0
        var pages = 0
        for stat in stats {
            guard let stat, let own = stat.faultCount, let ofChildren = stat.childFaultCount else { return nil }
            guard let before = faults[Process(stat)] else {
                // Forked since, all of its faults with it. A child of its own that has ended leaves them to it.
                guard ofChildren == 0 else { return nil }
                // Who has executed no program has the layout of whoever forked it. Where its parent has another one, or is
                // not among these, it was adopted, or a stranger forked it.
                if stat.hasNotExecuted {
                    guard let layout = stat.layout, layouts[stat.parentID] == layout else { return nil }
                }
                pages = pages.saturatingAdding(own)
                continue
            }
            guard before.ofChildren == ofChildren, own >= before.own else { return nil }
            met += 1
            pages = pages.saturatingAdding(own - before.own)
        }
        guard met == faults.count else { return nil }
        return upperBytes.saturatingAdding(pages.saturatingMultiplied(by: pageSizeBytes))
    }
}
