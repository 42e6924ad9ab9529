/// Figures that cost much, kept for as long as they hold.
struct FigureCache: Sendable {
    struct Key: Hashable, Sendable {
        let pid: Int32
        let startTimeTicks: Int
    }

    /// What is remembered of a process.
    struct Entry: Sendable {
        /// The last accurate figures, when they were taken, and of what.
        fileprivate(set) var figures: Figures?
        /// When the process was first met.
        fileprivate let met: ContinuousClock.Instant
        /// When an accurate look was tried last; `nil` for never.
        fileprivate(set) var lastAttempt: ContinuousClock.Instant?
        fileprivate(set) var cost: ReadCosts.Measured?

        /// Since when it has waited for a look.
        var since: ContinuousClock.Instant { lastAttempt ?? met }
    }

    struct Figures: Sendable {
        fileprivate let usage: MemoryUsage
        fileprivate let taken: ContinuousClock.Instant
        fileprivate let witness: FigureWitness
        /// Of all processes at that time.
        let scene: Int
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
        scene: Int,
        at now: ContinuousClock.Instant,
        took duration: Duration
    ) {
        var entry = entries[key] ?? Entry(met: now)
        entry.lastAttempt = now
        if let usage, usage.pssBytes != nil {
            entry.figures = Figures(usage: usage, taken: now, witness: witness, scene: scene)
            entry.cost = ReadCosts.Measured(duration: duration, rssBytes: witness.rssBytes, taken: now)
        } else {
            entry.figures = nil
        }
        entries[key] = entry
    }

    /// What is remembered of a process, from now on at least.
    mutating func entry(of key: Key, at now: ContinuousClock.Instant) -> Entry {
        if let entry = entries[key] { return entry }
        let entry = Entry(met: now)
        entries[key] = entry
        return entry
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
