/// The open files of the memory controller of every level above a process, and `/proc/meminfo`.
struct OpenMemoryFiles: ~Copyable {
    private var files = OpenFiles()
    private var levels: [Level] = []
    /// The names of the levels, the process's own first, as `/proc/PID/cgroup` has them.
    private(set) var cgroups: [String] = []
    let version: CgroupVersion
    private var events: Int?
    /// `memory.oom_control`, v1 only.
    private var oomControl: Int?
    private var memInfo: Int?
    /// The index in `levels` of the cgroup to which the process is charged.
    private var chargedLevel: Int?
    /// The process's own cgroup, as `/proc/PID/cgroup` names it.
    private(set) var ownCgroup: String?
    /// The directory of the cgroup to which the process is charged.
    private(set) var chargedDirectory: CgroupDirectory?
    /// Whether every level was visible when the files were opened.
    private var isComplete: Bool
    /// Whether a file could not be opened for lack of descriptors or memory.
    private(set) var isOutOfResources = false
    private var membership: OpenMembership?
    /// Why `/proc/PID/cgroup` could not be opened.
    private var membershipFailure: FileReadError?

    private struct Level {
        var limit: Int?
        /// v2 only.
        var high: Int?
        var usage: Int?
        var stat: Int?
    }

    /// The limits that one level sets.
    struct LevelLimits: Hashable, Sendable {
        var limitBytes: Int?
        var highBytes: Int?
        /// Whether the files could be parsed. `nil` then means that the level sets no limit.
        var isKnown = true
    }

    init(of process: ProcessSelector, in root: SystemRoot) {
        do throws(FileReadError) {
            membership = try OpenMembership(of: process, keptIn: &files, in: root)
        } catch {
            isOutOfResources = error.isLackOfResources
            membershipFailure = error
        }
        let lookup = CgroupHierarchy.find(.memory, of: process, in: root)
        version = lookup.hierarchy?.version ?? .v2
        isComplete = lookup.isComplete
        isOutOfResources = isOutOfResources || lookup.isOutOfResources
        memInfo = keep(MemInfo.path.withBytes { $0.bytes(in: 0..<$0.count) }, in: root)
        guard let hierarchy = lookup.hierarchy else { return }
        ownCgroup = hierarchy.cgroup(atLevel: 0)
        for number in 0..<hierarchy.levelCount { addLevel(number, of: hierarchy, in: root) }
    }

    private mutating func addLevel(_ number: Int, of hierarchy: CgroupHierarchy, in root: SystemRoot) {
        let directory = CgroupDirectory(level: number, of: hierarchy)
        var level = Level()
        level.limit = keep(directory.file(version == .v2 ? "memory.max" : "memory.limit_in_bytes"), in: root)
        if version == .v2 { level.high = keep(directory.file("memory.high"), in: root) }
        level.usage = keep(directory.file(version == .v2 ? "memory.current" : "memory.usage_in_bytes"), in: root)
        if level.usage != nil || level.limit != nil { level.stat = keep(directory.file("memory.stat"), in: root) }
        guard level.usage != nil || level.limit != nil else { return }
        if chargedLevel == nil, hierarchy.isOwnCgroupVisible {
            chargedLevel = levels.count
            chargedDirectory = directory
            events = keep(directory.file(version == .v2 ? "memory.events" : "memory.failcnt"), in: root)
            if version == .v1 { oomControl = keep(directory.file("memory.oom_control"), in: root) }
        }
        levels.append(level)
        cgroups.append(hierarchy.cgroup(atLevel: number))
    }

    /// Opens a file and keeps it; `nil` if it does not exist or cannot be opened.
    private mutating func keep(_ path: [UInt8], in root: SystemRoot) -> Int? {
        do throws(FileReadError) {
            let file = try root.open(path.span)
            // If the level does not have this file, a child cgroup may have its name.
            if (try? root.open(path.span, as: .directory)) != nil { return nil }
            return files.keep(file)
        } catch {
            // A level without the controller lacks its files. Any other failure says nothing about the limit.
            if !error.isMissingPath { isComplete = false }
            if error.isLackOfResources { isOutOfResources = true }
            return nil
        }
    }

    /// The descriptors of the files for which the kernel reports changes: limits, and the events of v2.
    borrowing func notifyingFiles() -> [Int32] {
        var descriptors: [Int32] = []
        for level in levels {
            for file in [level.limit, level.high] {
                if let file { descriptors.append(files.descriptor(of: file)) }
            }
        }
        if version == .v2, let events { descriptors.append(files.descriptor(of: events)) }
        return descriptors
    }

    /// Whether any of the files can be read.
    var hasSource: Bool { memInfo != nil || !levels.isEmpty }

    /// Whether `/proc/PID/cgroup` could be opened.
    var hasMembership: Bool { membership != nil }

    /// Whether `/proc/PID/cgroup` could not be opened although the process may exist.
    var isMembershipUnknown: Bool { membershipFailure.map { !$0.isExit } ?? false }

    /// Returns whether the process is still in the same cgroups.
    borrowing func isMembershipUnchanged() -> Bool { membership?.isUnchanged(in: files) ?? false }

