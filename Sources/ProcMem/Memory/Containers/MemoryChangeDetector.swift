/// Finds the causes of the differences between successive readings.
struct MemoryChangeDetector: Sendable {
    /// A reading, and the limits of the levels to which it applies.
    struct Observation: Hashable, Sendable {
        /// The process's own cgroup; `nil` if it is not known.
        var ownCgroup: String?
        /// The names of the levels that have the controller.
        ///
        /// The first of them is the charged cgroup, whose events are counted.
        var cgroups: [String] = []
        /// The limits of these levels, in the same order.
        var limits: [OpenMemoryFiles.LevelLimits] = []
        var reading: ContainerMemoryReader.Reading
        var version = CgroupVersion.v1

        /// Whether every limit could be parsed. A file may be read between two writes to it.
        var isKnown: Bool { limits.allSatisfy(\.isKnown) }
    }

    private let thresholds: [AvailableThreshold]
    /// For each threshold, whether the available memory is below it.
    private var isBelow: [Bool]
    private var known: Observation?
    /// Whether the machine's memory was known in any observation.
    private var hasSeenMachine = false

    init(thresholds: [AvailableThreshold]) {
        self.thresholds = thresholds
        isBelow = Array(repeating: false, count: thresholds.count)
    }

    /// Whether only the smallest limit has changed, and no visible level's: then a hidden cgroup sets it (v1), or the
    /// limit was written between the reading of two files, which a second reading decides.
    func suspectsHiddenLimit(_ observation: Observation) -> Bool {
        guard let known, observation.isKnown, observation.ownCgroup == known.ownCgroup else { return false }
        return Self.mayBeHidden(known, observation) && observation.limits == known.limits
            && observation.cgroups == known.cgroups
    }

    /// Whether the smallest limit differs for a reason that may be a hidden cgroup of v1. A limit above the machine's
    /// memory does not count, so that it also differs if the machine's memory has changed.
    private static func mayBeHidden(_ earlier: Observation, _ later: Observation) -> Bool {
        later.version == .v1 && later.reading.limitBytes != earlier.reading.limitBytes
            && later.reading.machineBytes == earlier.reading.machineBytes
    }

    /// Returns what has changed since the last observation, the most urgent first.
    mutating func causes(of observation: Observation) -> [ContainerMemoryChange.Cause] {
        guard let known else {
            self.known = observation
            return [.start] + crossedThresholds(in: observation)
        }
        // Unchanged is the usual case.
        if observation.reading == known.reading, observation == known { return [] }
        var causes: [ContainerMemoryChange.Cause] = []
        var later = observation
        if let cgroup = later.ownCgroup, known.ownCgroup != nil, cgroup != known.ownCgroup {
            causes.append(.moved)
        } else {
            later.ownCgroup = later.ownCgroup ?? known.ownCgroup
            // The counts of another cgroup are no continuation.
            if later.cgroups.first == known.cgroups.first {
                causes += Self.events(known.reading.events, later.reading.events)
            }
        }
        causes += limitChanges(from: known, to: &later, isMoved: causes.first == .moved)
        // A reading without one of the limits has too much available memory.
        causes += crossedThresholds(in: observation)
        self.known = later
        return causes
    }

    private static func events(
        _ earlier: ContainerMemory.Events,
        _ later: ContainerMemory.Events
    ) -> [ContainerMemoryChange.Cause] {
        func growth(_ count: KeyPath<ContainerMemory.Events, Int?>) -> Int? {
            guard let before = earlier[keyPath: count], let after = later[keyPath: count], after > before else {
                return nil
            }
            return after - before
        }
        return [
            growth(\.oomKill).map { .oomKill(count: $0) },
            growth(\.max).map { .limitHit(count: $0) },
            growth(\.high).map { .highBreached(count: $0) },
        ].compactMap(\.self)
    }

    /// Returns the limits that have changed. A limit that could not be parsed is replaced by the earlier one.
    private func limitChanges(
        from known: Observation,
        to later: inout Observation,
        isMoved: Bool
    ) -> [ContainerMemoryChange.Cause] {
        var changes: [ContainerMemoryChange.Cause] = []
        let isKnown = later.isKnown
        for index in later.cgroups.indices where index < later.limits.count {
            let cgroup = later.cgroups[index]
            let place = known.cgroups.firstIndex(of: cgroup)
            // A level that the process was not below before has not changed. A level without the controller had no limit.
            if place == nil, isMoved { continue }
            let earlier = place.map { known.limits[$0] } ?? OpenMemoryFiles.LevelLimits()
            guard later.limits[index].isKnown else {
                later.limits[index] = earlier
                continue
            }
            let (before, after) = (earlier, later.limits[index])
            if before.limitBytes != after.limitBytes {
                changes.append(.limit(.init(cgroup, before.limitBytes, after.limitBytes)))
            }
            if before.highBytes != after.highBytes {
                changes.append(.softLimit(.init(cgroup, before.highBytes, after.highBytes)))
            }
        }
        if !isMoved, later.reading.isComplete {
            // A level that no longer has the controller has no limit.
            for (cgroup, before) in zip(known.cgroups, known.limits) where !later.cgroups.contains(cgroup) {
                if before.limitBytes != nil { changes.append(.limit(.init(cgroup, before.limitBytes, nil))) }
                if before.highBytes != nil { changes.append(.softLimit(.init(cgroup, before.highBytes, nil))) }
            }
        }
        if !isKnown {
            later.reading.limitBytes = known.reading.limitBytes
        } else if changes.isEmpty, !isMoved, later.cgroups == known.cgroups, Self.mayBeHidden(known, later) {
            changes.append(.limit(.init(nil, known.reading.limitBytes, later.reading.limitBytes)))
        }
        return changes
    }

