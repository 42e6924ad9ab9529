import ProcMem

/// The rows that `--throttling` adds to the text output of `procmem cpu`.
struct ThrottlingText {
    let observation: ThrottlingObservation
    let limits: CPULimits

    /// The rows, each with its title.
    var rows: [(title: String, text: String)] {
        let time = observation.growth(\.localThrottledMicroseconds).map(text) ?? "unknown"
        var rows = [("throttled", "\(time) in \(observation.elapsed.asTime)\(own)")]
        switch observation.showsHiddenLimit(under: limits) {
        case true?:
            let visible =
                limits.binding == nil ? "although no visible cgroup has a quota" : "and not by the visible quota"
            rows.append(("hidden limit", "yes: throttled, \(visible)"))
        case false?: break
        case nil: rows.append(("hidden limit", "unknown: cpu.stat.local (Linux 6.6) could not be read"))
        }
        return rows + observation.later.warnings.filter { !limits.warnings.contains($0) }.map { ("warning", $0) }
    }

    /// The part of the throttled time that is due to the quota of the cgroup itself.
    private var own: String {
        guard let time = observation.growth(\.throttledMicroseconds) else { return "" }
        return ", \(text(time)) of it by the cgroup's own quota"
    }

    private func text(_ microseconds: Int) -> String {
        Duration.microseconds(microseconds).asTime
    }
}
