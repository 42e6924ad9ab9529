/// The metrics that ``ProcMemMetricsService`` records. The raw value is the metric's label.
///
/// Where OpenTelemetry's semantic conventions define a name, it is used (`container.*`); all other names begin with
/// `procmem.`. A label contains no unit, as in OpenTelemetry. An exporter that needs the unit, a description or
/// Prometheus's spelling of the name finds the metric by its label:
///
/// ```swift
/// let metric = ResourceMetric(rawValue: "procmem.memory.distinct")
/// print(metric?.prometheusName ?? "")  // procmem_memory_distinct_bytes
/// ```
public enum ResourceMetric: String, Sendable, Hashable, CaseIterable {
    /// The distinct memory of the processes: each page is counted once.
    case distinctMemory = "procmem.memory.distinct"
    /// The lower bound of the distinct memory.
    case distinctMemoryLower = "procmem.memory.distinct_lower"
    /// The upper bound of the distinct memory.
    case distinctMemoryUpper = "procmem.memory.distinct_upper"
    /// The sum of the processes' RSS, in which a page counts once for each process that maps it.
    case rss = "procmem.memory.rss"
    /// The number of processes.
    case processes = "procmem.processes"
    /// The number of processes whose memory could not be measured as requested.
    case unavailableProcesses = "procmem.processes_unavailable"
    /// The CPU time of the processes. It may lack that of processes that have exited: see `ProcessCPUTime`.
    case cpuTime = "procmem.cpu.time"
    /// The duration of the last measurement of the processes.
    case passDuration = "procmem.pass.duration"

    /// The memory charged to the container.
    case containerUsage = "container.memory.usage"
    /// The memory charged to the container without its inactive file pages.
    case containerWorkingSet = "container.memory.working_set"
    /// The memory that the container can still use.
    case containerAvailable = "container.memory.available"
    /// The anonymous memory charged to the container.
    case containerAnonymous = "container.memory.rss"
    /// The smallest memory limit of the container and of the visible cgroups above it. Missing if there is none.
    case containerLimit = "procmem.container.memory.limit"
    /// The smallest soft limit (`memory.high`). Missing if there is none.
    case containerSoftLimit = "procmem.container.memory.soft_limit"
    /// The largest memory that was charged to the container since its start.
    case containerPeak = "procmem.container.memory.peak"
    /// Processes of the container that the OOM killer has killed.
    case oomKills = "procmem.container.memory.oom_kills"
    /// How many times the container was about to exceed its memory limit.
    case limitHits = "procmem.container.memory.limit_hits"
    /// How many times processes of the container were throttled because it exceeded its soft limit.
    case softLimitBreaches = "procmem.container.memory.soft_limit_breaches"
    /// The time in which at least one task of the container waited for memory.
    case pressureSome = "procmem.container.memory.pressure_some"
    /// The time in which all tasks of the container that were not idle waited for memory.
    case pressureFull = "procmem.container.memory.pressure_full"

    /// The number of CPUs that the process can use, rounded up.
    case effectiveCPUCount = "procmem.cpu.effective"
    /// The CPUs that the tightest visible quota allows, for example 1.5. Missing if there is no quota.
    case cpuLimit = "procmem.cpu.limit"
    /// The CPU time of the container's processes, including those that have exited.
    case containerCPUTime = "container.cpu.time"
    /// The time for which the container was throttled, summed over the CPUs.
    case throttledTime = "procmem.cpu.throttled"

    /// Readings that failed; the gauges that depend on them are missing until a reading succeeds.
    case failures = "procmem.failures"
}

extension ResourceMetric {
    /// What a metric describes.
    public enum Subject: Sendable, Hashable, CaseIterable {
        /// The processes that the service measures.
        case processes
        /// The memory of the container of the calling process.
        case container
        /// The CPUs that the calling process can use, and the CPU time of its container.
        case cpus
    }

    /// How a metric behaves.
    public enum Kind: Sendable, Hashable {
        /// A value that rises and falls. The gauge does not exist while the value is unknown.
        case gauge
        /// A value that only rises, counted from the start of the service.
        case counter
    }

    /// The unit of a metric. The raw value is the unit's name in OpenTelemetry (UCUM).
    public enum Unit: String, Sendable, Hashable {
        /// Bytes.
        case bytes = "By"
        /// Seconds.
        case seconds = "s"
        /// CPUs.
        case cpus = "{cpu}"
        /// A number of things, which the name states.
        case count = "1"
    }

