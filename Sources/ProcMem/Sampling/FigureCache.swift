/// Figures that cost much, kept for as long as they hold.
struct FigureCache: Sendable {
    struct Key: Hashable, Sendable {
        let pid: Int32
        let startTimeTicks: Int
    }

    /// What is remembered of a process.
    struct Entry: Sendable {
        /// The last accurate figures, when they were taken, and of what.
        fileprivate(set) var figures: (usage: MemoryUsage, taken: ContinuousClock.Instant, witness: FigureWitness)?
        /// When an accurate look was tried last; `nil` for never.
        fileprivate(set) var lastAttempt: ContinuousClock.Instant?
        fileprivate(set) var cost: ReadCosts.Measured?
    }

    /// Samples of all processes, and what they were of.
    struct Samples: Sendable {
        let usages: [Key: MemoryUsage]
        let distinct: SampledMemory.Distinct?
        let taken: ContinuousClock.Instant
        let witnesses: [FigureWitness?]
    }

    /// How old a figure may be.
    let maximumAge: Duration
    private(set) var entries: [Key: Entry] = [:]
    private var samples: Samples?

    init(maximumAge: Duration) { self.maximumAge = maximumAge }

    /// The last accurate figures of a process, where they hold.
    func figures(of key: Key, _ witness: FigureWitness, at now: ContinuousClock.Instant) -> MemoryUsage? {
        guard let figures = entries[key]?.figures, figures.witness == witness else { return nil }
        let age = figures.taken.duration(to: now)
        return age <= maximumAge ? figures.usage.cached(for: age) : nil
    }

    /// The last samples, where they hold for all processes.
    func samples(of witnesses: [FigureWitness?], at now: ContinuousClock.Instant) -> (samples: Samples, age: Duration)?
    {
        guard let samples, samples.witnesses == witnesses else { return nil }
        let age = samples.taken.duration(to: now)
        return age <= maximumAge ? (samples, age) : nil
    }

    mutating func keep(_ samples: Samples) { self.samples = samples }

    /// Remembers an accurate look, or that one was tried.
    mutating func record(
        _ usage: MemoryUsage?,
        of key: Key,
        _ witness: FigureWitness,
        at now: ContinuousClock.Instant,
        took duration: Duration
    ) {
        var entry = entries[key] ?? Entry()
        entry.lastAttempt = now
        if let usage, usage.pssBytes != nil {
            entry.figures = (usage, now, witness)
            entry.cost = ReadCosts.Measured(duration: duration, rssBytes: witness.rssBytes)
        } else {
            entry.figures = nil
        }
        entries[key] = entry
    }

    /// Notes that a process could not be read, because it is expected to take too long.
    mutating func relaxCost(of key: Key) {
        guard let cost = entries[key]?.cost else { return }
        entries[key]?.cost = ReadCosts.Measured(duration: ReadCosts.relaxed(cost.duration), rssBytes: cost.rssBytes)
    }

    /// Forgets processes that are no longer there.
    mutating func keepOnly(_ keys: some Sequence<Key>) {
        let present = Set(keys)
        guard entries.contains(where: { !present.contains($0.key) }) else { return }
        entries = entries.filter { present.contains($0.key) }
    }
}

extension MemoryUsage {
    /// The same figures, of some time ago.
    func cached(for age: Duration) -> MemoryUsage { MemoryUsage(self, source: .cached(age: age, of: source)) }
}
