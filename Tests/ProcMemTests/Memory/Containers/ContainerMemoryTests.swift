import TestSupport
import Testing

@testable import ProcMem

/// The binding memory limit of captured systems.
@Suite struct ContainerMemoryTests {
    struct Case: CustomTestStringConvertible {
        let name: String
        var membership = "0::/a/b\n"
        var mounts = MountTable.v2(25, 22, "/", "/cg")
        /// The machine's memory in KiB.
        var machine: String? = "MemTotal:       16777216 kB\nMemFree:  1 kB\n"
        /// The limit files by their paths.
        var files: [String: String] = [:]
        var limit: Int?
        var cgroup: String?
        var own: String? = "/a/b"
        var isComplete = true
        var warning: String?

        var testDescription: String { name }
    }

    private static let v1 = "40 30 0:9 / /cg rw - cgroup cgroup rw,memory\n"
    private static let gib = 1 << 30
    private static func v1(_ name: String, _ texts: [String]) -> Case {
        let files = zip(["/cg/a/b", "/cg/a", "/cg"], texts).reduce(into: [:]) {
            $0["\($1.0)/memory.limit_in_bytes"] = $1.1 + "\n"
        }
        return Case(name: name, membership: "6:memory:/a/b\n4:cpu:/x\n0::/u\n", mounts: v1, files: files)
    }

    private static func v2(_ name: String, _ texts: [String]) -> Case {
        let files = zip(["/cg/a/b", "/cg/a", "/cg"], texts).reduce(into: [:]) { $0["\($1.0)/memory.max"] = $1.1 + "\n" }
        return Case(name: name, files: files)
    }

    private static func expecting(
        _ system: Case,
        _ limit: Int?,
        _ cgroup: String? = nil,
        isComplete: Bool = true,
        warning: String? = nil
    ) -> Case {
        var system = system
        system.limit = limit
        system.cgroup = cgroup
        system.isComplete = isComplete
        system.warning = warning
        return system
    }

    static let cases: [Case] = [
        expecting(v2("v2, own level", ["1073741824", "max"]), gib, "/a/b"),
        expecting(v2("v2, parent", ["max", "1073741824", "max"]), gib, "/a"),
        expecting(v2("v2, the smallest of three", ["3221225472", "1073741824", "2147483648"]), gib, "/a"),
        expecting(v2("v2, the nearest of equals", ["1073741824", "1073741824"]), gib, "/a/b"),
        expecting(v2("v2, none", ["max", "max", "max"]), nil),
        expecting(v2("v2, the machine's memory", ["17179869184"]), nil),
        expecting(v2("v2, a page less than the machine's memory", ["17179865088"]), 17_179_865_088, "/a/b"),
        expecting(v2("v2, more than the machine has", ["17179873280"]), nil),
        expecting(v2("v2, nothing at all", ["0"]), 0, "/a/b"),
        expecting(v2("v2, more than any number", ["99999999999999999999999"]), nil),
        expecting(
            v2("v2, malformed, and the parent's", ["1G", "2147483648"]),
            2 * gib,
            "/a",
            warning: "/cg/a/b/memory.max: expected a number of bytes, or max, found \"1G\\n\""
        ),
        expecting(v2("v2, empty", [""]), nil, warning: "/cg/a/b/memory.max: expected a number of bytes, or max"),
        expecting(v2("v2, negative", ["-1"]), nil, warning: "/cg/a/b/memory.max: expected a number"),
        expecting(v2("v2, two numbers", ["1 2"]), nil, warning: "/cg/a/b/memory.max: expected a number"),
        expecting(v1("v1, own level", ["1073741824", "9223372036854771712"]), gib, "/a/b"),
        expecting(v1("v1, parent", ["9223372036854771712", "1073741824"]), gib, "/a"),
        expecting(v1("v1, none", ["9223372036854771712", "9223372036854771712", "9223372036854771712"]), nil),
        expecting(v1("v1, none with large pages", ["9223372036854710272"]), nil),
        expecting(v1("v1, an old kernel's none", ["18446744073709551615"]), nil),
        expecting(v1("v1, the machine's memory", ["17179869184"]), nil),
        Case(
            name: "hybrid, memory on v2",
            membership: "4:cpu:/x\n0::/a/b\n",
            files: ["/cg/a/memory.max": "1073741824\n", "/cg/a/b/x": ""],
            limit: gib,
            cgroup: "/a"
        ),
        Case(
            name: "a container sees its own part",
            mounts: MountTable.v2(25, 22, "/a", "/cg"),
            files: ["/cg/memory.max": "2147483648", "/cg/b/memory.max": "1073741824"],
            limit: gib,
            cgroup: "/a/b"
        ),
        Case(
            name: "a cgroup outside of the mount",
            mounts: MountTable.v2(25, 22, "/c", "/cg"),
            files: ["/cg/memory.max": "1073741824"],
            limit: gib,
            cgroup: "/c",
            own: "/c",
            isComplete: false,
            warning: "/proc/self/cgroup: the cgroup /a/b is outside of the mounted hierarchy"
        ),
        Case(
            name: "a removed level",
            files: ["/cg/a/memory.max": "1073741824"],
            limit: gib,
            cgroup: "/a",
            isComplete: false,
            warning: "/cg/a/b/memory.max: no such cgroup is visible"
        ),
        Case(
            name: "no hierarchy",
            membership: "4:cpu:/x\n",
            own: nil
        ),
    ]

