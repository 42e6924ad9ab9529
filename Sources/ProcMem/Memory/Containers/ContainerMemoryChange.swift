/// One change of the memory of a process's container, with its cause.
public struct ContainerMemoryChange: Sendable, Hashable {
    /// What has changed.
    public internal(set) var cause: Cause
    /// The figures after the change. ``ContainerMemory`` explains them.
    public internal(set) var memory: ContainerMemoryReader.Reading
    /// The memory pressure after the change: `memory.pressure` of the charged cgroup; `nil` on v1, and if the kernel does
    /// not report it.
    public internal(set) var pressure: MemoryPressure?
    /// The reasons why a requested change cannot be detected: the file, and what was found there.
    public internal(set) var warnings: [String]

    /// What has changed. Sizes are in bytes.
    public enum Cause: Sendable, Hashable {
        /// The sequence has started; nothing has changed. The element has the figures before all changes.
        case start
        /// The process is in another cgroup, whose limits and counts apply from now on.
        case moved
        /// A cgroup's limit has changed: `memory.max` (v2), `memory.limit_in_bytes` (v1).
        case limit(LimitChange)
        /// A cgroup's soft limit has changed: `memory.high` (v2).
        case softLimit(LimitChange)
        /// The OOM killer has killed this many processes of the cgroup: `oom_kill` in `memory.events` (v2) or
        /// `memory.oom_control` (v1, since Linux 4.13).
        case oomKill(count: Int)
        /// The usage was about to exceed the limit this many times: `max` in `memory.events` (v2), `memory.failcnt` (v1).
        case limitHit(count: Int)
        /// Processes were throttled this many times because the usage exceeded the soft limit: `high` in `memory.events`
        /// (v2).
        case highBreached(count: Int)
        /// Processes have waited for memory for a larger share of the time than the threshold.
        case pressure
        /// ``ContainerMemoryChange/warnings`` has changed: a requested change cannot be detected any more, or can be again.
        case warnings
        /// ``ContainerMemory/availableBytes`` has fallen below a threshold.
        case availableBelow(AvailableThreshold)
        /// ``ContainerMemory/availableBytes`` has risen again above a threshold by a tenth of it.
        case availableAbove(AvailableThreshold)

        /// The name in the JSON of `procmem container --watch`: `start`, `moved`, `limit`, `softLimit`, `oomKill`,
        /// `limitHit`, `highBreached`, `pressure`, `warnings`, `availableBelow` or `availableAbove`.
        public var name: String {
            switch self {
            case .start: "start"
            case .moved: "moved"
            case .limit: "limit"
            case .softLimit: "softLimit"
            case .oomKill: "oomKill"
            case .limitHit: "limitHit"
            case .highBreached: "highBreached"
            case .pressure: "pressure"
            case .warnings: "warnings"
            case .availableBelow: "availableBelow"
            case .availableAbove: "availableAbove"
            }
        }
    }

    /// A limit that one cgroup sets, before and after a change.
    public struct LimitChange: Sendable, Hashable {
        /// The cgroup, as `/proc/PID/cgroup` names it; `nil` if it is not visible (v1).
        public internal(set) var cgroup: String?
        /// The limit before the change in bytes; `nil` if there was none.
        public internal(set) var earlierBytes: Int?
        /// The limit after the change in bytes; `nil` if there is none.
        public internal(set) var laterBytes: Int?
    }
}

/// An amount of available memory at which a change is reported.
public enum AvailableThreshold: Sendable, Hashable {
    /// A number of bytes.
    case bytes(Int)
    /// A share, from 0 to 1, of the smallest of the limit, the soft limit and the machine's memory without huge pages.
    case share(Double)

    /// Returns the threshold in bytes; `nil` for a share if neither a limit nor the machine's memory is known.
    func bytes(of reading: ContainerMemoryReader.Reading) -> Int? {
        switch self {
        case .bytes(let bytes): max(0, bytes)
        case .share(let share):
            reading.smallestBoundBytes.map { Int(saturating: Double($0) * min(max(share, 0), 1)) }
        }
    }
}

/// A share of the time in which processes wait for memory, at which a change is reported.
public struct PressureThreshold: Sendable, Hashable {
    /// Which processes must wait.
    public enum Stall: String, Sendable, Hashable, CaseIterable {
        /// At least one process waits.
        case some
        /// All processes that are not idle wait at once: no work is done.
        case full
    }

    /// The share of the window, from 0 to 1.
    public var share: Double
    /// The time over which the share is measured: from 500 milliseconds to 10 seconds. A value outside of this range
    /// counts as its nearest end.
    public var window: Duration
    /// Which processes must wait.
    public var stall: Stall

    /// Creates a threshold.
    ///
    /// - Parameters:
    ///   - share: The share of the window, from 0 to 1.
    ///   - window: The time over which the share is measured. The kernel accepts only multiples of two seconds from an
    ///     unprivileged process; another window is then rounded up.
    ///   - stall: Which processes must wait.
    public init(share: Double, window: Duration = .seconds(2), stall: Stall = .some) {
        (self.share, self.window, self.stall) = (share, window, stall)
    }
}

extension ContainerMemoryReader.Reading {
    /// The smallest of the limit, the soft limit and the machine's memory; `nil` if none is known.
    fileprivate var smallestBoundBytes: Int? {
        guard let highBytes, let effectiveMemoryBytes else { return highBytes ?? effectiveMemoryBytes }
        return min(highBytes, effectiveMemoryBytes)
    }
}

extension ContainerMemoryChange: Encodable {
    /// Encodes the JSON of `procmem container --watch`: the cause and its figures, and the memory after the change. A
    /// figure that is unknown or does not belong to the cause is `null`.
    public func encode(to encoder: any Encoder) throws {
        var names = encoder.names
        var limit: LimitChange?
        var count: Int?
        var threshold: AvailableThreshold?
        switch cause {
        case .limit(let change), .softLimit(let change): limit = change
        case .oomKill(let number), .limitHit(let number), .highBreached(let number): count = number
        case .availableBelow(let reached), .availableAbove(let reached): threshold = reached
        case .start, .moved, .pressure, .warnings: break
        }
        try names.encode(cause.name, forKey: "cause")
        try names.encode(limit?.cgroup, forKey: "cgroup")
        try names.encode(limit?.earlierBytes, forKey: "earlierBytes")
        try names.encode(limit?.laterBytes, forKey: "laterBytes")
        try names.encode(count, forKey: "count")
        try names.encode(threshold?.bytes(of: memory), forKey: "thresholdBytes")
        try names.encode(memory.limitBytes, forKey: "limitBytes")
        try names.encode(memory.highBytes, forKey: "highBytes")
        try names.encode(memory.isAboveHigh, forKey: "aboveHigh")
        try names.encode(memory.usageBytes, forKey: "usageBytes")
        try names.encode(memory.workingSetBytes, forKey: "workingSetBytes")
        try names.encode(memory.availableBytes, forKey: "availableBytes")
        try names.encode(memory.availableWithReclaimBytes, forKey: "availableWithReclaimBytes")
        try names.encode(memory.effectiveMemoryBytes, forKey: "effectiveMemoryBytes")
        try names.encode(memory.events, forKey: "events")
        try names.encode(pressure, forKey: "pressure")
        try names.encode(memory.isComplete, forKey: "complete")
        try names.encode(warnings, forKey: "warnings")
    }
}
