import Foundation
import ProcMemMetrics
import TestSupport
import Testing

/// `--format prometheus` of the subcommands that print one answer.
@Suite struct PrometheusTests {
    @Test func cpu() throws {
        let metrics = try Metrics(
            parsing: CommandRun("cpu", "--format", "prometheus", in: Systems.cpus(quota: "150000 100000")).output
        )
        #expect(metrics.value("procmem_cpu_effective_cpus") == 2)
        #expect(metrics.value("procmem_cpu_limit_cpus") == 1.5)
        // Without a quota there is no limit.
        let free = try Systems.cpus(quota: "max 100000")
        let arguments = ["cpu", "--format", "prometheus", "--group", "a b"]
        let unlimited = try Metrics(parsing: CommandRun(arguments, in: free).output)
        #expect(unlimited.values == ["procmem_cpu_effective_cpus": ["a b": 4]])
    }

    @Test func container() throws {
        let tree = try Systems.container()
        let json = try CommandRun("container", "--json", in: tree).json()
        let metrics = try Metrics(parsing: CommandRun("container", "--format", "prometheus", in: tree).output)
        let names = [
            "usageBytes": "usage", "workingSetBytes": "working_set", "availableBytes": "available",
            "anonBytes": "rss", "limitBytes": "limit", "highBytes": "soft_limit", "peakBytes": "peak",
        ]
        for (name, metric) in names {
            #expect(metrics.value("procmem_container_memory_\(metric)_bytes") == json[name]?.number, "\(name)")
        }
        #expect(metrics.value("procmem_container_memory_limit_bytes") == 4_294_967_296)
        // One answer has no counters: they would count from another time in each.
        #expect(Set(metrics.types.values) == ["gauge"])
    }

    @Test func memory() throws {
        let child = try ChildProcess(state: "tree", 2, 1 << 20)
        let pid = "\(child.pid)"
        let json = try CommandRun("memory", pid, "--tree", "--format", "json").json()
        let group = "the \"tree\" \\ of\na child"
        let run = try CommandRun("memory", pid, "--tree", "--format", "prometheus", "--group", group)
        #expect(run.status == 0 && run.errors == "")
        let metrics = try Metrics(parsing: run.output)
        let total = try #require(json["total"])
        #expect(metrics.value("procmem_memory_rss_bytes", of: group) == total["rssBytes"]?.number)
        #expect(
            metrics.value("procmem_memory_distinct_bytes", of: group) == total["distinctBytes"]?["estimate"]?.number
        )
        #expect(
            metrics.value("procmem_memory_distinct_lower_bytes", of: group) == total["distinctBytes"]?["lower"]?.number
        )
        #expect(
            metrics.value("procmem_memory_distinct_upper_bytes", of: group) == total["distinctBytes"]?["upper"]?.number
        )
        #expect(metrics.value("procmem_processes", of: group) == 3)
        #expect(metrics.value("procmem_processes_unavailable", of: group) == 0)
        #expect(metrics.value("procmem_pass_duration_seconds", of: group) ?? 0 > 0)
        #expect(metrics.values.count == 7)
        #expect(Set(metrics.types.values) == ["gauge"])
    }

    @Test(arguments: [
        ["cpu", "--json", "--format", "json"], ["memory", "--group", "x"], ["container", "--group", "x", "--json"],
        ["cpu", "--format", "xml"], ["cpu", "--watch", "--format", "prometheus"],
        ["memory", "--format", "prometheus", "--sort", "rss"], ["memory", "--format", "prometheus", "--group", ""],
        ["cpu", "--throttling", "1", "--format", "prometheus"], ["memory", "--sort", "cpu"],
    ])
    func whatDoesNotGoTogether(_ arguments: [String]) throws {
        let run = try CommandRun(arguments)
        #expect(run.status == 64 && run.output == "")
    }
}
