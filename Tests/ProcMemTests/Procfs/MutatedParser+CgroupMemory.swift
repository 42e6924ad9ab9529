@testable import ProcMem

extension MutatedParser {
    /// The memory controller's files.
    static let ofCgroupMemory = [memoryMax, memoryCurrent, memoryStat, memoryStatOfV1, memoryPressure, controllers]

    private static let memoryMax = MutatedParser(
        "memory.max",
        ["max\n", "9223372036854771712\n", "1073741824\n"],
        { try MemoryLimitFile(parsing: $0) },
        holds: { isSize($0.limitBytes) }
    )

    private static let memoryCurrent = MutatedParser(
        "memory.current",
        ["0\n", "1073741824\n"],
        { try $0.parseSingleSize() },
        holds: { isSize($0) }
    )

    private static let memoryStat = MutatedParser(
        "memory.stat",
        [MemoryStatText.v2, "anon 1\nfile 2\n"],
        { try CgroupMemoryStat(parsing: $0, .v2) },
        holds: isStat
    )

    private static let memoryStatOfV1 = MutatedParser(
        "memory.stat of v1",
        [MemoryStatText.v1(), "hierarchical_memory_limit 4096\ntotal_rss 1\n"],
        { try CgroupMemoryStat(parsing: $0, .v1) },
        holds: isStat
    )

    private static let memoryPressure = MutatedParser(
        "memory.pressure",
        [
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
            "some avg10=12.34 avg60=5.06 avg300=0.99 total=9\nfull avg10=100.00 avg60=0.01 avg300=1 total=12345\n",
        ],
        { try MemoryPressure(parsing: $0) },
        holds: { (pressure: MemoryPressure) -> Bool in
            [pressure.some, pressure.full].allSatisfy { stall in
                [stall.avg10, stall.avg60, stall.avg300].allSatisfy { (0...100).contains($0) }
                    && stall.totalMicroseconds >= 0
            }
        }
    )

    private static let controllers = MutatedParser(
        "cgroups",
        ["#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t105\t0\n", "cpu 1 2 1\nmemory 0 1 1\n"],
        { try ControllerList.isDisabled("memory", parsing: $0) },
        holds: { _ in true }
    )

    private static func isStat(_ stat: CgroupMemoryStat) -> Bool {
        isSize(stat.anonBytes, stat.fileBytes, stat.shmemBytes, stat.inactiveFileBytes, stat.kernelBytes)
            && isSize(stat.swapBytes, stat.memoryLimit?.limitBytes, stat.memorySwapLimit?.limitBytes)
    }
}
