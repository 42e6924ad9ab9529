@testable import ProcMem

/// The parsers of kernel files. Each returns whether the value that it parsed is possible; input that it refuses is.
enum ParserTarget {
    typealias Check = @Sendable (ArraySlice<UInt8>) -> Bool

    static let all: [String: Check] = {
        var all: [String: Check] = [:]
        all["cgroup"] = checking {
            CgroupMembership(parsing: $0, controller: .cpu)
        } holds: { membership in
            [membership.v1Path, membership.v2Path].compactMap(\.self).allSatisfy { !$0.contains(UInt8(ascii: "\n")) }
        }
        all["mountinfo"] = checking {
            CgroupMount.find(.cpu, .v2, showing: Array("/a/b".utf8), parsing: $0)
        } holds: {
            $0.map { !$0.root.isEmpty && !$0.mountPoint.isEmpty } ?? true
        }
        all["mount-line"] = checking { bytes in
            MountLine(parsing: bytes, in: 0..<bytes.count).map { line in
                [line.root, line.mountPoint, line.type, line.superOptions].map { (range: $0, limit: bytes.count) }
            } ?? []
        } holds: { parts in
            parts.allSatisfy { !$0.range.isEmpty && $0.range.upperBound <= $0.limit }
        }
        all["cpu-max"] = checking {
            try CFSLimit(parsing: $0)
        } holds: { limit in
            guard let quota = limit.quota else { return true }
            let counts = [CPULimits.Rounding.down, .nearest, .up].map { quota.cpuCount(rounding: $0) }
            return quota.quotaMicroseconds > 0 && quota.periodMicroseconds > 0 && quota.cpus > 0
                && counts == counts.sorted() && counts[0] >= 0 && counts[2] >= 1
        }
        all["cfs-quota"] = checking {
            try CFSQuota(parsing: $0)
        } holds: {
            $0.quotaMicroseconds ?? 1 > 0
        }
        all["cfs-period"] = checking {
            try CFSPeriod(parsing: $0)
        } holds: {
            $0.periodMicroseconds > 0
        }
        all["cpu-list"] = checking({ try CPUSet(parsingList: $0) }, holds: isCanonical)
        all["cpu-mask"] = checking({ try CPUSet(parsingMask: $0, in: 0..<$0.count) }, holds: isCanonical)
        all["cpu-stat"] = checking {
            try CPUStat(parsing: $0)
        } holds: {
            areSizes([$0.periods, $0.throttledPeriods, $0.throttledMicroseconds, $0.usageMicroseconds], below: .max)
        }
        all["cpuacct-stat"] = checking {
            try CPUAccountingStat(parsing: $0)
        } holds: {
            areSizes([$0.userTicks, $0.systemTicks], below: .max)
        }
        all["cpuacct-usage"] = checking({ try CPUAccountingStat.usageMicroseconds(parsing: $0) }, holds: { $0 >= 0 })
        all["limits"] = checking {
            try ProcessLimits(parsing: $0)
        } holds: {
            areSizes([$0.openFileCount], below: .max)
        }
        all["uptime"] = checking({ try Uptime(parsing: $0) }, holds: { $0.seconds >= 0 && $0.seconds.isFinite })
        all["loadavg"] = checking({ try OpenCensus.newestProcessID(parsing: $0) }, holds: { $0 >= 0 })
        all["vmstat"] = checking({ try HugePageHistory.hugePageAllocations(parsing: $0) }, holds: { $0 >= 0 })
        all["children"] = checking({ try ProcessChildren.ids(parsing: $0) }, holds: { $0.allSatisfy { $0 > 0 } })
        // 0 stands for a process outside of the caller's pid namespace.
        all["cgroup-procs"] = checking({ try CgroupProcesses.ids(parsing: $0) }, holds: { $0.allSatisfy { $0 >= 0 } })
        all["controllers"] = checking({ ControllerList.lists("memory", parsing: $0) }, holds: { _ in true })
        all["osrelease"] = checking({ try KernelConfiguration.release(parsing: $0) }, holds: isPossible(release:))
        all["mount-options"] = checking({ ProcMountOptions(parsing: $0) }, holds: { _ in true })
        all["cmdline"] = checking {
            CommandLineText(parsing: $0)
        } holds: {
            $0.text.map { !$0.utf8.contains(0) } ?? true
        }
        all["cgroup-list"] = checking {
            ProcessTable.Cgroup.list(parsing: $0)
        } holds: { cgroups in
            cgroups.allSatisfy { $0.hierarchyID >= 0 && !$0.path.utf8.contains(UInt8(ascii: "\n")) }
        }
        all["stat"] = checking({ try ProcessStat(parsing: $0) }, holds: isPossible)
        all["status"] = checking({ try ProcessStatus(parsing: $0) }, holds: isPossible)
        all["statm"] = checking {
            try Statm(parsing: $0, pageSizeBytes: 4096)
        } holds: {
            areSizes([$0.sizeBytes, $0.residentBytes, $0.sharedBytes, $0.textBytes, $0.dataBytes])
        }
        all["smaps-rollup"] = checking({ try SmapsRollup(parsing: $0) }, holds: isPossible)
        all["smaps"] = checking({ try SmapsRollup(parsing: $0, isSmaps: true) }, holds: isPossible)
        all["maps"] = checking(mappings, holds: { $0.allSatisfy(\.self) })
        all["meminfo"] = checking {
            MemInfo(parsing: $0)
        } holds: {
            areSizes([$0.totalBytes, $0.availableBytes, $0.hugePageBytes])
        }
        all["cgroups"] = checking({ try ControllerList.isDisabled("memory", parsing: $0) }, holds: { _ in true })
        all["split-reads"] = SplitReads.agree
        all["memory-max"] = checking {
            try MemoryLimitFile(parsing: $0)
        } holds: {
            areSizes([$0.limitBytes])
        }
        all["size"] = checking({ try $0.parseSingleSize() }, holds: { areSizes([$0]) })
        all["memory-swap-events"] = checking {
            try ContainerMemory.SwapEvents(parsing: $0)
        } holds: {
            areSizes([$0.high, $0.max, $0.fail], below: .max)
        }
        all["memory-oom-control"] = checking {
            try CgroupMemoryEvents.oomKills(parsing: $0)
        } holds: {
            areSizes([$0], below: .max)
        }
        all["memory-stat"] = checking({ try CgroupMemoryStat(parsing: $0, .v2) }, holds: isPossible)
        all["memory-stat-v1"] = checking({ try CgroupMemoryStat(parsing: $0, .v1) }, holds: isPossible)
        all["memory-events"] = checking {
            try ContainerMemory.Events(parsing: $0)
        } holds: {
            areSizes([$0.low, $0.high, $0.max, $0.oom, $0.oomKill, $0.oomGroupKill], below: .max)
        }
        all["memory-pressure"] = checking {
            try MemoryPressure(parsing: $0)
        } holds: { pressure in
            [pressure.some, pressure.full].allSatisfy { stall in
                [stall.avg10, stall.avg60, stall.avg300].allSatisfy { (0...100).contains($0) }
                    && stall.totalMicroseconds >= 0
            }
        }
        return all
    }()

