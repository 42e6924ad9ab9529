/// Who waits for the passes of a sampler, and when the next pass is due.
///
/// Instants are nanoseconds of one clock that never goes back. Those of all series lie on one grid, which the first of them
/// lays, so that one pass serves as many as possible. No call allocates memory once there has been as much to remember.
struct SnapshotRequestQueue<Waiter: Sendable, Snapshot: Sendable>: Sendable {
    typealias Answer = Result<Snapshot, ProcMemError>

    private struct Waiting {
        let id: Int
        /// `nil` for the next answer of all.
        let series: Int?
        let waiter: Waiter
    }

    private struct Series {
        let id: Int
        let interval: Int
        /// `nil` when nothing follows any more.
        var due: Int?
        /// What nobody has been told yet.
        var newest: Answer?
        /// Whether the last answer was for this series.
        var isServed = false
    }

    private var waiting: [Waiting] = []
    private var series: [Series] = []
    private var origin = 0
    private var lastID = 0

    var waitingCount: Int { waiting.count }

    /// A number for somebody who is going to wait.
    mutating func makeID() -> Int {
        lastID += 1
        return lastID
    }

    /// Has somebody wait for the answer of the pass that is under way, or else of the next one.
    mutating func wait(_ id: Int, _ waiter: Waiter) {
        waiting.append(Waiting(id: id, series: nil, waiter: waiter))
    }

    /// Has somebody wait for the next answer of a series, unless there is one that nobody has been told.
    mutating func wait(_ id: Int, _ waiter: Waiter, for seriesID: Int) -> Answer? {
        if let index = index(of: seriesID), let newest = series[index].newest {
            series[index].newest = nil
            return newest
        }
        waiting.append(Waiting(id: id, series: seriesID, waiter: waiter))
        return nil
    }

    /// Forgets somebody who waits; `nil` where nobody does under that number, or any more.
    mutating func cancel(_ id: Int) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    /// Begins a series of answers: the first at once, the others at the multiples of an interval.
    ///
    /// - Returns: The number of the series.
    mutating func beginSeries(every interval: Int, at now: Int) -> Int {
        if series.isEmpty { origin = now }
        let id = makeID()
        series.append(Series(id: id, interval: max(1, interval), due: now))
        return id
    }

    /// Ends a series, and forgets those who wait for it, whom it returns.
    mutating func endSeries(_ id: Int) -> [Waiter] {
        series.removeAll { $0.id == id }
        let left = waiting.filter { $0.series == id }
        waiting.removeAll { $0.series == id }
        return left.map(\.waiter)
    }

    /// When the next pass is to begin, the past meaning at once; `nil` where nobody asks for one.
    var nextInstant: Int? {
        if waiting.contains(where: { $0.series == nil }) { return .min }
        return series.lazy.compactMap(\.due).min()
    }

    /// Ends a pass: its answer is for those who wait for it, and for every series whose instant has come meanwhile.
    ///
    /// A series that has been told of an instant, or has missed it, goes on with the first one that is still ahead.
    ///
    /// - Parameter told: Where those are added who are to be told now.
    mutating func finish(with answer: Answer, at now: Int, _ told: inout [Waiter]) {
        for index in series.indices {
            guard let due = series[index].due, due <= now else {
                series[index].isServed = false
                continue
            }
            series[index].isServed = true
            series[index].newest = answer
            series[index].due =
                switch answer {
                case .success: instant(after: now, every: series[index].interval)
                case .failure: nil
                }
        }
        var keptCount = 0
        for place in waiting.indices {
            if isServed(waiting[place]) {
                told.append(waiting[place].waiter)
            } else {
                waiting.swapAt(keptCount, place)
                keptCount += 1
            }
        }
        waiting.removeLast(waiting.count - keptCount)
    }

    /// Whether the last answer is for somebody who waits; for whoever waits for a series it is no longer kept then.
    private mutating func isServed(_ waiting: Waiting) -> Bool {
        guard let seriesID = waiting.series else { return true }
        guard let index = index(of: seriesID), series[index].isServed else { return false }
        series[index].newest = nil
        return true
    }

    /// The first instant of the grid that is still ahead; `nil` where the clock does not go so far.
    private func instant(after now: Int, every interval: Int) -> Int? {
        let (distance, overflows) = ((now - origin) / interval + 1).multipliedReportingOverflow(by: interval)
        let (instant, exceeds) = origin.addingReportingOverflow(distance)
        return overflows || exceeds ? nil : instant
    }

    private func index(of seriesID: Int) -> Int? {
        series.firstIndex { $0.id == seriesID }
    }
}
