import Foundation

extension Int {
    /// Bytes in binary units with three significant digits: `2.07 GiB`.
    var asSize: String {
        guard self >= 1024 else { return "\(self) B" }
        var value = Double(self) / 1024
        var unit = "KiB"
        for larger in ["MiB", "GiB", "TiB", "PiB", "EiB"] where value >= 999.5 {
            value /= 1024
            unit = larger
        }
        let digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
        return String(format: "%.\(digits)f", value) + " " + unit
    }

    /// With the noun that goes with it: `1 process`, `3 processes`.
    func counted(_ singular: String, _ plural: String) -> String {
        "\(self) \(self == 1 ? singular : plural)"
    }
}

extension Double {
    /// A number of CPUs with at most three decimals: `1.5`, `2`.
    var asCPUs: String {
        // A quota may be worth more CPUs than an Int counts.
        guard self < 1e6 else { return String(format: "%.3g", self) }
        let text = String(format: "%.3f", self)
        let trimmed = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
        return self >= 0.001 ? String(trimmed.reversed()) : "less than 0.001"
    }
}

extension Duration {
    /// In the unit that fits: `35 µs`, `2.11 ms`, `1.30 s`.
    var asTime: String {
        let microseconds = self.microseconds
        return switch microseconds {
        case ..<1000: "\(microseconds) µs"
        case ..<1_000_000: String(format: microseconds < 10_000 ? "%.2f ms" : "%.1f ms", Double(microseconds) / 1e3)
        default: String(format: "%.2f s", Double(microseconds) / 1e6)
        }
    }

    var microseconds: Int {
        Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }
}
