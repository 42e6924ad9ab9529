#if Metrics
    import CoreMetrics

    /// The gauges and counters of one service, each under the label of its ``ResourceMetric``.
    struct ResourceInstruments {
        private let factory: any MetricsFactory
        private let dimensions: [(String, String)]
        private var gauges: [ResourceMetric: Gauge] = [:]
        private var counters: [ResourceMetric: CumulativeCounter] = [:]

        init(factory: any MetricsFactory, dimensions: [(String, String)]) {
            self.factory = factory
            self.dimensions = dimensions
        }

        /// Records the value of a gauge. If it is not known, the gauge is removed: a backend reports the last recorded
        /// value for ever.
        mutating func set(_ metric: ResourceMetric, to value: Int?) {
            if let value { gauge(metric).record(value) } else { remove(metric) }
        }

        /// Records the value of a gauge, as ``set(_:to:)-(_,Int?)`` does.
        mutating func set(_ metric: ResourceMetric, to value: Double?) {
            if let value { gauge(metric).record(value) } else { remove(metric) }
        }

        private mutating func gauge(_ metric: ResourceMetric) -> Gauge {
            if let gauge = gauges[metric] { return gauge }
            let gauge = Gauge(label: metric.rawValue, dimensions: dimensions, factory: factory)
            gauges[metric] = gauge
            return gauge
        }

        /// Removes a gauge from the backend until its next value.
        mutating func remove(_ metric: ResourceMetric) {
            gauges.removeValue(forKey: metric)?.destroy()
        }

        /// Adds the increase of a cumulative figure since the last call to its counter.
        ///
        /// - Parameters:
        ///   - metric: The counter.
        ///   - total: The figure; `nil` if it is not known. A counter whose figure was never known does not exist.
        ///   - source: Where the figure is counted. The first figure of each source adds nothing: it may have been counted
        ///     before the service started.
        mutating func advance(_ metric: ResourceMetric, to total: Int?, countedBy source: String?) {
            guard let total else { return }
            counter(metric) { $0.advance(to: total, countedBy: source) }
        }

        /// Adds a number to a counter. Adding 0 creates it.
        mutating func increment(_ metric: ResourceMetric, by amount: Int) {
            counter(metric) { $0.add(amount) }
        }

        private mutating func counter(_ metric: ResourceMetric, _ body: (inout CumulativeCounter) -> Void) {
            var counter = counters[metric] ?? CumulativeCounter(metric, dimensions: dimensions, factory: factory)
            body(&counter)
            counters[metric] = counter
        }
    }

    /// A counter that follows a figure of the kernel, which counts from the creation of a cgroup: a number, or a time in
    /// microseconds, which the counter has in seconds.
    private struct CumulativeCounter {
        private enum Instrument {
            case number(Counter)
            case seconds(FloatingPointCounter)
        }

        private let instrument: Instrument
        private var last: (total: Int, source: String?)?

        init(_ metric: ResourceMetric, dimensions: [(String, String)], factory: any MetricsFactory) {
            let label = metric.rawValue
            instrument =
                switch metric.unit {
                case .seconds:
                    .seconds(FloatingPointCounter(label: label, dimensions: dimensions, factory: factory))
                case .bytes, .cpus, .count:
                    .number(Counter(label: label, dimensions: dimensions, factory: factory))
                }
        }

        mutating func advance(to total: Int, countedBy source: String?) {
            if let last, last.source == source, total > last.total { add(total - last.total) }
            last = (total, source)
        }

        func add(_ amount: Int) {
            switch instrument {
            case .number(let counter): counter.increment(by: amount)
            case .seconds(let counter): counter.increment(by: Double(amount) / 1_000_000)
            }
        }
    }
#endif
