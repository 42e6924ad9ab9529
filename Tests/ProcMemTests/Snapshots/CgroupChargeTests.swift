import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The memory that a cgroup is charged for beyond the memory of its processes.
@Suite struct CgroupChargeTests {
    private static let mib = 1 << 20
    private static let page = SystemRoot.live.pageSizeBytes

    /// A v2 cgroup that is charged for 40 MiB, with one process of RSS 10 MiB and PSS 8 MiB in it.
    private func snapshot(
        _ mode: MemoryMode,
        without missing: String? = nil,
        charged: Int = 40 << 20,
        stat: String =
            "anon 6291456\nfile 29360128\nfile_mapped 4194304\nkernel 2097152\nshmem 1048576\ninactive_file 0\n"
    ) throws -> MemorySnapshot {
        var files = [
            "/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": MountTable.v2(25, 22, "/", "/cg"),
            "/proc/17/stat": ProcessStatTests.line("x", [1: "17"]), "/proc/17/statm": "9000 2560 1024 0 0 0 0\n",
            "/proc/17/smaps_rollup": "Rss: 10240 kB\nPss: 8192 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 4096 kB\n",
            "/cg/cgroup.procs": "", "/cg/a/cgroup.procs": "17\n", "/cg/a/cgroup.events": "populated 1\n",
            "/cg/a/memory.current": "\(charged)\n",
            "/cg/a/memory.stat": stat,
        ]
        if let missing { files[missing] = nil }
        let tree = try FixtureTree(files)
        return try withExtendedLifetime(tree) {
            try memorySnapshot(of: .cgroup("/a"), mode: mode, in: tree.root(pageSizeBytes: 4096))
        }
    }

    @Test func theRestIsWhatNoProcessHolds() throws {
        let charge = try #require(try snapshot(.accurate).cgroupCharge)
        #expect(charge.chargedBytes == 40 << 20)
        #expect(charge.unattributedBytes == .init(estimate: 32 << 20, lower: 30 << 20, upper: 32 << 20))
        #expect(charge.anonBytes == 6 << 20 && charge.fileBytes == 28 << 20)
        #expect(charge.shmemBytes == 1 << 20 && charge.kernelBytes == 2 << 20)
        #expect(charge.path.hasSuffix("/cg/a"))
        #expect(charge.reasonsByUnknownFigure.isEmpty)
    }

    /// Between the whole RSS and the largest possible anonymous part.
    @Test func aCheapReadingGivesBounds() throws {
        let charge = try #require(try snapshot(.cheap).cgroupCharge)
        #expect(charge.unattributedBytes == .init(estimate: 30 << 20, lower: 30 << 20, upper: 34 << 20))
    }

    /// Processes may map memory that another cgroup is charged for.
    @Test func lessThanIsHeld() throws {
        let charge = try #require(try snapshot(.accurate, charged: 3 << 20).cgroupCharge)
        #expect(charge.unattributedBytes == .init(estimate: 0, lower: 0, upper: 0))
    }

    /// A file that no process maps, beside a process of the same size that another cgroup is charged for.
    @Test func whatNoProcessMapsIsCharged() throws {
        let stat = "anon 0\nfile 5242880\nfile_mapped 0\nshmem 5242880\ninactive_file 0\n"
        for mode in [MemoryMode.accurate, .cheap] {
            let charge = try #require(try snapshot(mode, charged: 5 << 20, stat: stat).cgroupCharge)
            #expect(charge.unattributedBytes == .init(estimate: 5 << 20, lower: 5 << 20, upper: 5 << 20))
        }
    }

    /// 36 MiB of the charge are mapped, but the only process of the cgroup maps at most 10 MiB: processes of other cgroups
    /// map the rest.
    @Test func whatOtherCgroupsMapIsNotMappedHere() throws {
        let stat = "anon 34603008\nfile 3145728\nfile_mapped 3145728\nshmem 0\ninactive_file 0\n"
        let charge = try #require(try snapshot(.accurate, stat: stat).cgroupCharge)
        #expect(charge.unattributedBytes == .init(estimate: 32 << 20, lower: 30 << 20, upper: 32 << 20))
    }

