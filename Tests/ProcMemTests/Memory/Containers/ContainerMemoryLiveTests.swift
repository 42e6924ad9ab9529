import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Limits that a real kernel enforces, and memory that it charges, in cgroups that the tests create.
@Suite(.memoryCgroups, .timeLimit(.minutes(5)))
struct ContainerMemoryLiveTests {
    private static let mib = 1 << 20

    /// Memory that the kernel may not have counted yet: each CPU charges in batches of 64 pages.
    private static let tolerance = 2 * mib

    private func isNear(_ bytes: Int?, _ mebibytes: Int) -> Bool {
        bytes.map { abs($0 - mebibytes * Self.mib) <= Self.tolerance } ?? false
    }

    @Test(arguments: [true, false]) func aRealLimitIsRead(_ isOwn: Bool) throws {
        let limit = 96 * Self.mib
        let parent = try Cgroup.make(.memory)
        let own = try parent.make()
        try (isOwn ? own : parent).set(memoryLimit: limit)
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(child)
        let memory = try ContainerMemory(of: child.pid)
        #expect(memory.limitBytes == limit)
        #expect(memory.limitCgroup == (isOwn ? own.path : parent.path))
        #expect(memory.cgroup == own.path)
        #expect(memory.cgroupVersion == (own.isOnV2 ? .v2 : .v1))
        #expect(memory.isComplete && memory.hasHiddenAncestors == !own.isRootVisible)
        #expect(memory.warnings.isEmpty)
        #expect(memory.effectiveMemoryBytes == limit)
        #expect(memory.levels.map(\.cgroup) == own.levels)
        let above = [Int?](repeating: nil, count: own.levels.count - 2)
        #expect(memory.levels.map(\.limitBytes) == (isOwn ? [limit, nil] : [nil, limit]) + above)
    }

    /// On v1 the kernel reports that the exited main thread is in the root; the other thread is still in the process's
    /// cgroup.
    @Test func aProcessWithoutItsMainThread() throws {
        let own = try Cgroup.make(.memory)
        try own.set(memoryLimit: 96 * Self.mib)
        let child = try own.child(state: "zombie-leader", 4096)
        let named = try String(contentsOfFile: "/proc/\(child.pid)/cgroup", encoding: .utf8)
        try #require(named.contains(own.path) == own.isOnV2, "the cgroup that the kernel reports without a main thread")
        let memory = try ContainerMemory(of: child.pid)
        #expect(memory.limitBytes == 96 * Self.mib)
        #expect(memory.cgroup == own.path)
        #expect(memory.isComplete)
        #expect(memory.warnings.isEmpty)
        #expect(try processList(of: .cgroup(of: child.pid)).processes.map(\.pid) == [child.pid])
    }

    @Test func withoutALimitTheMachinesMemoryIsWhatThereIs() throws {
        let own = try Cgroup.make(.memory)
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(child)
        let memory = try ContainerMemory(of: child.pid)
        #expect(memory.limitBytes == nil && memory.availableBytes == nil)
        let pages = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        #expect(memory.effectiveMemoryBytes == pages)
    }

    /// Of the process's own limit and its parent's, the smaller one binds, whichever it is at the moment.
    @Test func limitsThatChangeAreSeenAtOnce() throws {
        let parent = try Cgroup.make(.memory)
        let own = try parent.make()
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(child)
        for (ofParent, ofOwn) in [(64, 32), (32, 64), (48, 48), (128, 96)] {
            try parent.set(memoryLimit: ofParent * Self.mib)
            try own.set(memoryLimit: ofOwn * Self.mib)
            let memory = try ContainerMemory(of: child.pid)
            #expect(memory.limitBytes == min(ofParent, ofOwn) * Self.mib)
            #expect(memory.limitCgroup == (ofOwn <= ofParent ? own.path : parent.path))
        }
        try parent.set(memoryLimit: nil)
        try own.set(memoryLimit: nil)
        #expect(try ContainerMemory(of: child.pid).limitBytes == nil)
    }

    /// The second sources are the process's `statm` and the kernel's own sum.
    @Test func whatAProcessHoldsIsAnonymous() throws {
        let parent = try Cgroup.make(.memory)
        let own = try parent.make()
        try parent.set(memoryLimit: 128 * Self.mib)
        let child = try own.child(state: "hold", 40 * Self.mib)
        let memory = try ContainerMemory(of: child.pid)
        #expect(isNear(memory.anonBytes, 40), "\(memory)")
        let statm = try Statm(of: child.pid)
        #expect(abs((memory.anonBytes ?? 0) - (statm.residentBytes - statm.sharedBytes)) <= Self.tolerance)
        #expect(memory.usageBytes ?? 0 >= 40 * Self.mib - Self.tolerance)
        let sum = [memory.anonBytes, memory.fileBytes, memory.kernelBytes].reduce(0) { $0 + ($1 ?? 0) }
        #expect(abs((memory.usageBytes ?? 0) - sum) <= Self.tolerance)
        #expect(memory.usageCgroup == own.path)
        #expect(isNear(memory.levels[1].usageBytes.map { $0 - (memory.usageBytes ?? 0) }, 0))
        #expect(isNear(memory.availableBytes.map { $0 + (memory.levels[1].workingSetBytes ?? 0) }, 128))
        // No other cgroup is charged for it.
        #expect(try ContainerMemory.current().cgroup != own.path)
    }

