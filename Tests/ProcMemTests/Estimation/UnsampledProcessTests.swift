import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Processes that cannot be sampled, or not for long.
@Suite struct UnsampledProcessTests {
    private static let mode = MemoryMode.sampled(reads: 64)

    @Test func aKernelThreadAndAZombie() throws {
        let child = try ChildProcess(state: "zombie")
        let zombie = try memoryUsage(of: #require(child.ids.first), mode: Self.mode)
        #expect(zombie.unavailable == .zombie && zombie.rssBytes == nil && zombie.ussBytes == nil)
        #expect(zombie.source == .unavailable(.zombie))
        let tree = try memorySnapshot(of: .tree(root: child.pid), mode: Self.mode)
        #expect(tree.total.processesWithoutMemoryCount == 1 && tree.total.figureCounts?.uss == 1)
        #expect(tree.total.distinctBytes.estimate != nil)
        let files = try FixtureTree([
            "/proc/2/stat": ProcessStatTests.line("kthreadd", [1: "2", 9: "2129984"]),
            "/proc/2/statm": "0 0 0 0 0 0 0\n",
        ])
        #expect(try memoryUsage(of: 2, mode: Self.mode, in: files.root()).unavailable == .kernelThread)
    }

    @Test(.enabled(if: Rights.isRoot, "needs root, to give up rights")) func aStrangersProcess() throws {
        let child = try ChildProcess(state: "tree", 2, 8 << 20)
        let pid = child.pid
        let usage = try Rights.asNobody { try memoryUsage(of: pid, mode: Self.mode) }
        #expect(usage.unavailable == .permissionDenied && usage.source == .statm)
        #expect(try usage.rssBytes == memoryUsage(of: pid, mode: .cheap).rssBytes)
        #expect(usage.ussBytes == nil)
        let (sampled, cheap) = try Rights.asNobody {
            try (
                memorySnapshot(of: .tree(root: pid), mode: Self.mode).total,
                memorySnapshot(of: .tree(root: pid), mode: .cheap).total
            )
        }
        #expect(sampled.unavailableCount == 3 && sampled.ussBytes == nil)
        #expect(sampled.unreadableRSSBytes == sampled.rssBytes)
        #expect(sampled.distinctBytes.lower == cheap.distinctBytes.lower)
        #expect(sampled.distinctBytes.upper != nil && sampled.rssBytes == cheap.rssBytes)
    }

    /// Some may be sampled, some may not: what is likely lies within the bounds.
    @Test(.enabled(if: Rights.isRoot, "needs root, to give up rights")) func someOfThem() throws {
        let own = try ChildProcess(state: "as-nobody", "churning", 3, 16 << 20)
        let foreign = try ChildProcess(state: "hold", 16 << 20)
        let pids = [own.pid, foreign.pid]
        let snapshot = try Rights.asNobody { try memorySnapshot(of: .trees(roots: pids), mode: Self.mode) }
        #expect(snapshot.total.unavailableCount == 1 && snapshot.total.figureCounts?.uss == 4)
        let distinct = snapshot.total.distinctBytes
        let (estimate, upper) = try (#require(distinct.estimate), #require(distinct.upper))
        #expect(distinct.lower >= 32 << 20)
        #expect(distinct.lower <= estimate && estimate <= upper)
        let cheap = try memorySnapshot(of: .trees(roots: pids), mode: .cheap).total.distinctBytes
        #expect(upper <= cheap.upper ?? 0)
    }

    private func synthetic() throws -> SyntheticMemory {
        let entries = [UInt64](repeating: SyntheticMemory.Page.exclusive, count: 500)
        return try SyntheticMemory([.init(mappings: [.init(start: 16, entries: entries)])])
    }

    /// An empty page map belongs to an address space that is gone, and the process still exists: it executes other programs.
    @Test func aProcessWhoseAddressSpaceIsGone() throws {
        let memory = try synthetic()
        #expect(try memoryUsage(of: 17, mode: Self.mode, in: memory.root).ussBytes == 500 * 4096)
        try memory.tree.write("", to: "/proc/17/pagemap")
        #expect(try memoryUsage(of: 17, mode: Self.mode, in: memory.root).unavailable == .executing)
        let total = try memorySnapshot(of: .process(17), mode: Self.mode, in: memory.root).total
        #expect(total.processesWithoutMemoryCount == 0 && total.unavailableCount == 1)
        #expect(total.distinctBytes.upper == 500 * 4096)
    }

    /// What the files say, and what becomes of the figure.
    @Test(
        arguments: [
            ("maps", "x", .malformed), ("maps", "9000-a000 r 0 0:0 0\n1000-2000 r 0 0:0 0\n", .malformed),
            ("maps", "", .executing), ("maps", nil, .unsupported), ("pagemap", nil, .unsupported),
            ("pagemap", "1234567", .executing),
        ] as [(String, String?, UnavailableReason)]
    )
    func filesThatCannotBeUsed(_ file: String, _ text: String?, _ reason: UnavailableReason) throws {
        let memory = try synthetic()
        let path = "/proc/17/" + file
        if let text {
            try memory.tree.write(text, to: path)
        } else {
            try FileManager.default.removeItem(atPath: memory.tree.directory.path + path)
        }
        let process = try memorySnapshot(of: .process(17), mode: Self.mode, in: memory.root).processes[0]
        #expect(process.usage.unavailable == reason)
        #expect(process.usage.rssBytes == 500 * 4096)
        #expect(process.usage.source == .statm)
    }

    /// By the second reading, the id belongs to another process, or the process runs another program.
    @Test(arguments: [[22: "6"], [26: "8"], [22: "4"], [47: "9"]]) func anotherProcessByNow(_ fields: [Int: String])
        throws
    {
        let memory = try synthetic()
        let line = ProcessStatTests.line("x", [1: "17", 22: "5"].merging(fields) { $1 })
        try memory.tree.write(line, to: "/proc/17/stat")
        let sampled = try memory.sampled(reads: 64, seed: 1)
        #expect(sampled.unique[0] == nil)
        #expect(sampled.distinct?.upper == 0)
    }

    /// Memory of a device, and pages of the kernel itself, are not part of RSS.
    @Test func whatIsNotCounted() throws {
        let own = [UInt64](repeating: SyntheticMemory.Page.exclusive, count: 100)
        let memory = try SyntheticMemory([
            .init(mappings: [
                .init(start: 16, entries: own),
                .init(start: 500, entries: own, rights: "rw-s"),
                .init(start: 700, entries: own, rights: "rw-s", inode: 8),
            ])
        ])
        try memory.tree.write("900 400 0 0 0 0 0\n", to: "/proc/17/statm")
        let usage = try memoryUsage(of: 17, mode: Self.mode, in: memory.root)
        #expect(usage.ussBytes == 100 * 4096)
    }

    @Test func noDescriptorIsLeft() throws {
        let memory = try synthetic()
        func openDescriptors() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
                let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
                return target?.hasPrefix(memory.tree.directory.path) == true
            }
        }
        for _ in 0..<50 { _ = try memorySnapshot(of: .process(17), mode: Self.mode, in: memory.root) }
        try memory.tree.write("", to: "/proc/17/pagemap")
        for _ in 0..<50 { _ = try? memoryUsage(of: 17, mode: Self.mode, in: memory.root) }
        try memory.tree.write("x", to: "/proc/17/maps")
        for _ in 0..<50 { _ = try? memoryUsage(of: 17, mode: Self.mode, in: memory.root) }
        #expect(try openDescriptors() == 0)
    }

    /// Two processes of one memory are one.
    @Test func oneMemoryOfTwoProcesses() throws {
        let size = 32 << 20
        let child = try ChildProcess(state: "vm-sharer", size)
        let snapshot = try memorySnapshot(of: .tree(root: child.pid), mode: Self.mode)
        try #require(
            snapshot.processes.contains { $0.sharesMemoryWith != nil },
            "the kernel does not compare address spaces"
        )
        let distinct = snapshot.total.distinctBytes
        #expect(try #require(distinct.upper) < size * 3 / 2)
        #expect(distinct.lower > size / 2)
    }
}
