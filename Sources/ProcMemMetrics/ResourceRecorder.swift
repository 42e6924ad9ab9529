#if Metrics
    import CoreMetrics
    import ProcMem

    /// Reads the figures of the container and records them, on the thread of a sampler: reading files would block a
    /// thread of Swift's cooperative pool.
    actor ResourceRecorder {
        private let sampler: MemorySampler
        private let root: SystemRoot
        private var instruments: ResourceInstruments
        private var cpuTime = CPUTimeCounter()

        init(on sampler: MemorySampler, in root: SystemRoot, _ instruments: ResourceInstruments) {
            self.sampler = sampler
            self.root = root
            self.instruments = instruments
            self.instruments.increment(.failures, by: 0)
        }

        /// The sampler's thread.
        nonisolated var unownedExecutor: UnownedSerialExecutor { sampler.unownedExecutor }

        func record(_ snapshot: MemorySnapshot) {
            let total = snapshot.total
            instruments.set(.distinctMemory, to: total.distinctBytes.estimate)
            instruments.set(.distinctMemoryLower, to: total.distinctBytes.lower)
            instruments.set(.distinctMemoryUpper, to: total.distinctBytes.upper)
            instruments.set(.rss, to: total.rssBytes)
            instruments.set(.processes, to: total.processCount)
            instruments.set(.unavailableProcesses, to: total.unavailableCount)
            instruments.set(.passDuration, to: snapshot.elapsed / .seconds(1))
            let ticks = cpuTime.advance(to: snapshot)?.ticks ?? 0
            let tick = 1_000_000 / ticksPerSecond
            instruments.increment(.cpuTime, by: min(ticks, .max / tick) * tick)
        }

        /// Reads and records the memory of the container.
        func readContainer() throws(ProcMemError) {
            let memory = try ContainerMemory.current(in: root)
            instruments.set(.containerUsage, to: memory.usageBytes)
            instruments.set(.containerWorkingSet, to: memory.workingSetBytes)
            instruments.set(.containerAvailable, to: memory.availableBytes)
            instruments.set(.containerAnonymous, to: memory.anonBytes)
            instruments.set(.containerLimit, to: memory.limitBytes)
            instruments.set(.containerSoftLimit, to: memory.highBytes)
            instruments.set(.containerPeak, to: memory.peakBytes)
            let cgroup = memory.usageCgroup
            instruments.advance(.oomKills, to: memory.events.oomKill, countedBy: cgroup)
            instruments.advance(.limitHits, to: memory.events.max, countedBy: cgroup)
            instruments.advance(.softLimitBreaches, to: memory.events.high, countedBy: cgroup)
            instruments.advance(.pressureSome, to: memory.pressure?.some.totalMicroseconds, countedBy: cgroup)
            instruments.advance(.pressureFull, to: memory.pressure?.full.totalMicroseconds, countedBy: cgroup)
        }

        func record(_ limits: CPULimits) {
            instruments.set(.effectiveCPUCount, to: limits.effectiveCPUCount())
            instruments.set(.cpuLimit, to: limits.binding?.quota.cpus)
        }

        /// Reads and records the CPU time of the container.
        func readCPUTime() {
            let time = CgroupCPUTime.current(in: root)
            instruments.advance(.containerCPUTime, to: time.usageMicroseconds, countedBy: time.cgroup)
            let throttling = CPUThrottling.current(in: root)
            // The time of every quota that throttles the cgroup where the kernel counts it, else that of its own quota.
            let local = throttling.localThrottledMicroseconds
            instruments.advance(
                .throttledTime,
                to: local ?? throttling.throttledMicroseconds,
                countedBy: throttling.cgroup.map { local == nil ? $0 : "\($0), cpu.stat.local" }
            )
        }

        /// Counts a failed reading and removes the gauges whose values it would have given.
        func fail(_ subject: ResourceMetric.Subject?) {
            instruments.increment(.failures, by: 1)
            if let subject { removeGauges(of: subject) }
        }

        /// Removes all gauges of a subject until their next values.
        func removeGauges(of subject: ResourceMetric.Subject) {
            for metric in ResourceMetric.allCases where metric.subject == subject { instruments.remove(metric) }
        }
    }
#endif
