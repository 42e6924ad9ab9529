import ProcMem

/// The answer of `procmem cpu` for people.
struct CPUText {
    let limits: CPULimits
    let rounding: Rounding

    /// The answer in one line: `2 CPUs: 1.5 by the quota of cgroup /a, rounded up`.
    var answer: String {
        let count = limits.effectiveCPUCount(rounding: rounding).counted("CPU", "CPUs")
        switch limits.limitedBy {
        case .affinity:
            return "\(count) by affinity" + (limits.quota == nil ? "; no quota is set" : "; the quota allows more")
        case .quota:
            let cpus = limits.effectiveCPUs
            let rounded = cpus == cpus.rounded() ? "" : ", rounded \(rounding.name)"
            return "\(count): a quota of \(cpus.asCPUs)\(rounded), cgroup \(limits.quota?.cgroup.printable ?? "")"
        }
    }

    /// The whole explanation, line by line.
    var lines: [String] {
        var lines = [answer, "", row("affinity", "\(limits.affinity.count) (\(limits.affinity))")]
        if let online = limits.onlineCount { lines.append(row("online", "\(online)")) }
        if let quota = limits.quota, !quota.isEnforced {
            lines.append(row("policy", "real time: the quota is not enforced"))
        }
        for (index, level) in limits.levels.enumerated() {
            let title = index == 0 ? "cgroups" : ""
            lines.append(row(title, "\(level.cgroup.printable)  \(level.quota?.text ?? "no quota")"))
        }
        if !limits.complete { lines.append(row("unseen", "the process's own cgroup, or one above it")) }
        lines += limits.warnings.map { row("warning", $0.printable) }
        return lines
    }

    private func row(_ title: String, _ text: String) -> String {
        title + String(repeating: " ", count: max(1, 10 - title.count)) + text
    }
}

extension CPUQuota {
    fileprivate var text: String {
        "\(cpus.asCPUs) (\(quotaMicroseconds) of \(periodMicroseconds) µs)"
    }
}

extension Rounding {
    /// The word for it.
    var name: String {
        switch self {
        case .up: "up"
        case .down: "down"
        case .nearest: "nearest"
        }
    }
}
