/// A cache of expensive figures, valid while the process's fingerprint is unchanged.
struct FigureCache: Sendable {
    struct Key: Hashable, Sendable {
        let pid: Int32
        let startTimeTicks: Int
    }

    /// The record of one process.
    struct Entry: Sendable {
        /// The last accurate figures; `nil` if the last attempt gave none.
        fileprivate(set) var figures: Figures?
        /// The time at which the process was found first.
        fileprivate let found: ContinuousClock.Instant
        /// The time of the last attempt at an accurate read; `nil` if there was none.
        fileprivate(set) var lastAttempt: ContinuousClock.Instant?
        fileprivate(set) var cost: ReadCosts.Measured?
        /// The reason why the last attempt gave no figures, and the process at that time.
        fileprivate var refusal: (reason: UnavailableReason, fingerprint: ProcessFingerprint)?
        /// The number of mappings, and the process at that time.
        fileprivate var mappings: (count: Int, fingerprint: ProcessFingerprint)?
        /// Whether all mappings were counted. Otherwise their number is a guess.
        fileprivate(set) var areMappingsCounted = false

        /// Returns the number of mappings; `nil` if it is not known or the size of the address space has changed.
        func mappingCount(_ fingerprint: ProcessFingerprint) -> Int? {
            guard let mappings, mappings.fingerprint.layout == fingerprint.layout,
                mappings.fingerprint.virtualBytes == fingerprint.virtualBytes
            else { return nil }
            return mappings.count
        }

        /// Returns PSS as it is likely to be after a change: what was added to RSS is the process's own. `nil` if it was not
        /// read.
        func likelyShareBytes(_ fingerprint: ProcessFingerprint) -> Int? {
            figures?.usage.pssBytes.map { bytes in
                max(0, bytes.saturatingAdding(fingerprint.rssBytes - (figures?.fingerprint.rssBytes ?? 0)))
            }
        }

        /// The time since which the process has waited for an accurate read.
        var since: ContinuousClock.Instant { lastAttempt ?? found }
    }

    struct Figures: Sendable {
        fileprivate let usage: MemoryUsage
        fileprivate let taken: ContinuousClock.Instant
        fileprivate let fingerprint: ProcessFingerprint
        /// A hash of the fingerprints of all processes at that time.
        let scene: Int
    }

    /// Samples of all processes, and the fingerprints of the processes at that time.
    struct Samples: Sendable {
        let usages: [Key: MemoryUsage]
        let distinct: SampledMemory.Distinct?
        let parts: SampledParts?
        /// The number of reads in each process.
        var reads: Int
        let taken: ContinuousClock.Instant
        let fingerprints: [ProcessFingerprint?]
    }

    /// The age up to which a figure is used.
    let maximumAge: Duration
    private(set) var entries: [Key: Entry] = [:]
    private var samples: Samples?
    /// The last samples, whether they are still valid or not.
    var lastSamples: Samples? { samples }

    init(maximumAge: Duration) { self.maximumAge = maximumAge }

    /// Returns the last accurate figures of a process; `nil` if they are no longer valid.
    func figures(of key: Key, _ fingerprint: ProcessFingerprint, at now: ContinuousClock.Instant) -> MemoryUsage? {
        guard let figures = entries[key]?.figures, figures.fingerprint == fingerprint else { return nil }
        let age = figures.taken.duration(to: now)
        return age <= maximumAge ? figures.usage.cached(for: age) : nil
    }

    /// Returns the last samples; `nil` unless they are still valid for all processes.
    func samples(of fingerprints: [ProcessFingerprint?], at now: ContinuousClock.Instant) -> (
        samples: Samples, age: Duration
    )? {
        guard let samples, samples.fingerprints == fingerprints else { return nil }
        let age = samples.taken.duration(to: now)
        return age <= maximumAge ? (samples, age) : nil
    }

    mutating func keep(_ samples: Samples) { self.samples = samples }

    /// Records an accurate read, or a failed attempt at one.
    mutating func record(
        _ usage: MemoryUsage?,
        of key: Key,
        _ fingerprint: ProcessFingerprint,
        scene: Int,
        at now: ContinuousClock.Instant,
        took duration: Duration
    ) {
        var entry = entries[key] ?? Entry(found: now)
        entry.lastAttempt = now
        entry.refusal = usage?.pssBytes == nil ? usage?.unavailable.map { ($0, fingerprint) } : nil
        if let usage, usage.pssBytes != nil {
            entry.figures = Figures(usage: usage, taken: now, fingerprint: fingerprint, scene: scene)
            entry.cost = ReadCosts.Measured(duration: duration, rssBytes: fingerprint.rssBytes, taken: now)
        } else {
            entry.figures = nil
        }
        entries[key] = entry
    }

    /// Records a number of mappings.
    mutating func recordMappings(
        _ count: Int,
        isExact: Bool,
        of key: Key,
        _ fingerprint: ProcessFingerprint,
        at now: ContinuousClock.Instant
    ) {
        entries[key, default: Entry(found: now)].mappings = (count, fingerprint)
        entries[key]?.areMappingsCounted = isExact
    }

    /// Returns the reason why a process could not be read accurately; `nil` if it was read, if it has executed another
    /// program since, or if the attempt is older than the age limit.
    func refusal(
        of key: Key,
        _ fingerprint: ProcessFingerprint,
        at now: ContinuousClock.Instant
    ) -> UnavailableReason? {
        guard let entry = entries[key], let (reason, before) = entry.refusal, let attempt = entry.lastAttempt,
            before.layout == fingerprint.layout, before.isForkWithoutExec == fingerprint.isForkWithoutExec,
            attempt.duration(to: now) <= maximumAge
        else { return nil }
        return reason
    }

    /// Returns the record of a process, which is created if there is none.
    mutating func entry(of key: Key, at now: ContinuousClock.Instant) -> Entry {
        if let entry = entries[key] { return entry }
        let entry = Entry(found: now)
        entries[key] = entry
        return entry
    }

    /// Removes the records of all other processes.
    mutating func keepOnly(_ keys: some Sequence<Key>) {
        let present = Set(keys)
        guard entries.contains(where: { !present.contains($0.key) }) else { return }
        entries = entries.filter { present.contains($0.key) }
    }
}

extension MemoryUsage {
    /// Returns the same figures, marked as read some time ago.
    func cached(for age: Duration) -> MemoryUsage { MemoryUsage(self, source: .cached(age: age, of: source)) }
}

/// A fingerprint of a process's counters; a cached figure is valid while it is unchanged.
///
/// PSS and USS of a process change when the process itself faults in or frees pages, which changes its fault count or
/// its sizes. They also change when a process that shares pages with it does so. The fingerprint covers which processes
/// are in the same family, but not what they do. Therefore the age of a cached figure is limited.
struct ProcessFingerprint: Hashable, Sendable {
    let startTimeTicks: Int
    let layout: ProgramLayout?
    let isForkWithoutExec: Bool
    let virtualBytes: Int?
    let rssBytes: Int
    let sharedBytes: Int
    let faultCount: Int?
    /// A hash of the identities of all processes with the same layout. Two sets have the same hash with a probability
    /// of 1 in 2^64.
    let familyHash: Int

    /// Returns the fingerprint of each member; `nil` for a member whose counters are not known.
    static func fingerprints(of members: [ProcessCensus.Member]) -> [ProcessFingerprint?] {
        // The hashes do not depend on the order in which the processes were found.
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
    /// Returns a hash of all fingerprints that does not depend on their order. A process without a fingerprint is
    /// ignored.
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
