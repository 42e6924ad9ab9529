import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The container memory of another process: all figures are of one process, or the call fails.
@Suite struct ContainerMemoryOfProcessTests {
    @Test func aChildIsInTheCgroupOfItsParent() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let memory = try ContainerMemory(of: child.pid)
        let own = try ContainerMemory.current()
        #expect(memory.cgroup == own.cgroup)
        #expect(memory.limitBytes == own.limitBytes)
        #expect(memory.levels.map(\.path) == own.levels.map(\.path))
        #expect(effectiveMemoryBytes() == own.effectiveMemoryBytes)
    }

    @Test(arguments: [Int32.min, -1, 0]) func whatIsNoProcessID(_ pid: Int32) {
        #expect(#expect(throws: ProcMemError.self) { try ContainerMemory(of: pid) }?.code == .invalidArgument)
    }

    @Test func aProcessThatHasExited() throws {
        let child = try ChildProcess(state: "hold", 4096)
        child.end()
        let error = #expect(throws: ProcMemError.self) { try ContainerMemory(of: child.pid) }
        #expect(error?.code == .noSuchProcess)
        #expect(error?.path == "/proc/\(child.pid)")
    }

    /// On v1 the kernel reports that zombies are in the root.
    @Test func aZombie() throws {
        let child = try ChildProcess(state: "zombie")
        let memory = try ContainerMemory(of: #require(child.ids.first))
        let parents = try ContainerMemory(of: child.pid)
        #expect(memory.cgroupVersion == parents.cgroupVersion)
        #expect(memory.cgroup == (parents.cgroupVersion == .v1 ? "/" : parents.cgroup))
    }

    @Test func aProcessThatAFolderDoesNotHave() throws {
        var system = ContainerSystem.v2(ContainerSystem.v2Cgroup("/cg/a/b", usage: 7))
        system.process = "17"
        let tree = try system.tree()
        #expect(try ContainerMemory(of: 17, in: tree.root()).usageBytes == 7)
        let error = #expect(throws: ProcMemError.self) { try ContainerMemory(of: 18, in: tree.root()) }
        #expect(error?.code == .noSuchProcess)
        #expect(error?.path == tree.directory.path + "/proc/18")
    }
}
