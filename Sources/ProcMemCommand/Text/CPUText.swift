import ProcMem

/// The text output of `procmem cpu`.
struct CPUText {
    let limits: CPULimits
    let rounding: CPULimits.Rounding
    var observation: ThrottlingObservation?

    /// The result on one line: `2 CPUs: a quota of 1.5, rounded up, cgroup /a`.
    var answer: String {
        let count = limits.effectiveCPUCount(rounding: rounding).counted("CPU", "CPUs")
        switch limits.limitedBy {
        case .affinity:
            guard let quota = limits.binding else { return "\(count): the affinity mask; no quota is \(noQuota)" }
            return "\(count): the affinity mask; the quota \(quota.isEnforced ? "allows more" : "does not apply")"
        case .quota:
            let cpus = limits.effectiveCPUs
            let rounded = cpus == cpus.rounded() ? "" : ", rounded \(rounding.name)"
            return "\(count): a quota of \(cpus.asCPUs)\(rounded), cgroup \(limits.binding?.cgroup.printable ?? "")"
        }
    }

    /// `visible` if a cgroup that is not visible may have a quota, `known` if a visible one may, otherwise `set`.
    private var noQuota: String {
        if limits.hasHiddenAncestors || !limits.isComplete { return "visible" }
        return limits.levels.allSatisfy(\.isKnown) ? "set" : "known"
    }

    /// The whole explanation, line by line.
    var lines: [String] {
        var rows = [("not rounded", limits.effectiveCPUs.asCPUs), ("limited by", limit)]
        if let quota = limits.binding, !quota.isEnforced {
            rows.append(("policy", "real-time: CPU quotas do not apply"))
        }
        rows.append(("affinity", affinity))
        if let isolated = limits.isolatedCPUs {
            rows.append(("isolated", "\(isolated): the scheduler does not balance threads on these CPUs"))
        }
        for (index, line) in levels.enumerated() { rows.append((index == 0 ? "cgroups" : "", line)) }
        if !limits.isComplete { rows.append(("not visible", "the process's own cgroup, or one above it")) }
        if limits.hasHiddenAncestors {
            let measure = observation == nil ? "; --throttling 10 measures whether one does" : ""
            rows.append(("not visible", "the cgroups above the mounted one; a quota of theirs applies too\(measure)"))
        }
        rows.append(("online", limits.onlineCount.map { "\($0)" } ?? "unknown"))
        rows.append(("Swift's pool", swiftPool))
        if let observation { rows += ThrottlingText(observation: observation, limits: limits).rows }
        rows += limits.warnings.map { ("warning", $0) }
        return [answer, ""]
            + rows.map { title, text in
                title + String(repeating: " ", count: 14 - title.count) + text.printable
            }
    }

    private var affinity: String {
        let mask = "\(limits.affinity.count) (\(limits.affinity))"
        return limits.otherThreadsAffinity.map { "\(mask), mask of the main thread; other threads may use \($0)" }
            ?? mask
    }

    private var limit: String {
        guard limits.limitedBy == .quota, let quota = limits.binding else { return "affinity, CPUs \(limits.affinity)" }
        return "quota, \(quota.quota.text), cgroup \(quota.cgroup)"
    }

    /// The levels, values before paths: paths are long, and a line is cut at its end.
    private var levels: [String] {
        var table = Table([.init(title: ""), .init(title: "")])
        for level in limits.levels {
            table.add([
                level.quota.map { "\($0.cpus.asCPUs) (\($0.text))" } ?? (level.isKnown ? "no quota" : "unknown"),
                level.cgroup.printable,
            ])
        }
        return Array(table.lines.dropFirst())
    }

    private var swiftPool: String {
        let width = limits.swiftPoolWidth
        let count = limits.effectiveCPUCount(rounding: rounding)
        let excess = width > count ? "; too many for \(count.counted("CPU", "CPUs"))" : ""
        return "\(width.counted("thread", "threads")), from the affinity mask\(excess)"
    }
}

extension CPULimits {
    /// The number of threads on which Swift's runtime runs tasks: libdispatch sets the width of its pool once, to the
    /// number of CPUs in the affinity mask, and reads no cgroup.
    var swiftPoolWidth: Int { max(1, affinity.count) }
}

extension CPUQuota {
    fileprivate var text: String {
        "\(quotaMicroseconds) µs per \(periodMicroseconds) µs"
    }
}

extension CPULimits.Rounding {
    /// The name on the command line.
    var name: String {
        switch self {
        case .up: "up"
        case .down: "down"
        case .nearest: "nearest"
        }
    }
}