    /// Whether the metric is a gauge or a counter.
    public var kind: Kind { row.kind }

    /// The unit of the metric's values.
    public var unit: Unit { row.unit }

    /// What the metric describes; `nil` for ``failures``.
    public var subject: Subject? { row.subject }

    /// What the metric means, in one line: the text for `HELP` in Prometheus, and for a description elsewhere.
    public var summary: String { row.summary }

    /// The metric's name in Prometheus: the label with `_` for `.`, the prefix `procmem_`, the unit in full and, for a
    /// counter, `_total`. That of ``cpuTime`` is `procmem_cpu_seconds_total`, like those of other exporters.
    public var prometheusName: String {
        if self == .cpuTime { return "procmem_cpu_seconds_total" }
        var name = String(rawValue.map { $0 == "." ? "_" : $0 })
        if !name.hasPrefix("procmem_") { name = "procmem_" + name }
        switch unit {
        case .bytes: name += "_bytes"
        case .seconds: name += "_seconds"
        case .cpus: name += "_cpus"
        case .count: break
        }
        return kind == .counter ? name + "_total" : name
    }

    private struct Row {
        let kind: Kind
        let unit: Unit
        let subject: Subject?
        let summary: String

        init(_ kind: Kind, _ unit: Unit, _ subject: Subject?, _ summary: String) {
            (self.kind, self.unit, self.subject, self.summary) = (kind, unit, subject, summary)
        }
    }

    private var row: Row {
        switch self {
        case .distinctMemory: Row(.gauge, .bytes, .processes, "Memory of the processes, each page counted once.")
        case .distinctMemoryLower:
            Row(.gauge, .bytes, .processes, "Lower bound of the memory of the processes, each page counted once.")
        case .distinctMemoryUpper:
            Row(.gauge, .bytes, .processes, "Upper bound of the memory of the processes, each page counted once.")
        case .rss:
            Row(
                .gauge,
                .bytes,
                .processes,
                "Sum of the RSS of the processes; shared pages count once for each process."
            )
        case .processes: Row(.gauge, .count, .processes, "Number of processes.")
        case .unavailableProcesses:
            Row(.gauge, .count, .processes, "Number of processes whose memory could not be measured as requested.")
        case .cpuTime: Row(.counter, .seconds, .processes, "CPU time of the processes.")
        case .passDuration: Row(.gauge, .seconds, .processes, "Duration of the last measurement of the processes.")
        case .containerUsage: Row(.gauge, .bytes, .container, "Memory charged to the container.")
        case .containerWorkingSet:
            Row(.gauge, .bytes, .container, "Memory charged to the container without inactive file pages.")
        case .containerAvailable: Row(.gauge, .bytes, .container, "Memory that the container can still use.")
        case .containerAnonymous: Row(.gauge, .bytes, .container, "Anonymous memory charged to the container.")
        case .containerLimit: Row(.gauge, .bytes, .container, "Smallest memory limit that applies to the container.")
        case .containerSoftLimit:
            Row(.gauge, .bytes, .container, "Smallest soft memory limit (memory.high) that applies to the container.")
        case .containerPeak: Row(.gauge, .bytes, .container, "Largest memory charged to the container since its start.")
        case .oomKills: Row(.counter, .count, .container, "Processes of the container killed by the OOM killer.")
        case .limitHits:
            Row(.counter, .count, .container, "Times that the container was about to exceed its memory limit.")
        case .softLimitBreaches:
            Row(.counter, .count, .container, "Times that processes were throttled above the soft memory limit.")
        case .pressureSome:
            Row(.counter, .seconds, .container, "Time in which at least one task of the container waited for memory.")
        case .pressureFull:
            Row(
                .counter,
                .seconds,
                .container,
                "Time in which all tasks of the container that were not idle waited for memory."
            )
        case .effectiveCPUCount: Row(.gauge, .cpus, .cpus, "Number of CPUs that the process can use, rounded up.")
        case .cpuLimit: Row(.gauge, .cpus, .cpus, "CPUs that the tightest visible quota allows.")
        case .containerCPUTime: Row(.counter, .seconds, .cpus, "CPU time of the processes of the container.")
        case .throttledTime:
            Row(.counter, .seconds, .cpus, "Time for which the container was throttled, summed over the CPUs.")
        case .failures: Row(.counter, .count, nil, "Readings that failed.")
        }
    }
}
