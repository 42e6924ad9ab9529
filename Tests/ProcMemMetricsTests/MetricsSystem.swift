#if Metrics
    import MetricsTestKit
    import ProcMem
    import ProcMemMetrics
    import ServiceLifecycle
    import ServiceLifecycleTestKit
    import TestSupport

    /// A small system as a file tree: the calling process in the cgroup `/a/b` of v2, and the processes 40 and 41.
    enum SmallSystem {
        static let mib = 1 << 20

        static func tree() throws -> FixtureTree {
            var files: [String: String] = [
                "/proc/self/status": "Name:\tx\nTgid:\t17\nCpus_allowed:\tff\n",
                "/proc/self/stat": stat(17, parent: 1),
                "/proc/meminfo": "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n",
                "/sys/devices/system/cpu/online": "0-15\n",
            ]
            for pid in [40, 41] {
                files["/proc/\(pid)/stat"] = stat(pid, parent: pid - 1)
                files["/proc/\(pid)/statm"] = "9000 512 256 1 0 300 0\n"
            }
            for (file, text) in [
                "cpu.max": "150000 100000", "cpu.stat": cpuStat(seconds: 5, throttledSeconds: 1), "cgroup.procs": "",
                "memory.max": "\(512 * mib)", "memory.high": "\(400 * mib)", "memory.current": "\(100 * mib)",
                "memory.stat": "anon \(60 * mib)\nfile \(30 * mib)\ninactive_file \(20 * mib)\nkernel \(10 * mib)\n",
                "memory.peak": "\(200 * mib)", "memory.events": events(oomKills: 3, limitHits: 7, breaches: 9),
                "memory.pressure": pressure(some: 10, full: 4),
            ] {
                files["/sys/fs/cgroup/a/b/\(file)"] = text + "\n"
            }
            return try FixtureTree(MountTable.files(in: "/a/b", files))
        }

        static func cpuStat(seconds: Int, throttledSeconds: Int) -> String {
            """
            usage_usec \(seconds)000000
            user_usec 0
            system_usec 0
            nr_periods 5
            nr_throttled 2
            throttled_usec \(throttledSeconds)000000

            """
        }

        static func events(oomKills: Int, limitHits: Int, breaches: Int) -> String {
            "low 0\nhigh \(breaches)\nmax \(limitHits)\noom 0\noom_kill \(oomKills)\n"
        }

        static func pressure(some: Int, full: Int) -> String {
            ["some": some, "full": full].sorted { $0.key > $1.key }
                .map { "\($0.key) avg10=0.00 avg60=0.00 avg300=0.00 total=\($0.value)000000\n" }.joined()
        }

        private static func stat(_ pid: Int, parent: Int) -> String {
            "\(pid) (x) S \(parent) 1 1 0 -1 0 700 0 0 0 4 4 0 0 20 0 1 0 12345 1 512 18446744073709551615"
                + String(repeating: " 0", count: 27) + "\n"
        }
    }

    extension TestMetrics {
        /// The last value of a gauge; `nil` if there is no such gauge.
        func value(_ metric: ResourceMetric) -> Double? {
            recorders(label: metric.rawValue).first?.lastValue
        }

        /// The sum of a counter; `nil` if there is no such counter.
        func count(_ metric: ResourceMetric) -> Int64? {
            counters(label: metric.rawValue).first?.totalValue
        }

        /// Waits until a condition is met, and returns whether it was.
        func eventually(_ condition: (TestMetrics) -> Bool) async -> Bool {
            (try? await Waiting.suspending { condition(self) }) ?? false
        }
    }

    extension ProcMemMetricsService {
        /// Runs the service beside an operation, then shuts it down gracefully and waits for its end.
        func running(_ operation: @Sendable () async throws -> Void) async throws {
            try await testGracefulShutdown { trigger in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.run() }
                    // Not in a `defer`: after an error of the operation the group is cancelled, which ends the service too.
                    try await operation()
                    trigger.triggerGracefulShutdown()
                    try await group.waitForAll()
                }
            }
        }
    }
#endif
