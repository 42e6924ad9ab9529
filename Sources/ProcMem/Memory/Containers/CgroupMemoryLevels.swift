/// The memory limits of every level of a hierarchy, and the usage of the cgroup to which a process is charged.
struct CgroupMemoryLevels {
    private(set) var levels: [ContainerMemory.Level] = []
    /// The limits that bind, and what is available below them.
    private(set) var bounds: CgroupMemoryBounds
    /// The smallest `memory.high`, v2 only.
    private var high = SmallestLimit()
    /// The smallest `memory.swap.max`, or on v1 `memory.memsw.limit_in_bytes`, which limits memory and swap together.
    private(set) var swap = SmallestLimit()
    /// The usage of the process's own cgroup or, if that does not have the controller (v2), of the nearest ancestor
    /// with it.
    private(set) var usage: CgroupMemoryUsage?
    private(set) var events: CgroupMemoryEvents?
    private(set) var usageCgroup: String?
    /// The part of the usage that no figure explains.
    private(set) var unexplainedBytes: Int?
    private(set) var isComplete = true
    /// Whether there are cgroups above the mount's root.
    private(set) var hasHiddenAncestors = false
    /// Whether the memory controller is enabled for a visible level; `nil` if that is not known.
    private(set) var isControllerEnabled: Bool?
    private(set) var warnings: [String] = []

    private let version: CgroupVersion
    private let detail: Detail
    /// Whether the cgroup to which the process is charged has not been found yet.
    private var isUsageWanted: Bool
    /// `memory.stat` of the process's own cgroup on v1.
    private var stat: CgroupMemoryStat?
    private let root: SystemRoot

    enum Detail {
        case limitsAlone
        /// The limits, and the soft limits.
        case softLimits
        case all
    }

    /// - Parameter machine: The machine's memory. A limit above it does not bind.
    init(_ hierarchy: CgroupHierarchy, on machine: MachineMemory, _ detail: Detail, in root: SystemRoot) {
        version = hierarchy.version
        bounds = CgroupMemoryBounds(on: machine)
        self.detail = detail
        self.root = root
        isUsageWanted = hierarchy.isOwnCgroupVisible && detail == .all
        hasHiddenAncestors = detail == .all && hierarchy.hasHiddenAncestors(in: root)
        let own = CgroupMemoryFiles(level: 0, of: hierarchy, in: root)
        var limits: [(file: CgroupLevelFile<MemoryLimitFile>, files: CgroupMemoryFiles)] = []
        for number in 0..<hierarchy.levelCount {
            let files = CgroupMemoryFiles(level: number, of: hierarchy, in: root)
            let file = CgroupLevelFile(
                version == .v2 ? "memory.max" : "memory.limit_in_bytes",
                level: number,
                of: hierarchy,
                in: root,
                MemoryLimitFile.init(parsing:)
            )
            // Without a limit the answer makes no difference, and the read is not necessary.
            if number > 0, file.value?.limitBytes != nil, files.isNonHierarchical() { break }
            limits.append((file, files))
        }
        // After the limits: if one changes meanwhile, the smallest limit of all levels is the new one, and at most the cgroup
        // that sets it is taken for a hidden one.
        stat = version == .v1 && hierarchy.isOwnCgroupVisible ? try? own.stat() : nil
        for (number, limit) in limits.enumerated() {
            read(limit.file, limit.files, isLast: number + 1 == hierarchy.levelCount)
        }
        addHiddenLimits()
        if detail == .all { findController(of: hierarchy) }
        warnings += high.warnings + swap.warnings
    }

    /// Finds out whether the memory controller is enabled: a level with a limit file has it. The v2 root has none, and its
    /// processes are counted if it lists the controller. If it does not pass it on, those below are not counted.
    private mutating func findController(of hierarchy: CgroupHierarchy) {
        if version == .v1 || levels.contains(where: { $0.hasController }) || usage?.usageBytes != nil {
            isControllerEnabled = true
            return
        }
        let top = CgroupMemoryFiles(level: hierarchy.levelCount - 1, of: hierarchy, in: root)
        isControllerEnabled =
            switch top.listsController() {
            case true? where !hierarchy.isOwnCgroupVisible || !isComplete: nil
            case true?: hierarchy.levelCount == 1
            case let isListed: isListed
            }
    }

    /// The cgroup that sets a limit; `nil` if it is not visible.
    func cgroup(of limit: CgroupMemoryBounds.Limit?) -> String? { limit?.level.map { levels[$0].cgroup } }

    /// The limit of swap; on v1, the limit of memory and swap together minus that of memory.
    var swapLimitBytes: Int? {
        guard version == .v1 else { return swap.bytes }
        return swap.bytes.map { max(0, $0 - (bounds.smallestLimit?.bytes ?? 0)) }
    }

