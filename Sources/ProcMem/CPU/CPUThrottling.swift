/// How often, and for how long, the kernel has held a process's cgroup off the CPUs.
///
/// The figures count from the making of the cgroup, and say something about now only as the difference between two
/// readings. They are those of the cgroup by which the scheduler accounts for the process: its own or, where that goes
/// without the `cpu` controller (v2), the nearest above it. A figure that is not known is `nil`.
///
/// Times are sums over the CPUs: a cgroup that is held off four CPUs for a second was throttled for four.
public struct CPUThrottling: Sendable, Hashable {
    /// The cgroup, as `/proc/PID/cgroup` names it; `nil` where no level tells anything.
    public let cgroup: String?
    /// How many periods of its own quota have passed while it had something to run: `nr_periods` in `cpu.stat`.
    public let periods: Int?
    /// In how many of them its own quota was used up: `nr_throttled` in `cpu.stat`.
    public let throttledPeriods: Int?
    /// How long its own quota has held it up, in microseconds: in `cpu.stat`, `throttled_usec` (v2) or `throttled_time`
    /// (v1, there in nanoseconds).
    public let throttledMicroseconds: Int?
    /// How long it has been held up by anybody's quota, its own or that of a cgroup above it, in microseconds: the same
    /// names in `cpu.stat.local`. Since Linux 6.6; `nil` before.
    public let localThrottledMicroseconds: Int?
    /// What was odd: the file, and what was found there.
    public let warnings: [String]
}

extension CPUThrottling {
    /// Whether throttling betrays a limit that cannot be seen.
    ///
    /// A container's processes see no cgroup above their container's own. If one of those has a quota, it binds all the
    /// same, and ``effectiveCPUCount(rounding:minimum:in:)`` cannot know it. But the kernel counts in the process's own
    /// cgroup for how long it was held up, whoever's quota it was. So time that grows while no visible level has a limit
    /// is the work of a limit that is not visible, or of one whose file cannot be read or understood.
    ///
    /// `true` is evidence, as far as the limits are those of the time between the readings: read them after the second
    /// one. `false` proves nothing. The limit may not have been reached meanwhile, a visible limit may stand before it, or
    /// the kernel does not tell.
    ///
    /// ```swift
    /// let earlier = CPUThrottling.current()
    /// // … some seconds of work later:
    /// let isThrottledUnseen = CPUThrottling.current().showsHiddenLimit(since: earlier, under: try .current())
    /// ```
    ///
    /// - Parameters:
    ///   - earlier: A reading of the same process, before this one.
    ///   - limits: The limits of the same process.
    public func showsHiddenLimit(since earlier: CPUThrottling, under limits: CPULimits) -> Bool {
        guard let now = localThrottledMicroseconds, let before = earlier.localThrottledMicroseconds,
            cgroup == earlier.cgroup, limits.quota == nil
        else { return false }
        return now > before
    }
}
