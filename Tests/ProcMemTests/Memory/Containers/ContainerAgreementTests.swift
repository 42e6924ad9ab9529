import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// `ContainerMemoryReader` and `ContainerMemory` read the same files in different ways, and their figures are equal.
@Suite struct ContainerAgreementTests {
    private typealias System = ContainerSystem
    private static let (mib, gib) = (ContainerSystem.mib, ContainerSystem.gib)

    /// The figures that both have.
    private struct Figures: Equatable {
        var sizes: [String: Int?]
        var isAboveHigh: Bool
        var events: ContainerMemory.Events

        init(_ reading: ContainerMemoryReader.Reading) {
            sizes = [
                "limit": reading.limitBytes, "high": reading.highBytes, "usage": reading.usageBytes,
                "working set": reading.workingSetBytes, "available": reading.availableBytes,
                "available with reclaim": reading.availableWithReclaimBytes, "machine": reading.machineBytes,
                "effective": reading.effectiveMemoryBytes,
            ]
            (isAboveHigh, events) = (reading.isAboveHigh, reading.events)
        }

        init(_ memory: ContainerMemory) {
            sizes = [
                "limit": memory.limitBytes, "high": memory.highBytes, "usage": memory.usageBytes,
                "working set": memory.workingSetBytes, "available": memory.availableBytes,
                "available with reclaim": memory.availableWithReclaimBytes,
                "machine": memory.machineBytes.map { $0 - (memory.hugePageBytes ?? 0) },
                "effective": memory.effectiveMemoryBytes,
            ]
            (isAboveHigh, events) = (memory.isAboveHigh ?? false, memory.events)
        }
    }

    static func expectAgreement(
        _ reading: ContainerMemoryReader.Reading,
        _ memory: ContainerMemory,
        _ state: Comment? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(Figures(reading) == Figures(memory), state, sourceLocation: location)
        // A reading also states whether the working sets of all levels with a limit are known.
        let isKnown = memory.isComplete && memory.levels.allSatisfy(\.isKnown)
        #expect(isKnown || !reading.isComplete, state, sourceLocation: location)
        // Nothing is available beyond a limit.
        let bounds = memory.levels.flatMap { [$0.limitBytes, $0.highBytes] } + [memory.limitBytes]
        for bound in bounds.compactMap(\.self) {
            #expect(memory.availableBytes ?? 0 <= bound, state, sourceLocation: location)
            #expect(memory.availableWithReclaimBytes ?? 0 <= bound, state, sourceLocation: location)
        }
    }

    private static func expectAgreement(in tree: FixtureTree, _ state: Comment? = nil) throws {
        guard let memory = try? ContainerMemory.current(in: tree.root()) else {
            #expect(throws: ProcMemError.self, state) { _ = try ContainerMemoryReader(in: tree.root()) }
            return
        }
        var reader = try ContainerMemoryReader(in: tree.root())
        expectAgreement(try reader.read(), memory, state)
    }

    /// Complete systems, with files of two levels on either version.
    private static let complete: [ContainerSystem] = {
        var v2 = System.v2(System.v2Cgroup("/cg/a/b", limit: "\(512 * mib)", usage: 64 * mib))
        v2.files.merge(System.v2Cgroup("/cg/a", limit: "\(1024 * mib)", usage: 900 * mib)) { $1 }
        var soft = System.v2(System.v2Cgroup("/cg/a/b", usage: 64 * mib))
        soft.files["/cg/a/b/memory.high"] = "\(32 * mib)\n"
        soft.machine = "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\nHugetlb: 1048576 kB\n"
        var above = System.v2(System.v2Cgroup("/cg/a/b", limit: "\(100 * gib)", usage: gib))
        above.files.merge(System.v2Cgroup("/cg/a", limit: "\(64 * gib)", usage: 2 * gib)) { $1 }
        let hidden = ("\(256 * mib)", System.noLimit)
        let v1 = System.v1(System.v1Cgroup("/cg/a/b", usage: 700 * mib, smallest: hidden))
        let limited = System.v1(
            System.v1Cgroup("/cg/a/b", limit: "\(800 * mib)", usage: 700 * mib).merging(
                System.v1Cgroup("/cg/a", limit: "\(900 * mib)", usage: 880 * mib)
            ) { $1 }
        )
        let hiddenAbove = System.v1(System.v1Cgroup("/cg/a/b", usage: gib, smallest: ("\(64 * gib)", System.noLimit)))
        return [v2, soft, above, v1, limited, hiddenAbove]
    }()

