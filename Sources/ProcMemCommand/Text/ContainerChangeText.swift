import ProcMem

/// The text output of `procmem container --watch`: one line for each change.
struct ContainerChangeText {
    let change: ContainerMemoryChange
    /// The argument of `--pressure`.
    var pressure: PressureThreshold?

    /// The cause, and the memory after the change: `OOM kill, 3 in total; 1.20 GiB used, 2.10 GiB available`.
    var line: String {
        let used = change.memory.usageBytes.map { "\($0.asSize) used" } ?? "usage unknown"
        let available = change.memory.availableBytes.map { "\($0.asSize) available" } ?? "available memory unknown"
        return "\(cause); \(used), \(available)"
    }

    private var cause: String {
        let events = change.memory.events
        switch change.cause {
        case .start: return "start: \(limits)"
        case .moved: return "moved to another cgroup: \(limits)"
        case .limit(let limit): return text("limit", limit)
        case .softLimit(let limit): return text("soft limit", limit)
        case .oomKill(let count): return text(count.counted("OOM kill", "OOM kills"), events.oomKill)
        case .limitHit(let count): return text(count.counted("time", "times") + " at the limit", events.max)
        case .highBreached(let count):
            return text(count.counted("time", "times") + " above the soft limit", events.high)
        case .pressure: return pressureText
        case .warnings: return change.warnings.isEmpty ? "no warning any more" : "a new warning"
        case .availableBelow(let threshold): return "available memory below \(threshold.text)"
        case .availableAbove(let threshold): return "available memory above \(threshold.text) again"
        }
    }

    private var limits: String {
        // Hidden cgroups may have a limit, and a visible limit may be above the machine's memory.
        let below = change.memory.machineBytes == nil ? "" : " below the machine's memory"
        let limit = change.memory.limitBytes.map { "limit \($0.asSize)" } ?? "no visible limit\(below)"
        return limit + (change.memory.highBytes.map { ", soft limit \($0.asSize)" } ?? "")
    }

    private var pressureText: String {
        let threshold = pressure.map { " above \(($0.share * 100).asPercent)" } ?? ""
        let stall = change.pressure.map { pressure?.stall == .full ? $0.full : $0.some }
        return "memory pressure\(threshold)" + (stall.map { ", \($0.avg10.asPercent) of the last 10 s" } ?? "")
    }

    private func text(_ count: String, _ total: Int?) -> String {
        count + (total.map { ", \($0) in total" } ?? "")
    }

    private func text(_ name: String, _ limit: ContainerMemoryChange.LimitChange) -> String {
        let later = limit.laterBytes.map { $0.asSize } ?? "none"
        let earlier = limit.earlierBytes.map { $0.asSize } ?? "none"
        let cgroup = limit.cgroup.map { "cgroup \($0.printable)" } ?? "a cgroup that is not visible"
        return "\(name) \(later), was \(earlier), \(cgroup)"
    }
}

extension AvailableThreshold {
    /// As on the command line: `200 MiB`, `20.00 %`.
    fileprivate var text: String {
        switch self {
        case .bytes(let bytes): max(0, bytes).asSize
        case .share(let share): (share * 100).asPercent + " of the limit"
        }
    }

    /// Parses the argument of `--below`: a number of bytes with or without a unit, such as `200MiB`, `1.5G` or `50MB`, or
    /// a share of the limit, such as `20%`. `nil` for anything else.
    init?(argument: String) {
        if argument.hasSuffix("%") {
            guard let share = Double(percentage: argument) else { return nil }
            self = .share(share)
        } else {
            guard let bytes = Int(size: argument) else { return nil }
            self = .bytes(bytes)
        }
    }
}

extension Double {
    /// Parses a percentage above 0 and up to 100, such as `2.5%`, as a share of 1; `nil` for anything else.
    init?(percentage argument: String) {
        guard argument.hasSuffix("%"), let number = Double(plainDecimal: argument.dropLast()), number > 0, number <= 100
        else { return nil }
        self = number / 100
    }

    /// Parses digits with at most one decimal point; `nil` for anything else, such as an exponent or `inf`.
    fileprivate init?(plainDecimal text: Substring) {
        guard let first = text.first, first.isASCII, first.isNumber,
            text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let number = Double(text)
        else { return nil }
        self = number
    }
}

extension Int {
    /// Parses a size above 0: `200MiB` and `200M` are binary, `200MB` is decimal. `nil` for anything else, and above 2^60.
    init?(size argument: String) {
        let unit = argument.drop { $0.isNumber || $0 == "." }
        guard let number = Double(plainDecimal: argument.dropLast(unit.count)) else { return nil }
        let factors: [String: Double] = [
            "": 1, "B": 1, "K": 0x1p10, "KIB": 0x1p10, "KB": 1e3, "M": 0x1p20, "MIB": 0x1p20, "MB": 1e6, "G": 0x1p30,
            "GIB": 0x1p30, "GB": 1e9, "T": 0x1p40, "TIB": 0x1p40, "TB": 1e12,
        ]
        guard let factor = factors[unit.uppercased()], case let bytes = number * factor, bytes >= 1, bytes <= 0x1p60
        else { return nil }
        self = Int(bytes)
    }
}
