#if Metrics
    public import CoreMetrics
    public import ProcMem
    public import ServiceLifecycle

    /// A service that records the memory of processes, and the limits, the memory and the CPU time of the container, as
    /// metrics of `swift-metrics`.
    ///
    /// Run it beside the other services of a program:
    ///
    /// ```swift
    /// let metrics = ProcMemMetricsService(dimensions: [("group", "api")])
    /// let group = ServiceGroup(
    ///     services: [server, metrics],
    ///     gracefulShutdownSignals: [.sigterm],
    ///     logger: logger
    /// )
    /// try await group.run()
    /// ```
    ///
    /// ``ResourceMetric`` lists the metrics. Each reading of the processes and of the container is made every `interval`.
    /// A change of a CPU limit or of a memory limit, and a counted event such as an OOM kill, is recorded as soon as the
    /// kernel reports it (``CPULimitChanges``, ``ContainerMemoryChanges``).
    ///
    /// A figure that is not known has no gauge: the gauge is removed from the backend until the figure is known again, so
    /// that no backend reports a value that is out of date. A counter adds up the increases since the service started. After
    /// the process has moved to another cgroup, a counter continues with the increases there.
    ///
    /// Files are read on the thread of one ``MemorySampler`` and on the threads of the two change streams, so that neither an
    /// event loop nor Swift's cooperative pool waits for them. The cost of a measurement of the processes is that of the mode,
    /// and is recorded as `procmem.pass.duration`. For each interval, the other readings cost as much as
    /// ``ContainerMemory/current(in:)``, ``CPUThrottling/current(in:)`` and ``CgroupCPUTime/current(in:)``, and as a poll of
    /// each stream; they do not grow with the number of processes. No privileges are required beyond those of the mode.
    ///
    /// The labels of the metrics are constant, and the dimensions are those of the caller: neither contains a process id or a
    /// name of a process, which would create a time series for each process.
    public struct ProcMemMetricsService: Service {
        private let scope: ProcessScope
        private let mode: MemoryMode
        private let interval: Duration
        private let subjects: Set<ResourceMetric.Subject>
        private let dimensions: [(String, String)]
        private let factory: (any MetricsFactory)?
        private let root: SystemRoot
        private let onFailure: @Sendable (ProcMemError) -> Void

        /// Creates a service. It reads nothing before ``run()``.
        ///
        /// - Parameters:
        ///   - scope: The processes to measure.
        ///   - mode: How their memory is measured.
        ///   - interval: The time between two readings; at least 10 milliseconds.
        ///   - subjects: What is recorded. For several trees, run a service for each, with different dimensions, of which one
        ///     records the container and the CPUs.
        ///   - dimensions: The dimensions of every metric.
        ///   - factory: The backend; `nil` for `MetricsSystem.factory` when the service runs.
        ///   - root: The directory that contains the kernel's files.
        ///   - onFailure: Called with the error of each failed reading, for example to log it, and with that of each attempt to
        ///     start the sampler's thread. Failed readings are also counted, as `procmem.failures`. The service continues
        ///     after every failure.
        public init(
            of scope: ProcessScope = .currentTree,
            mode: MemoryMode = .within(.milliseconds(10)),
            every interval: Duration = .seconds(10),
            recording subjects: Set<ResourceMetric.Subject> = Set(ResourceMetric.Subject.allCases),
            dimensions: [(String, String)] = [],
            factory: (any MetricsFactory)? = nil,
            in root: SystemRoot = .live,
            onFailure: @escaping @Sendable (ProcMemError) -> Void = { _ in }
        ) {
            self.scope = scope
            self.mode = mode
            self.interval = max(interval, .milliseconds(10))
            self.subjects = subjects
            self.dimensions = dimensions
            self.factory = factory
            self.root = root
            self.onFailure = onFailure
        }

        /// Records the metrics until the service group shuts down gracefully or the task is cancelled, and then removes the
        /// gauges.
        ///
        /// It does not throw: a reading that fails is repeated after the interval.
        public func run() async throws {
            await cancelWhenGracefulShutdown { await record() }
        }

        private func record() async {
            let sampler = MemorySampler(of: scope, mode: mode, in: root)
            // A task that waits for the sampler's thread cannot be cancelled. No such task may begin before there is a thread.
            let isStarted = await untilSuccessful { () throws(ProcMemError) in try sampler.start() }
            guard isStarted else { return }
            let instruments = ResourceInstruments(
                factory: factory ?? MetricsSystem.factory,
                dimensions: dimensions
            )
            let recorder = ResourceRecorder(on: sampler, in: root, instruments)
            await withDiscardingTaskGroup { group in
                if subjects.contains(.processes) {
                    group.addTask { await followProcesses(with: sampler, recorder) }
                }
                if subjects.contains(.container) {
                    group.addTask { await followContainer(recorder) }
                    group.addTask { await readContainer(recorder) }
                }
                if subjects.contains(.cpus) {
                    group.addTask { await followCPUs(recorder) }
                    group.addTask { await readCPUTime(recorder) }
                }
            }
            for subject in subjects { await recorder.removeGauges(of: subject) }
        }

        private func followProcesses(with sampler: MemorySampler, _ recorder: ResourceRecorder) async {
            await untilCancelled(.processes, recorder) { () throws(ProcMemError) in
                for try await snapshot in sampler.snapshots(every: interval) { await recorder.record(snapshot) }
            }
        }

        private func followContainer(_ recorder: ResourceRecorder) async {
            // Its gauges are those of the regular readings, which go on without the stream.
            await untilCancelled(nil, recorder) { () throws(ProcMemError) in
                for try await _ in ContainerMemoryChanges(pollInterval: interval, in: root) {
                    try await recorder.readContainer()
                }
            }
        }

        private func readContainer(_ recorder: ResourceRecorder) async {
            await untilCancelled(.container, recorder) { () throws(ProcMemError) in try await recorder.readContainer() }
        }

        private func followCPUs(_ recorder: ResourceRecorder) async {
            await untilCancelled(.cpus, recorder) { () throws(ProcMemError) in
                for try await limits in CPULimitChanges(pollInterval: interval, in: root) {
                    await recorder.record(limits)
                }
            }
        }

        private func readCPUTime(_ recorder: ResourceRecorder) async {
            await untilCancelled(.cpus, recorder) { () throws(ProcMemError) in await recorder.readCPUTime() }
        }

        /// Calls `body` every interval, counted from its return, until the task is cancelled.
        ///
        /// - Parameter subject: What has no value after a failure; `nil` for nothing.
        private func untilCancelled(
            _ subject: ResourceMetric.Subject?,
            _ recorder: ResourceRecorder,
            _ body: () async throws(ProcMemError) -> Void
        ) async {
            while !Task.isCancelled {
                do throws(ProcMemError) {
                    try await body()
                } catch {
                    guard !Task.isCancelled else { return }
                    onFailure(error)
                    await recorder.fail(subject)
                }
                try? await Task.sleep(for: interval)
            }
        }

        /// Calls `body` every interval until it succeeds. Returns `false` if the task is cancelled before.
        private func untilSuccessful(_ body: () throws(ProcMemError) -> Void) async -> Bool {
            while !Task.isCancelled {
                do throws(ProcMemError) {
                    try body()
                    return true
                } catch {
                    onFailure(error)
                }
                try? await Task.sleep(for: interval)
            }
            return false
        }
    }
#else
    /// The service that records metrics, in a build without the package's trait `Metrics`: it cannot be created.
    @available(
        *,
        unavailable,
        message: "enable the trait Metrics: .package(url: …, traits: [.defaults, \"Metrics\"])"
    )
    public struct ProcMemMetricsService {}
#endif
