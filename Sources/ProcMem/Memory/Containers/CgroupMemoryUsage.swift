/// The memory that is charged to one cgroup and its descendants, in bytes, by use. v1 and v2 count the same for each
/// figure.
///
/// The figures of `memory.stat` are those of ``CgroupMemoryStat``. An unknown figure is `nil`, and `unknown` has the
/// reason.
@dynamicMemberLookup
struct CgroupMemoryUsage: Hashable, Sendable {
    /// `memory.current`, or `memory.usage_in_bytes` on v1.
    private(set) var usageBytes: Int?
    /// `memory.stat`, and the figures that one version reports there and the other in a file of its own.
    private var stat = CgroupMemoryStat()
    private(set) var pressure: MemoryPressure?
    /// `pids.current` (v2).
    private(set) var taskCount: Int?
    /// The reasons why figures are `nil`: the file, and what was found there.
    private(set) var unknown: [ContainerMemory.Figure: String] = [:]
    /// Unexpected contents and failed reads, without files that are merely missing.
    private(set) var warnings: [String] = []

    /// The figures to read.
    enum Detail {
        /// The usage: one file.
        case usage
        /// The usage and its inactive file pages: two files.
        case workingSet
        /// The usage by purpose, and on v2 the number of tasks: three files.
        case charge
        /// The usage by purpose, swap and pressure: four files on v2, three on v1.
        case all
    }

    subscript<Value>(dynamicMember figure: KeyPath<CgroupMemoryStat, Value>) -> Value { stat[keyPath: figure] }

    // An extension that uses these two without `self.` does not find them through the subscript.
    var anonBytes: Int? { stat.anonBytes }
    var mappedFileBytes: Int? { stat.mappedFileBytes }

    /// What the available memory depends on.
    var charge: CgroupMemoryBounds.Charge { CgroupMemoryBounds.Charge(usageBytes: usageBytes, stat) }

    /// The usage minus the inactive file pages. The two are read one after the other.
    var workingSetBytes: Int? { charge.workingSetBytes }

    /// Returns the part of the usage that no figure explains, at least 0; `nil` if one of the figures is not known.
    /// Before Linux 5.18, the sum of the parts of the kernel's memory stands for it.
    ///
    /// - Parameter isRootOfV1: Whether the cgroup is the root of a v1 hierarchy, whose usage does not include the kernel's
    ///   memory.
    func unexplainedBytes(isRootOfV1: Bool) -> Int? {
        guard let usageBytes, let anonBytes, let fileBytes = stat.fileBytes else { return nil }
        var parts = anonBytes.saturatingAdding(fileBytes)
        if !isRootOfV1 {
            guard let kernelBytes = stat.kernelBytes ?? stat.kernelPartsBytes else { return nil }
            parts = parts.saturatingAdding(kernelBytes)
        }
        parts = parts.saturatingAdding(stat.socketBytes ?? 0).saturatingAdding(stat.hugetlbBytes ?? 0)
        return max(0, usageBytes - parts)
    }

    /// - Parameter stat: `memory.stat`, if the caller has already read it.
    init(_ files: CgroupMemoryFiles, _ detail: Detail = .all, stat: CgroupMemoryStat? = nil) {
        readUsage(files)
        if detail != .usage { readStat(files, stat, detail) }
        switch detail {
        case .usage, .workingSet: break
        case .charge where files.version == .v2:
            // A missing file is no failure: the pids controller is not enabled, or the cgroup is the root.
            taskCount = try? files.bytes("pids.current")
        case .charge: readKernelAndSwap(files)
        case .all:
            readKernelAndSwap(files)
            readPressure(files)
        }
        if detail != .usage, workingSetBytes == nil {
            unknown[.workingSetBytes] = unknown[.usageBytes] ?? unknown[.inactiveFileBytes]
        }
    }

    private mutating func readUsage(_ files: CgroupMemoryFiles) {
        do {
            usageBytes = try files.bytes(files.usageFile)
        } catch {
            let absence = "the v2 root and cgroups without the memory controller do not have it"
            note(error, [.usageBytes], files, files.usageFile, absence: absence)
        }
    }

    private mutating func readStat(_ files: CgroupMemoryFiles, _ known: CgroupMemoryStat?, _ detail: Detail) {
        let isV1 = files.version == .v1
        do throws(FileReadError) {
            stat = if let known { known } else { try files.stat() }
            let path = files.text("memory.stat")
            func require(_ bytes: Int?, _ figure: ContainerMemory.Figure, _ name: String) {
                if bytes == nil { unknown[figure] = "\(path): has no \(name)" }
            }
            require(stat.inactiveFileBytes, .inactiveFileBytes, isV1 ? "total_inactive_file" : "inactive_file")
            guard detail != .workingSet else { return }
            require(stat.anonBytes, .anonBytes, isV1 ? "total_rss" : "anon")
            require(stat.fileBytes, .fileBytes, isV1 ? "total_cache" : "file")
            require(stat.shmemBytes, .shmemBytes, isV1 ? "total_shmem" : "shmem")
            if isV1 {
                require(stat.swapBytes, .swapBytes, "total_swap: swap is not counted (swapaccount=0)")
            } else {
                require(stat.kernelBytes, .kernelBytes, "kernel: requires Linux 5.18")
            }
        } catch {
            let figures: [ContainerMemory.Figure] = [.anonBytes, .fileBytes, .shmemBytes, .inactiveFileBytes]
            note(error, figures + [isV1 ? .swapBytes : .kernelBytes], files, "memory.stat")
        }
    }

    /// Reads the figure that this version of cgroups reports in a file of its own instead of `memory.stat`.
    private mutating func readKernelAndSwap(_ files: CgroupMemoryFiles) {
        let isV1 = files.version == .v1
        let file: StaticString = isV1 ? "memory.kmem.usage_in_bytes" : "memory.swap.current"
        do {
            let bytes = try files.bytes(file)
            if isV1 { stat.kernelBytes = bytes } else { stat.swapBytes = bytes }
        } catch {
            let absence = isV1 ? nil : CgroupMemoryFiles.noSwapFile
            note(error, [isV1 ? .kernelBytes : .swapBytes], files, file, absence: absence)
        }
    }

    private mutating func readPressure(_ files: CgroupMemoryFiles) {
        guard files.version == .v2 else {
            unknown[.pressure] = "\(files.text("memory.pressure")): v1 does not have this file"
            return
        }
        do {
            pressure = try files.read("memory.pressure", MemoryPressure.readOptions, MemoryPressure.init(parsing:))
        } catch {
            // With psi=0, reading the file fails with EOPNOTSUPP (seen on 5.10), or the file does not exist (6.1).
            let absence = "requires Linux 4.20; psi=0 or cgroup.pressure disables it"
            note(error, [.pressure], files, "memory.pressure", absence: absence)
        }
    }

    /// Notes why figures are unknown.
    ///
    /// - Parameter absence: The condition under which the kernel does not report them.
    private mutating func note(
        _ failure: FileReadError,
        _ figures: [ContainerMemory.Figure],
        _ files: CgroupMemoryFiles,
        _ file: StaticString,
        absence: String? = nil
    ) {
        let reason = files.reason(file, failure, absence: absence)
        for figure in figures { unknown[figure] = reason }
        if !failure.isMissingPath, failure != .system(.notSupported) { warnings.append(reason) }
    }
}
