import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Processes with one address space, which each of them shows completely.
@Suite struct AddressSpaceSharingTests {
    static let size = 24 << 20

    @Test(arguments: [MemoryMode.cheap, .accurate]) func isCountedOnce(_ mode: MemoryMode) throws {
        let child = try ChildProcess(state: "vm-sharer", Self.size)
        let alone = try memoryUsage(of: child.pid, mode: mode)
        for scope in [ProcessScope.tree(root: child.pid), .processes([child.ids[0], child.pid])] {
            let snapshot = try memorySnapshot(of: scope, mode: mode)
            let sharer = try #require(snapshot.processes.first { $0.pid == child.ids[0] })
            #expect(sharer.usage.rssBytes == alone.rssBytes)
            #expect(sharer.sharesMemoryWith == child.pid)
            #expect(sharer.mayShareMemoryWith == nil)
            #expect(snapshot.total.rssBytes == alone.rssBytes)
            #expect(snapshot.total.figureCounts?.rss == 2)
            #expect(snapshot.total.processCount == 2)
            #expect(try #require(snapshot.total.distinctBytes.upper) < 2 * Self.size)
            if mode == .cheap { #expect(snapshot.total.distinctBytes.isProven) }
            if mode == .accurate {
                // Each process alone reports all of it as private: the kernel counts the mappings of a page, not the
                // processes.
                #expect(try #require(sharer.usage.ussBytes) >= Self.size)
                #expect(try #require(snapshot.total.ussBytes) < 2 * Self.size)
            }
        }
    }

    /// Siblings in one address space, whose parent has another one.
    @Test(arguments: [MemoryMode.sampled(reads: 64), .accurate, .within(.milliseconds(200))])
    func siblingsAreCountedOnce(_ mode: MemoryMode) throws {
        let child = try ChildProcess(state: "vm-siblings", 3, Self.size)
        let snapshot = try memorySnapshot(of: .tree(root: child.pid), mode: mode)
        let sharers = snapshot.processes.filter { $0.sharesMemoryWith != nil }
        #expect(snapshot.processes.count == 4 && sharers.count == 2)
        let distinct = snapshot.total.distinctBytes
        #expect(try #require(distinct.estimate) < 2 * Self.size && distinct.lower < 2 * Self.size)
    }

    /// All processes are compared, unless that would cost much in comparison with the mode.
    @Test func whichPairsAreCompared() {
        func thoroughness(_ mode: MemoryMode, _ count: Int) -> AddressSpaceSharing.Thoroughness {
            AddressSpaceSharing.Thoroughness(in: mode, processCount: count)
        }
        #expect(thoroughness(.cheap, 2) == .likely)
        #expect(thoroughness(.sampled(reads: 2), 5000) == .all && thoroughness(.accurate, 5000) == .all)
        #expect(thoroughness(.within(.milliseconds(10)), 100) == .all)
        #expect(thoroughness(.within(.milliseconds(10)), 5000) == .likely)
        #expect(thoroughness(.within(.zero), 2) == .likely && thoroughness(.within(.zero), .max) == .likely)
    }

    @Test func forkedProcessesDoNotShareTheirMemory() throws {
        let child = try ChildProcess(state: "tree", 6, 1 << 20)
        let snapshot = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap)
        #expect(snapshot.processes.count == 7)
        #expect(snapshot.processes.allSatisfy { $0.sharesMemoryWith == nil && $0.mayShareMemoryWith == nil })
    }

    /// The kernel refuses the comparison to a caller that may not trace the processes: they are then reported as
    /// possibly sharing.
    @Test(.enabled(if: Rights.isRoot, "needs root, to drop privileges")) func whatMayNotBeAskedIsFlagged() throws {
        let child = try ChildProcess(state: "vm-sharer", Self.size)
        let pid = child.pid
        let snapshot = try Rights.asNobody { try memorySnapshot(of: .tree(root: pid), mode: .cheap) }
        #expect(snapshot.processes.map(\.mayShareMemoryWith) == [nil, child.pid])
        #expect(snapshot.processes.allSatisfy { $0.sharesMemoryWith == nil })
        #expect(try #require(snapshot.total.rssBytes) >= 2 * Self.size)
        // A shared address space counts once in the lower bound, and may count twice in the upper one.
        #expect(snapshot.total.distinctBytes.lower < 2 * Self.size)
    }

