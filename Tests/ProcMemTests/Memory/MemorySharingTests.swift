import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Processes with one memory between them, which each of them shows in full.
@Suite struct MemorySharingTests {
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
            #expect(snapshot.total.figureCounts.rss == 2)
            #expect(snapshot.total.processCount == 2)
            #expect(try #require(snapshot.total.physicalBytes.upper) < 2 * Self.size)
            #expect(snapshot.total.physicalBytes.proven)
            if mode == .accurate {
                // Each alone says that all of it is its own: the kernel counts the maps of a page, not the processes.
                #expect(try #require(sharer.usage.ussBytes) >= Self.size)
                #expect(try #require(snapshot.total.ussBytes) < 2 * Self.size)
            }
        }
    }

    @Test func forkedProcessesDoNotShareTheirMemory() throws {
        let child = try ChildProcess(state: "tree", 6, 1 << 20)
        let snapshot = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap)
        #expect(snapshot.processes.count == 7)
        #expect(snapshot.processes.allSatisfy { $0.sharesMemoryWith == nil && $0.mayShareMemoryWith == nil })
    }

    /// The kernel does not answer who may not trace the processes: then it is said that they may share.
    @Test(.enabled(if: Rights.isRoot, "needs root, to give up rights")) func whatMayNotBeAskedIsFlagged() throws {
        let child = try ChildProcess(state: "vm-sharer", Self.size)
        let pid = child.pid
        let snapshot = try Rights.asNobody { try memorySnapshot(of: .tree(root: pid), mode: .cheap) }
        #expect(snapshot.processes.map(\.mayShareMemoryWith) == [nil, child.pid])
        #expect(snapshot.processes.allSatisfy { $0.sharesMemoryWith == nil })
        #expect(try #require(snapshot.total.rssBytes) >= 2 * Self.size)
        #expect(!snapshot.total.physicalBytes.proven)
    }

    // MARK: Which pairs are asked about

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
    ) -> MemorySharing.Candidate {
        MemorySharing.Candidate(
            pid: pid,
            parentPID: parent,
            hasNotExecuted: forked,
            layout: layout,
            virtualBytes: size,
            rssBytes: rss,
            sharedBytes: 1 << 20
        )
    }

    /// What comes out, and which pairs the kernel was asked about, where these ids have one memory.
    private static func outcome(
        _ candidates: [MemorySharing.Candidate],
        sharing: Set<Int32>
    ) -> (certain: [Int32: Int32], asked: Int) {
        var asked = 0
        let sharing = MemorySharing(candidates) { first, second in
            asked += 1
            return sharing.contains(first) && sharing.contains(second)
        }
        return (sharing.certain, asked)
    }

    @Test func allHaveOneOwner() {
        let chain = [
            Self.process(10, parent: 1, forked: false), Self.process(11, parent: 10), Self.process(12, parent: 11),
        ]
        #expect(Self.outcome(chain, sharing: [10, 11, 12]).certain == [11: 10, 12: 10])
        #expect(Self.outcome(chain, sharing: [11, 12]).certain == [12: 11])
        #expect(Self.outcome(chain.reversed(), sharing: [10, 11, 12]).certain.count == 2)
    }

    /// Their maker has ended, or has executed a program and has a memory of its own now.
    @Test func orphansAreComparedWithEachOther() {
        let orphans = [Self.process(11, parent: 1), Self.process(12, parent: 1)]
        #expect(Self.outcome(orphans, sharing: [11, 12]).certain == [12: 11])
        let maker = Self.process(1, parent: 0, forked: false, layout: Self.otherLayout)
        #expect(Self.outcome([maker] + orphans, sharing: [11, 12]).certain == [12: 11])
        // A thousand of them are not compared with all the others.
        let many = (0..<1000).map { Self.process(100 + $0, parent: 1) }
        #expect(Self.outcome(many, sharing: []).asked <= 16 * 1000)
    }

    @Test func whatCannotShareIsNotAskedAbout() {
        let parent = Self.process(10, parent: 1, forked: false)
        let apart = [
            Self.process(11, parent: 10, rss: 60 << 20), Self.process(12, parent: 10, size: 120 << 20),
            Self.process(13, parent: 10, layout: Self.otherLayout),
            Self.process(14, parent: 10, layout: nil),
        ]
        #expect(Self.outcome([parent] + apart, sharing: [10, 11, 12, 13, 14]) == ([:], 0))
        // Started apart by a shell: each has executed.
        let started = (20..<24).map { Self.process($0, parent: 1, forked: false) }
        #expect(Self.outcome(started, sharing: [20, 21]).asked == 0)
        #expect(Self.outcome([], sharing: []).asked == 0)
    }

    @Test func withoutAnAnswerOnlyEqualSizesAreSuspect() {
        let parent = Self.process(10, parent: 1, forked: false)
        let equal = Self.process(11, parent: 10)
        let near = Self.process(12, parent: 10, rss: 50 << 20 + 4096)
        let sharing = MemorySharing([parent, equal, near]) { _, _ in nil }
        #expect(sharing.certain.isEmpty)
        #expect(sharing.possible == [11: 10])
    }

    /// Reused ids can make parents circular, and sizes can be anything.
    @Test func nothingTraps() {
        let circle = [
            Self.process(10, parent: 12), Self.process(11, parent: 10), Self.process(12, parent: 11),
            Self.process(13, parent: 13, size: .max, rss: .min),
        ]
        let certain = Self.outcome(circle, sharing: [10, 11, 12, 13]).certain
        #expect(Set(certain.values).isDisjoint(with: certain.keys), "\(certain)")
        #expect(certain.count == 2)
    }
}
