import ProcMem

/// The answer of `procmem` alone for programs.
struct SummaryReport: Encodable {
    let cpu: CPUReport
    let container: ContainerReport
    let memory: [MemoryReport]

    init(_ limits: CPULimits, _ container: ContainerMemory, _ snapshots: [MemorySnapshot]) {
        cpu = CPUReport(limits, rounding: .up)
        self.container = ContainerReport(container)
        memory = snapshots.map(MemoryReport.init)
    }
}
