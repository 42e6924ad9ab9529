import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The usage and its parts, in captured systems: v1, v2 and hybrid.
@Suite struct ContainerMemoryUsageTests {
    private typealias System = ContainerSystem
    private static let gib = ContainerSystem.gib

    private func merged(_ files: [String: String]...) -> [String: String] {
        files.reduce(into: [:]) { $0.merge($1) { $1 } }
    }

    @Test(arguments: [false, true]) func version2(_ isHybrid: Bool) throws {
        let files = merged(
            System.v2Cgroup("/cg/a/b", usage: 2_500_000),
            System.v2Cgroup("/cg/a", limit: "\(Self.gib)", usage: 900_000_000),
            ["/cg/memory.stat": "anon 99\n"]
        )
        let memory = try System.v2(files, isHybrid: isHybrid).memory()
        #expect(memory.usageBytes == 2_500_000)
        #expect(memory.workingSetBytes == 2_500_000 - 446_464)
        #expect(memory.anonBytes == 151_552)
        #expect(memory.fileBytes == 1_986_560)
        #expect(memory.shmemBytes == 1_540_096)
        #expect(memory.inactiveFileBytes == 446_464)
        #expect(memory.kernelBytes == 8192)
        #expect(memory.swapBytes == 12288)
        #expect(memory.swapLimitBytes == nil)
        #expect(memory.pressure?.some.avg10 == 1.5)
        #expect(memory.pressure?.full.totalMicroseconds == 1000)
        #expect(memory.cgroup == "/a/b" && memory.usageCgroup == "/a/b" && memory.cgroupVersion == .v2)
        #expect(memory.reasonsByUnknownFigure.isEmpty && memory.warnings.isEmpty && memory.isComplete)
        #expect(memory.levels.map(\.cgroup) == ["/a/b", "/a", "/"])
        #expect(memory.levels.map(\.limitBytes) == [nil, Self.gib, nil])
        #expect(memory.levels.map(\.usageBytes) == [2_500_000, 900_000_000, nil])
        #expect(memory.levels.map(\.workingSetBytes) == [2_500_000 - 446_464, 900_000_000 - 446_464, nil])
        #expect(memory.availableBytes == Self.gib - (900_000_000 - 446_464))
    }

    @Test(arguments: [false, true]) func version1(_ isHybrid: Bool) throws {
        let files = merged(
            System.v1Cgroup("/cg/a/b", usage: 1_300_000_000, smallest: ("\(2 * Self.gib)", System.noLimit)),
            System.v1Cgroup("/cg/a", limit: "\(2 * Self.gib)", usage: 1_400_000_000),
            System.v1Cgroup("/cg", usage: 1_500_000_000),
            // Its processes are others than those of the memory cgroup.
            ["/unified/u/memory.pressure": System.v2Cgroup("/x")["/x/memory.pressure"] ?? ""]
        )
        let system = System.v1(files, isHybrid: isHybrid)
        let tree = try system.tree()
        let memory = try ContainerMemory.current(in: tree.root())
        #expect(memory.usageBytes == 1_300_000_000)
        #expect(memory.workingSetBytes == 1_300_000_000 - 535_601_152)
        #expect(memory.anonBytes == 366_739_456)
        #expect(memory.fileBytes == 925_003_776)
        #expect(memory.shmemBytes == 9_068_544)
        #expect(memory.kernelBytes == 43_352_064)
        #expect(memory.swapBytes == 4096)
        #expect(memory.pressure == nil && memory.highBytes == nil)
        #expect(memory.reason(.pressure, in: tree) == "/cg/a/b/memory.pressure: v1 does not have this file")
        #expect(memory.reasonsByUnknownFigure.count == 1 && memory.warnings.isEmpty && memory.isComplete)
        #expect(memory.cgroupVersion == .v1 && memory.usageCgroup == "/a/b")
        #expect(memory.levels.map(\.usageBytes) == [1_300_000_000, 1_400_000_000, 1_500_000_000])
        #expect(memory.availableBytes == 2 * Self.gib - (1_400_000_000 - 535_601_152))
    }

