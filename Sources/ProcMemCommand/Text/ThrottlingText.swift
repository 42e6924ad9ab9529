import ProcMem

/// What `procmem cpu --throttling` adds for people.
struct ThrottlingText {
    let observation: ThrottlingObservation
    let limits: CPULimits

    /// Lines under their titles.
    var rows: [(title: String, text: String)] {
        let time = observation.growth(\.localThrottledMicroseconds).map(text) ?? "unknown"
        var rows = [("throttled", "\(time) in \(observation.elapsed.asTime)\(own)")]
        switch observation.showsHiddenLimit(under: limits) {
        case true?: rows.append(("hidden limit", "yes: throttled, and no level that is visible has a quota"))
        case false?: break
        case nil: rows.append(("hidden limit", "unknown: cpu.stat.local is not there (since Linux 6.6)"))
        }
        return rows + observation.later.warnings.filter { !limits.warnings.contains($0) }.map { ("warning", $0) }
    }

    /// What of it was due to the quota of the own cgroup.
    private var own: String {
        guard let time = observation.growth(\.throttledMicroseconds) else { return "" }
        return ", \(text(time)) of it by the cgroup's own quota"
    }

    private func text(_ microseconds: Int) -> String {
        Duration.microseconds(microseconds).asTime
    }
}
