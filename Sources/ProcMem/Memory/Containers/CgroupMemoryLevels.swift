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
    /// The smallest limit above the machine's memory, which does not bind.
    private(set) var limitAboveMachine: Limit?
    /// The smallest `memory.high`, v2 only.
    private(set) var high = SmallestLimit()
    private(set) var highCgroup: String?
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
    /// The smallest difference between a level's limits and its working set.
    private(set) var availableBytes: Int?
    /// The same with the working set without active file pages and reclaimable slab.
    private(set) var availableWithReclaimBytes: Int?
    /// The reason why the memory available at a level with a limit is not known.
    private(set) var unknownAvailable: String?
    /// Whether the memory controller is enabled for a visible level; `nil` if that is not known.
    private(set) var isControllerEnabled: Bool?
    private(set) var warnings: [String] = []

    private let version: CgroupVersion
    private let machineBytes: Int
    private let detail: Detail
    /// Whether the cgroup to which the process is charged has not been found yet.
    private var isUsageWanted: Bool
    /// `memory.stat` of the process's own cgroup on v1, read before the limits.
    private let stat: CgroupMemoryStat?
    private let root: SystemRoot

    enum Detail {
        case limitsAlone
        /// The limits, and the soft limits.
        case softLimits
        case all
    }

    /// - Parameter machineBytes: The machine's memory. A limit above it does not bind.
    init(_ hierarchy: CgroupHierarchy, machineBytes: Int, _ detail: Detail, in root: SystemRoot) {
        version = hierarchy.version
        self.machineBytes = machineBytes
        self.detail = detail
        self.root = root
        isUsageWanted = hierarchy.isOwnCgroupVisible && detail == .all
        hasHiddenAncestors = detail == .all && hierarchy.hasHiddenAncestors(in: root)
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
        addHiddenLimits(own)
        if detail == .all { findController(of: hierarchy) }
        warnings += high.warnings + swap.warnings
    }

    /// Finds out whether the memory controller is enabled: a level with a limit file has it. On v2 the root has none, so
    /// that the list of its controllers decides.
    private mutating func findController(of hierarchy: CgroupHierarchy) {
        if version == .v1 || levels.contains(where: { $0.hasController }) || usage?.usageBytes != nil {
            isControllerEnabled = true
            return
        }
        let top = CgroupMemoryFiles(level: hierarchy.levelCount - 1, of: hierarchy, in: root)
        isControllerEnabled = top.listsController()
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
        noteLimit(of: level)
        // On v2, neither a level without the controller nor the root has this file; the root has some of the figures.
        level.hasController = file.isVisible && (file.value != nil || file.warning != nil || version == .v1)
        if level.hasController, detail != .limitsAlone { readLimits(of: &level, files) }
        if detail == .all, file.isVisible, level.hasController || isUsageWanted && isLast {
            readUsage(of: &level, files)
        }
        // If the process's own cgroup is not visible, its ancestors do not report its usage.
        isUsageWanted = isUsageWanted && file.isVisible
        levels.append(level)
    }

    private mutating func noteLimit(of level: ContainerMemory.Level) {
        guard let bytes = level.limitBytes else { return }
        if bytes <= machineBytes {
            if bytes < limit?.bytes ?? .max { limit = Limit(bytes: bytes, cgroup: level.cgroup) }
        } else if bytes < limitAboveMachine?.bytes ?? .max {
            limitAboveMachine = Limit(bytes: bytes, cgroup: level.cgroup)
        }
    }

    private mutating func readUsage(of level: inout ContainerMemory.Level, _ files: CgroupMemoryFiles) {
        // A soft limit bounds the memory that is available, too.
        let bound = min(level.limitBytes ?? .max, level.highBytes ?? .max)
        let isBounded = bound <= machineBytes && bound < .max
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
            usage = CgroupMemoryUsage(files, isBounded ? .workingSet : .usage)
        }
        warnings += usage.warnings
        level.usageBytes = usage.usageBytes
        level.workingSetBytes = usage.workingSetBytes
        guard isBounded else { return }
        noteAvailable(below: bound, usage)
        if usage.workingSetBytes == nil { unknownAvailable = unknownAvailable ?? usage.unknown[.workingSetBytes] }
    }

    private mutating func noteAvailable(below bound: Int, _ usage: CgroupMemoryUsage) {
        guard let workingSetBytes = usage.workingSetBytes, let unreclaimableBytes = usage.unreclaimableBytes else {
            return
        }
        availableBytes = min(availableBytes ?? .max, max(0, bound - workingSetBytes))
        availableWithReclaimBytes = min(availableWithReclaimBytes ?? .max, max(0, bound - unreclaimableBytes))
    }

    private mutating func readLimits(of level: inout ContainerMemory.Level, _ files: CgroupMemoryFiles) {
        switch version {
        case .v1:
            guard detail == .all else { return }
            swap.read("memory.memsw.limit_in_bytes", of: files, absence: "swap is not counted (swapaccount=0)")
        case .v2:
            let known = high.bytes
            level.highBytes = high.read("memory.high", of: files)
            if high.bytes != known { highCgroup = level.cgroup }
            guard detail == .all else { return }
            swap.read("memory.swap.max", of: files, absence: CgroupMemoryFiles.noSwapFile)
        }
    }

    /// Adds the limits of cgroups that are not visible. v1 reports the smallest limit in `memory.stat`, even if a
    /// cgroup namespace hides the cgroup that sets it (seen on Linux 6.18), but omits non-hierarchical cgroups (5.10).
    private mutating func addHiddenLimits(_ own: CgroupMemoryFiles) {
        swap.add(stat?.memorySwapLimit)
        // A limit above the machine's memory does not bind.
        func isHidden(_ bytes: Int) -> Bool { bytes <= machineBytes && bytes < limit?.bytes ?? .max }
        guard let bytes = stat?.memoryLimit?.limitBytes, isHidden(bytes) else { return }
        // A visible limit may have been raised since the first read. It is not a hidden one.
        guard let again = (try? own.stat())?.memoryLimit?.limitBytes, isHidden(again) else { return }
        limit = Limit(bytes: again, cgroup: nil)
        // The hidden cgroup is charged for more than this one. What is left of its limit for this one is known to be at
        // most this much.
        if let usage { noteAvailable(below: again, usage) }
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