    /// The processes are charged to the nearest ancestor that has the controller.
    @Test func aCgroupWithoutTheController() throws {
        let files = merged(System.v2Cgroup("/cg/a", limit: "\(Self.gib)", usage: 5000), ["/cg/a/b/cgroup.procs": ""])
        let memory = try System.v2(files).memory()
        #expect(memory.cgroup == "/a/b")
        #expect(memory.usageCgroup == "/a")
        #expect(memory.usageBytes == 5000)
        #expect(memory.limitCgroup == "/a")
        #expect(memory.isComplete && memory.reasonsByUnknownFigure.isEmpty && memory.warnings.isEmpty)
    }

    /// The working set would be negative only because the two files are read one after the other.
    @Test func aWorkingSetIsNeverNegative() throws {
        let files = System.v2Cgroup("/cg/a/b", limit: "\(Self.gib)", usage: 1000)
        let memory = try System.v2(files).memory()
        #expect(memory.workingSetBytes == 0)
        #expect(memory.availableBytes == Self.gib)
    }

    /// The smallest limit binds, but another one may have less memory left.
    @Test func theLimitThatIsNearest() throws {
        let files = merged(
            System.v2Cgroup("/cg/a/b", limit: "\(Self.gib)", usage: 10_000_000),
            System.v2Cgroup("/cg/a", limit: "\(2 * Self.gib)", usage: 2_000_000_000)
        )
        for (own, parent) in [("/cg/a/b", "/cg/a"), ("/cg/a", "/cg/a/b")] {
            var swapped = files
            for file in ["memory.max", "memory.current"] {
                swapped["/cg/a/b/\(file)"] = files["\(own)/\(file)"]
                swapped["/cg/a/\(file)"] = files["\(parent)/\(file)"]
            }
            let memory = try System.v2(swapped).memory()
            #expect(memory.limitBytes == Self.gib)
            #expect(memory.availableBytes == 2 * Self.gib - (2_000_000_000 - 446_464))
        }
    }

    /// The usage is above the limit, which has just been lowered.
    @Test func nothingIsAvailableAboveTheLimit() throws {
        let memory = try System.v2(System.v2Cgroup("/cg/a/b", limit: "1000000", usage: 5_000_000)).memory()
        #expect(memory.availableBytes == 0)
    }

    @Test func whereNothingIsLimitedTheMachineDecides() throws {
        let memory = try System.v2(System.v2Cgroup("/cg/a/b", limit: "\(64 * Self.gib)", usage: 5_000_000)).memory()
        #expect(memory.limitBytes == nil)
        #expect(memory.availableBytes == 16 * Self.gib && memory.reasonsByUnknownFigure.isEmpty)
        #expect(memory.levels.first?.limitBytes == 64 * Self.gib)
    }

    @Test func theSmallestThrottlingLimitIsNoLimit() throws {
        var files = merged(System.v2Cgroup("/cg/a/b"), System.v2Cgroup("/cg/a"))
        files["/cg/a/b/memory.high"] = "3000000\n"
        files["/cg/a/memory.high"] = "2000000\n"
        let memory = try System.v2(files).memory()
        #expect(memory.highBytes == 2_000_000)
        #expect(memory.levels.map(\.highBytes) == [3_000_000, 2_000_000, nil])
        #expect(memory.limitBytes == nil)
        #expect(memory.effectiveMemoryBytes == 16 * Self.gib)
    }

    /// A container that sees its own cgroup as the root does not have the root cgroup: the files exist.
    @Test(arguments: [("/", "/"), ("/a/b", "/a/b"), ("/..", "/.."), ("/../../x", "/../../x")])
    func aContainersOwnPart(_ root: String, _ path: String) throws {
        var system = System.v2(System.v2Cgroup("/cg", limit: "\(Self.gib)", usage: 2_500_000))
        system.membership = "0::\(path)\n"
        system.mounts = MountTable.v2(25, 22, root, "/cg")
        let memory = try system.memory()
        #expect(memory.limitBytes == Self.gib)
        #expect(memory.limitCgroup == path && memory.usageCgroup == path)
        #expect(memory.usageBytes == 2_500_000)
        #expect(memory.isComplete && memory.reasonsByUnknownFigure.isEmpty)
    }

