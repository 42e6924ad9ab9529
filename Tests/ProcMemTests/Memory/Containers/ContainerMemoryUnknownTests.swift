import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Every unknown figure has a reason.
@Suite struct ContainerMemoryUnknownTests {
    private typealias System = ContainerSystem

    private func expect(
        _ system: System,
        _ figure: ContainerMemory.Figure,
        _ reason: String,
        warned: Bool = false,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let tree = try system.tree()
        let memory = try ContainerMemory.current(in: tree.root())
        #expect(memory.reason(figure, in: tree) == reason, sourceLocation: location)
        let text = tree.directory.path + reason
        #expect(memory.warnings == (warned ? [text] : []), sourceLocation: location)
    }

    private static let missing = "does not exist"

    @Test func theRootOfVersion2() throws {
        let text = System.v2Cgroup("/cg")
        var system = System.v2([
            "/cg/memory.stat": MemoryStatText.v2, "/cg/memory.pressure": text["/cg/memory.pressure"] ?? "",
        ])
        system.membership = "0::/\n"
        let memory = try system.memory()
        #expect(memory.usageBytes == nil && memory.workingSetBytes == nil && memory.swapBytes == nil)
        #expect(memory.anonBytes == 151_552)
        #expect(memory.pressure?.some.avg10 == 1.5)
        #expect(memory.usageCgroup == "/")
        #expect(memory.isComplete && memory.warnings.isEmpty)
        #expect(Set(memory.reasonsByUnknownFigure.keys) == [.usageBytes, .workingSetBytes, .swapBytes])
        let usage = "the v2 root and cgroups without the memory controller do not have it"
        try expect(system, .usageBytes, "/cg/memory.current: \(Self.missing): \(usage)")
        try expect(system, .workingSetBytes, "/cg/memory.current: \(Self.missing): \(usage)")
        let swap = "the v2 root does not have it, nor does a kernel that does not count swap (swapaccount=0)"
        try expect(system, .swapBytes, "/cg/memory.swap.current: \(Self.missing): \(swap)")
    }

    @Test func aHierarchyWithoutTheController() throws {
        let memory = try System.v2(["/cg/a/b/cgroup.procs": ""]).memory()
        #expect(Set(memory.reasonsByUnknownFigure.keys) == Set(ContainerMemory.Figure.ofUsage))
        #expect(memory.usageCgroup == nil && memory.limitBytes == nil)
        #expect(memory.isComplete && memory.warnings.isEmpty)
    }