    private func memory(of system: Case) throws -> ContainerMemory {
        var files = system.files
        files["/proc/self/cgroup"] = system.membership
        files["/proc/self/mountinfo"] = system.mounts
        files["/proc/meminfo"] = system.machine
        let tree = try FixtureTree(files)
        return try withExtendedLifetime(tree) {
            let memory = try ContainerMemory.current(in: tree.root())
            #expect(effectiveMemoryBytes(in: tree.root()) == memory.effectiveMemoryBytes)
            return memory
        }
    }

    @Test(arguments: cases) func theSmallestVisibleLimitBinds(_ system: Case) throws {
        let memory = try memory(of: system)
        #expect(memory.limitBytes == system.limit)
        #expect(memory.limitCgroup == system.cgroup)
        #expect(memory.cgroup == system.own)
        #expect(memory.machineBytes == 16 * Self.gib)
        #expect(memory.effectiveMemoryBytes == system.limit ?? 16 * Self.gib)
        #expect(memory.isComplete == system.isComplete)
        #expect(memory.warnings.count == (system.warning == nil ? 0 : 1), "\(memory.warnings)")
        if let warning = system.warning { #expect(memory.warnings.first?.contains(warning) == true) }
    }

    /// If the machine's memory is unknown, a limit that no machine could reach still counts as no limit.
    @Test(
        arguments: [
            nil, "", "MemTotal:\n", "MemTotal: 0 kB\n", "MemTotal: 99999999999999999999 kB\n", "MemFree: 1 kB\n",
        ] as [String?]
    )
    func whereTheMachinesMemoryIsNotKnown(_ machine: String?) throws {
        for (texts, limit) in [(["9223372036854771712"], nil), (["1073741824"], Self.gib)] as [([String], Int?)] {
            var system = Self.v1("", texts)
            system.machine = machine
            let memory = try memory(of: system)
            #expect(memory.machineBytes == nil)
            #expect(memory.limitBytes == limit)
            #expect(memory.effectiveMemoryBytes == limit)
        }
    }

    @Test(
        arguments: [
            ("MemTotal:        4096 kB\n", 4096 * 1024), ("MemFree: 1 kB\nMemTotal:1 kB", 1024),
            ("XMemTotal: 5 kB\nMemTotal: 7 kB\n", 7 * 1024),
        ] as [(String, Int)]
    )
    func theMachinesMemoryIsInKiB(_ machine: String, _ bytes: Int) throws {
        #expect(try memory(of: Case(name: "", machine: machine)).machineBytes == bytes)
    }
}
