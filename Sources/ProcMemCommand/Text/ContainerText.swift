import ProcMem

/// The text output of `procmem container`.
struct ContainerText {
    let memory: ContainerMemory

    /// The limit: `4.00 GiB, limit of cgroup /a`.
    var limit: String {
        memory.limitBytes.map { "\($0.asSize), limit of \(limitCgroup)" } ?? "no limit"
    }

    /// The result on one line: `4.00 GiB: limit of cgroup /a; 1.20 GiB used, 922 MiB working set`.
    var answer: String {
        let total = memory.effectiveMemoryBytes.map { "\($0.asSize): " } ?? "unknown: "
        let source =
            if memory.limitBytes != nil {
                "limit of \(limitCgroup)"
            } else {
                (memory.machineBytes == nil ? "" : "machine memory, ") + "no limit is \(noLimit)"
            }
        let used = memory.usageBytes.map { "\($0.asSize) used, \(size(memory.workingSetBytes)) working set" }
        return "\(total)\(source); \(used ?? "usage unknown")"
    }

    /// `visible` if a cgroup that is not visible may have a limit, otherwise `set`. On v1 the kernel reports the
    /// smallest limit of all cgroups above, so that none is missed.
    private var noLimit: String {
        memory.hasHiddenAncestors && memory.cgroupVersion == .v2 || !memory.isComplete ? "visible" : "set"
    }

    private var limitCgroup: String {
        memory.limitCgroup.map { "cgroup \($0.printable)" } ?? "a cgroup that is not visible"
    }

    /// The whole explanation, line by line.
    var lines: [String] {
        let used =
            memory.usageCgroup == memory.cgroup ? "" : memory.usageCgroup.map { ", charged to cgroup \($0)" } ?? ""
        var rows = [
            ("used", size(memory.usageBytes) + used),
            ("working set", size(memory.workingSetBytes)),
        ]
        if let available = memory.availableBytes {
            rows.append(("available", "\(available.asSize) up to the limit, with inactive page cache reclaimed"))
        }
        rows += [
            ("anonymous", size(memory.anonBytes)),
            ("page cache", pageCache),
            ("kernel", size(memory.kernelBytes)),
            ("swap", swap),
        ]
        if let high = memory.highBytes { rows.append(("soft limit", "\(high.asSize) (memory.high)")) }
        for (index, line) in pressure.enumerated() { rows.append((index == 0 ? "pressure" : "", line)) }
        for (index, line) in levels.enumerated() { rows.append((index == 0 ? "cgroups" : "", line)) }
        if !memory.isComplete { rows.append(("not visible", "the process's own cgroup, or one above it")) }
        if memory.hasHiddenAncestors {
            let known =
                memory.cgroupVersion == .v1 ? "their smallest limit is known" : "their limits apply too"
            rows.append(("not visible", "the cgroups above the mounted one; \(known)"))
        }
        rows.append(("machine", size(memory.machineBytes)))
        // Several figures may have the same reason, which is printed once.
        rows += Set(memory.reasonsByUnknownFigure.values).subtracting(memory.warnings).sorted().map { ("unknown", $0) }
        rows += memory.warnings.map { ("warning", $0) }
        return [answer, ""]
            + rows.map { title, text in
                title + String(repeating: " ", count: 14 - title.count) + text.printable
            }
    }

    private func size(_ bytes: Int?) -> String { bytes?.asSize ?? "unknown" }

    private var pageCache: String {
        guard let fileBytes = memory.fileBytes else { return "unknown" }
        let parts = [
            memory.shmemBytes.map { "\($0.asSize) of it shared memory" },
            memory.inactiveFileBytes.map { "\($0.asSize) inactive" },
        ]
        return ([fileBytes.asSize] + parts.compactMap(\.self)).joined(separator: ", ")
    }

    private var swap: String {
        let limit =
            memory.swapLimitBytes.map { ", limit \($0.asSize)" }
            ?? (memory.reasonsByUnknownFigure[.swapLimitBytes] == nil ? ", no limit is \(noLimit)" : "")
        return size(memory.swapBytes) + limit
    }

    private var pressure: [String] {
        guard let pressure = memory.pressure else { return ["unknown"] }
        return [(pressure.some, "some"), (pressure.full, "all")].map { stall, share in
            "\(stall.avg10.asPercent) of 10 s, \(stall.avg60.asPercent) of 1 min, "
                + "\(stall.avg300.asPercent) of 5 min: \(share) stalled"
        }
    }

    /// The levels, values before paths: paths are long, and a line is cut at its end.
    private var levels: [String] {
        var table = Table([.init(title: ""), .init(title: ""), .init(title: "")])
        for level in memory.levels {
            table.add([
                level.limitBytes?.asSize ?? (level.isKnown ? "no limit" : "unknown"),
                level.usageBytes.map { "\($0.asSize) used" } ?? "",
                level.cgroup.printable,
            ])
        }
        return Array(table.lines.dropFirst())
    }
}
