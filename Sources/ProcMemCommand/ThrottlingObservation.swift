import ProcMem

/// The throttling counters of a process's cgroup at two moments.
struct ThrottlingObservation {
    let earlier: CPUThrottling
    let later: CPUThrottling
    let elapsed: Duration

    /// Reads the counters, calls `pause`, and reads the counters again.
    init(of pid: Int32?, in root: SystemRoot, pause: () -> Void) throws(ProcMemError) {
        func read() throws(ProcMemError) -> CPUThrottling {
            if let pid { return try CPUThrottling(of: pid, in: root) }
            return .current(in: root)
        }
        let clock = ContinuousClock()
        let start = clock.now
        earlier = try read()
        pause()
        later = try read()
        elapsed = clock.now - start
    }

    /// Returns the growth of a counter; `nil` if a value is not known, or if the two values are from different cgroups.
    func growth(_ figure: KeyPath<CPUThrottling, Int?>) -> Int? {
        guard earlier.cgroup == later.cgroup, let before = earlier[keyPath: figure], let now = later[keyPath: figure],
            now >= before
        else { return nil }
        return now - before
    }

    /// Returns whether the throttling reveals a quota that is not visible; `nil` if the kernel does not report it.
    func showsHiddenLimit(under limits: CPULimits) -> Bool? {
        growth(\.localThrottledMicroseconds).map { _ in later.showsHiddenLimit(since: earlier, under: limits) }
    }
}
