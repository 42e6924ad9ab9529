/// One who follows the snapshots of a sampler, and keeps the sampler. The copies of an iterator are one.
final class SnapshotSeries {
    private let sampler: MemorySampler
    private let intervalNanoseconds: Int
    /// The number by which the sampler knows it, `nil` while it does not.
    private var number: Int?
    private var hasEnded = false

    init(of sampler: MemorySampler, everyNanoseconds intervalNanoseconds: Int) {
        self.sampler = sampler
        self.intervalNanoseconds = intervalNanoseconds
    }

    deinit { leave() }

    /// The newest snapshot that nobody has been told, or the next one; `nil` at the end.
    func next() async throws(ProcMemError) -> MemorySnapshot? {
        if hasEnded { return nil }
        var snapshot: MemorySnapshot?
        // Whatever ends it, no pass is for it any more.
        defer { if snapshot == nil { end() } }
        if Task.isCancelled { return nil }
        snapshot = try await sampler.nextAnswer(of: begin())?.get()
        return snapshot
    }

    private func begin() throws(ProcMemError) -> Int {
        if let number { return number }
        let new = try sampler.beginSeries(every: intervalNanoseconds)
        number = new
        return new
    }

    private func end() {
        hasEnded = true
        leave()
    }

    private func leave() {
        if let number { sampler.endSeries(number) }
        number = nil
    }
}
