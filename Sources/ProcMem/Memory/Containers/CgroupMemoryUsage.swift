/// What is charged to one cgroup and all below it, by what it is used for, in bytes. v1 and v2 mean the same by each.
///
/// A figure that is not known is `nil`, and `unknown` says why.
struct CgroupMemoryUsage: Hashable, Sendable {
    /// `memory.current`, v1 `memory.usage_in_bytes`.
    private(set) var usageBytes: Int?
    /// The memory that no file backs.
    private(set) var anonBytes: Int?
    /// What is kept of files; `shmemBytes` is in it.
    private(set) var fileBytes: Int?
    /// The part of `fileBytes` that any process maps.
    private(set) var mappedFileBytes: Int?
    /// Shared memory and tmpfs.
    private(set) var shmemBytes: Int?
    /// The part of `fileBytes` that has not been used lately.
    private(set) var inactiveFileBytes: Int?
    /// `kernel` in `memory.stat`, v1 `memory.kmem.usage_in_bytes`.
    private(set) var kernelBytes: Int?
    /// `memory.swap.current`, v1 `total_swap` in `memory.stat`.
    private(set) var swapBytes: Int?
    private(set) var pressure: MemoryPressure?
    /// Why a figure is `nil`: the file, and what was found there.
    private(set) var unknown: [ContainerMemory.Figure: String] = [:]
    /// What was odd, and not merely missing.
    private(set) var warnings: [String] = []

    /// Which files are read.
    enum Detail {
        /// The usage: one.
        case usage
        /// The usage and the file pages in it that have not been used lately: two.
        case workingSet
        /// Everything: five on v2, three on v1.
        case all
    }

    /// The usage without the file pages that have not been used lately. The two are read one after the other.
    var workingSetBytes: Int? {
        guard let usageBytes, let inactiveFileBytes else { return nil }
        return max(0, usageBytes - inactiveFileBytes)
    }

    /// - Parameter stat: `memory.stat`, where it has been read already.
    init(_ files: CgroupMemoryFiles, _ detail: Detail = .all, stat: CgroupMemoryStat? = nil) {
        readUsage(files)
        if detail != .usage { readStat(files, stat, detail) }
        if detail == .all {
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
            let absence = "the root of v2 has none, nor has a cgroup without the memory controller"
            note(error, [.usageBytes], files, files.usageFile, absence: absence)
        }
    }

    private mutating func readStat(_ files: CgroupMemoryFiles, _ known: CgroupMemoryStat?, _ detail: Detail) {
        do throws(FileReadError) {
            let stat = if let known { known } else { try files.stat() }
            inactiveFileBytes = stat.inactiveFileBytes
            noteMissing(stat.inactiveFileBytes, .inactiveFileBytes, files, "inactive_file", "total_inactive_file")
            guard detail == .all else { return }
            anonBytes = stat.anonBytes
            noteMissing(anonBytes, .anonBytes, files, "anon", "total_rss")
            fileBytes = stat.fileBytes
            noteMissing(fileBytes, .fileBytes, files, "file", "total_cache")
            mappedFileBytes = stat.mappedFileBytes
            shmemBytes = stat.shmemBytes
            noteMissing(shmemBytes, .shmemBytes, files, "shmem", "total_shmem")
            switch files.version {
            case .v1:
                swapBytes = stat.swapBytes
                noteMissing(swapBytes, .swapBytes, files, "", "total_swap: swap is not counted (swapaccount=0)")
            case .v2:
                kernelBytes = stat.kernelBytes
                noteMissing(kernelBytes, .kernelBytes, files, "kernel: since Linux 5.18", "")
            }
        } catch {
            let figures: [ContainerMemory.Figure] = [.anonBytes, .fileBytes, .shmemBytes, .inactiveFileBytes]
            note(error, figures + [files.version == .v1 ? .swapBytes : .kernelBytes], files, "memory.stat")
        }
    }

    /// Notes that a line of `memory.stat` is missing.
    private mutating func noteMissing(
        _ bytes: Int?,
        _ figure: ContainerMemory.Figure,
        _ files: CgroupMemoryFiles,
        _ v2Name: String,
        _ v1Name: String
    ) {
        guard bytes == nil else { return }
        unknown[figure] = "\(files.text("memory.stat")): has no \(files.version == .v1 ? v1Name : v2Name)"
    }

    /// What one version has in `memory.stat` and the other in a file of its own.
    private mutating func readKernelAndSwap(_ files: CgroupMemoryFiles) {
        let figure: ContainerMemory.Figure = files.version == .v1 ? .kernelBytes : .swapBytes
        let file: StaticString = files.version == .v1 ? "memory.kmem.usage_in_bytes" : "memory.swap.current"
        do {
            let bytes = try files.bytes(file)
            if figure == .kernelBytes { kernelBytes = bytes } else { swapBytes = bytes }
        } catch {
            note(error, [figure], files, file, absence: figure == .swapBytes ? CgroupMemoryFiles.noSwapFile : nil)
        }
    }

    private mutating func readPressure(_ files: CgroupMemoryFiles) {
        guard files.version == .v2 else {
            unknown[.pressure] = "\(files.text("memory.pressure")): v1 has no such file"
            return
        }
        do {
            pressure = try files.read("memory.pressure", MemoryPressure.readOptions, MemoryPressure.init(parsing:))
        } catch {
            // With psi=0 the file fails with EOPNOTSUPP (seen on 5.10), or is not there (6.1).
            let absence = "there since Linux 4.20, unless psi=0 or cgroup.pressure switches it off"
            note(error, [.pressure], files, "memory.pressure", absence: absence)
        }
    }

    /// Notes why figures are not known.
    ///
    /// - Parameter absence: When a kernel does not tell them.
    private mutating func note(
        _ failure: FileReadError,
        _ figures: [ContainerMemory.Figure],
        _ files: CgroupMemoryFiles,
        _ file: StaticString,
        absence: String? = nil
    ) {
        let reason = files.reason(file, failure, absence: absence)
        for figure in figures { unknown[figure] = reason }
        if !failure.isAbsence, failure != .system(.notSupported) { warnings.append(reason) }
    }
}
