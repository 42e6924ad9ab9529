import ProcMem
import ProcMemMetrics

/// The metrics of the scopes of `procmem watch --textfile`. Gauges have the last reading of each scope; counters add up the
/// increases since a scope was added, so that they never fall while processes and their cgroups come and go.
struct WatchMetrics {
    /// A figure of the kernel that only rises, as far as it counts in one place.
    private struct Increase {
        private(set) var total = 0
        private var last: (value: Int, source: String?)?

        mutating func advance(to value: Int?, countedBy source: String?) {
            guard let value else { return }
            if let last, last.source == source, value > last.value {
                let (sum, overflows) = total.addingReportingOverflow(value - last.value)
                total = overflows ? .max : sum
            }
            last = (value, source)
        }

        /// Whether the figure was ever known.
        var isKnown: Bool { last != nil }
    }

    private struct Scope {
        let name: String
        var sample: ScopeTracker.Sample?
        var limits: ScopeLimits?
        var cpu: CPUTimeCounter?
        var increases: [ResourceMetric: Increase] = [:]
    }

    private var scopes: [Scope] = []

    /// Takes a reading of a scope.
    mutating func take(_ sample: ScopeTracker.Sample, _ limits: ScopeLimits) {
        let index = scopes.firstIndex { $0.name == sample.scope.name } ?? scopes.endIndex
        if index == scopes.endIndex { scopes.append(Scope(name: sample.scope.name)) }
        scopes[index].sample = sample
        scopes[index].limits = limits
        scopes[index].cpu = sample.cpu
        func advance(_ metric: ResourceMetric, _ value: Int?, _ cgroup: String?) {
            scopes[index].increases[metric, default: Increase()].advance(to: value, countedBy: cgroup)
        }
        // The kernel adds up the time of a cgroup. That of its processes lacks those that have exited.
        if let time = limits.cpuTime { advance(.cpuTime, time.usageMicroseconds, time.cgroup) }
        guard let memory = limits.container else { return }
        let cgroup = memory.usageCgroup
        advance(.oomKills, memory.events.oomKill, cgroup)
        advance(.limitHits, memory.events.max, cgroup)
        advance(.softLimitBreaches, memory.events.high, cgroup)
        advance(.pressureSome, memory.pressure?.some.totalMicroseconds, cgroup)
        advance(.pressureFull, memory.pressure?.full.totalMicroseconds, cgroup)
    }

    /// Notes that a scope could not be read: its gauges have no samples until it is read again.
    mutating func clear(_ name: String) {
        guard let index = scopes.firstIndex(where: { $0.name == name }) else { return }
        (scopes[index].sample, scopes[index].limits) = (nil, nil)
    }

    mutating func remove(_ name: String) { scopes.removeAll { $0.name == name } }

    var text: PrometheusText {
        var text = PrometheusText()
        for scope in scopes {
            if let sample = scope.sample { text.add(sample.snapshot, group: scope.name) }
            if let memory = scope.limits?.container { text.add(memory, group: scope.name) }
            if let cpu = scope.limits?.cpu { text.add(cpu, group: scope.name) }
            if scope.increases[.cpuTime]?.isKnown != true { text.add(.cpuTime, scope.cpu?.seconds, group: scope.name) }
            for (metric, increase) in scope.increases where increase.isKnown {
                if metric.unit == .seconds {
                    text.add(metric, Double(increase.total) / 1e6, group: scope.name)
                } else {
                    text.add(metric, increase.total, group: scope.name)
                }
            }
        }
        return text
    }
}
