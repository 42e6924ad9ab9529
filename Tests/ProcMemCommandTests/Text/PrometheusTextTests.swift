import ProcMemMetrics
import Testing

@testable import ProcMemCommand

@Suite struct PrometheusTextTests {
    /// HELP and TYPE once for each metric, whose samples are together, in whatever order they were added.
    @Test func samplesOfAMetricAreTogether() throws {
        var text = PrometheusText()
        for group in ["a", "b"] {
            text.add(.processes, 2, group: group)
            text.add(.oomKills, 3, group: group)
        }
        #expect(
            text.text == """
                # HELP procmem_processes Number of processes.
                # TYPE procmem_processes gauge
                procmem_processes{group="a"} 2
                procmem_processes{group="b"} 2
                # HELP procmem_container_memory_oom_kills_total Processes of the container killed by the OOM killer.
                # TYPE procmem_container_memory_oom_kills_total counter
                procmem_container_memory_oom_kills_total{group="a"} 3
                procmem_container_memory_oom_kills_total{group="b"} 3

                """
        )
        #expect(try Metrics(parsing: text.text).value("procmem_processes", of: "b") == 2)
    }

    @Test func anUnknownFigureIsNoSample() {
        var text = PrometheusText()
        text.add(.rss, nil as Int?, group: "a")
        text.add(.cpuLimit, nil as Double?, group: "a")
        text.add(.cpuLimit, .nan, group: "a")
        text.add(.cpuLimit, .infinity, group: "a")
        #expect(text.text == "")
    }

    /// Prometheus's documentation: "\\, \" and line feed" are escaped in a label's value; no other character is.
    @Test(arguments: [
        ("", ""), ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("\r\n", "\r\\n"), ("\\n", "\\\\n"),
        ("é \u{7}\t{}=,", "é \u{7}\t{}=,"),
    ])
    func labels(_ group: String, _ escaped: String) throws {
        var text = PrometheusText()
        text.add(.processes, 1, group: group)
        #expect(text.text.hasSuffix("procmem_processes{group=\"\(escaped)\"} 1\n"))
    }

    @Test(arguments: [
        (Int.max, "9223372036854775807"), (0, "0"), (195_000_000_001, "195000000001"),
    ])
    func numbersAreExact(_ value: Int, _ expected: String) {
        var text = PrometheusText()
        text.add(.rss, value, group: nil)
        #expect(text.text.hasSuffix("\nprocmem_memory_rss_bytes \(expected)\n"))
    }

    @Test(arguments: [1.5, 0, 0.1, 1e-7, 123456789.01, 1e16, 1e300]) func fractionsAreExact(_ value: Double) throws {
        var text = PrometheusText()
        text.add(.cpuLimit, value, group: nil)
        #expect(try Metrics(parsing: text.text).value("procmem_cpu_limit_cpus") == value)
    }
}