    private mutating func read(
        _ file: CgroupLevelFile<MemoryLimitFile>,
        _ files: CgroupMemoryFiles,
        isLast: Bool
    ) {
        isComplete = isComplete && file.isVisible
        warnings += file.warning.map { [$0] } ?? []
        var level = ContainerMemory.Level(
            cgroup: file.cgroup,
            path: file.path,
            limitBytes: file.value?.limitBytes,
            isKnown: file.warning == nil
        )
        // On v2, neither a level without the controller nor the root has this file; the root has some of the figures.
        level.hasController = file.isVisible && (file.value != nil || file.warning != nil || version == .v1)
        if level.hasController, detail != .limitsAlone { readLimits(of: &level, files) }
        var charge = CgroupMemoryBounds.Charge()
        if detail == .all, file.isVisible, level.hasController || isUsageWanted && isLast {
            charge = readUsage(of: &level, files)
        }
        bounds.add(level: levels.count, limitBytes: level.limitBytes, highBytes: level.highBytes, charge)
        // If the process's own cgroup is not visible, its ancestors do not report its usage.
        isUsageWanted = isUsageWanted && file.isVisible
        levels.append(level)
    }

    private mutating func readUsage(
        of level: inout ContainerMemory.Level,
        _ files: CgroupMemoryFiles
    ) -> CgroupMemoryBounds.Charge {
        let usage: CgroupMemoryUsage
        if isUsageWanted {
            usage = CgroupMemoryUsage(files, stat: stat)
            self.usage = usage
            let isUnknown = ContainerMemory.Figure.ofUsage.allSatisfy {
                usage.unknown[$0] != nil || $0 == .peakBytes || $0 == .events
            }
            usageCgroup = isUnknown ? nil : level.cgroup
            let isRootOfV1 = version == .v1 && level.cgroup == "/" && !hasHiddenAncestors
            unexplainedBytes = usage.unexplainedBytes(isRootOfV1: isRootOfV1)
            isUsageWanted = false
            let events = CgroupMemoryEvents(files)
            self.events = events
            warnings += events.warnings
        } else {
            let isBounded = bounds.needsCharge(limitBytes: level.limitBytes, highBytes: level.highBytes)
            usage = CgroupMemoryUsage(files, isBounded ? .workingSet : .usage)
        }
        warnings += usage.warnings
        level.usageBytes = usage.usageBytes
        level.workingSetBytes = usage.workingSetBytes
        return usage.charge
    }

    private mutating func readLimits(of level: inout ContainerMemory.Level, _ files: CgroupMemoryFiles) {
        switch version {
        case .v1:
            guard detail == .all else { return }
            swap.read("memory.memsw.limit_in_bytes", of: files, absence: "swap is not counted (swapaccount=0)")
        case .v2:
            level.highBytes = high.read("memory.high", of: files)
            guard detail == .all else { return }
            swap.read("memory.swap.max", of: files, absence: CgroupMemoryFiles.noSwapFile)
        }
    }

    /// Adds the limits of cgroups that are not visible. v1 reports the smallest limit in `memory.stat`, even if a
    /// cgroup namespace hides the cgroup that sets it (seen on Linux 6.18), but omits non-hierarchical cgroups (5.10).
    private mutating func addHiddenLimits() {
        swap.add(stat?.memorySwapLimit)
        guard let bytes = stat?.memoryLimit?.limitBytes else { return }
        bounds.addHidden(limitBytes: bytes, usage?.charge ?? CgroupMemoryBounds.Charge())
    }
}

/// The smallest of the limits in files of one name at the levels of a hierarchy.
struct SmallestLimit: Hashable, Sendable {
    /// The limit; `nil` if no level has one.
    private(set) var bytes: Int?
    /// The reason why the limit is unknown; `nil` if it is known, or if it is known that there is none.
    var reason: String? { bytes == nil ? failure ?? (hasFile ? nil : absence) : nil }
    /// Unexpected contents and failed reads, without files that are merely missing.
    private(set) var warnings: [String] = []

    /// Whether a level has the file.
    private var hasFile = false
    private var absence: String?
    private var failure: String?

    /// Adds the limit of a level and returns it; `nil` if the level has none.
    ///
    /// - Parameter absence: The condition under which the kernel does not have the file.
    @discardableResult
    mutating func read(_ file: StaticString, of files: CgroupMemoryFiles, absence: String? = nil) -> Int? {
        do {
            let limit = try files.limit(file)
            hasFile = true
            add(limit)
            return limit.limitBytes
        } catch {
            let reason = files.reason(file, error, absence: absence)
            if error.isMissingPath {
                self.absence = self.absence ?? reason
            } else {
                failure = failure ?? reason
                warnings.append(reason)
            }
            return nil
        }
    }

    mutating func add(_ limit: MemoryLimitFile?) {
        guard let limitBytes = limit?.limitBytes else { return }
        bytes = min(limitBytes, bytes ?? .max)
    }
}
