import ProcMem

/// The answer of `procmem` alone for programs.
struct SummaryReport: Encodable {
    struct Container: Encodable {
        @Nullable var limitBytes: Int?
        @Nullable var cgroup: String?
        @Nullable var cgroupVersion: Int?
        let complete: Bool
        @Nullable var effectiveMemoryBytes: Int?
        let warnings: [String]
    }

    let cpu: CPUReport
    let container: Container
    let memory: [MemoryReport]

    init(_ limits: CPULimits, _ container: ContainerMemory, _ snapshots: [MemorySnapshot]) {
        cpu = CPUReport(limits, rounding: .up)
        self.container = Container(
            limitBytes: container.limitBytes,
            cgroup: container.cgroup,
            cgroupVersion: container.cgroupVersion?.rawValue,
            complete: container.complete,
            effectiveMemoryBytes: container.effectiveMemoryBytes,
            warnings: container.warnings
        )
        memory = snapshots.map(MemoryReport.init)
    }
}
