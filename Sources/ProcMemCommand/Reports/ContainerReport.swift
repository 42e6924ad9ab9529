import ProcMem

/// The answer of `procmem container` for programs.
struct ContainerReport: Encodable {
    struct Level: Encodable {
        let cgroup: String
        let path: String
        @Nullable var limitBytes: Int?
        @Nullable var highBytes: Int?
        @Nullable var usageBytes: Int?
        @Nullable var workingSetBytes: Int?
        /// Whether the limit is known, and not merely missing.
        let known: Bool
    }

    struct Pressure: Encodable {
        let some: Stall
        let full: Stall
    }

    struct Stall: Encodable {
        let avg10: Double
        let avg60: Double
        let avg300: Double
        let totalMicroseconds: Int

        init(_ stall: MemoryPressure.Stall) {
            avg10 = stall.avg10
            avg60 = stall.avg60
            avg300 = stall.avg300
            totalMicroseconds = stall.totalMicroseconds
        }
    }

    @Nullable var effectiveMemoryBytes: Int?
    @Nullable var limitBytes: Int?
    @Nullable var limitCgroup: String?
    @Nullable var highBytes: Int?
    @Nullable var usageBytes: Int?
    @Nullable var workingSetBytes: Int?
    @Nullable var availableBytes: Int?
    @Nullable var anonBytes: Int?
    @Nullable var fileBytes: Int?
    @Nullable var shmemBytes: Int?
    @Nullable var inactiveFileBytes: Int?
    @Nullable var kernelBytes: Int?
    @Nullable var swapBytes: Int?
    @Nullable var swapLimitBytes: Int?
    @Nullable var pressure: Pressure?
    let levels: [Level]
    @Nullable var cgroup: String?
    @Nullable var usageCgroup: String?
    @Nullable var cgroupVersion: Int?
    @Nullable var machineBytes: Int?
    let complete: Bool
    let hiddenAncestors: Bool
    /// Why a figure is `null`, by its name.
    let unknown: [String: String]
    let warnings: [String]

    init(_ memory: ContainerMemory) {
        effectiveMemoryBytes = memory.effectiveMemoryBytes
        limitBytes = memory.limitBytes
        limitCgroup = memory.limitCgroup
        highBytes = memory.highBytes
        usageBytes = memory.usageBytes
        workingSetBytes = memory.workingSetBytes
        availableBytes = memory.availableBytes
        anonBytes = memory.anonBytes
        fileBytes = memory.fileBytes
        shmemBytes = memory.shmemBytes
        inactiveFileBytes = memory.inactiveFileBytes
        kernelBytes = memory.kernelBytes
        swapBytes = memory.swapBytes
        swapLimitBytes = memory.swapLimitBytes
        pressure = memory.pressure.map { Pressure(some: Stall($0.some), full: Stall($0.full)) }
        levels = memory.levels.map {
            Level(
                cgroup: $0.cgroup,
                path: $0.path,
                limitBytes: $0.limitBytes,
                highBytes: $0.highBytes,
                usageBytes: $0.usageBytes,
                workingSetBytes: $0.workingSetBytes,
                known: $0.isKnown
            )
        }
        cgroup = memory.cgroup
        usageCgroup = memory.usageCgroup
        cgroupVersion = memory.cgroupVersion?.rawValue
        machineBytes = memory.machineBytes
        complete = memory.complete
        hiddenAncestors = memory.hasHiddenAncestors
        unknown = Dictionary(uniqueKeysWithValues: memory.unknown.map { ($0.key.rawValue, $0.value) })
        warnings = memory.warnings
    }
}
