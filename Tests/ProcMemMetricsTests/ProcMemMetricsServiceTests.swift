#if Metrics
    import CoreMetrics
    import Foundation
    import MetricsTestKit
    import ProcMem
    import ProcMemMetrics
    import ServiceLifecycle
    import TestSupport
    import Testing

    @Suite(.timeLimit(.minutes(3))) struct ProcMemMetricsServiceTests {
        private static let mib = Double(SmallSystem.mib)
        private let backend = TestMetrics()

        private func service(
            _ tree: FixtureTree,
            every interval: Duration = .milliseconds(20),
            recording subjects: Set<ResourceMetric.Subject> = Set(ResourceMetric.Subject.allCases),
            onFailure: @escaping @Sendable (ProcMemError) -> Void = { _ in }
        ) -> ProcMemMetricsService {
            ProcMemMetricsService(
                of: .processes([40, 41]),
                mode: .cheap,
                every: interval,
                recording: subjects,
                dimensions: [("group", "api")],
                factory: backend,
                in: tree.root(pageSizeBytes: 4096),
                onFailure: onFailure
            )
        }

        @Test func everyFigure() async throws {
            let tree = try SmallSystem.tree()
            try await service(tree).running {
                let gauges = ResourceMetric.allCases.filter { $0.kind == .gauge }
                let areAllThere = await backend.eventually { backend in gauges.allSatisfy { backend.value($0) != nil } }
                #expect(areAllThere, "missing: \(gauges.filter { backend.value($0) == nil })")
                let expected: [ResourceMetric: Double] = [
                    .rss: 2 * 512 * 4096, .processes: 2, .unavailableProcesses: 0,
                    .containerUsage: 100 * Self.mib, .containerWorkingSet: 80 * Self.mib,
                    .containerAvailable: 320 * Self.mib, .containerAnonymous: 60 * Self.mib,
                    .containerLimit: 512 * Self.mib, .containerSoftLimit: 400 * Self.mib,
                    .containerPeak: 200 * Self.mib, .effectiveCPUCount: 2, .cpuLimit: 1.5,
                ]
                for (metric, value) in expected { #expect(backend.value(metric) == value, "\(metric)") }
                let memory = try memorySnapshot(
                    of: .processes([40, 41]),
                    mode: .cheap,
                    in: tree.root(pageSizeBytes: 4096)
                )
                let distinct = memory.total.distinctBytes
                #expect(backend.value(.distinctMemory) == distinct.estimate.map(Double.init))
                #expect(backend.value(.distinctMemoryLower) == Double(distinct.lower))
                #expect(backend.value(.distinctMemoryUpper) == distinct.upper.map(Double.init))
                #expect(try #require(backend.value(.passDuration)) > 0)
            }
        }

        /// Counters have the increases since the start: what was counted before is not an event of now.
        @Test func countersStartAtZero() async throws {
            let tree = try SmallSystem.tree()
            try await service(tree).running {
                let counters = ResourceMetric.allCases.filter { $0.kind == .counter && $0 != .failures }
                #expect(await backend.eventually { backend in counters.allSatisfy { backend.count($0) == 0 } })
                try tree.write(
                    SmallSystem.events(oomKills: 5, limitHits: 8, breaches: 13),
                    to: "/sys/fs/cgroup/a/b/memory.events"
                )
                try tree.write(SmallSystem.pressure(some: 13, full: 6), to: "/sys/fs/cgroup/a/b/memory.pressure")
                try tree.write(SmallSystem.cpuStat(seconds: 9, throttledSeconds: 6), to: "/sys/fs/cgroup/a/b/cpu.stat")
                let expected: [ResourceMetric: Int64] = [
                    .oomKills: 2, .limitHits: 1, .softLimitBreaches: 4, .pressureSome: 3, .pressureFull: 2,
                    .containerCPUTime: 4, .throttledTime: 5,
                    // The processes have not run.
                    .cpuTime: 0,
                ]
                #expect(Set(expected.keys) == Set(counters))
                let areCounted = await backend.eventually { backend in
                    expected.allSatisfy { backend.count($0.key) == $0.value }
                }
                #expect(areCounted, "\(backend)")
                #expect(backend.count(.failures) == 0)
            }
        }

        /// The figures of another cgroup say nothing about what happened to this process before.
        @Test func aMoveAddsNothing() async throws {
            let tree = try SmallSystem.tree()
            for file in ["memory.current", "memory.max", "cgroup.procs"] {
                try tree.write("1000\n", to: "/sys/fs/cgroup/a/c/\(file)")
            }
            try tree.write(
                SmallSystem.events(oomKills: 900, limitHits: 900, breaches: 900),
                to: "/sys/fs/cgroup/a/c/memory.events"
            )
            try await service(tree).running {
                #expect(await backend.eventually { $0.count(.oomKills) == 0 })
                try tree.write("0::/a/c\n", to: "/proc/self/cgroup")
                #expect(await backend.eventually { $0.value(.containerLimit) == 1000 })
                try tree.write(
                    SmallSystem.events(oomKills: 901, limitHits: 900, breaches: 900),
                    to: "/sys/fs/cgroup/a/c/memory.events"
                )
                #expect(await backend.eventually { $0.count(.oomKills) == 1 })
                #expect(backend.count(.limitHits) == 0)
            }
        }

        /// A backend reports the last value of a gauge for ever.
        @Test func anUnknownFigureHasNoGauge() async throws {
            let tree = try SmallSystem.tree()
            try await service(tree).running {
                #expect(await backend.eventually { $0.value(.containerSoftLimit) != nil && $0.value(.cpuLimit) != nil })
                try tree.write("max\n", to: "/sys/fs/cgroup/a/b/memory.high")
                try tree.write("max 100000\n", to: "/sys/fs/cgroup/a/b/cpu.max")
                #expect(await backend.eventually { $0.value(.containerSoftLimit) == nil && $0.value(.cpuLimit) == nil })
                #expect(await backend.eventually { $0.value(.effectiveCPUCount) == 8 })
                #expect(backend.value(.containerLimit) == 512 * Self.mib)
                try tree.write("\(300 * SmallSystem.mib)\n", to: "/sys/fs/cgroup/a/b/memory.high")
                #expect(await backend.eventually { $0.value(.containerSoftLimit) == 300 * Self.mib })
            }
        }

        /// A counter of 0 would say that nothing happened.
        @Test func anUnknownFigureHasNoCounter() async throws {
            let tree = try SmallSystem.tree()
            for file in ["memory.pressure", "cpu.stat"] {
                try FileManager.default.removeItem(at: tree.directory.appending(path: "sys/fs/cgroup/a/b/\(file)"))
            }
            try await service(tree).running {
                #expect(await backend.eventually { $0.count(.oomKills) == 0 && $0.value(.cpuLimit) != nil })
                try await Task.sleep(for: .milliseconds(100))
                let unknown: [ResourceMetric] = [.pressureSome, .pressureFull, .containerCPUTime, .throttledTime]
                for metric in unknown { #expect(backend.count(metric) == nil, "\(metric)") }
            }
        }

        /// A change of a limit is recorded when it is made, not after the interval.
        @Test func changesAreRecordedImmediately() async throws {
            let tree = try SmallSystem.tree()
            try await service(tree, every: .seconds(3600), recording: [.container, .cpus]).running {
                #expect(await backend.eventually { $0.value(.containerLimit) != nil && $0.value(.cpuLimit) == 1.5 })
                try tree.write("\(450 * SmallSystem.mib)\n", to: "/sys/fs/cgroup/a/b/memory.max")
                try tree.write("250000 100000\n", to: "/sys/fs/cgroup/a/b/cpu.max")
                #expect(await backend.eventually { $0.value(.containerLimit) == 450 * Self.mib })
                #expect(await backend.eventually { $0.value(.cpuLimit) == 2.5 && $0.value(.effectiveCPUCount) == 3 })
            }
        }

        /// A failure is counted, is reported with its cause, and removes the gauges; the service continues.
        @Test func aFailurePasses() async throws {
            let tree = try SmallSystem.tree()
            let errors = Monitor<[ProcMemError]>([])
            let service = service(tree, recording: [.processes]) { error in errors.withLock { $0.append(error) } }
            try await service.running {
                #expect(await backend.eventually { $0.value(.processes) == 2 })
                let proc = tree.directory.appending(path: "proc")
                let hidden = tree.directory.appending(path: "hidden")
                try FileManager.default.moveItem(at: proc, to: hidden)
                #expect(await backend.eventually { $0.value(.processes) == nil && ($0.count(.failures) ?? 0) > 0 })
                #expect(errors.withLock { $0.first?.path.hasPrefix(tree.directory.path) } == true)
                try FileManager.default.moveItem(at: hidden, to: proc)
                #expect(await backend.eventually { $0.value(.processes) == 2 })
            }
        }

        @Test func onlyWhatIsRequested() async throws {
            let tree = try SmallSystem.tree()
            try await service(tree, recording: [.container]).running {
                #expect(await backend.eventually { $0.value(.containerLimit) != nil && $0.count(.oomKills) != nil })
            }
            let labels = Set(backend.counters.map(\.label)).subtracting([ResourceMetric.failures.rawValue])
            #expect(labels.allSatisfy { ResourceMetric(rawValue: $0)?.subject == .container }, "\(labels)")
        }

        /// Neither pids nor names are dimensions: each would create a time series of its own.
        @Test func dimensionsAreTheCallers() async throws {
            let tree = try SmallSystem.tree()
            try await service(tree).running {
                #expect(await backend.eventually { $0.value(.processes) == 2 && $0.value(.containerLimit) != nil })
                let dimensions = backend.recorders.map(\.dimensions) + backend.counters.map(\.dimensions)
                #expect(!dimensions.isEmpty)
                for dimensions in dimensions { #expect(dimensions.map { "\($0)=\($1)" } == ["group=api"]) }
            }
        }

        /// Graceful shutdown ends the service without an error; what nothing updates any more is removed.
        @Test(arguments: [true, false]) func theEnd(isGraceful: Bool) async throws {
            let tree = try SmallSystem.tree()
            let service = service(tree, every: .seconds(3600))
            if isGraceful {
                try await service.running {
                    #expect(await backend.eventually { $0.value(.processes) == 2 && $0.value(.cpuLimit) != nil })
                }
            } else {
                let task = Task { try await service.run() }
                #expect(await backend.eventually { $0.value(.processes) == 2 && $0.value(.cpuLimit) != nil })
                task.cancel()
                try await task.value
            }
            #expect(backend.recorders.isEmpty, "\(backend)")
        }

        /// Without a factory, the one that the program has installed when the service runs.
        @Test func theInstalledFactory() async throws {
            let tree = try SmallSystem.tree()
            let service = ProcMemMetricsService(of: .processes([40]), mode: .cheap, in: tree.root(pageSizeBytes: 4096))
            try await withMetricsFactory(backend) {
                try await service.running {
                    #expect(await backend.eventually { $0.value(.processes) == 1 })
                }
            }
        }

        /// The memory of a process that does not change, as the library reads it.
        @Test func live() async throws {
            let child = try ChildProcess(state: "hold", 64 << 20)
            let usage = try memoryUsage(of: child.pid, mode: .accurate)
            let service = ProcMemMetricsService(of: .process(child.pid), mode: .accurate, factory: backend)
            try await service.running {
                #expect(
                    await backend.eventually {
                        $0.value(.processes) == 1 && $0.value(.containerUsage) != nil
                            && $0.value(.effectiveCPUCount) != nil
                    }
                )
                #expect(backend.value(.rss) == usage.rssBytes.map(Double.init))
                #expect(backend.value(.distinctMemory) ?? 0 >= Double(64 << 20))
                #expect(backend.value(.effectiveCPUCount) == Double(effectiveCPUCount()))
                #expect(backend.count(.failures) == 0)
            }
        }
    }
#endif