    @Test func anotherProcessesCgroup() throws {
        var system = System.v2(
            merged(
                System.v2Cgroup("/cg/a/b", usage: 1_000_000),
                System.v2Cgroup("/cg/c", limit: "\(Self.gib)", usage: 7_000_000)
            )
        )
        system.files["/proc/17/cgroup"] = "0::/c\n"
        system.files["/proc/17/mountinfo"] = system.mounts
        let tree = try system.tree()
        #expect(try ContainerMemory.current(in: tree.root()).usageBytes == 1_000_000)
        let memory = try ContainerMemory(of: 17, in: tree.root())
        #expect(memory.cgroup == "/c")
        #expect(memory.usageBytes == 7_000_000)
        #expect(memory.limitBytes == Self.gib)
    }

    /// The cgroup of no process: its own limit, and that of the cgroup above it.
    @Test(arguments: ["/a/b", "/cg/a/b", "/a/b/"]) func aCgroupByItsName(_ path: String) throws {
        for isV1 in [false, true] {
            let cgroup = isV1 ? System.v1Cgroup("/cg/a/b", usage: 77) : System.v2Cgroup("/cg/a/b", usage: 77)
            let parent =
                isV1
                ? System.v1Cgroup("/cg/a", limit: "\(Self.gib)", usage: 99)
                : System.v2Cgroup("/cg/a", limit: "\(Self.gib)", usage: 99)
            var system = isV1 ? System.v1(merged(cgroup, parent)) : System.v2(merged(cgroup, parent))
            system.files["/cg/a/b/cgroup.procs"] = ""
            let tree = try system.tree()
            let memory = try ContainerMemory(ofCgroup: path, in: tree.root())
            #expect(memory.cgroup == "/a/b")
            #expect(memory.usageBytes == 77)
            #expect(memory.limitBytes == Self.gib && memory.limitCgroup == "/a")
        }
    }

    @Test func aCgroupThatDoesNotExist() throws {
        let tree = try System.v2(System.v2Cgroup("/cg/a/b", usage: 1)).tree()
        let error = #expect(throws: ProcMemError.self) { try ContainerMemory(ofCgroup: "/c", in: tree.root()) }
        #expect(error?.code == .invalidArgument)
    }

    /// A snapshot's scope reads one file of each cgroup.
    @Test(arguments: ["/a/b", "/cg/a/b", "/a/b/"]) func oneCgroupByItsName(_ path: String) throws {
        for isV1 in [false, true] {
            let cgroup = isV1 ? System.v1Cgroup("/cg/a/b", usage: 77) : System.v2Cgroup("/cg/a/b", usage: 77)
            var system = isV1 ? System.v1(cgroup) : System.v2(cgroup)
            system.files["/cg/a/b/cgroup.procs"] = ""
            let tree = try system.tree()
            let usage = try CgroupMemoryUsage(
                CgroupMemoryFiles(of: CgroupDirectory(named: path, in: tree.root()), in: tree.root())
            )
            #expect(usage.usageBytes == 77)
            #expect(usage.anonBytes == (isV1 ? 366_739_456 : 151_552))
            #expect(usage.swapBytes == (isV1 ? 4096 : 12288))
            #expect(usage.kernelBytes == (isV1 ? 43_352_064 : 8192))
            #expect(usage.warnings.isEmpty)
        }
    }

    @Test func whatIsNoCgroupIsRefused() throws {
        let tree = try System.v2(System.v2Cgroup("/cg/a/b")).tree()
        let error = #expect(throws: ProcMemError.self) { try CgroupDirectory(named: "/none", in: tree.root()) }
        #expect(error?.code == .invalidArgument)
    }
}
