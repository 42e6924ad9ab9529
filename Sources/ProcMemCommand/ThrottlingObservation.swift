import ProcMem

/// What the kernel did to a process's cgroup within some time.
struct ThrottlingObservation {
    let earlier: CPUThrottling
    let later: CPUThrottling
    let elapsed: Duration

    /// Looks twice, with a pause between.
    init(of pid: Int32?, in root: SystemRoot, pause: () -> Void) throws(ProcMemError) {
        func look() throws(ProcMemError) -> CPUThrottling {
            if let pid { return try CPUThrottling(of: pid, in: root) }
            return .current(in: root)
        }
        let clock = ContinuousClock()
        let start = clock.now
        earlier = try look()
        pause()
        later = try look()
        elapsed = clock.now - start
    }

    /// By how much a figure has grown; `nil` where it is not known, or was of another cgroup.
    func growth(_ figure: KeyPath<CPUThrottling, Int?>) -> Int? {
        guard earlier.cgroup == later.cgroup, let before = earlier[keyPath: figure], let now = later[keyPath: figure],
            now >= before
        else { return nil }
        return now - before
    }

    /// Whether there is a limit that cannot be seen; `nil` where the kernel does not tell.
    func showsHiddenLimit(under limits: CPULimits) -> Bool? {
        growth(\.localThrottledMicroseconds).map { _ in later.showsHiddenLimit(since: earlier, under: limits) }
    }
}
