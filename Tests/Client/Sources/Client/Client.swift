import ProcMem

/// Code of a program that depends on ProcMem. Every name is qualified: a type `ProcMem` in the module would make this
/// fail.
///
/// Prints a name and a number on each line.
@main struct Client {
    static func main() async throws(ProcMem.ProcMemError) {
        print("cpus", ProcMem.effectiveCPUCount())
        print("floor", ProcMem.effectiveCPUCount(rounding: .down))
        let limits: ProcMem.CPULimits = try .current()
        print("affinity", limits.affinity.count)
        for try await limits in ProcMem.CPULimitChanges() {
            print("changed", limits.effectiveCPUCount())
            break
        }

        let cheap = try ProcMem.memoryUsage(mode: .cheap)
        print("rss", cheap.rssBytes ?? 0)
        let accurate = try ProcMem.memoryUsage(mode: ProcMem.MemoryMode.accurate)
        print("pss", accurate.pssBytes ?? 0)
        print("uss", accurate.ussBytes ?? 0)

        let snapshot = try ProcMem.memorySnapshot(of: .currentTree, mode: .cheap)
        print("processes", snapshot.total.processCount ?? 0)

        let sampler = ProcMem.MemorySampler(of: .currentTree, mode: .cheap)
        print("sampled", try await sampler.snapshot().total.processCount ?? 0)
        for try await snapshot in sampler.snapshots(every: .seconds(1)) {
            print("followed", snapshot.total.processCount ?? 0)
            break
        }

        let container = try ProcMem.ContainerMemory.current()
        print("memory", container.effectiveMemoryBytes ?? 0)
        print("limit", ProcMem.effectiveMemoryBytes() ?? 0)

        print("refused", refusal(of: -1) == .invalidArgument ? 1 : 0)
    }

    static func refusal(of pid: Int32) -> ProcMem.ProcMemError.Code? {
        do {
            _ = try ProcMem.memoryUsage(of: pid, mode: .cheap)
            return nil
        } catch {
            return error.code
        }
    }
}
