/// How far a walk over processes goes before it stops and says so.
///
/// A tree that grows faster than it is walked has no end, and a cgroup or a system may have more processes than a caller
/// has time for.
public struct WalkLimits: Sendable, Hashable {
    /// How many processes are looked at. Linux allows 4,194,304; few systems see 32,768.
    public var maximumCount: Int
    /// After what time no further process is looked at. A look that has begun is finished.
    public var maximumDuration: Duration

    /// - Parameters:
    ///   - maximumCount: How many processes are looked at.
    ///   - maximumDuration: After what time no further process is looked at.
    public init(maximumCount: Int = 131_072, maximumDuration: Duration = .seconds(60)) {
        self.maximumCount = maximumCount
        self.maximumDuration = maximumDuration
    }
}

/// What is left of the limits while a walk goes on.
struct WalkBudget: Sendable {
    private let limits: WalkLimits
    private let elapsed: @Sendable () -> Duration
    private(set) var gaps: Set<ProcessGap> = []

    init(_ limits: WalkLimits) {
        let start = ContinuousClock.now
        self.init(limits) { start.duration(to: .now) }
    }

    /// - Parameter elapsed: The time since the walk began.
    init(_ limits: WalkLimits, elapsed: @escaping @Sendable () -> Duration) {
        self.limits = limits
        self.elapsed = elapsed
    }

    /// Whether one more may be looked at, after so many; what stands against it is noted.
    mutating func allows(another count: Int) -> Bool {
        if count >= limits.maximumCount {
            gaps.insert(.countLimit)
            return false
        }
        return allowsTime()
    }

    /// Whether there is time left; that there is none is noted.
    mutating func allowsTime() -> Bool {
        if elapsed() < limits.maximumDuration { return true }
        gaps.insert(.timeLimit)
        return false
    }

    /// As many of a list as may still be looked at, after so many; that some are too many is noted.
    mutating func allowed<Process>(of processes: [Process], after count: Int) -> ArraySlice<Process> {
        let allowed = processes.prefix(max(0, limits.maximumCount - count))
        if allowed.count < processes.count { gaps.insert(.countLimit) }
        return allowed
    }

    mutating func note(_ gap: ProcessGap) {
        gaps.insert(gap)
    }
}
