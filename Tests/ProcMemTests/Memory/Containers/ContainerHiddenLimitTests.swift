import TestSupport
import Testing

@testable import ProcMem

/// v1 limits that bind but are not visible, and limits that are visible but do not bind.
@Suite struct ContainerHiddenLimitTests {
    private static let gib = ContainerSystem.gib

    private func text(_ gib: Int) -> String { "\(gib * Self.gib)" }

    private func memory(
        own: String = ContainerSystem.noLimit,
        parent: String = ContainerSystem.noLimit,
        smallest: String,
        useHierarchy: String? = "1\n"
    ) throws -> ContainerMemory {
        var files = ContainerSystem.v1Cgroup("/cg/a/b", limit: own, usage: 6000, smallest: (smallest, text(8)))
        files.merge(ContainerSystem.v1Cgroup("/cg/a", limit: parent)) { $1 }
        files["/cg/a/memory.use_hierarchy"] = useHierarchy
        let system = ContainerSystem.v1(files)
        let tree = try system.tree()
        #expect(
            try effectiveMemoryBytes(in: tree.root()) == ContainerMemory.current(in: tree.root()).effectiveMemoryBytes
        )
        return try ContainerMemory.current(in: tree.root())
    }

    @Test func aLimitAboveAllThatIsVisible() throws {
        let memory = try memory(smallest: text(2))
        #expect(memory.limitBytes == 2 * Self.gib)
        #expect(memory.limitCgroup == nil)
        #expect(memory.effectiveMemoryBytes == 2 * Self.gib)
        // All mounted levels were read.
        #expect(memory.isComplete && memory.warnings.isEmpty)
        // An upper bound: other cgroups below the hidden limit may use more of it.
        #expect(memory.availableBytes == 2 * Self.gib)
    }

    @Test func aHiddenLimitBelowAVisibleOne() throws {
        let memory = try memory(own: text(3), smallest: text(2))
        #expect(memory.limitBytes == 2 * Self.gib && memory.limitCgroup == nil)
        #expect(memory.levels.map(\.limitBytes) == [3 * Self.gib, nil, nil])
    }

    @Test func aVisibleLimitThatIsTheSmallestOfAll() throws {
        let memory = try memory(own: text(3), parent: text(2), smallest: text(2))
        #expect(memory.limitBytes == 2 * Self.gib && memory.limitCgroup == "/a")
        #expect(memory.reasonsByUnknownFigure[.availableBytes] == nil && memory.availableBytes != nil)
    }

    @Test func aHiddenLimitThatEqualsWhatTheMachineHas() throws {
        let memory = try memory(smallest: text(16))
        #expect(memory.limitBytes == 16 * Self.gib && memory.limitCgroup == nil)
    }

    @Test(arguments: [17, 64]) func aHiddenLimitAboveWhatTheMachineHas(_ gib: Int) throws {
        let memory = try memory(smallest: text(gib))
        #expect(memory.limitBytes == nil && memory.reasonsByUnknownFigure[.availableBytes] == nil)
        #expect(memory.limitAboveMachine?.limitBytes == gib * Self.gib && memory.limitAboveMachine?.cgroup == nil)
        let visible = try self.memory(parent: text(gib), smallest: text(gib))
        #expect(visible.limitAboveMachine?.limitBytes == gib * Self.gib && visible.limitAboveMachine?.cgroup == "/a")
    }

    /// Before Linux 5.11 a cgroup need not be charged for its descendants.
    @Test func aParentThatDoesNotCountItsChildren() throws {
        let memory = try memory(own: text(3), parent: text(1), smallest: text(3), useHierarchy: "0\n")
        #expect(memory.limitBytes == 3 * Self.gib && memory.limitCgroup == "/a/b")
        #expect(memory.levels.map(\.cgroup) == ["/a/b"])
        #expect(memory.isComplete)
    }

    @Test(arguments: [nil, "1\n", "junk\n"]) func aParentThatCountsItsChildren(_ useHierarchy: String?) throws {
        let memory = try memory(own: text(3), parent: text(1), smallest: text(1), useHierarchy: useHierarchy)
        #expect(memory.limitBytes == Self.gib && memory.limitCgroup == "/a")
        #expect(memory.levels.count == 3)
    }

    /// If the process's own cgroup is not visible, its `memory.stat` is not either.
    @Test func anothersSmallestLimitIsNotTheProcesss() throws {
        var system = ContainerSystem.v1(ContainerSystem.v1Cgroup("/cg", smallest: (text(1), text(1))))
        system.mounts = "40 30 0:9 /elsewhere /cg rw - cgroup cgroup rw,memory\n"
        let memory = try system.memory()
        #expect(memory.limitBytes == nil && !memory.isComplete)
    }

    /// A certain file exists only in the root cgroup (v1), or everywhere but in the root cgroup (v2).
    @Test func cgroupsAboveWhatIsMounted() throws {
        var v1 = ContainerSystem.v1(ContainerSystem.v1Cgroup("/cg/a/b"))
        #expect(try !v1.memory().hasHiddenAncestors)
        v1.files["/cg/release_agent"] = nil
        #expect(try v1.memory().hasHiddenAncestors)
        var v2 = ContainerSystem.v2(ContainerSystem.v2Cgroup("/cg/a/b"))
        v2.files["/cg/a/b/cgroup.events"] = "populated 1\n"
        #expect(try !v2.memory().hasHiddenAncestors)
        v2.files["/cg/cgroup.events"] = "populated 1\n"
        #expect(try v2.memory().hasHiddenAncestors)
        // All levels from the process's cgroup up to the mount's root were read.
        #expect(try v2.memory().isComplete)
    }

    /// v2 has no such line, so that a file with it is not the kernel's.
    @Test func version2HasNoSmallestLimit() throws {
        var files = ContainerSystem.v2Cgroup("/cg/a/b", limit: text(2))
        files["/cg/a/b/memory.stat"] = MemoryStatText.v1(limit: text(1))
        #expect(try ContainerSystem.v2(files).memory().limitBytes == 2 * Self.gib)
    }
}
