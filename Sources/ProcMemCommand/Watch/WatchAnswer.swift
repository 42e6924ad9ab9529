import FoundationEssentials
import ProcMem

/// The lines of `procmem watch --json`. The article WatchProtocol describes every name; a test compares the two.
enum WatchAnswer {
    /// The name of the protocol in the first line.
    static let protocolName = "procmem-watch"
    /// The version of the protocol. A new name is no new version; one that is removed, or changes its meaning, is.
    static let version = 1

    /// The present time in ISO 8601, in UTC.
    static var time: String { Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)) }

    /// The first line.
    struct Start: Encodable {
        let time: String
        let interval: Duration
        let budget: Duration
        let hasRows: Bool
        let isControlled: Bool
        let scopes: [NamedScope]

        private enum Name: String, CodingKey {
            case type, `protocol`, version, procmem, time, everyMilliseconds, budgetMicroseconds, rows, control, scopes
        }

        func encode(to encoder: any Encoder) throws {
            var names = encoder.container(keyedBy: Name.self)
            try names.encode("start", forKey: .type)
            try names.encode(WatchAnswer.protocolName, forKey: .protocol)
            try names.encode(WatchAnswer.version, forKey: .version)
            try names.encode(Version.number, forKey: .procmem)
            try names.encode(time, forKey: .time)
            try names.encode(Double(interval.microseconds) / 1000, forKey: .everyMilliseconds)
            try names.encode(budget.microseconds, forKey: .budgetMicroseconds)
            try names.encode(hasRows, forKey: .rows)
            try names.encode(isControlled, forKey: .control)
            let definitions = scopes.map { ($0.name, $0.definition) }
            try names.encode(Dictionary(definitions, uniquingKeysWith: { $1 }), forKey: .scopes)
        }
    }

    /// A line for each scope and interval.
    struct Sample: Encodable {
        let time: String
        let sample: ScopeTracker.Sample
        let limits: ScopeLimits
        /// What is selected of the processes; `nil` for no processes.
        let rows: MemorySelection?

        private enum Name: String, CodingKey {
            case type, scope, time, mode, elapsedMicroseconds, search, complete, gaps, total, cgroup, cpu, cpuLimits
            case container, processes, groups
        }

        func encode(to encoder: any Encoder) throws {
            let snapshot = sample.snapshot
            var names = encoder.container(keyedBy: Name.self)
            try names.encode("sample", forKey: .type)
            try names.encode(sample.scope.name, forKey: .scope)
            try names.encode(time, forKey: .time)
            try names.encode(snapshot.mode.name, forKey: .mode)
            try names.encode(snapshot.elapsed.microseconds, forKey: .elapsedMicroseconds)
            try names.encode(snapshot.search.rawValue, forKey: .search)
            try names.encode(snapshot.isComplete, forKey: .complete)
            try names.encode(snapshot.gaps.map(\.rawValue).sorted(), forKey: .gaps)
            try names.encode(snapshot.total, forKey: .total)
            try names.encode(snapshot.cgroupCharge, forKey: .cgroup)
            try names.encode(CPU(sample: sample, limits: limits), forKey: .cpu)
            try names.encode(limits.cpu.map { CPULimitFigures(limits: $0) }, forKey: .cpuLimits)
            try names.encode(limits.container.map { Container(memory: $0) }, forKey: .container)
            guard let rows else { return }
            try names.encode(processes(rows), forKey: .processes)
            if rows.isByCommand {
                let groups = rows.rows(of: snapshot.processes, in: snapshot.mode, sample.cpuTime)
                try names.encode(groups.map { MemoryGroup(row: $0, hasCPU: true) }, forKey: .groups)
            }
        }

        private func processes(_ selection: MemorySelection) -> [Process] {
            let rows = sample.snapshot.processes.map { MemoryRow($0, sample.cpuTime) }
            let isSorted = selection.sorting != nil && selection.sorting != .count
            let sorted = isSorted ? rows.sorted(by: selection.sorting ?? .pid) : rows
            return sorted.flatMap { row in row.processes.map { Process(memory: $0, utilization: row.utilization) } }
        }
    }

    /// What has happened to a scope, or to a line of standard input.
    struct Event: Encodable {
        let time: String
        let event: String
        var scope: NamedScope?
        var pid: Int32?
        var code: String?
        var message: String?
        /// The number of the line of standard input.
        var line: Int?

        private enum Name: String, CodingKey {
            case type, event, time, scope, definition, pid, code, message, line
        }

        func encode(to encoder: any Encoder) throws {
            var names = encoder.container(keyedBy: Name.self)
            try names.encode("event", forKey: .type)
            try names.encode(event, forKey: .event)
            try names.encode(time, forKey: .time)
            try names.encode(scope?.name, forKey: .scope)
            try names.encode(scope?.definition, forKey: .definition)
            try names.encode(pid, forKey: .pid)
            try names.encode(code, forKey: .code)
            try names.encode(message, forKey: .message)
            try names.encode(line, forKey: .line)
        }
    }

    /// The CPU time of a scope.
    private struct CPU: Encodable {
        let sample: ScopeTracker.Sample
        let limits: ScopeLimits

        private enum Name: String, CodingKey {
            case totalSeconds, totalLowerBound, seconds, intervalSeconds, utilization, lowerBound
            case cgroupSeconds, cgroupUtilization
        }

        func encode(to encoder: any Encoder) throws {
            var names = encoder.container(keyedBy: Name.self)
            let time = sample.cpuTime
            try names.encode(sample.cpu.seconds, forKey: .totalSeconds)
            try names.encode(sample.cpu.isLowerBound, forKey: .totalLowerBound)
            try names.encode(time?.seconds, forKey: .seconds)
            try names.encode(time.map { Double($0.elapsed.microseconds) / 1e6 }, forKey: .intervalSeconds)
            try names.encode(time?.utilization, forKey: .utilization)
            try names.encode(time?.isLowerBound, forKey: .lowerBound)
            try names.encode(limits.cpuTime?.usageMicroseconds.map { Double($0) / 1e6 }, forKey: .cgroupSeconds)
            try names.encode(limits.cgroupUtilization, forKey: .cgroupUtilization)
        }
    }

    private struct CPULimitFigures: Encodable {
        let limits: CPULimits

        private enum Name: String, CodingKey {
            case effectiveCPUCount, quotaCPUs
        }

        func encode(to encoder: any Encoder) throws {
            var names = encoder.container(keyedBy: Name.self)
            try names.encode(limits.effectiveCPUCount(), forKey: .effectiveCPUCount)
            try names.encode(limits.binding?.quota.cpus, forKey: .quotaCPUs)
        }
    }

    /// The figures of `procmem container` that change, under the same names.
    private struct Container: Encodable {
        let memory: ContainerMemory

        private enum Name: String, CodingKey {
            case cgroup, limitBytes, limitCgroup, highBytes, aboveHigh, usageBytes, workingSetBytes, availableBytes
            case availableWithReclaimBytes, peakBytes, anonBytes, swapBytes, events, pressure, complete
        }

        func encode(to encoder: any Encoder) throws {
            var names = encoder.container(keyedBy: Name.self)
            try names.encode(memory.cgroup, forKey: .cgroup)
            try names.encode(memory.limitBytes, forKey: .limitBytes)
            try names.encode(memory.limitCgroup, forKey: .limitCgroup)
            try names.encode(memory.highBytes, forKey: .highBytes)
            try names.encode(memory.isAboveHigh, forKey: .aboveHigh)
            try names.encode(memory.usageBytes, forKey: .usageBytes)
            try names.encode(memory.workingSetBytes, forKey: .workingSetBytes)
            try names.encode(memory.availableBytes, forKey: .availableBytes)
            try names.encode(memory.availableWithReclaimBytes, forKey: .availableWithReclaimBytes)
            try names.encode(memory.peakBytes, forKey: .peakBytes)
            try names.encode(memory.anonBytes, forKey: .anonBytes)
            try names.encode(memory.swapBytes, forKey: .swapBytes)
            try names.encode(memory.events, forKey: .events)
            try names.encode(memory.pressure, forKey: .pressure)
            try names.encode(memory.isComplete, forKey: .complete)
        }
    }

    /// A process as in `procmem memory`, with its CPU time.
    private struct Process: Encodable {
        let memory: ProcessMemory
        let utilization: Double?

        private enum Name: String, CodingKey {
            case cpuUtilization
        }

        func encode(to encoder: any Encoder) throws {
            try memory.encode(to: encoder)
            var names = encoder.container(keyedBy: Name.self)
            try names.encode(utilization, forKey: .cpuUtilization)
        }
    }
}
