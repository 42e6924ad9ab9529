import CoreMetrics
import ProcMemMetrics
import Synchronization

/// Gauges and counters in memory, and their text in the format 0.0.4 of Prometheus.
///
/// As small as the example allows: timers, meters and histograms are ignored. A program uses a backend such as
/// swift-prometheus.
final class PrometheusRegistry: MetricsFactory {
    private struct Series: Hashable {
        let name: String
        let labels: String
    }

    private let values = Mutex<[Series: (value: Double, isCounter: Bool)]>([:])

    /// Returns the metrics, sorted by name: each with its help, its type, and the value of every series.
    func text() -> String {
        let groups = Dictionary(grouping: values.withLock(\.self), by: \.key.name)
        return groups.sorted { $0.key < $1.key }.reduce(into: "") { text, group in
            let help = ResourceMetric.allCases.first { $0.prometheusName == group.key }?.summary ?? group.key
            text += "# HELP \(group.key) \(help)\n"
            text += "# TYPE \(group.key) \(group.value[0].value.isCounter ? "counter" : "gauge")\n"
            for (series, entry) in group.value.sorted(by: { $0.key.labels < $1.key.labels }) {
                text += "\(series.name)\(series.labels) \(entry.value)\n"
            }
        }
    }

    private func series(_ label: String, _ dimensions: [(String, String)], isCounter: Bool) -> Handler {
        let name = ResourceMetric(rawValue: label)?.prometheusName ?? String(label.map { $0 == "." ? "_" : $0 })
        let labels = dimensions.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        return Handler(
            registry: self,
            series: Series(name: name, labels: labels.isEmpty ? "" : "{\(labels)}"),
            isCounter: isCounter
        )
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += #"\\"#
            case "\"": text += #"\""#
            case "\n": text += #"\n"#
            default: text.append(character)
            }
        }
    }

    /// A gauge or a counter.
    private final class Handler: CounterHandler, FloatingPointCounterHandler, RecorderHandler {
        private let registry: PrometheusRegistry
        private let series: Series
        private let isCounter: Bool

        init(registry: PrometheusRegistry, series: Series, isCounter: Bool) {
            (self.registry, self.series, self.isCounter) = (registry, series, isCounter)
            if isCounter { add(0) }
        }

        private func add(_ amount: Double) {
            registry.values.withLock { $0[series, default: (0, isCounter)].value += amount }
        }

        func increment(by amount: Int64) { add(Double(amount)) }
        func increment(by amount: Double) { add(amount) }
        func record(_ value: Int64) { record(Double(value)) }
        func record(_ value: Double) { registry.values.withLock { $0[series] = (value, isCounter) } }
        func reset() { record(0.0) }
        func remove() { registry.values.withLock { $0[series] = nil } }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, isCounter: true)
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(label, dimensions, isCounter: true)
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? NOOPMetricsHandler.instance : series(label, dimensions, isCounter: false)
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { NOOPMetricsHandler.instance }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { NOOPMetricsHandler.instance }

    func destroyCounter(_ handler: any CounterHandler) { (handler as? Handler)?.remove() }
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { (handler as? Handler)?.remove() }
    func destroyRecorder(_ handler: any RecorderHandler) { (handler as? Handler)?.remove() }
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
