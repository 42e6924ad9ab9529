import Foundation
import TestSupport
import Testing

@testable import ProcMem

@Suite struct ContainerMemoryReaderTests {
    private static let mib = ContainerSystem.mib

    /// Two levels with a limit.
    private static func system() -> ContainerSystem {
        ContainerSystem.v2(
            ContainerSystem.v2Cgroup("/cg/a/b", limit: "\(512 * mib)", usage: 64 * mib).merging(
                ContainerSystem.v2Cgroup("/cg/a", limit: "\(1024 * mib)", usage: 900 * mib)
            ) { $1 }
        )
    }

    @Test func limitsThatChangeAreSeenAtOnce() throws {
        let tree = try Self.system().tree()
        var reader = try ContainerMemoryReader(in: tree.root())
        #expect(try reader.read().limitBytes == 512 * Self.mib)
        let file = tree.directory.path + "/cg/a/memory.max"
        // In place, as a kernel file changes.
        let handle = try #require(FileHandle(forWritingAtPath: file))
        try handle.write(contentsOf: Data("2097152\n\n\n\n".utf8))
        #expect(try reader.read().limitBytes == 2 * Self.mib)
        try ContainerAgreementTests.expectAgreement(reader.read(), .current(in: tree.root()))
    }

    @Test func aProcessThatDoesNotExist() {
        #expect(throws: ProcMemError.self) { _ = try ContainerMemoryReader(of: -1) }
        #expect(throws: ProcMemError.self) { _ = try ContainerMemoryReader(of: 1 << 22 - 1) }
        let nothing = try? FixtureTree(["/proc/self/comm": "x\n"])
        #expect(throws: ProcMemError.self) { _ = try ContainerMemoryReader(in: try #require(nothing).root()) }
    }

    /// The files exist, and say nothing. This is no lack of descriptors.
    @Test func aControllerThatIsOffOnAMachineThatIsNotKnown() throws {
        var system = ContainerSystem.v2(["/cg/a/b/cgroup.procs": ""])
        system.machine = nil
        let tree = try system.tree()
        var reader = try ContainerMemoryReader(in: tree.root())
        let reading = try reader.read()
        #expect(reading.usageBytes == nil && reading.availableBytes == nil && reading.effectiveMemoryBytes == nil)
    }

    @Test(.optimized, .countedAllocations) func aReadingDoesNotAllocate() throws {
        var reader = try ContainerMemoryReader()
        _ = try reader.read()
        let count = try Allocations.count { for _ in 0..<1000 { _ = try reader.read() } }
        // Once a second the files are found again, which allocates.
        #expect(count < 200)
    }

    /// Cgroups of the running kernel.
    @Suite(.memoryCgroups, .timeLimit(.minutes(5))) struct Live {
        private static let mib = 1 << 20

        @Test func limitsAtEachLevelAndAMove() throws {
            let parent = try Cgroup.make(.memory)
            let (own, other) = (try parent.make("own"), try parent.make("other"))
            let child = try own.child(state: "hold", 16 * Self.mib)
            var reader = try ContainerMemoryReader(of: child.pid)
            #expect(try reader.read().limitBytes == nil)
            #expect(try reader.read().usageBytes ?? 0 >= 14 * Self.mib)
            try parent.set(memoryLimit: 128 * Self.mib)
            #expect(try reader.read().limitBytes == 128 * Self.mib)
            try own.set(memoryLimit: 64 * Self.mib)
            #expect(try reader.read().limitBytes == 64 * Self.mib)
            #expect(try reader.read().availableBytes ?? .max <= 50 * Self.mib)
            try other.set(memoryLimit: 96 * Self.mib)
            try other.take(child)
            let isMoved = Waiting.until { (try? reader.read().limitBytes) == 96 * Self.mib }
            #expect(isMoved)
            // The earlier cgroup is removed, and then the current one with the process.
            try own.remove()
            #expect(try reader.read().limitBytes == 96 * Self.mib)
            child.end()
            try other.remove()
            let hasEnded = Waiting.until {
                do { _ = try reader.read() } catch { return true }
                return false
            }
            #expect(hasEnded)
        }

        @Test func eventsAreCounted() throws {
            let own = try Cgroup.make(.memory)
            try own.set(memoryLimit: 24 * Self.mib)
            let child = try own.child(state: "hold", 4096)
            var reader = try ContainerMemoryReader(of: child.pid)
            let before = try #require(try reader.read().events.oomKill)
            let states = try BuiltProduct.url(of: "ProcessStates").path
            let swap = own.has("memory.swap.max") || own.has("memory.memsw.limit_in_bytes")
            if swap { try own.set(swapLimit: 0) }
            _ = try own.output(of: states, ["hold", "\(64 * Self.mib)"])
            // The kernel may choose either process.
            if let reading = try? reader.read() { #expect(reading.events.oomKill ?? 0 > before) }
        }
    }
}