    /// Reads all files. A malformed file counts as if its figure was unknown.
    ///
    /// - Parameter note: Receives the limits of each level, in the order of ``cgroups``.
    /// - Throws: ``FileReadError/system(_:)`` if a file cannot be read any more.
    borrowing func reading(
        noting note: (LevelLimits) -> Void = { _ in }
    ) throws(FileReadError) -> ContainerMemoryReader.Reading {
        var reading = ContainerMemoryReader.Reading(isComplete: isComplete)
        let machine = try read(memInfo, limitBytes: 65536) { MemInfo(parsing: $0, .available) }
        reading.hasAllBounds = machine != nil || memInfo == nil
        reading.machineBytes = machine?.totalBytes.map { max(0, $0 - (machine?.hugePageBytes ?? 0)) }
        reading.availableBytes = machine?.availableBytes
        reading.availableWithReclaimBytes = machine?.availableBytes
        let ceiling = machine?.totalBytes ?? .max
        for index in levels.indices {
            try readLevel(index, ceiling: ceiling, into: &reading, note)
        }
        try readEvents(into: &reading)
        if !reading.hasAllBounds { reading.isComplete = false }
        return reading
    }

    private borrowing func readLevel(
        _ index: Int,
        ceiling: Int,
        into reading: inout ContainerMemoryReader.Reading,
        _ noteLimits: (LevelLimits) -> Void
    ) throws(FileReadError) {
        let level = levels[index]
        let limit = try read(level.limit, limitBytes: 4096, MemoryLimitFile.init(parsing:))
        let highFile = try read(level.high, limitBytes: 4096, MemoryLimitFile.init(parsing:))
        let high = highFile?.limitBytes
        let isKnown = (limit != nil || level.limit == nil) && (highFile != nil || level.high == nil)
        noteLimits(LevelLimits(limitBytes: limit?.limitBytes, highBytes: high, isKnown: isKnown))
        if !isKnown { reading.isComplete = false }
        if let high { reading.highBytes = min(high, reading.highBytes ?? .max) }
        var bound = min(limit?.limitBytes ?? .max, high ?? .max)
        let isCharged = index == chargedLevel
        // On v1 the own cgroup reports the smallest limit of all levels, including hidden ones.
        guard isCharged || bound <= ceiling && bound < .max else { return note(limit, ceiling, &reading) }
        let usage = try read(level.usage, limitBytes: 4096) { (bytes) throws(ParseError) in
            try bytes.parseSingleSize()
        }
        if usage == nil, level.usage != nil { reading.isComplete = false }
        let version = version
        let stat = try read(level.stat, limitBytes: 65536) { (bytes) throws(ParseError) in
            try CgroupMemoryStat(parsing: bytes, version, .reclaimable)
        }
        note(limit, ceiling, &reading)
        if stat == nil, level.stat != nil { reading.isComplete = false }
        if isCharged {
            note(stat?.memoryLimit, ceiling, &reading)
            bound = min(bound, stat?.memoryLimit?.limitBytes ?? .max)
        }
        if let high, let usage, usage > high { reading.isAboveHigh = true }
        let workingSet = CgroupMemoryUsage.workingSet(of: usage, stat)
        if isCharged { (reading.usageBytes, reading.workingSetBytes) = (usage, workingSet) }
        guard bound <= ceiling, bound < .max else { return }
        guard let workingSet else {
            reading.hasAllBounds = false
            return
        }
        reading.availableBytes = min(reading.availableBytes ?? .max, max(0, bound - workingSet))
        let unreclaimable = max(0, workingSet - (stat?.activeFileBytes ?? 0) - (stat?.reclaimableSlabBytes ?? 0))
        reading.availableWithReclaimBytes =
            min(reading.availableWithReclaimBytes ?? .max, max(0, bound - unreclaimable))
    }

    private func note(_ limit: MemoryLimitFile?, _ ceiling: Int, _ reading: inout ContainerMemoryReader.Reading) {
        guard let bytes = limit?.limitBytes, bytes <= ceiling else { return }
        reading.limitBytes = min(bytes, reading.limitBytes ?? .max)
    }

    private borrowing func readEvents(into reading: inout ContainerMemoryReader.Reading) throws(FileReadError) {
        switch version {
        case .v2:
            let events = try read(events, limitBytes: 4096, ContainerMemory.Events.init(parsing:))
            if let events { reading.events = events }
            if events == nil, self.events != nil { reading.isComplete = false }
        case .v1:
            reading.events.max = try read(events, limitBytes: 4096) { (bytes) throws(ParseError) in
                try bytes.parseSingleSize()
            }
            let control = try read(oomControl, limitBytes: 4096, ContainerMemory.Events.init(parsing:))
            reading.events.oomKill = control?.oomKill
            if reading.events.max == nil && events != nil || control == nil && oomControl != nil {
                reading.isComplete = false
            }
        }
    }

    /// Reads a file that is kept open; `nil` if there is none, or it is malformed.
    private borrowing func read<R>(
        _ index: Int?,
        limitBytes: Int,
        _ parse: (Span<UInt8>) throws(ParseError) -> R
    ) throws(FileReadError) -> R? {
        guard let index else { return nil }
        do throws(FileReadError) {
            let expected = limitBytes > 4096 ? 4096 : 256
            return try files.read(index, FileReadOptions(expectedBytes: expected, limitBytes: limitBytes), parse)
        } catch .malformed, .tooLarge {
            return nil
        }
    }
}
