import Foundation

/// The differences from an undisturbed answer that need no further label.
enum Allowance {
    /// Properties whose `nil` is a statement, for example that no limit is set. `nil` in any other property means that the
    /// figure is unknown.
    private static let statements: Set<String> = [
        "limitBytes", "limitCgroup", "highBytes", "highCgroup", "limitAboveMachine", "quota", "binding", "unavailable",
        "swapLimitBytes", "sharesMemoryWith", "cgroupCharge",
    ]

    /// Whether a call states that a path does not exist: the answer is then that of a system without it.
    static func isAbsence(_ error: Int32, of call: UnsafePointer<CChar>) -> Bool {
        (error == ENOENT || error == ENOTDIR) && ["openat", "openat2"].contains(String(cString: call))
    }

    /// Returns the paths of differences that are not allowed.
    static func violations(
        of paths: Set<String>,
        from known: Figures,
        to found: Figures,
        isGone: Bool,
        in test: String
    ) -> Set<String> {
        if isCount(test, known, found) { return [] }
        // The kernel states that a process has exited: an answer without it is right.
        if isGone, let count = known.count(of: ".processes"), let left = found.count(of: ".processes"), left < count {
            return []
        }
        return paths.filter { path in
            let name = path.split(separator: ".").last.map { String($0.prefix { $0 != "[" }) } ?? ""
            if found[path] == "nil", !statements.contains(name) { return false }
            if found[path] == nil, paths.contains(where: { path.hasPrefix($0 + ".") && found[$0] == "nil" }) {
                return false
            }
            return !agreesWithBounds(path, known, found) && (test.isEmpty || !agreesWithSamples(path, known, found))
        }
    }

    /// Whether a path belongs to an estimate from samples that agrees with the undisturbed one within the standard errors that
    /// both state. Another number of reads samples other pages.
    private static func agreesWithSamples(_ path: String, _ known: Figures, _ found: Figures) -> Bool {
        for name in [".source.sampled.reads", ".source.sampled.standardErrorBytes"] where path.hasSuffix(name) {
            return known[path] != nil && found[path] != nil
        }
        guard path.hasSuffix(".ussBytes") else { return false }
        let error = path.dropLast("ussBytes".count) + "source.sampled.standardErrorBytes"
        func number(_ figures: Figures, _ path: String) -> Int? { figures[path].flatMap { Int($0) } }
        guard let errors = [known, found].map({ number($0, String(error)) }) as? [Int],
            let before = number(known, path), let after = number(found, path)
        else { return false }
        return abs(after - before) <= 3 * errors.reduce(0, +)
    }

    /// The two numbers without an explanation count what can be read, as their documentation says: a limit that cannot be
    /// read does not count.
    private static func isCount(_ test: String, _ known: Figures, _ found: Figures) -> Bool {
        guard test.contains(": effective"), let now = found[""] else { return false }
        guard let before = known[""].flatMap({ Int($0) }), let after = Int(now) else { return now == "nil" }
        return after >= before || test.contains("effectiveCPUCount") && after == 1
    }

    /// Whether a path is a bound that a fault moves, while the new bounds and the undisturbed ones overlap and contain the
    /// new estimate. Other sources give other bounds of the same truth.
    private static func agreesWithBounds(_ path: String, _ known: Figures, _ found: Figures) -> Bool {
        guard let end = path.range(of: "distinctBytes.") ?? path.range(of: "unattributedBytes.") else { return false }
        let bounds = String(path[..<end.upperBound])
        func number(_ figures: Figures, _ name: String) -> Int? { figures[bounds + name].flatMap { Int($0) } }
        let (lower, upper) = (number(found, "lower") ?? 0, number(found, "upper") ?? .max)
        let estimate = number(found, "estimate") ?? lower
        // Samples that are taken again may find other pages: both bounds rely on the samples, and say so.
        let relies = found[bounds + "assumptions"]?.contains("samplesAreRepresentative") == true
        if relies, let before = number(known, "estimate"), abs(estimate - before) <= before / 50 { return true }
        return lower <= number(known, "upper") ?? .max && number(known, "lower") ?? 0 <= upper && lower <= estimate
            && estimate <= upper
    }
}

extension Figures {
    fileprivate func count(of path: String) -> Int? { self[path + ".count"].flatMap { Int($0) } }
}