    /// A file in `/dev/shm` that no process maps any more is in no process's memory, but the cgroup is still charged
    /// for it.
    @Test func sharedMemoryThatNoProcessMaps() throws {
        let own = try Cgroup.make(.memory)
        let file = "/dev/shm/procmem-test-\(UUID().uuidString)"
        defer { unlink(file) }
        let run = try own.output(of: "/bin/dd", ["if=/dev/zero", "of=\(file)", "bs=1M", "count=24", "status=none"])
        try #require(run.status == 0, "\(run.errorText)")
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(child)
        let memory = try ContainerMemory(of: child.pid)
        #expect(isNear(memory.shmemBytes, 24), "\(memory)")
        #expect(isNear(memory.fileBytes.map { $0 - (memory.shmemBytes ?? 0) }, 0))
        #expect(isNear(memory.anonBytes, 0))
        // The kernel cannot reclaim it, so it is part of the working set.
        #expect(memory.workingSetBytes ?? 0 >= 24 * Self.mib - Self.tolerance)
        #expect(try Statm(of: child.pid).residentBytes < 24 * Self.mib)
        unlink(file)
        #expect(isNear(try ContainerMemory(of: child.pid).shmemBytes, 0))
    }

    /// Page cache fills the usage up to the limit. The available memory stays as large as before, because the cache can
    /// be reclaimed.
    @Test func aFileThatIsKept() throws {
        let own = try Cgroup.make(.memory)
        try own.set(memoryLimit: 32 * Self.mib)
        let tree = try FixtureTree(["/x": ""])
        let file = tree.directory.path + "/file"
        // The file is written, and dropped from the page cache, outside of the cgroup. Dirty pages cannot be reclaimed,
        // and would fill a small cgroup.
        let script =
            "dd if=/dev/zero of=$0 bs=1M count=64 conv=fsync && dd of=$0 oflag=nocache conv=notrunc,fdatasync count=0"
        let written = try ChildProcess.output(of: "/bin/sh", ["-c", "exec 2>/dev/null; \(script)", file])
        try #require(written.status == 0)
        let run = try own.output(of: "/bin/dd", ["if=\(file)", "of=/dev/null", "bs=1M", "status=none"])
        try #require(run.status == 0, "\(run.errorText)")
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(child)
        let memory = try ContainerMemory(of: child.pid)
        #expect(memory.usageBytes ?? 0 > 20 * Self.mib && memory.usageBytes ?? .max <= 32 * Self.mib, "\(memory)")
        #expect(memory.inactiveFileBytes ?? 0 > 20 * Self.mib)
        #expect(memory.workingSetBytes ?? .max < 12 * Self.mib)
        #expect(memory.availableBytes ?? 0 > 20 * Self.mib)
        #expect(isNear(memory.shmemBytes, 0))
    }

    /// The reported limit is the one at which the OOM killer acts.
    @Test func aProcessAboveTheLimitIsKilled() throws {
        let parent = try Cgroup.make(.memory)
        let own = try parent.make()
        try parent.set(memoryLimit: 24 * Self.mib)
        // Swap must not extend the memory.
        if Self.accountsForSwap { try parent.set(swapLimit: 0) }
        let states = try BuiltProduct.url(of: "ProcessStates").path
        #expect(try own.output(of: states, ["hold", "\(64 * Self.mib)"]).status == 128 + SIGKILL)
        let child = try own.child(state: "hold", 16 * Self.mib)
        let memory = try ContainerMemory(of: child.pid)
        #expect(memory.limitBytes == 24 * Self.mib)
        #expect(memory.availableBytes ?? .max <= 8 * Self.mib)
    }

    private static let accountsForSwap: Bool = {
        guard let cgroup = try? Cgroup.make(.memory) else { return false }
        return cgroup.has("memory.swap.max") || cgroup.has("memory.memsw.limit_in_bytes")
    }()

    @Test(
        .enabled(if: accountsForSwap, "the kernel does not account for swap")
    )
    func memoryAndSwapTogetherBecomeSwapAlone() throws {
        let parent = try Cgroup.make(.memory)
        let own = try parent.make()
        try parent.set(memoryLimit: 64 * Self.mib)
        try parent.set(swapLimit: 16 * Self.mib)
        try own.set(memoryLimit: 32 * Self.mib)
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(child)
        let memory = try ContainerMemory(of: child.pid)
        // v1 limits memory and swap together: memory that the process's own limit excludes may be in swap.
        #expect(memory.swapLimitBytes == (own.isOnV2 ? 16 : 48) * Self.mib)
        #expect(memory.swapBytes == 0)
        #expect(Set(memory.reasonsByUnknownFigure.keys) == (own.has("memory.pressure") ? [] : [.pressure]))
    }

    /// The figures from which a snapshot of a cgroup subtracts its processes' memory.
    @Test func oneCgroupByItsName() throws {
        let own = try Cgroup.make(.memory)
        let child = try own.child(state: "hold", 8 * Self.mib)
        for path in [own.path, own.directory] {
            let usage = try CgroupMemoryUsage(
                CgroupMemoryFiles(of: CgroupDirectory(named: path, in: .live), in: .live)
            )
            #expect(isNear(usage.anonBytes, 8))
            #expect(usage.kernelBytes != nil && usage.swapBytes != nil)
        }
        #expect(try ContainerMemory(of: child.pid).usageCgroup == own.path)
    }
}
