import ProcMemMetrics

/// Samples of metrics in the text format of Prometheus, version 0.0.4.
///
/// It is not OpenMetrics, which names counters differently: no text is both.
struct PrometheusText {
    /// A value, which is printed without loss.
    enum Value: Equatable {
        case integer(Int)
        case number(Double)
    }

    /// The samples by metric, each with the value of the label `group`.
    private var samples: [ResourceMetric: [(group: String?, value: Value)]] = [:]

    /// Adds a sample. A figure that is not known is no sample.
    ///
    /// - Parameters:
    ///   - metric: The metric.
    ///   - value: The value; `nil` if it is not known.
    ///   - group: The value of the label `group`; `nil` for no label.
    mutating func add(_ metric: ResourceMetric, _ value: Int?, group: String?) {
        if let value { samples[metric, default: []].append((group, .integer(value))) }
    }

    /// Adds a sample, as ``add(_:_:group:)-(_,Int?,_)`` does. A value that is not finite is no sample.
    mutating func add(_ metric: ResourceMetric, _ value: Double?, group: String?) {
        if let value, value.isFinite { samples[metric, default: []].append((group, .number(value))) }
    }

    /// The text: the description and the type of each metric, then its samples. Empty without a sample.
    var text: String {
        var text = ""
        for metric in ResourceMetric.allCases {
            guard let samples = samples[metric] else { continue }
            let name = metric.prometheusName
            text +=
                "# HELP \(name) \(metric.summary.escapedHelp)\n# TYPE \(name) \(metric.kind == .counter ? "counter" : "gauge")\n"
            for sample in samples {
                let label = sample.group.map { "{group=\"\($0.escapedLabel)\"}" } ?? ""
                text += "\(name)\(label) \(sample.value.text)\n"
            }
        }
        return text
    }
}

extension PrometheusText.Value {
    /// The value as a reader of floating-point numbers takes it.
    fileprivate var text: String {
        switch self {
        case .integer(let value): "\(value)"
        // The shortest decimal number that is this value and no other one.
        case .number(let value): "\(value)"
        }
    }
}

extension String {
    /// The text of a `HELP` line: a backslash and a line feed are escaped.
    fileprivate var escapedHelp: String { escaped { $0 == "\\" || $0 == "\n" } }

    /// The value of a label: a backslash, a double quote and a line feed are escaped.
    fileprivate var escapedLabel: String { escaped { $0 == "\\" || $0 == "\n" || $0 == "\"" } }

    /// Of scalars, not of characters: a carriage return and a line feed are one character.
    private func escaped(_ mustEscape: (Unicode.Scalar) -> Bool) -> String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if mustEscape(scalar) { result.append("\\") }
            result.append(mustEscape(scalar) && scalar == "\n" ? "n" : scalar)
        }
        return String(result)
    }
}
