import ProcMem

/// The text output of `procmem container`.
struct ContainerText {
    let memory: ContainerMemory

    /// The limit: `4.00 GiB, limit of cgroup /a`.
    var limit: String {
        if let limitBytes = memory.limitBytes { return "\(limitBytes.asSize), limit of \(limitCgroup)" }
        return unbound ?? "no limit is \(noLimit)"
    }

    /// What applies in place of a limit: `soft limit 1.00 GiB of cgroup /a`.
    private var unbound: String? {
        if memory.isControllerEnabled == false { return "the memory controller is off" }
        let above = memory.limitAboveMachine.map {
            "limit \($0.limitBytes.asSize) of \(text(ofCgroup: $0.cgroup)), above the machine's "
                + (memory.machineBytes?.asSize ?? "memory")
        }
        let high = memory.highBytes.map {
            "soft limit \($0.asSize) of cgroup \(memory.highCgroup?.printable ?? "unknown")"
        }
        let parts = [above, high].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// The result on one line: `4.00 GiB: limit of cgroup /a; 1.20 GiB used, 922 MiB working set`.
    var answer: String {
        let total = memory.effectiveMemoryBytes.map { "\($0.asSize): " } ?? "unknown: "
        let source =
            if memory.limitBytes != nil {
                "limit of \(limitCgroup)"
            } else {
                machineMemory + (unbound ?? "no limit is \(noLimit)")
            }
        if memory.isControllerEnabled == false { return total + source }
        let used = memory.usageBytes.map { "\($0.asSize) used, \(size(memory.workingSetBytes)) working set" }
        return "\(total)\(source); \(used ?? "usage unknown")\(aboveHigh)"
    }

    private var machineMemory: String {
        guard memory.machineBytes != nil else { return "" }
        return memory.hugePageBytes ?? 0 > 0 ? "machine memory without huge pages, " : "machine memory, "
    }

    private var aboveHigh: String {
        guard memory.isAboveHigh == true,
            let level = memory.levels.first(where: { $0.usageBytes ?? 0 > $0.highBytes ?? .max })
        else { return "" }
        return "; above the soft limit of \(level.highBytes?.asSize ?? "unknown") now"
    }

    /// `visible` if a cgroup that is not visible may have a limit, `known` if a visible one may, otherwise `set`. On v1
    /// the kernel reports the smallest limit of all cgroups above, so that none is missed.
    private var noLimit: String {
        if memory.hasHiddenAncestors && memory.cgroupVersion == .v2 || !memory.isComplete { return "visible" }
        return memory.levels.allSatisfy(\.isKnown) ? "set" : "known"
    }

    private var limitCgroup: String { text(ofCgroup: memory.limitCgroup) }

    private func text(ofCgroup cgroup: String?) -> String {
        cgroup.map { "cgroup \($0.printable)" } ?? "a cgroup that is not visible"
    }

    /// The whole explanation, line by line.
    var lines: [String] {
        var rows: [(String, String)] = []
        if memory.isControllerEnabled == false {
            rows.append(("controller", controllerOff))
        } else {
            rows += usage
            for (index, line) in levels.enumerated() { rows.append((index == 0 ? "cgroups" : "", line)) }
        }
        if !memory.isComplete { rows.append(("not visible", "the process's own cgroup, or one above it")) }
        if memory.hasHiddenAncestors, memory.isControllerEnabled != false {
            let known =
                memory.cgroupVersion == .v1 ? "their smallest limit is known" : "their limits apply too"
            rows.append(("not visible", "the cgroups above the mounted one; \(known)"))
        }
        rows.append(("machine", machine))
        // Several figures may have the same reason, which is printed once.
        let reasons = memory.reasonsByUnknownFigure.filter {
            memory.isControllerEnabled != false || !ContainerMemory.Figure.ofUsage.contains($0.key)
        }
        rows += Set(reasons.values).subtracting(memory.warnings).sorted().map { ("unknown", $0) }
        rows += memory.warnings.map { ("warning", $0) }
        return [answer, ""]
            + rows.map { title, text in
                title + String(repeating: " ", count: 14 - title.count) + text.printable
            }
    }

    /// What the cgroup uses, and what has happened to its memory.
    private var usage: [(String, String)] {
        let charged =
            memory.usageCgroup == memory.cgroup ? "" : memory.usageCgroup.map { ", charged to cgroup \($0)" } ?? ""
        let peak = memory.peakBytes.map { ", peak \($0.asSize)" } ?? ""
        var rows = [
            ("used", size(memory.usageBytes) + peak + charged),
            ("working set", size(memory.workingSetBytes)),
        ]
        if let available { rows.append(("available", available)) }
        rows += [
            ("anonymous", anonymous),
            ("page cache", pageCache),
            ("kernel", size(memory.kernelBytes)),
        ]
        if let unexplained = largeUnexplainedBytes {
            let reason = "in no part of the usage, mostly huge pages that were unmapped in part"
            rows.append(("unexplained", "\(unexplained.asSize) \(reason)"))
        }
        rows.append(("swap", swap))
        if let high = memory.highBytes { rows.append(("soft limit", "\(high.asSize) (memory.high)")) }
        if let events { rows.append(("events", events)) }
        for (index, line) in pressure.enumerated() { rows.append((index == 0 ? "pressure" : "", line)) }
        return rows
    }

    private var controllerOff: String {
        let cause =
            memory.cgroupVersion == .v2
            ? "a parent cgroup does not pass it on (systemd: Delegate=memory), or the kernel was started without it"
            : "the kernel was started without it"
        return "memory is off: \(cause) (cgroup_enable=memory)"
    }

    private var available: String? {
        guard let available = memory.availableBytes else { return nil }
        let reclaimed = "\(available.asSize) with inactive page cache reclaimed"
        guard let all = memory.availableWithReclaimBytes, all > available else { return reclaimed }
        return "\(reclaimed), \(all.asSize) with all page cache and reclaimable kernel memory"
    }

    private var anonymous: String {
        guard largeUnexplainedBytes != nil, let inactive = memory.inactiveAnonBytes, let active = memory.activeAnonBytes
        else { return size(memory.anonBytes) }
        return "\(size(memory.anonBytes)); \(inactive.asSize) inactive and \(active.asSize) active, with unmapped parts"
    }

    /// An unexplained part of the usage that is too large to be explained by the kernel's batches.
    private var largeUnexplainedBytes: Int? {
        memory.unexplainedBytes.flatMap { $0 > max(8 << 20, (memory.usageBytes ?? 0) / 20) ? $0 : nil }
    }

    /// The events that were counted; `nil` if there were none.
    private var events: String? {
        func text(_ count: Int?, _ singular: String, _ plural: String) -> String? {
            count.flatMap { $0 > 0 ? $0.counted(singular, plural) : nil }
        }
        let parts = [
            text(memory.events.oomKill, "OOM kill", "OOM kills"),
            text(memory.events.max, "time at the limit", "times at the limit"),
            text(memory.events.high, "time above the soft limit", "times above the soft limit"),
        ]
        return parts.allSatisfy { $0 == nil } ? nil : parts.compactMap(\.self).joined(separator: ", ")
    }

    private var machine: String {
        switch (memory.machineBytes, memory.hugePageBytes) {
        case (nil, _): "unknown"
        case (let bytes?, nil): "\(bytes.asSize), huge pages unknown"
        case (let bytes?, let huge?):
            huge > 0 ? "\(bytes.asSize), \(huge.asSize) set aside for huge pages" : bytes.asSize
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
