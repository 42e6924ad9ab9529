import TestSupport
import Testing

@testable import ProcMem

/// A parser, well-formed input for it, and the conditions that hold for every value that it returns for malformed
/// input.
struct MutatedParser: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let samples: [String]
    /// Returns whether the parser accepted the input; `nil` if the value that it returned is impossible.
    let accepts: @Sendable (Span<UInt8>) -> Bool?

    init<R>(
        _ name: String,
        _ samples: [String],
        _ parse: @escaping @Sendable (Span<UInt8>) throws -> R?,
        holds: @escaping @Sendable (R) -> Bool
    ) {
        testDescription = name
        self.samples = samples
        accepts = { bytes in
            guard let result = try? parse(bytes) else { return false }
            return holds(result) ? true : nil
        }
    }

    static func isSize(_ sizes: Int?...) -> Bool { sizes.allSatisfy { (0...1 << 60).contains($0 ?? 0) } }

    private static func isCanonical(_ set: CPUSet) -> Bool {
        set.ranges.allSatisfy { $0.lowerBound >= 0 && $0.upperBound < 1 << 20 }
            && zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound }
            && set.count == set.ranges.reduce(0) { $0 + $1.count } && set.count > 0
    }

    private static func isRecord(_ sums: SmapsRollup) -> Bool {
        isSize(
            sums.rssBytes,
            sums.pssBytes,
            sums.pssDirtyBytes,
            sums.pssAnonBytes,
            sums.pssFileBytes,
            sums.pssShmemBytes
        )
            && isSize(sums.sharedCleanBytes, sums.sharedDirtyBytes, sums.privateCleanBytes, sums.privateDirtyBytes)
            && isSize(sums.referencedBytes, sums.anonymousBytes, sums.ksmBytes, sums.lazyFreeBytes, sums.lockedBytes)
            && isSize(sums.anonHugePagesBytes, sums.shmemPmdMappedBytes, sums.filePmdMappedBytes)
            && isSize(sums.sharedHugetlbBytes, sums.privateHugetlbBytes, sums.swapBytes, sums.swapPssBytes)
            && sums.ussBytes >= sums.privateDirtyBytes
    }

    private static let rollup = """
        55d0c0000000-7ffd3b9c1000 ---p 00000000 00:00 0                          [rollup]
        Rss:                1820 kB
        Pss:                 151 kB
        Pss_Dirty:           104 kB
        Shared_Clean:       1716 kB
        Private_Clean:         0 kB
        Private_Dirty:       104 kB
        Private_Hugetlb:    2048 kB
        Swap:                  0 kB
        Locked:                0 kB

        """
    private static let smaps = """
        55d0c0000000-55d0c0004000 r--p 00000000 08:01 1311 /usr/bin/a: b (deleted)
        Size:                 16 kB
        Rss:                  16 kB
        Pss:                   1 kB
        Private_Clean:         0 kB
        Private_Dirty:         4 kB
        THPeligible:           0
        VmFlags: rd mr mw me sd
        7ffd3b9a0000-7ffd3b9c1000 rw-p 00000000 00:00 0 [stack]
        Rss:                  16 kB
        Pss:                  16 kB
        Private_Clean:         0 kB
        Private_Dirty:        16 kB

        """

    static let all =
        [
            cgroup, mountinfo, cpuMax, quota, period, online, mask, stat, status, statm, smapsRollup, smapsSums,
            limits, cpuAccounting, uptime,
        ] + ofCgroupMemory

    private static let cgroup = MutatedParser(
        "cgroup",
        ["0::/a/b\n", "9:name=systemd:/s\n4:cpu,cpuacct:/a:b c\n0::/u\n", "1:cpu:/..\n"],
        { CgroupMembership(parsing: $0, controller: .cpu) },
        holds: { (membership: CgroupMembership) -> Bool in
            let paths = [membership.v1Path, membership.v2Path].compactMap(\.self)
            return paths.allSatisfy { !$0.contains(0x0A) } && (!membership.isEmpty || paths.isEmpty)
        }
    )

    private static let mountinfo = MutatedParser(
        "mountinfo",
        [
            MountTable.system + MountTable.v2() + MountTable.v2(26, 25, "/a", "/mnt"),
            MountTable.tmpfs(30, 22, "/sys/fs/cgroup") + MountTable.v2(31, 30, "/a\\040b", "/sys/fs/cgroup/cpu"),
            MountTable.v2(31, 30, "/..", "/mnt") + MountTable.v2(30, 31, "/../..", "/srv"),
        ],
        { CgroupMount.find(.cpu, .v2, showing: Array("/a/b".utf8), parsing: $0) },
        holds: { !$0.root.isEmpty && !$0.mountPoint.isEmpty }
    )

    private static let cpuMax = MutatedParser(
        "cpu.max",
        ["max 100000\n", "150000 100000\n", "9223372036854775807 1\n"],
        { try CFSLimit(parsing: $0) },
        holds: { (limit: CFSLimit) -> Bool in
            guard let quota = limit.quota else { return true }
            let counts = [CPULimits.Rounding.down, .nearest, .up].map { quota.cpuCount(rounding: $0) }
            return quota.quotaMicroseconds > 0 && quota.periodMicroseconds > 0 && quota.cpus > 0
                && counts == counts.sorted() && counts[0] >= 0 && counts[2] >= 1
        }
    )

    private static let quota = MutatedParser(
        "cpu.cfs_quota_us",
        ["-1\n", "150000\n"],
        { try CFSQuota(parsing: $0) },
        holds: { $0.quotaMicroseconds ?? 1 > 0 }
    )

    private static let period = MutatedParser(
        "cpu.cfs_period_us",
        ["100000\n"],
        { try CFSPeriod(parsing: $0) },
        holds: { $0.periodMicroseconds > 0 }
    )

    private static let online = MutatedParser(
        "online",
        ["0-3,7\n", "0-1048575\n", "1,3,5,7,9,11\n"],
        { try CPUSet(parsingList: $0) },
        holds: isCanonical
    )

    private static let mask = MutatedParser(
        "Cpus_allowed",
        ["ff,ffffffff", "80000000,00000000,00000001", "f"],
        { try CPUSet(parsingMask: $0, in: 0..<$0.count) },
        holds: isCanonical
    )

    private static let stat = MutatedParser(
        "stat",
        [ProcessStatTests.line(), ProcessStatTests.line(") R 1 (")],
        { try ProcessStat(parsing: $0) },
        holds: { (stat: ProcessStat) -> Bool in
            [Int(stat.pid), Int(stat.parentPID), stat.flags, stat.threadCount, stat.startTimeTicks].allSatisfy {
                $0 >= 0
            }
        }
    )

    private static let status = MutatedParser(
        "status",
        ["Name:\tx\nTgid:\t17\nCpus_allowed:\tff,ffffffff\n", "Tgid:\t2147483647\nGroups:\t1 2 \nCpus_allowed:\t3\n"],
        { try ProcessStatus(parsing: $0) },
        holds: { $0.pid ?? 0 >= 0 && $0.allowedCPUs.map(isCanonical) ?? true }
    )

    private static let limits = MutatedParser(
        "limits",
        ["Limit  Soft  Hard  Units\nMax open files            1024                 524288               files\n"],
        { try ProcessLimits(parsing: $0) },
        holds: { $0.openFileCount >= 0 }
    )

    private static let cpuAccounting = MutatedParser(
        "cpuacct.stat",
        ["user 7\nsystem 2\n", "system 9223372036854775807\nuser 0\n"],
        { try CPUAccountingStat(parsing: $0) },
        holds: { $0.userTicks >= 0 && $0.systemTicks >= 0 }
    )

    private static let uptime = MutatedParser(
        "uptime",
        ["9.50 7.25\n", "0.00 0.00\n", "86400.25 1\n"],
        { try Uptime(parsing: $0) },
        holds: { $0.seconds >= 0 }
    )

    private static let statm = MutatedParser(
        "statm",
        ["1820 455 429 7 0 105 0\n", "0 0 0 0 0 0 0\n", "281474976710655 1 1 1 0 -3 0\n"],
        { try Statm(parsing: $0, pageSizeBytes: 4096) },
        holds: { isSize($0.sizeBytes, $0.residentBytes, $0.sharedBytes, $0.textBytes, $0.dataBytes) }
    )

    private static let smapsRollup = MutatedParser(
        "smaps_rollup",
        [rollup],
        { try SmapsRollup(parsing: $0) },
        holds: isRecord
    )

    private static let smapsSums = MutatedParser(
        "smaps",
        [smaps, rollup],
        { try SmapsRollup(parsing: $0, isSmaps: true) },
        holds: isRecord
    )
}
