import Benchmark
import ProcMem

/// Files with the contents that Linux 6.18 reports.
private let statm = Array("525117 524713 423 1 0 524344 0\n".utf8)
private let rollup = Array(
    """
    5581b4c1f000-7ffc5d5f9000 ---p 00000000 00:00 0                          [rollup]
    Rss:             2098852 kB
    Pss:             2097486 kB
    Pss_Dirty:       2097228 kB
    Pss_Anon:        2097228 kB
    Pss_File:            258 kB
    Pss_Shmem:             0 kB
    Shared_Clean:       1624 kB
    Shared_Dirty:          0 kB
    Private_Clean:         0 kB
    Private_Dirty:   2097228 kB
    Referenced:      2098852 kB
    Anonymous:       2097228 kB
    KSM:                   0 kB
    LazyFree:              0 kB
    AnonHugePages:         0 kB
    ShmemPmdMapped:        0 kB
    FilePmdMapped:         0 kB
    Shared_Hugetlb:        0 kB
    Private_Hugetlb:       0 kB
    Swap:                  0 kB
    SwapPss:               0 kB
    Locked:                0 kB

    """.utf8
)

func parserBenchmarks() {
    measure("Statm(parsing:)") { blackHole(try Statm(parsing: statm.span, pageSizeBytes: 4096)) }
    measure("SmapsRollup(parsing:)") { blackHole(try SmapsRollup(parsing: rollup.span)) }
}