    @Test func keysThatAnOldKernelLacks() throws {
        var system = System.v2(System.v2Cgroup("/cg/a/b", usage: 9))
        system.files["/cg/a/b/memory.stat"] = "anon 1\nfile 2\ninactive_file 3\n"
        try expect(system, .kernelBytes, "/cg/a/b/memory.stat: has no kernel: requires Linux 5.18")
        try expect(system, .shmemBytes, "/cg/a/b/memory.stat: has no shmem")
        system.files["/cg/a/b/memory.stat"] = ""
        let memory = try system.memory()
        #expect(
            Set(memory.reasonsByUnknownFigure.keys)
                == [.anonBytes, .fileBytes, .shmemBytes, .inactiveFileBytes, .workingSetBytes, .kernelBytes]
        )
        #expect(memory.reasonsByUnknownFigure[.workingSetBytes] == memory.reasonsByUnknownFigure[.inactiveFileBytes])
    }

    @Test func keysThatAnOldKernelLacksOnVersion1() throws {
        var system = System.v1(System.v1Cgroup("/cg/a/b", usage: 9))
        system.files["/cg/a/b/memory.stat"] = "total_rss 1\ntotal_cache 2\ntotal_inactive_file 3\n"
        system.files["/cg/a/b/memory.kmem.usage_in_bytes"] = nil
        try expect(system, .shmemBytes, "/cg/a/b/memory.stat: has no total_shmem")
        try expect(
            system,
            .swapBytes,
            "/cg/a/b/memory.stat: has no total_swap: swap is not counted (swapaccount=0)"
        )
        try expect(system, .kernelBytes, "/cg/a/b/memory.kmem.usage_in_bytes: \(Self.missing)")
        #expect(try system.memory().anonBytes == 1)
    }

    @Test func pressureThatIsSwitchedOff() throws {
        var system = System.v2(System.v2Cgroup("/cg/a/b"))
        system.files["/cg/a/b/memory.pressure"] = nil
        let hint = "requires Linux 4.20; psi=0 or cgroup.pressure disables it"
        try expect(system, .pressure, "/cg/a/b/memory.pressure: \(Self.missing): \(hint)")
    }

    /// With `psi=0`, kernels before 6.1 refuse the read (EOPNOTSUPP); a file of a test cannot do that.
    @Test func pressureThatIsRefused() throws {
        let tree = try FixtureTree()
        let hierarchy = CgroupHierarchy(.v2, path: Array("/a".utf8), conventionalMountPoint: "/cg")
        let files = CgroupMemoryFiles(level: 0, of: hierarchy, in: tree.root())
        let reason = files.reason("memory.pressure", .system(.notSupported), absence: "psi=0")
        let text = "/cg/a/memory.pressure: cannot be read (errno 95, Operation not supported): psi=0"
        #expect(reason == tree.directory.path + text)
        #expect(!files.reason("memory.pressure", .system(.permissionDenied), absence: "psi=0").hasSuffix("psi=0"))
    }

    @Test(
        arguments: [
            ("memory.current", "1G\n", .usageBytes, "expected a number of bytes, found \"1G\\n\""),
            ("memory.swap.current", "", .swapBytes, "expected a number of bytes, found \"\""),
            ("memory.stat", "anon x\n", .anonBytes, "expected a number of bytes after anon, found \"anon x\\n\""),
            (
                "memory.pressure", "some\n", .pressure,
                "expected avg10, avg60, avg300 and total after some and full, found \"some\\n\""
            ),
            ("memory.swap.max", "-1\n", .swapLimitBytes, "expected a number of bytes, or max, found \"-1\\n\""),
        ] as [(String, String, ContainerMemory.Figure, String)]
    )
    func aMalformedFileIsAWarningToo(
        _ file: String,
        _ text: String,
        _ figure: ContainerMemory.Figure,
        _ reason: String
    ) throws {
        var system = System.v2(System.v2Cgroup("/cg/a/b"))
        system.files["/cg/a/b/\(file)"] = text
        try expect(system, figure, "/cg/a/b/\(file): \(reason)", warned: true)
    }

    /// A child cgroup with the name of the file is not the file.
    @Test func aCgroupOfThatName() throws {
        var system = System.v2(System.v2Cgroup("/cg/a/b"))
        system.files["/cg/a/b/memory.current"] = nil
        system.files["/cg/a/b/memory.current/cgroup.procs"] = ""
        let memory = try system.memory()
        #expect(memory.usageBytes == nil)
        #expect(memory.warnings.isEmpty)
    }

    @Test(arguments: [CgroupVersion.v1, .v2]) func anOwnCgroupThatIsNotVisible(_ version: CgroupVersion) throws {
        // The files of the levels above do not describe the process's cgroup.
        var system =
            version == .v2
            ? System.v2(System.v2Cgroup("/cg/a", limit: "4096", usage: 7))
            : System.v1(System.v1Cgroup("/cg/a", limit: "4096", usage: 7))
        let gone = try system.memory()
        #expect(gone.limitBytes == 4096 && gone.usageCgroup == nil && gone.usageBytes == nil)
        #expect(!gone.isComplete && gone.warnings.count == 1)
        #expect(Set(gone.reasonsByUnknownFigure.keys) == Set(ContainerMemory.Figure.ofUsage))
        #expect(gone.reasonsByUnknownFigure[.usageBytes] == gone.warnings[0])
        #expect(gone.reasonsByUnknownFigure[.usageBytes]?.hasSuffix(": no such cgroup is visible") == true)

        system.mounts = system.mounts.replacing(" / /cg ", with: " /elsewhere /cg ")
        system.files = version == .v2 ? System.v2Cgroup("/cg", usage: 7) : System.v1Cgroup("/cg", usage: 7)
        let elsewhere = try system.memory()
        #expect(elsewhere.usageBytes == nil && elsewhere.usageCgroup == nil && !elsewhere.isComplete)
        #expect(elsewhere.levels.map(\.usageBytes) == [7])
        #expect(elsewhere.reasonsByUnknownFigure[.usageBytes]?.contains("is outside of the mounted hierarchy") == true)
    }

    @Test func noCgroupForMemory() throws {
        var system = System.v2([:])
        system.membership = "4:cpu:/x\n"
        let tree = try system.tree()
        let memory = try ContainerMemory.current(in: tree.root())
        #expect(memory.reason(.usageBytes, in: tree) == "/proc/self/cgroup: names no cgroup for memory")
        #expect(memory.effectiveMemoryBytes == 16 * System.gib)
    }

    @Test func aMachineThatIsNotKnown() throws {
        var system = System.v2(System.v2Cgroup("/cg/a/b", usage: 7))
        system.machine = nil
        try expect(system, .machineBytes, "/proc/meminfo: cannot be read (errno 2, No such file or directory)")
        #expect(try system.memory().usageBytes == 7)
    }

    /// If no file is readable, there is no answer to explain.
    @Test func withoutAnyMemoryFile() throws {
        let tree = try FixtureTree(["/proc/self/comm": "x\n"])
        let error = #expect(throws: ProcMemError.self) { try ContainerMemory.current(in: tree.root()) }
        #expect(error?.code == .unsupported)
        let text = "/proc/meminfo: the memory is unknown: neither this file nor a cgroup can be read"
        #expect(error?.description == tree.directory.path + text)
        #expect(effectiveMemoryBytes(in: tree.root()) == nil)
        #expect(effectiveMemoryBytes(in: SystemRoot(directory: "/nowhere")) == nil)
    }
}
