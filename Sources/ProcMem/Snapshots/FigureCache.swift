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
        fileprivate let fingerprint: ProcessFingerprint
        /// Of all processes at that time.
        let scene: Int
    }

    /// Samples of all processes, and what they were of.
    struct Samples: Sendable {
        let usages: [Key: MemoryUsage]
        let distinct: SampledMemory.Distinct?
        let taken: ContinuousClock.Instant
        let fingerprints: [ProcessFingerprint?]
    }

    /// How old a figure may be.
    let maximumAge: Duration
    private(set) var entries: [Key: Entry] = [:]
    private var samples: Samples?

    init(maximumAge: Duration) { self.maximumAge = maximumAge }

    /// The last accurate figures of a process, where they hold.
    func figures(of key: Key, _ fingerprint: ProcessFingerprint, at now: ContinuousClock.Instant) -> MemoryUsage? {
        guard let figures = entries[key]?.figures, figures.fingerprint == fingerprint else { return nil }
        let age = figures.taken.duration(to: now)
        return age <= maximumAge ? figures.usage.cached(for: age) : nil
    }

    /// The last samples, where they hold for all processes.
    func samples(of fingerprints: [ProcessFingerprint?], at now: ContinuousClock.Instant) -> (
        samples: Samples, age: Duration
    )? {
        guard let samples, samples.fingerprints == fingerprints else { return nil }
        let age = samples.taken.duration(to: now)
        return age <= maximumAge ? (samples, age) : nil
    }

    mutating func keep(_ samples: Samples) { self.samples = samples }

    /// Remembers an accurate look, or that one was tried.
    mutating func record(
        _ usage: MemoryUsage?,
        of key: Key,
        _ fingerprint: ProcessFingerprint,
        scene: Int,
        at now: ContinuousClock.Instant,
        took duration: Duration
    ) {
        var entry = entries[key] ?? Entry(met: now)
        entry.lastAttempt = now
        if let usage, usage.pssBytes != nil {
            entry.figures = Figures(usage: usage, taken: now, fingerprint: fingerprint, scene: scene)
            entry.cost = ReadCosts.Measured(duration: duration, rssBytes: fingerprint.rssBytes, taken: now)
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

/// What of a process must not have moved for a figure of it to hold.
///
/// PSS and USS change by what the process does itself, which its page faults and its sizes show, and by what others do with
/// the pages that they share with it. Who those are shows too; what they do does not, and the age of a figure is bounded.
struct ProcessFingerprint: Hashable, Sendable {
    let startTimeTicks: Int
    let layout: ProgramLayout?
    let isForkWithoutExec: Bool
    let virtualBytes: Int?
    let rssBytes: Int
    let sharedBytes: Int
    let faultCount: Int?
    /// Stands for the processes of the same layout: another set has another number, but for a chance in 2^64.
    let familyHash: Int

    /// By member; `nil` for who tells too little to be recognised.
    static func fingerprints(of members: [ProcessCensus.Member]) -> [ProcessFingerprint?] {
        // In whatever order they were found.
        var hashes: [ProgramLayout: Int] = [:]
        for member in members {
            guard let stat = member.stat, let layout = stat.layout else { continue }
            var hasher = Hasher()
            hasher.combine(member.pid)
            hasher.combine(stat.startTimeTicks)
            hashes[layout, default: 0] ^= hasher.finalize()
        }
        return members.map { member in
            guard let stat = member.stat, let rssBytes = member.value?.rssBytes,
                let sharedBytes = member.value?.sharedBytes
            else { return nil }
            return ProcessFingerprint(
                startTimeTicks: stat.startTimeTicks,
                layout: stat.layout,
                isForkWithoutExec: stat.isForkWithoutExec,
                virtualBytes: stat.virtualBytes,
                rssBytes: rssBytes,
                sharedBytes: sharedBytes,
                faultCount: stat.faultCount,
                familyHash: stat.layout.flatMap { hashes[$0] } ?? 0
            )
        }
    }
}

extension [ProcessFingerprint?] {
    /// Stands for all that may have moved, in whatever order the processes were found: `nil` counts for nothing.
    func scene(of keys: [FigureCache.Key]) -> Int {
        zip(keys, self).reduce(0) { scene, process in
            guard let fingerprint = process.1 else { return scene }
            var hasher = Hasher()
            hasher.combine(process.0)
            hasher.combine(fingerprint)
            return scene ^ hasher.finalize()
        }
    }
}