    /// Changes of a system that make figures unknown, or that belong to another system.
    private static let changes: [(name: String, apply: @Sendable (inout ContainerSystem) -> Void)] = {
        var changes: [(name: String, apply: @Sendable (inout ContainerSystem) -> Void)] = [
            ("none", { _ in }),
            ("meminfo hidden", { $0.machine = nil }),
            ("meminfo a directory", { ($0.machine, $0.files["/proc/meminfo/x"]) = (nil, "") }),
            ("meminfo malformed", { $0.machine = "MemTotal: 0 kB\n" }),
            ("without MemAvailable", { $0.machine = "MemTotal: 16777216 kB\n" }),
            ("MemTotal as lxcfs", { $0.machine = "MemTotal: 524288 kB\nMemAvailable: 4096 kB\nHugetlb: 262144 kB\n" }),
            ("more huge pages than memory", { $0.machine = "MemTotal: 4194304 kB\nHugetlb: 50331648 kB\n" }),
            ("a removed cgroup", { $0.files = $0.files.filter { !$0.key.hasPrefix("/cg/a/b/") } }),
            ("a cgroup elsewhere", { $0.mounts = $0.mounts.replacing(" / /cg ", with: " /elsewhere /cg ") }),
            ("in the root", { $0.membership = $0.membership.replacing("/a/b", with: "/") }),
            (
                "in a child without files",
                { system in
                    system.membership = system.membership.replacing("/a/b", with: "/a/b/c")
                    system.files["/cg/a/b/c/cgroup.procs"] = ""
                }
            ),
            (
                "non-hierarchical",
                { system in
                    system.files["/cg/a/memory.use_hierarchy"] = "0\n"
                    system.files["/cg/a/memory.limit_in_bytes"] = "\(4 * mib)\n"
                    system.files["/cg/memory.use_hierarchy"] = "0\n"
                }
            ),
        ]
        for level in ["/cg/a/b", "/cg/a"] {
            for name in ["stat", "current", "usage_in_bytes", "max", "limit_in_bytes", "high"] {
                let file = "\(level)/memory.\(name)"
                changes.append(("\(file) missing", { $0.files[file] = nil }))
                changes.append(
                    ("\(file) malformed", { if $0.files[file] != nil { $0.files[file] = "total_rss x\nanon x\n" } })
                )
                changes.append(
                    (
                        "a cgroup named \(file)",
                        {
                            if $0.files.removeValue(forKey: file) != nil { $0.files["\(file)/cgroup.procs"] = "" }
                        }
                    )
                )
            }
        }
        return changes
    }()

    @Test(arguments: complete.indices) func inEveryState(_ index: Int) throws {
        for change in Self.changes {
            var system = Self.complete[index]
            change.apply(&system)
            try Self.expectAgreement(in: system.tree(), "\(change.name)")
        }
    }

    @Test(arguments: ContainerMemoryTests.cases) func underEveryLimit(_ system: ContainerMemoryTests.Case) throws {
        var files = system.files
        files["/proc/self/cgroup"] = system.membership
        files["/proc/self/mountinfo"] = system.mounts
        files["/proc/meminfo"] = system.machine
        try Self.expectAgreement(in: FixtureTree(files))
    }

    struct Report: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let files: [String: String]
        let links: [String: String]?
        var testDescription: String { name }
    }

    static let reports: [Report] = ["limits", "limits-more"].flatMap { name -> [Report] in
        guard let url = Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"),
            let data = try? Data(contentsOf: url)
        else { return [] }
        return (try? JSONDecoder().decode([Report].self, from: data)) ?? []
    }

    @Test func theReportsAreThere() { #expect(Self.reports.count == 8 + 27) }

    @Test(arguments: reports) func inEveryReport(_ report: Report) throws {
        try Self.expectAgreement(in: FixtureTree(report.files, links: report.links ?? [:]))
    }
}
