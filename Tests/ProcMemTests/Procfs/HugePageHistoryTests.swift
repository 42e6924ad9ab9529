import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Whether huge pages were allocated since boot, in one pass after the other.
@Suite struct HugePageHistoryTests {
    private static let folder = "/sys/kernel/mm/transparent_hugepage"
    private static let vmstat = "/proc/vmstat"
    private static let counter = "\(folder)/hugepages-64kB/stats/anon_fault_alloc"

    static func system(_ files: [String: String] = [:]) throws -> FixtureTree {
        let usual = [
            vmstat: "thp_fault_alloc 0\nthp_collapse_alloc 0\n", counter: "0\n",
            "\(folder)/hpage_pmd_size": "2097152\n",
            "\(folder)/hugepages-2048kB/stats/anon_fault_alloc": "7\n",
            "\(folder)/hugepages-8kB/shmem_enabled": "never\n",
        ]
        return try FixtureTree(usual.merging(files) { $1 })
    }

    @Test func countersThatGrow() throws {
        let tree = try Self.system()
        let history = HugePageHistory(in: tree.root())
        for _ in 0..<2 { #expect(!history.mayHaveHugePages() && !history.mayHaveSmallerHugePages()) }
        // The file is written in place: the history keeps it open.
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: tree.directory.path + Self.counter))
        try file.write(contentsOf: Data("1\n".utf8))
        #expect(history.mayHaveSmallerHugePages() && history.mayHaveHugePages())
        #expect(HugePageHistory(in: tree.root()).mayHaveHugePages())
    }

    @Test func wholeHugePagesThatWereAllocated() throws {
        let tree = try Self.system()
        let history = HugePageHistory(in: tree.root())
        #expect(!history.mayHaveHugePages())
        try tree.write("thp_fault_alloc 0\nthp_collapse_alloc 1\n", to: Self.vmstat)
        #expect(history.mayHaveHugePages() && !history.mayHaveSmallerHugePages())
    }

    /// The counters never fall: what was seen is not read again.
    @Test func whatWasAllocatedRemains() throws {
        let tree = try Self.system([Self.vmstat: "thp_fault_alloc 1\n", Self.counter: "1\n"])
        let history = HugePageHistory(in: tree.root())
        #expect(history.mayHaveHugePages() && history.mayHaveSmallerHugePages())
        try tree.write("thp_fault_alloc 0\n", to: Self.vmstat)
        try tree.write("0\n", to: Self.counter)
        #expect(history.mayHaveHugePages() && history.mayHaveSmallerHugePages())
    }

    /// A failure to read is no proof. The next pass tries again.
    @Test(arguments: [counter, "\(folder)/hpage_pmd_size"]) func countersThatCannotBeRead(_ path: String) throws {
        let tree = try Self.system([path: "x\n"])
        let history = HugePageHistory(in: tree.root())
        #expect(history.mayHaveSmallerHugePages() && history.mayHaveHugePages())
        try tree.write(path == Self.counter ? "0\n" : "2097152\n", to: path)
        #expect(!history.mayHaveSmallerHugePages() && !history.mayHaveHugePages())
    }

    @Test func vmstatThatCannotBeRead() throws {
        let tree = try Self.system([Self.vmstat: "thp_fault_alloc x\n"])
        let history = HugePageHistory(in: tree.root())
        #expect(history.mayHaveHugePages() && !history.mayHaveSmallerHugePages())
    }

    /// Linux 6.8 and 6.9 do not count the allocations of a size.
    @Test func aSizeWithoutACounter() throws {
        let tree = try Self.system(["\(Self.folder)/hugepages-32kB/enabled": "always\n"])
        #expect(HugePageHistory(in: tree.root()).mayHaveSmallerHugePages())
    }

    /// Without sysfs, a missing folder does not show that the kernel has no such sizes.
    @Test func aSystemWithoutSysfs() throws {
        let tree = try FixtureTree([Self.vmstat: "nr_free_pages 1\n"], hasSysfs: false)
        let history = HugePageHistory(in: tree.root())
        #expect(history.mayHaveSmallerHugePages() && history.mayHaveHugePages())
    }

    @Test func aKernelWithoutHugePages() throws {
        let tree = try FixtureTree([Self.vmstat: "nr_free_pages 1\n"])
        #expect(!HugePageHistory(in: tree.root()).mayHaveHugePages())
    }
}
