/// The tasks that wait for the passes of a sampler, and the instant of the next pass.
///
/// Instants are nanoseconds of one monotonic clock. All series share one time grid, whose origin is the start of the
/// first one, so that one pass serves as many series as possible. The arrays keep their capacity: a call allocates
/// memory only if there are more tasks or series than ever before.
struct SnapshotRequestQueue<Waiter: Sendable, Snapshot: Sendable>: Sendable {
    typealias Answer = Result<Snapshot, ProcMemError>

    private struct Waiting {
        let id: Int
        /// The id of a series; `nil` for a task that waits for the next answer of any pass.
        let series: Int?
        /// The number of changes of the scope before the task began to wait.
        let changeCount: Int
        let waiter: Waiter
    }

    private struct Series {
        let id: Int
        let interval: Int
        /// The instant of the next pass; `nil` if none follows.
        var due: Int?
        /// The newest answer, if no task has received it yet.
        var newest: Answer?
        /// Whether the last answer was for this series.
        var isServed = false
    }

    private var waiting: [Waiting] = []
    private var series: [Series] = []
    private var origin = 0
    private var lastID = 0
    /// The number of changes of the scope, and their number at the begin of the last pass.
    private var (changeCount, passChangeCount) = (0, 0)

    var waitingCount: Int { waiting.count }

    /// Returns an id for a task that is going to wait.
    mutating func makeID() -> Int {
        lastID += 1
        return lastID
    }

    /// Adds a task that waits for the answer of the pass in progress, or else of the next one.
    mutating func wait(_ id: Int, _ waiter: Waiter) {
        waiting.append(Waiting(id: id, series: nil, changeCount: changeCount, waiter: waiter))
    }

    /// Returns the newest answer of a series if no task has received it yet; otherwise adds a task that waits for the
    /// next one.
    mutating func wait(_ id: Int, _ waiter: Waiter, for seriesID: Int) -> Answer? {
        if let index = index(of: seriesID), let newest = series[index].newest {
            series[index].newest = nil
            return newest
        }
        waiting.append(Waiting(id: id, series: seriesID, changeCount: changeCount, waiter: waiter))
        return nil
    }

    /// Removes a waiting task and returns it; `nil` if no task waits under that id.
    mutating func cancel(_ id: Int) -> Waiter? {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return nil }
        return waiting.remove(at: index).waiter
    }

    /// Begins a series of answers: the first one immediately, the others at the multiples of an interval.
    ///
    /// - Returns: The id of the series.
    mutating func beginSeries(every interval: Int, at now: Int) -> Int {
        if series.isEmpty { origin = now }
        let id = makeID()
        series.append(Series(id: id, interval: max(1, interval), due: now))
        return id
    }

    /// Ends a series. Removes the tasks that wait for it and returns them.
    mutating func endSeries(_ id: Int) -> [Waiter] {
        series.removeAll { $0.id == id }
        let left = waiting.filter { $0.series == id }
        waiting.removeAll { $0.series == id }
        return left.map(\.waiter)
    }

    /// The instant at which the next pass begins; an instant in the past means immediately. `nil` if no pass is
    /// requested.
    var nextInstant: Int? {
        if waiting.contains(where: { $0.series == nil }) { return .min }
        return series.lazy.compactMap(\.due).min()
    }

    /// Notes that the scope has changed: a pass in progress is no answer to a task that begins to wait from now on.
    mutating func changeScope() { changeCount += 1 }

    /// Begins a pass, over the scope that is set afterwards.
    mutating func beginPass() { passChangeCount = changeCount }

    /// Ends a pass. Its answer goes to the tasks that wait for it, and to every series that is due by now.
    ///
    /// The next instant of each of those series is the first one of the grid that is still in the future.
    ///
    /// - Parameters:
    ///   - answer: The result of the pass.
    ///   - now: The time at which the pass ended.
    ///   - answered: The array to which the tasks that receive the answer are appended.
    mutating func finish(with answer: Answer, at now: Int, _ answered: inout [Waiter]) {
        for index in series.indices {
            guard let due = series[index].due, due <= now else {
                series[index].isServed = false
                continue
            }
            series[index].isServed = true
            // A pass that is left out does not take a snapshot away that no task has received yet.
            let isLeftOut = if case .failure(let error) = answer { error.code == .outOfResources } else { false }
            if !isLeftOut || series[index].newest == nil { series[index].newest = answer }
            series[index].due =
                switch answer {
                case .success: instant(after: now, every: series[index].interval)
                // A lack of descriptors or memory may pass. Any other error ends the series.
                case .failure(let error):
                    error.code == .outOfResources ? instant(after: now, every: series[index].interval) : nil
                }
        }
        var keptCount = 0
        for index in waiting.indices {
            if isServed(waiting[index]) {
                answered.append(waiting[index].waiter)
            } else {
                waiting.swapAt(keptCount, index)
                keptCount += 1
            }
        }
        waiting.removeLast(waiting.count - keptCount)
    }

    /// Returns whether the last answer goes to a waiting task. If the task waits for a series, the series drops the
    /// answer.
    private mutating func isServed(_ waiting: Waiting) -> Bool {
        guard let seriesID = waiting.series else { return waiting.changeCount <= passChangeCount }
        guard let index = index(of: seriesID), series[index].isServed else { return false }
        series[index].newest = nil
        return true
    }

    /// Returns the first instant of the grid that is still in the future; `nil` if it would overflow.
    private func instant(after now: Int, every interval: Int) -> Int? {
        let (distance, overflows) = ((now - origin) / interval + 1).multipliedReportingOverflow(by: interval)
        let (instant, exceeds) = origin.addingReportingOverflow(distance)
        return overflows || exceeds ? nil : instant
    }

    private func index(of seriesID: Int) -> Int? {
        series.firstIndex { $0.id == seriesID }
    }
}
