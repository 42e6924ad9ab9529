/// The memory limits of every level of a hierarchy, and the usage of the cgroup to which a process is charged.
struct CgroupMemoryLevels {
    /// The smallest limit, which binds.
    struct Limit {
        let bytes: Int
        /// The cgroup that sets it; `nil` if that cgroup is not visible.
        let cgroup: String?
    }

    private(set) var levels: [ContainerMemory.Level] = []
    private(set) var limit: Limit?
    /// The smallest `memory.high`, v2 only.
    private(set) var high = SmallestLimit()
    /// The smallest `memory.swap.max`, or on v1 `memory.memsw.limit_in_bytes`, which limits memory and swap together.
    private(set) var swap = SmallestLimit()
    /// The usage of the process's own cgroup or, if that does not have the controller (v2), of the nearest ancestor
    /// with it.
    private(set) var usage: CgroupMemoryUsage?
    private(set) var usageCgroup: String?
    private(set) var isComplete = true
    /// Whether there are cgroups above the mount's root.
    private(set) var hasHiddenAncestors = false
    /// The smallest difference between a level's limit and its working set.
    private(set) var availableBytes: Int?
    /// The reason why `availableBytes` is not known.
    private(set) var unknownAvailable: String?
    private(set) var warnings: [String] = []

    private let version: CgroupVersion
    private let machineBytes: Int
    private let detail: Detail
    /// Whether the cgroup to which the process is charged has not been found yet.
    private var isUsageWanted: Bool
    /// `memory.stat` of the process's own cgroup on v1, read before the limits.
    private let stat: CgroupMemoryStat?

    enum Detail {
        case limitsAlone, all
    }

    /// - Parameter machineBytes: The machine's memory. A limit of this size or above does not count as one.
    init(_ hierarchy: CgroupHierarchy, machineBytes: Int, _ detail: Detail, in root: SystemRoot) {
        version = hierarchy.version
        self.machineBytes = machineBytes
        self.detail = detail
        isUsageWanted = hierarchy.isOwnCgroupVisible && detail == .all
        let own = CgroupMemoryFiles(level: 0, of: hierarchy, in: root)
        stat = version == .v1 && hierarchy.isOwnCgroupVisible ? try? own.stat() : nil
        for number in 0..<hierarchy.levelCount {
            let files = CgroupMemoryFiles(level: number, of: hierarchy, in: root)
            let file = CgroupLevelFile(
                version == .v2 ? "memory.max" : "memory.limit_in_bytes",
                level: number,
                of: hierarchy,
                in: root,
                MemoryLimitFile.init(parsing:)
            )
            guard number == 0 || !isNonHierarchical(file, files) else { break }
            read(file, files, isLast: number + 1 == hierarchy.levelCount)
        }
        if detail == .all {
            let top = CgroupMemoryFiles(level: hierarchy.levelCount - 1, of: hierarchy, in: root)
            hasHiddenAncestors = !top.isRootOfAll
        }
        addHiddenLimits(own)
        warnings += high.warnings + swap.warnings
    }

    /// The limit of swap; on v1, the limit of memory and swap together minus that of memory.
    var swapLimitBytes: Int? {
        guard version == .v1 else { return swap.bytes }
        return swap.bytes.map { max(0, $0 - (limit?.bytes ?? 0)) }
    }

    /// Returns whether a v1 cgroup is non-hierarchical (`memory.use_hierarchy` is 0, before Linux 5.11): its usage and
    /// limit exclude its descendants. All of its ancestors are non-hierarchical then too.
    private func isNonHierarchical(_ file: CgroupLevelFile<MemoryLimitFile>, _ files: CgroupMemoryFiles) -> Bool {
        // Without a limit the answer makes no difference, and the read is not necessary.
        guard version == .v1, file.value?.limitBytes != nil else { return false }
        return (try? files.bytes("memory.use_hierarchy")) == 0
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
        let bytes = level.limitBytes ?? .max
        let isLimited = bytes < machineBytes
        if isLimited, bytes < limit?.bytes ?? .max { limit = Limit(bytes: bytes, cgroup: level.cgroup) }
        if detail == .all, file.isVisible {
            // On v2, neither a level without the controller nor the root has this file; the root has some of the
            // figures.
            let hasController = file.value != nil || file.warning != nil || version == .v1
            if hasController || isUsageWanted && isLast { readUsage(of: &level, files, isLimited: isLimited) }
            if hasController { readLimits(of: &level, files) }
        }
        // If the process's own cgroup is not visible, its ancestors do not report its usage.
        isUsageWanted = isUsageWanted && file.isVisible
        levels.append(level)
    }

    private mutating func readUsage(
        of level: inout ContainerMemory.Level,
        _ files: CgroupMemoryFiles,
        isLimited: Bool
    ) {
        let usage: CgroupMemoryUsage
        if isUsageWanted {
            usage = CgroupMemoryUsage(files, stat: stat)
            self.usage = usage
            let isUnknown = ContainerMemory.Figure.ofUsage.allSatisfy { usage.unknown[$0] != nil }
            usageCgroup = isUnknown ? nil : level.cgroup
            isUsageWanted = false
        } else {
            usage = CgroupMemoryUsage(files, isLimited ? .workingSet : .usage)
        }
        warnings += usage.warnings
        level.usageBytes = usage.usageBytes
        level.workingSetBytes = usage.workingSetBytes
        guard isLimited, let limitBytes = level.limitBytes else { return }
        if let workingSetBytes = usage.workingSetBytes {
            availableBytes = min(availableBytes ?? .max, max(0, limitBytes - workingSetBytes))
        } else {
            unknownAvailable = unknownAvailable ?? usage.unknown[.workingSetBytes]
        }
    }

    private mutating func readLimits(of level: inout ContainerMemory.Level, _ files: CgroupMemoryFiles) {
        switch version {
        case .v1:
            swap.read("memory.memsw.limit_in_bytes", of: files, absence: "swap is not counted (swapaccount=0)")
        case .v2:
            level.highBytes = high.read("memory.high", of: files)
            swap.read("memory.swap.max", of: files, absence: CgroupMemoryFiles.noSwapFile)
        }
    }

    /// Adds the limits of cgroups that are not visible. v1 reports the smallest limit in `memory.stat`, even if a
    /// cgroup namespace hides the cgroup that sets it (seen on Linux 6.18), but omits non-hierarchical cgroups (5.10).
    private mutating func addHiddenLimits(_ own: CgroupMemoryFiles) {
        swap.add(stat?.memorySwapLimit)
        let visible = limit?.bytes ?? machineBytes
        guard let bytes = stat?.memoryLimit?.limitBytes, bytes < visible else { return }
        // A visible limit may have been raised since the first read. It is not a hidden one.
        guard let again = (try? own.stat())?.memoryLimit?.limitBytes, again < visible else { return }
        limit = Limit(bytes: again, cgroup: nil)
        unknownAvailable = "\(own.text("memory.stat")): the limit is set by a cgroup that is not visible"
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
            if error.isAbsence {
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
