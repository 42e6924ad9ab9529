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
    /// Whether the kernel provides the open `/proc/meminfo`.
    private var isMemInfoOfKernel = true
    /// The machine's memory from another source, if `/proc/meminfo` cannot be opened.
    private var hiddenMachine: MachineMemory?
    /// The index in `levels` of the cgroup to which the process is charged.
    private var chargedLevel: Int?
    /// The process's own cgroup, as `/proc/PID/cgroup` names it.
    private(set) var ownCgroup: String?
    /// The directory of the cgroup to which the process is charged.
    private(set) var chargedDirectory: CgroupDirectory?
    /// Whether the cgroup to which the process is charged has not been found yet.
    private var isUsageWanted = false
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
        openMemInfo(in: root)
        guard let hierarchy = lookup.hierarchy else { return }
        ownCgroup = hierarchy.cgroup(atLevel: 0)
        isUsageWanted = hierarchy.isOwnCgroupVisible
        for number in 0..<hierarchy.levelCount {
            if number > 0, CgroupMemoryFiles(level: number, of: hierarchy, in: root).isNonHierarchical() { break }
            addLevel(number, of: hierarchy, in: root)
        }
    }

    private mutating func openMemInfo(in root: SystemRoot) {
        do throws(FileReadError) {
            let file = try root.open(MemInfo.path)
            // No kernel has a directory of this name: reading it fails.
            if (try? root.open(MemInfo.path, as: .directory)) != nil { throw .system(.isDirectory) }
            isMemInfoOfKernel = !root.isLive || Syscalls.isOnProcfs(file)
            memInfo = files.keep(file)
        } catch {
            hiddenMachine = MachineMemory(in: root)
            if !error.isMissingPath { isComplete = false }
            if error.isLackOfResources { isOutOfResources = true }
        }
    }

    private mutating func addLevel(_ number: Int, of hierarchy: CgroupHierarchy, in root: SystemRoot) {
        let directory = CgroupDirectory(level: number, of: hierarchy)
        var level = Level()
        var isVisible = true
        let limitFile: StaticString = version == .v2 ? "memory.max" : "memory.limit_in_bytes"
        level.limit = keep(directory.file(limitFile), in: root, &isVisible)
        let isLast = number + 1 == hierarchy.levelCount
        // The mount's root exists if a level below it does.
        if level.limit == nil, number == 0 || !isLast { isVisible = isVisible && exists(directory, in: root) }
        guard isVisible else {
            // If the process's own cgroup is not visible, its ancestors do not report its usage.
            (isComplete, isUsageWanted) = (false, false)
            return
        }
        var isReadable = true
        if version == .v2 { level.high = keep(directory.file("memory.high"), in: root, &isReadable) }
        let usageFile: StaticString = version == .v2 ? "memory.current" : "memory.usage_in_bytes"
        level.usage = keep(directory.file(usageFile), in: root, &isReadable)
        defer { isComplete = isComplete && isReadable }
        // A v2 cgroup without a limit file does not have the controller; its root has no such file.
        guard level.limit != nil || level.usage != nil && (version == .v1 || isLast) else {
            if version == .v1 { isUsageWanted = false }
            return
        }
        level.stat = keep(directory.file("memory.stat"), in: root, &isReadable)
        if isUsageWanted {
            isUsageWanted = false
            chargedLevel = levels.count
            chargedDirectory = directory
            events = keep(directory.file(version == .v2 ? "memory.events" : "memory.failcnt"), in: root, &isReadable)
            if version == .v1 { oomControl = keep(directory.file("memory.oom_control"), in: root, &isReadable) }
        }
        levels.append(level)
        cgroups.append(hierarchy.cgroup(atLevel: number))
    }

    /// Returns whether a level exists. If not, the process was moved or its cgroup was removed.
    private mutating func exists(_ directory: CgroupDirectory, in root: SystemRoot) -> Bool {
        do throws(FileReadError) {
            _ = try root.open(directory.file(".").span, as: .directory)
            return true
        } catch {
            isOutOfResources = isOutOfResources || error.isLackOfResources
            return false
        }
    }

    /// Opens a file and keeps it; `nil` if it does not exist or cannot be opened.
    ///
    /// - Parameter isReadable: Becomes `false` if the file cannot be opened for another reason than that it is missing.
    private mutating func keep(_ path: [UInt8], in root: SystemRoot, _ isReadable: inout Bool) -> Int? {
        do throws(FileReadError) {
            let file = try root.open(path.span)
            // If the level does not have this file, a child cgroup may have its name.
            if (try? root.open(path.span, as: .directory)) != nil { return nil }
            return files.keep(file)
        } catch {
            // A level without the controller lacks its files. Any other failure says nothing about the limit.
            if !error.isMissingPath { isReadable = false }
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

    /// Whether the files say anything: also if no level of the hierarchy has the controller.
    var hasSource: Bool {
        memInfo != nil || hiddenMachine?.totalBytes != nil || !levels.isEmpty || ownCgroup != nil && !isOutOfResources
    }

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
        let isMemInfoOfKernel = isMemInfoOfKernel
        let found = try read(memInfo, limitBytes: 65536) { bytes in
            MachineMemory(MemInfo(parsing: bytes, .available), isOfKernel: isMemInfoOfKernel)
        }
        let machine = found ?? hiddenMachine
        var bounds = CgroupMemoryBounds(on: machine ?? .unknown)
        var hidden: (limitBytes: Int, charge: CgroupMemoryBounds.Charge)?
        for index in levels.indices {
            let level = try readLevel(index, into: &reading, &bounds, note)
            if let limit = level.smallest?.limitBytes { hidden = (limit, level.charge) }
        }
        if let hidden { bounds.addHidden(limitBytes: hidden.limitBytes, hidden.charge) }
        reading.set(bounds)
        if machine == nil { reading.hasAllBounds = false }
        try readEvents(into: &reading)
        if !reading.hasAllBounds { reading.isComplete = false }
        return reading
    }

    /// What one level adds beside its limits: what is charged to it, and, for the process's own cgroup on v1, the smallest
    /// limit of all levels, including hidden ones.
    private typealias LevelCharge = (charge: CgroupMemoryBounds.Charge, smallest: MemoryLimitFile?)

    private borrowing func readLevel(
        _ index: Int,
        into reading: inout ContainerMemoryReader.Reading,
        _ bounds: inout CgroupMemoryBounds,
        _ noteLimits: (LevelLimits) -> Void
    ) throws(FileReadError) -> LevelCharge {
        let level = levels[index]
        let limit = try read(level.limit, limitBytes: 4096, MemoryLimitFile.init(parsing:))
        let high = try read(level.high, limitBytes: 4096, MemoryLimitFile.init(parsing:))
        let isKnown = (limit != nil || level.limit == nil) && (high != nil || level.high == nil)
        let limits = LevelLimits(limitBytes: limit?.limitBytes, highBytes: high?.limitBytes, isKnown: isKnown)
        noteLimits(limits)
        if !isKnown { reading.isComplete = false }
        var charge = CgroupMemoryBounds.Charge()
        var stat: CgroupMemoryStat?
        let isCharged = index == chargedLevel
        if isCharged || bounds.needsCharge(limitBytes: limits.limitBytes, highBytes: limits.highBytes) {
            let usage = try read(level.usage, limitBytes: 4096) { (bytes) throws(ParseError) in
                try bytes.parseSingleSize()
            }
            let version = version
            stat = try read(level.stat, limitBytes: 65536) { (bytes) throws(ParseError) in
                try CgroupMemoryStat(parsing: bytes, version, .reclaimable)
            }
            if usage == nil && level.usage != nil || stat == nil && level.stat != nil { reading.isComplete = false }
            charge = CgroupMemoryBounds.Charge(usageBytes: usage, stat)
        }
        bounds.add(level: index, limitBytes: limits.limitBytes, highBytes: limits.highBytes, charge)
        if isCharged { (reading.usageBytes, reading.workingSetBytes) = (charge.usageBytes, charge.workingSetBytes) }
        return (charge, isCharged ? stat?.memoryLimit : nil)
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

    /// Returns whether the counts of events differ from earlier ones, or cannot be read any more.
    borrowing func events(differFrom earlier: ContainerMemory.Events) -> Bool {
        var reading = ContainerMemoryReader.Reading(isComplete: true)
        do throws(FileReadError) {
            try readEvents(into: &reading)
        } catch {
            return true
        }
        return reading.isComplete && reading.events != earlier
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
