import ProcMem

/// What `procmem cpu --throttling` adds for programs: what has come to the counters within the time.
struct ThrottlingReport: Encodable {
    let elapsedMicroseconds: Int
    @Nullable var cgroup: String?
    @Nullable var periods: Int?
    @Nullable var throttledPeriods: Int?
    @Nullable var throttledMicroseconds: Int?
    @Nullable var localThrottledMicroseconds: Int?
    @Nullable var hiddenLimit: Bool?
    let warnings: [String]

    init(_ observation: ThrottlingObservation, under limits: CPULimits) {
        elapsedMicroseconds = observation.elapsed.microseconds
        cgroup = observation.later.cgroup
        periods = observation.growth(\.periods)
        throttledPeriods = observation.growth(\.throttledPeriods)
        throttledMicroseconds = observation.growth(\.throttledMicroseconds)
        localThrottledMicroseconds = observation.growth(\.localThrottledMicroseconds)
        hiddenLimit = observation.showsHiddenLimit(under: limits)
        warnings = observation.later.warnings
    }
}