    /// Without `file_mapped` in memory.stat the lower bound is the charge less the upper bound of the distinct memory.
    @Test func anUnknownMappedPart() throws {
        let charge = try #require(try snapshot(.accurate, stat: "anon 0\nfile 5\n").cgroupCharge)
        #expect(charge.unattributedBytes == .init(estimate: 32 << 20, lower: 30 << 20, upper: 32 << 20))
    }

    /// An unknown figure is not 0.
    @Test func aProcessWithoutFigures() throws {
        let snapshot = try snapshot(.cheap, without: "/proc/17/statm")
        #expect(snapshot.total.distinctBytes.upper == nil)
        let charge = try #require(snapshot.cgroupCharge)
        #expect(charge.unattributedBytes == .init(estimate: nil, lower: 30 << 20, upper: 40 << 20))
    }

    @Test func anUnknownCharge() throws {
        let charge = try #require(try snapshot(.accurate, without: "/cg/a/memory.current").cgroupCharge)
        #expect(charge.chargedBytes == nil && charge.unattributedBytes == nil)
        #expect(charge.reasonsByUnknownFigure[.usageBytes]?.contains("/cg/a/memory.current: does not exist") == true)
        #expect(charge.fileBytes == 28 << 20)
    }

    @Test func onlyACgroupHasACharge() throws {
        #expect(try memorySnapshot(of: .current, mode: .cheap).cgroupCharge == nil)
    }
}

/// The same with a live cgroup.
@Suite(.memoryCgroups) struct CgroupChargeLiveTests {
    private static let mib = 1 << 20
    /// The kernel charges in batches, and for page tables and other kernel memory. A library may be charged to this
    /// cgroup or to another one.
    private static let tolerance = 6 * mib

    private func rest(_ cgroup: Cgroup) throws -> Int {
        let snapshot = try memorySnapshot(of: .cgroup(cgroup.path), mode: .accurate)
        return try #require(snapshot.cgroupCharge?.unattributedBytes?.estimate)
    }

    @Test func whatProcessesHold() throws {
        let own = try Cgroup.make(.memory)
        let child = try own.make().child(state: "tree", 3, 48 * Self.mib)
        let snapshot = try memorySnapshot(of: .cgroup(of: child.pid), mode: .accurate)
        let charged = try #require(snapshot.cgroupCharge?.chargedBytes)
        #expect(snapshot.processes.count == 4)
        #expect(abs(charged - 48 * Self.mib) <= Self.tolerance)
        #expect(abs(try #require(snapshot.total.pssBytes) - charged) <= Self.tolerance)
        #expect(try rest(own) <= Self.tolerance)
        let cheap = try memorySnapshot(of: .cgroup(own.path), mode: .cheap)
        #expect(try #require(cheap.cgroupCharge?.unattributedBytes?.lower) <= Self.tolerance)
    }

    @Test func aFileThatNoProcessMaps() throws {
        let own = try Cgroup.make(.memory)
        let file = "/dev/shm/procmem-test-\(UUID().uuidString)"
        defer { unlink(file) }
        let run = try own.output(of: "/bin/dd", ["if=/dev/zero", "of=\(file)", "bs=1M", "count=24", "status=none"])
        try #require(run.status == 0, "\(run.errorText)")
        let child = try ChildProcess(state: "hold", 4096)
        try own.take(child)
        let snapshot = try memorySnapshot(of: .cgroup(own.path), mode: .accurate)
        #expect(snapshot.processes.map(\.pid) == [child.pid])
        #expect(try #require(snapshot.total.pssBytes) < 12 * Self.mib)
        #expect(abs(try rest(own) - 24 * Self.mib) <= Self.tolerance)
        #expect(try #require(snapshot.cgroupCharge?.shmemBytes) >= 22 * Self.mib)
        unlink(file)
        #expect(try rest(own) <= Self.tolerance)
    }
}