    /// Each process has one thread left, and a main thread that has exited. According to the kernel the main threads
    /// have the same memory map, which is none.
    @Test(arguments: [MemoryMode.cheap, .accurate]) func zombieLeadersHaveTheirOwn(_ mode: MemoryMode) throws {
        let child = try ChildProcess(state: "zombie-leaders", 3, 16 << 20)
        let snapshot = try memorySnapshot(of: .processes(child.ids), mode: mode)
        #expect(snapshot.processes.count == 3)
        #expect(snapshot.processes.allSatisfy { $0.sharesMemoryWith == nil })
        #expect(try #require(snapshot.total.rssBytes) >= 3 * 16 << 20)
        if mode == .accurate { #expect(try #require(snapshot.total.pssBytes) >= 3 * 16 << 20) }
    }

    /// Processes that exit after the walk have no memory map either.
    @Test func aProcessThatHasExitedSharesNothing() throws {
        let children = try (0..<2).map { _ in try #require(SpawnedChild("/bin/sh", "-c", "read line")) }
        let candidates = try children.map { child in
            let directory = try ProcessDirectory(.id(child.pid), in: .live)
            let usage = try memoryUsage(of: child.pid, mode: .cheap)
            return try #require(AddressSpaceSharing.Candidate(child.pid, directory.stat(), usage))
        }
        let question = MemoryMapComparer(root: .live)
        #expect(question.compare(candidates[0], candidates[1]) != .same)
        #expect(question.compare(candidates[0], candidates[0]) == .same)
        for child in children {
            kill(child.pid, SIGKILL)
            try #require(child.becomesZombie())
        }
        #expect(try Syscalls.compareMemoryMaps(children[0].pid, children[1].pid) == .same)
        #expect(question.compare(candidates[0], candidates[1]) == nil)
    }

    // MARK: Which pairs are compared

    private static let layout = try? KernelText.parse(ProcessStatTests.line()) { try ProcessStat(parsing: $0) }.layout
    private static let otherLayout = try? KernelText.parse(ProcessStatTests.line("x", [26: "8"])) {
        try ProcessStat(parsing: $0)
    }.layout

    private static func process(
        _ pid: Int32,
        parent: Int32,
        forked: Bool = true,
        layout: ProgramLayout? = Self.layout,
        size: Int = 100 << 20,
        rss: Int = 50 << 20
    ) -> AddressSpaceSharing.Candidate {
        AddressSpaceSharing.Candidate(
            pid: pid,
            parentPID: parent,
            startTimeTicks: 1,
            isLedByZombie: false,
            isForkWithoutExec: forked,
            layout: layout,
            virtualBytes: size,
            rssBytes: rss,
            sharedBytes: 1 << 20
        )
    }

    /// The groups found, and the number of comparisons by the kernel, if all processes of each group have one address
    /// space.
    private static func outcome(
        _ candidates: [AddressSpaceSharing.Candidate],
        sharing groups: [Set<Int32>],
        _ thoroughness: AddressSpaceSharing.Thoroughness
    ) -> (certain: [Int32: Int32], asked: Int) {
        func map(_ pid: Int32) -> Int32 { groups.first { $0.contains(pid) }?.min() ?? pid }
        var asked = 0
        let sharing = AddressSpaceSharing(candidates, thoroughness) { first, second in
            asked += 1
            let (first, second) = (map(first.pid), map(second.pid))
            return first == second ? .same : first < second ? .before : .after
        }
        return (sharing.certain, asked)
    }

    @Test(arguments: [AddressSpaceSharing.Thoroughness.all, .likely])
    func allHaveOneOwner(_ thoroughness: AddressSpaceSharing.Thoroughness) {
        let chain = [
            Self.process(10, parent: 1, forked: false), Self.process(11, parent: 10), Self.process(12, parent: 11),
        ]
        #expect(Self.outcome(chain, sharing: [[10, 11, 12]], thoroughness).certain == [11: 10, 12: 10])
        #expect(Self.outcome(chain, sharing: [[11, 12]], thoroughness).certain == [12: 11])
        #expect(Self.outcome(chain, sharing: [], thoroughness).certain.isEmpty)
        let certain = Self.outcome(chain.reversed(), sharing: [[10, 11, 12]], thoroughness).certain
        #expect(certain.count == 2 && Set(certain.values).isDisjoint(with: certain.keys))
    }

    /// Siblings (`CLONE_PARENT`), orphans, and sizes that change between two readings.
    @Test func aThoroughSearchFindsAll() {
        let siblings = [
            Self.process(10, parent: 1, forked: false), Self.process(11, parent: 10), Self.process(12, parent: 10),
            Self.process(13, parent: 1, rss: 90 << 20), Self.process(14, parent: 10, size: 1 << 40),
        ]
        let groups: [Set<Int32>] = [[11, 12], [10, 13, 14]]
        #expect(Self.outcome(siblings, sharing: groups, .all).certain == [12: 11, 13: 10, 14: 10])
        let many = (0..<1000).map { Self.process(100 + $0, parent: 1) }
        let outcome = Self.outcome(many, sharing: [[150, 900]], .all)
        #expect(outcome.certain == [900: 150])
        #expect(outcome.asked <= 10 * 1000)
    }

    /// What the kernel did not compare is not called compared, and nothing is proven by it.
    @Test func aRefusedComparisonIsNotThorough() {
        let family = (0..<3).map { Self.process(10 + $0, parent: 10, forked: $0 > 0) }
        #expect(AddressSpaceSharing(family, .all) { $0.pid < $1.pid ? .before : .after }.isThorough)
        let refused = AddressSpaceSharing(family, .all) { _, _ in nil }
        #expect(!refused.isThorough && refused.possible == [11: 10, 12: 10])
        let refusedOnce = AddressSpaceSharing(family, .all) { first, second in first.pid == 12 ? nil : .after }
        #expect(!refusedOnce.isThorough && refusedOnce.certain.isEmpty)
        #expect(!AddressSpaceSharing(family, .likely) { _, _ in .after }.isThorough)
    }

    @Test func aCheapSearchAsksWhatIsLikely() {
        let parent = Self.process(10, parent: 1, forked: false)
        let apart = [
            Self.process(11, parent: 10, rss: 60 << 20), Self.process(12, parent: 10, size: 120 << 20),
            Self.process(13, parent: 10, layout: Self.otherLayout), Self.process(14, parent: 10, layout: nil),
            Self.process(15, parent: 1),
        ]
        #expect(Self.outcome([parent] + apart, sharing: [[10, 11, 12, 13, 14, 15]], .likely) == ([:], 0))
    }

    /// A shell has started them separately: each has executed a program.
    @Test(arguments: [AddressSpaceSharing.Thoroughness.all, .likely])
    func aProcessAfterExecIsNotCompared(_ thoroughness: AddressSpaceSharing.Thoroughness) {
        let started = (20..<24).map { Self.process($0, parent: 1, forked: false) }
        #expect(Self.outcome(started, sharing: [[20, 21]], thoroughness).asked == 0)
        #expect(Self.outcome([], sharing: [], thoroughness).asked == 0)
    }

    @Test(arguments: [AddressSpaceSharing.Thoroughness.all, .likely])
    func withoutAnAnswerOnlyEqualSizesAreSuspect(_ thoroughness: AddressSpaceSharing.Thoroughness) {
        let parent = Self.process(10, parent: 1, forked: false)
        let equal = Self.process(11, parent: 10)
        let near = Self.process(12, parent: 10, rss: 50 << 20 + 4096)
        let sharing = AddressSpaceSharing([parent, equal, near], thoroughness) { _, _ in nil }
        #expect(sharing.certain.isEmpty)
        #expect(sharing.possible == [11: 10])
    }

    /// Reused pids can make the parents circular, and sizes can have any value.
    @Test(arguments: [AddressSpaceSharing.Thoroughness.all, .likely])
    func nothingTraps(_ thoroughness: AddressSpaceSharing.Thoroughness) {
        let circle = [
            Self.process(10, parent: 12), Self.process(11, parent: 10), Self.process(12, parent: 11),
            Self.process(13, parent: 13, size: .max, rss: .min), Self.process(10, parent: 11),
        ]
        let certain = Self.outcome(circle, sharing: [[10, 11, 12, 13]], thoroughness).certain
        #expect(Set(certain.values).isDisjoint(with: certain.keys), "\(certain)")
        #expect(certain.count >= 2)
    }
}
