import Foundation
import ProcMemMetrics
import Testing

@Suite struct ResourceMetricTests {
    /// A name that is also the namespace of another one is ambiguous in a backend that builds a hierarchy from the dots.
    @Test func namesAreWellFormed() {
        for metric in ResourceMetric.allCases {
            let name = metric.rawValue
            #expect(name.contains(/^(procmem|container)(\.[a-z][a-z_]*)+$/), "\(name)")
            for other in ResourceMetric.allCases {
                #expect(!other.rawValue.hasPrefix(name + "."), "\(name) is the namespace of \(other.rawValue)")
            }
            #expect(metric.summary.hasSuffix(".") && !metric.summary.contains("\n"), "\(name)")
        }
        #expect(Set(ResourceMetric.allCases.map(\.prometheusName)).count == ResourceMetric.allCases.count)
    }

    @Test func namesInPrometheus() {
        #expect(ResourceMetric.distinctMemory.prometheusName == "procmem_memory_distinct_bytes")
        #expect(ResourceMetric.distinctMemoryLower.prometheusName == "procmem_memory_distinct_lower_bytes")
        #expect(ResourceMetric.containerWorkingSet.prometheusName == "procmem_container_memory_working_set_bytes")
        #expect(ResourceMetric.oomKills.prometheusName == "procmem_container_memory_oom_kills_total")
        #expect(ResourceMetric.cpuLimit.prometheusName == "procmem_cpu_limit_cpus")
        #expect(ResourceMetric.passDuration.prometheusName == "procmem_pass_duration_seconds")
        #expect(ResourceMetric.processes.prometheusName == "procmem_processes")
        #expect(ResourceMetric.cpuTime.prometheusName == "procmem_cpu_seconds_total")
        for metric in ResourceMetric.allCases {
            #expect(metric.prometheusName.contains(/^procmem_[a-z_]+$/), "\(metric)")
            #expect(metric.prometheusName.hasSuffix("_total") == (metric.kind == .counter), "\(metric)")
        }
    }

    /// The article has one row for each metric, and none for others.
    @Test func theArticleListsEveryMetric() throws {
        let article = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/ProcMem/ProcMem.docc/Metrics.md")
        let text = try String(contentsOf: article, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
        let expected = ResourceMetric.allCases.map {
            let kind = $0.kind == .gauge ? "gauge" : "counter"
            return "| `\($0.rawValue)` | \(kind) | \($0.unit.rawValue) | `\($0.prometheusName)` |"
        }
        #expect(rows.count == expected.count)
        for (row, expected) in zip(rows, expected) { #expect(row.hasPrefix(expected), "\(expected)") }
    }
}
