import TestSupport
import Testing

@testable import ProcMem

/// v1 limits memory and swap together, v2 limits swap alone: both are reported as swap alone.
@Suite struct ContainerSwapTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        /// The memory limits of the process's own cgroup, its parent and the root.
        var memory: [String] = []
        /// The swap limits (v2), or the limits of memory and swap together (v1).
        let swap: [String]
        let expected: Int?
        var testDescription: String { name }
    }

    private static let none = ContainerSystem.noLimit
    private static let gib = ContainerSystem.gib

    private static func text(_ gib: Int) -> String { "\(gib * Self.gib)" }

    static let ofV1 = [
        Case(name: "none", memory: [none, none], swap: [none, none], expected: nil),
        Case(name: "memory alone", memory: [text(1), none], swap: [none, none], expected: nil),
        Case(name: "both at one level", memory: [text(1), none], swap: [text(3), none], expected: 2 * gib),
        Case(name: "no swap at all", memory: [text(1), none], swap: [text(1), none], expected: 0),
        Case(name: "each at its own level", memory: [text(2), text(1)], swap: [text(4), text(5)], expected: 3 * gib),
        Case(name: "both above", memory: [none, text(1)], swap: [none, text(2)], expected: gib),
        Case(name: "the sum alone", memory: [none, none], swap: [text(3), none], expected: 3 * gib),
        Case(
            name: "memory above what the machine has",
            memory: [text(32), none],
            swap: [text(40)],
            expected: 8 * gib
        ),
        Case(
            name: "memory above what the machine has, in a parent",
            memory: [none, text(32)],
            swap: [none, text(33)],
            expected: gib
        ),
        // The kernel refuses this at one level, but allows it across two levels.
        Case(name: "less than the limit of memory", memory: [text(2), none], swap: [none, text(1)], expected: 0),
    ]

    @Test(arguments: ofV1) func version1(_ system: Case) throws {
        var files: [String: String] = [:]
        for (path, (memory, swap)) in zip(["/cg/a/b", "/cg/a"], zip(system.memory, system.swap + [Self.none])) {
            files.merge(ContainerSystem.v1Cgroup(path, limit: memory, memorySwap: swap)) { $1 }
        }
        let memory = try ContainerSystem.v1(files).memory()
        #expect(memory.swapLimitBytes == system.expected)
        #expect(memory.reasonsByUnknownFigure[.swapLimitBytes] == nil && memory.warnings.isEmpty)
    }

    @Test func version1FromTheSmallestOfAll() throws {
        let files = ContainerSystem.v1Cgroup("/cg/a/b", smallest: (Self.text(1), Self.text(4)))
        let memory = try ContainerSystem.v1(files).memory()
        #expect(memory.limitBytes == Self.gib)
        #expect(memory.swapLimitBytes == 3 * Self.gib)
    }

    @Test func version1WithoutSwapAccounting() throws {
        var system = ContainerSystem.v1(ContainerSystem.v1Cgroup("/cg/a/b", limit: Self.text(1)))
        system.files["/cg/a/b/memory.memsw.limit_in_bytes"] = nil
        system.files["/cg/a/b/memory.stat"] = "total_cache 1\nhierarchical_memory_limit \(Self.text(1))\n"
        let tree = try system.tree()
        let memory = try ContainerMemory.current(in: tree.root())
        #expect(memory.swapLimitBytes == nil && memory.swapBytes == nil)
        #expect(
            memory.reason(.swapLimitBytes, in: tree)
                == "/cg/a/b/memory.memsw.limit_in_bytes: does not exist: swap is not counted (swapaccount=0)"
        )
        #expect(memory.warnings.isEmpty)
    }

    static let ofV2 = [
        Case(name: "none", swap: ["max", "max"], expected: nil),
        Case(name: "own", swap: [text(2), "max"], expected: 2 * gib),
        Case(name: "above", swap: ["max", text(1)], expected: gib),
        Case(name: "the smallest", swap: [text(3), text(2)], expected: 2 * gib),
        Case(name: "no swap at all", swap: ["0", "max"], expected: 0),
        Case(name: "malformed, and the one above", swap: ["junk", text(2)], expected: 2 * gib),
    ]

    @Test(arguments: ofV2) func version2(_ system: Case) throws {
        var files = ContainerSystem.v2Cgroup("/cg/a/b", limit: Self.text(1))
            .merging(ContainerSystem.v2Cgroup("/cg/a")) { $1 }
        for (path, swap) in zip(["/cg/a/b", "/cg/a"], system.swap) { files["\(path)/memory.swap.max"] = swap + "\n" }
        let memory = try ContainerSystem.v2(files).memory()
        #expect(memory.swapLimitBytes == system.expected)
        #expect(memory.warnings.count == (system.swap[0] == "junk" ? 1 : 0))
    }

    @Test func version2WithoutSwapAccounting() throws {
        var system = ContainerSystem.v2(ContainerSystem.v2Cgroup("/cg/a/b"))
        system.files["/cg/a/b/memory.swap.max"] = nil
        system.files["/cg/a/b/memory.swap.current"] = nil
        let memory = try system.memory()
        #expect(Set(memory.reasonsByUnknownFigure.keys) == [.swapBytes, .swapLimitBytes])
        #expect(memory.warnings.isEmpty)
    }
}
