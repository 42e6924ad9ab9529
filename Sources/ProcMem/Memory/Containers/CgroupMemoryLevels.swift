/// The memory limits of every level of a hierarchy, and what is charged where a process is accounted for.
struct CgroupMemoryLevels {
    /// The limit that binds.
    struct Limit {
        let bytes: Int
        /// `nil` where it is that of a cgroup which is not visible.
        let cgroup: String?
    }

    private(set) var levels: [ContainerMemory.Level] = []
    private(set) var limit: Limit?
    /// `memory.high`, of v2 alone.
    private(set) var high = SmallestLimit()
    /// `memory.swap.max`, or on v1 `memory.memsw.limit_in_bytes`, which limits memory and swap together.
    private(set) var swap = SmallestLimit()
    /// The usage of the process's own cgroup or, where that goes without the controller (v2), of the nearest above it.
    private(set) var usage: CgroupMemoryUsage?
    private(set) var usageCgroup: String?
    private(set) var isComplete = true
    /// Whether there are cgroups above what is mounted.
    private(set) var hasHiddenAncestors = false
    /// The smallest difference between a level's limit and its working set.
    private(set) var availableBytes: Int?
    /// Why that is not known.
    private(set) var unknownAvailable: String?
    private(set) var warnings: [String] = []

    private let version: CgroupVersion
    private let machineBytes: Int
    private let detail: Detail
    /// Whether the cgroup that accounts for the process is still to be found.
    private var isUsageWanted: Bool
    /// `memory.stat` of v1, read before the limits.
    private let stat: CgroupMemoryStat?

    enum Detail {
        case limitsAlone, all
    }

    /// - Parameter machineBytes: From here on a limit is none.
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

    /// How much may be swapped out; v1's limit of both without that of memory.
    var swapLimitBytes: Int? {
        guard version == .v1 else { return swap.bytes }
        return swap.bytes.map { max(0, $0 - (limit?.bytes ?? 0)) }
    }

    /// Whether a level does not count what is below it, and its limit does not bind it: on v1, before Linux 5.11, a cgroup
    /// whose `memory.use_hierarchy` is 0. Then so it is with all above.
    private func isNonHierarchical(_ file: CgroupLevelFile<MemoryLimitFile>, _ files: CgroupMemoryFiles) -> Bool {
        // Without a limit it makes no difference, and the look is saved.
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
            // On v2 a level without the controller has no such file, nor has the root, which has some of the figures.
            let hasController = file.value != nil || file.warning != nil || version == .v1
            if hasController || isUsageWanted && isLast { readUsage(of: &level, files, isLimited: isLimited) }
            if hasController { readLimits(of: &level, files) }
        }
        // Where the own cgroup is not visible, those above it do not tell its usage.
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
            let isUntold = ContainerMemory.Figure.ofUsage.allSatisfy { usage.unknown[$0] != nil }
            usageCgroup = isUntold ? nil : level.cgroup
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

    /// Takes account of the limits above what is visible. v1 tells the smallest in `memory.stat`, also where it is hidden
    /// by a cgroup namespace (seen on Linux 6.18), and from no level that does not count what is below it (5.10).
    private mutating func addHiddenLimits(_ own: CgroupMemoryFiles) {
        swap.add(stat?.memorySwapLimit)
        let visible = limit?.bytes ?? machineBytes
        guard let bytes = stat?.memoryLimit?.limitBytes, bytes < visible else { return }
        // A limit that has been raised since is not hidden.
        guard let again = (try? own.stat())?.memoryLimit?.limitBytes, again < visible else { return }
        limit = Limit(bytes: again, cgroup: nil)
        unknownAvailable = "\(own.text("memory.stat")): the limit is that of a cgroup which is not visible"
    }
}

/// The smallest of the limits that one kind of file sets at the levels of a hierarchy.
struct SmallestLimit: Hashable, Sendable {
    /// `nil` where no level has one.
    private(set) var bytes: Int?
    /// Why it is not known; `nil` where it is, or one is.
    var reason: String? { bytes == nil ? failure ?? (isTold ? nil : absence) : nil }
    /// What was odd, and not merely missing.
    private(set) var warnings: [String] = []

    /// Whether a level has the file.
    private var isTold = false
    private var absence: String?
    private var failure: String?

    /// Adds a level's, and returns it; `nil` where it has none.
    ///
    /// - Parameter absence: When a kernel does not have the file.
    @discardableResult
    mutating func read(_ file: StaticString, of files: CgroupMemoryFiles, absence: String? = nil) -> Int? {
        do {
            let limit = try files.limit(file)
            isTold = true
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