    /// Compares the available memory with the thresholds. If one of the bounds could not be read, the available memory may
    /// be smaller: then it can only have fallen. It counts as above again only a tenth of the threshold higher,
    /// or halfway to the limit if that is less, so that small movements around the threshold are not reported.
    private mutating func crossedThresholds(in observation: Observation) -> [ContainerMemoryChange.Cause] {
        let reading = observation.reading
        hasSeenMachine = hasSeenMachine || reading.machineBytes != nil
        let hasAllBounds = reading.hasAllBounds && (reading.machineBytes != nil || !hasSeenMachine)
        guard observation.isKnown, let available = reading.availableBytes else { return [] }
        var causes: [ContainerMemoryChange.Cause] = []
        for (index, threshold) in thresholds.enumerated() {
            guard let bytes = threshold.bytes(of: observation.reading) else { continue }
            if !isBelow[index], available < bytes {
                isBelow[index] = true
                causes.append(.availableBelow(threshold))
            } else if isBelow[index], hasAllBounds,
                available >= bytes.saturatingAdding(margin(above: bytes, in: observation))
            {
                isBelow[index] = false
                causes.append(.availableAbove(threshold))
            }
        }
        return causes
    }

    private func margin(above bytes: Int, in observation: Observation) -> Int {
        let bound = AvailableThreshold.share(1).bytes(of: observation.reading) ?? .max
        return min(bytes / 10, max(0, bound - bytes) / 2)
    }
}

extension ContainerMemoryChange.LimitChange {
    fileprivate init(_ cgroup: String?, _ earlierBytes: Int?, _ laterBytes: Int?) {
        self.init(cgroup: cgroup, earlierBytes: earlierBytes, laterBytes: laterBytes)
    }
}

/// The changes that a consumer has not received yet. Changes with the same cause become one, so that a slow consumer
/// receives few elements and no event is lost.
struct PendingMemoryChanges: Sendable {
    private var changes: [ContainerMemoryChange] = []

    mutating func removeFirst() -> ContainerMemoryChange? { changes.isEmpty ? nil : changes.removeFirst() }

    mutating func add(_ change: ContainerMemoryChange) {
        defer { refresh(with: change) }
        guard let index = changes.firstIndex(where: { $0.cause.isSuperseded(by: change.cause) }) else {
            return changes.append(change)
        }
        var merged = change
        switch merged.cause.merge(with: changes[index].cause) {
        case .cancelled: changes.remove(at: index)
        case .merged: changes[index] = merged
        }
    }

    /// Gives every pending change the newest figures: a consumer that acts on the last element must not act on earlier
    /// figures than those of another change.
    private mutating func refresh(with newest: ContainerMemoryChange) {
        for index in changes.indices {
            changes[index].memory = newest.memory
            changes[index].pressure = newest.pressure
            changes[index].warnings = newest.warnings
        }
    }
}

extension ContainerMemoryChange.Cause {
    fileprivate enum Merging { case merged, cancelled }

    /// Whether a later change makes one of the two superfluous.
    fileprivate func isSuperseded(by later: Self) -> Bool {
        switch (self, later) {
        case (.start, .start), (.moved, .moved), (.pressure, .pressure), (.warnings, .warnings): true
        case (.oomKill, .oomKill), (.limitHit, .limitHit), (.highBreached, .highBreached): true
        case (.limit(let first), .limit(let second)), (.softLimit(let first), .softLimit(let second)):
            first.cgroup == second.cgroup
        case (.availableBelow(let first), .availableAbove(let second)),
            (.availableAbove(let first), .availableBelow(let second)):
            first == second
        default: false
        }
    }

    /// Adds an earlier cause of the same kind; `cancelled` if nothing has changed in the end.
    fileprivate mutating func merge(with earlier: Self) -> Merging {
        switch (earlier, self) {
        case (.oomKill(let first), .oomKill(let second)): self = .oomKill(count: first.saturatingAdding(second))
        case (.limitHit(let first), .limitHit(let second)): self = .limitHit(count: first.saturatingAdding(second))
        case (.highBreached(let first), .highBreached(let second)):
            self = .highBreached(count: first.saturatingAdding(second))
        case (.limit(let first), .limit(var second)):
            second.earlierBytes = first.earlierBytes
            self = .limit(second)
            return second.earlierBytes == second.laterBytes ? .cancelled : .merged
        case (.softLimit(let first), .softLimit(var second)):
            second.earlierBytes = first.earlierBytes
            self = .softLimit(second)
            return second.earlierBytes == second.laterBytes ? .cancelled : .merged
        case (.availableBelow, _), (.availableAbove, _): return .cancelled
        default: break
        }
        return .merged
    }
}