    private static func checking<Value>(
        _ parse: @escaping @Sendable (Span<UInt8>) throws -> Value,
        holds: @escaping @Sendable (Value) -> Bool
    ) -> Check {
        { bytes in
            // Exactly as long as the input, so that AddressSanitizer detects a read beyond it.
            let copy = Array(bytes)
            guard let value = try? parse(copy.span) else { return true }
            return holds(value)
        }
    }

    @Sendable private static func mappings(_ bytes: Span<UInt8>) throws -> [Bool] {
        var index = 0
        var possible: [Bool] = []
        while let line = bytes.nextLine(at: &index) {
            guard let mapping = try MemoryMapping(parsing: bytes, line: line, pageSizeBytes: 4096) else { continue }
            possible.append(mapping.pages.lowerBound >= 0 && !mapping.pages.isEmpty)
        }
        return possible
    }

    private static func areSizes(_ sizes: [Int?], below limit: Int = 1 << 60) -> Bool {
        sizes.allSatisfy { (0...limit).contains($0 ?? 0) }
    }

    @Sendable private static func isCanonical(_ set: CPUSet) -> Bool {
        set.ranges.allSatisfy { $0.lowerBound >= 0 && $0.upperBound < 1 << 20 }
            && zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound }
            && set.count == set.ranges.reduce(0) { $0 + $1.count } && set.count > 0
    }

    @Sendable private static func isPossible(release: [UInt8]) -> Bool {
        guard !release.isEmpty, !release.contains(UInt8(ascii: "/")) else { return false }
        return KernelConfiguration.version(of: release.span).map { $0.major >= 0 && $0.minor >= 0 } ?? true
    }

    @Sendable private static func isPossible(_ sums: SmapsRollup) -> Bool {
        areSizes([sums.rssBytes, sums.pssBytes, sums.pssAnonBytes, sums.pssFileBytes, sums.pssShmemBytes])
            && areSizes([sums.sharedCleanBytes, sums.privateCleanBytes, sums.privateDirtyBytes, sums.anonymousBytes])
            && areSizes([sums.sharedHugetlbBytes, sums.privateHugetlbBytes, sums.swapBytes, sums.swapPssBytes])
            && sums.ussBytes >= sums.privateDirtyBytes
    }

    @Sendable private static func isPossible(_ stat: ProcessStat) -> Bool {
        guard stat.pid >= 0, stat.parentPID >= 0 else { return false }
        return stat.flags >= 0 && stat.threadCount >= 0 && stat.startTimeTicks >= 0
    }

    @Sendable private static func isPossible(_ status: ProcessStatus) -> Bool {
        guard status.pid ?? 0 >= 0, areSizes([status.peakRSSBytes, status.swapBytes]) else { return false }
        return status.allowedCPUs.map { isCanonical($0) } ?? true
    }

    @Sendable private static func isPossible(_ stat: CgroupMemoryStat) -> Bool {
        areSizes([stat.anonBytes, stat.fileBytes, stat.shmemBytes, stat.inactiveFileBytes, stat.kernelBytes])
            && areSizes([stat.swapBytes, stat.memoryLimit?.limitBytes, stat.memorySwapLimit?.limitBytes])
    }
}
