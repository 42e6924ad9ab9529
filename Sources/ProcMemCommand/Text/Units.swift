extension Int {
    /// The number of bytes in binary units, with three significant digits: `2.07 GiB`.
    var asSize: String {
        guard self >= 1024 else { return "\(self) B" }
        var value = Double(self) / 1024
        var unit = "KiB"
        for larger in ["MiB", "GiB", "TiB", "PiB", "EiB"] where value >= 999.5 {
            value /= 1024
            unit = larger
        }
        let decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0
        return value.text(decimals: decimals) + " " + unit
    }

    /// Returns the number with its noun: `1 process`, `3 processes`.
    func counted(_ singular: String, _ plural: String) -> String {
        "\(self) \(self == 1 ? singular : plural)"
    }
}

extension Double {
    /// The number of CPUs with at most three decimals: `1.5`, `2`. A number that three decimals would show as a whole
    /// number has six: `2.0001`, which rounds up to 3.
    var asCPUs: String {
        // A quota may stand for more CPUs than an Int can represent.
        guard self < 1e9 else { return description }
        guard self >= 0.001 else { return "less than 0.001" }
        let isWholeInThree = (self * 1000).rounded() == (self.rounded() * 1000)
        var text = Substring(text(decimals: isWholeInThree ? 6 : 3))
        while text.last == "0" { text.removeLast() }
        if text.last == "." { text.removeLast() }
        return String(text)
    }

    /// The percentage with two decimals, as in the kernel's pressure files: `0.25 %`.
    var asPercent: String { text(decimals: 2) + " %" }

    /// The share of one CPU: `0.0`, `12.5`, `398`.
    var asCPUPercent: String {
        let percent = Swift.min(Swift.max(0, self * 100), 1e12)
        return percent.text(decimals: percent < 99.95 ? 1 : 0)
    }

    /// Returns the number in decimal notation, rounded. The number must be from 0 to 10^12.
    fileprivate func text(decimals: Int) -> String {
        guard decimals > 0 else { return "\(Int(rounded()))" }
        let scale = (0..<decimals).reduce(1) { scale, _ in scale * 10 }
        let (whole, fraction) = Int((self * Double(scale)).rounded()).quotientAndRemainder(dividingBy: scale)
        return "\(whole)." + "\(scale + fraction)".dropFirst()
    }
}

extension Duration {
    /// The duration in microseconds, milliseconds or seconds: `35 µs`, `2.11 ms`, `1.30 s`.
    var asTime: String {
        let microseconds = self.microseconds
        // The bounds are the values that rounding would give one more digit.
        return switch microseconds {
        case ..<1000: "\(microseconds) µs"
        case ..<9_995: (Double(microseconds) / 1e3).text(decimals: 2) + " ms"
        case ..<999_950: (Double(microseconds) / 1e3).text(decimals: 1) + " ms"
        default: (Double(microseconds) / 1e6).text(decimals: 2) + " s"
        }
    }

    var microseconds: Int {
        return Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }
}
