import Foundation
import ProcMem
import TestSupport
import Testing

@Suite struct MemorySnapshotTests {
    static let size = 32 << 20

    @Test func aTreeOfForkedWorkers() throws {
        let child = try ChildProcess(state: "tree", 8, Self.size)
        let cheap = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap)
        let accurate = try memorySnapshot(of: .tree(root: child.pid), mode: .accurate)

        for snapshot in [cheap, accurate] {
            #expect(snapshot.processes.map(\.pid) == [child.pid] + child.ids)
            #expect(snapshot.processes.map(\.depth) == [0] + Array(repeating: 1, count: 8))
            #expect(snapshot.processes.dropFirst().allSatisfy { $0.parentPID == child.pid })
            #expect(snapshot.processes.allSatisfy { $0.command == "ProcessStates" })
            #expect(snapshot.isComplete)
            #expect(snapshot.elapsed > .zero)
            #expect(snapshot.total.processCount == 9)
            #expect(snapshot.total.unavailableCount == 0)
        }
        // RSS counts the inherited memory nine times, PSS once.
        #expect(try #require(cheap.total.rssBytes) >= 9 * Self.size)
        let pss = try #require(accurate.total.pssBytes)
        #expect(pss >= Self.size && pss < Self.size + 16 << 20)
        // Files that processes outside map as well count in full in the distinct memory, and by their share in PSS.
        let estimate = try #require(accurate.total.distinctBytes.estimate)
        #expect(estimate >= pss && estimate < pss + 16 << 20)
        #expect(cheap.total.sources == [.statm: 9])
        #expect(accurate.total.sources == [.smapsRollup: 9])

        let bounds = cheap.total.distinctBytes
        #expect(abs(try #require(bounds.estimate) - pss) < Self.size / 2)
        #expect(try bounds.lower <= pss && pss <= #require(bounds.upper))
        #expect(bounds.lower >= Self.size)
    }

    @Test func grandchildrenFollowTheirParents() throws {
        let child = try ChildProcess(state: "nested", 1 << 20)
        let snapshot = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap)
        #expect(snapshot.processes.map(\.pid) == [child.pid] + child.ids)
        #expect(snapshot.processes.map(\.depth) == [0, 1, 2])
        #expect(snapshot.processes.map(\.parentPID) == [getpid(), child.pid, child.ids[0]])
    }

    /// `children` belongs to the thread that forked.
    @Test func aChildOfAnotherThread() throws {
        let child = try ChildProcess(state: "thread-fork")
        let snapshot = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap)
        #expect(snapshot.processes.map(\.pid) == [child.pid] + child.ids)
        #expect(child.ids.count == 1)
    }

    @Test func aZombieStaysInItsTree() throws {
        let child = try ChildProcess(state: "zombie")
        let snapshot = try memorySnapshot(of: .tree(root: child.pid), mode: .accurate)
        #expect(snapshot.processes.map(\.pid) == [child.pid] + child.ids)
        #expect(snapshot.processes.last?.usage.unavailable == .zombie)
        #expect(snapshot.total.processCount == 2)
        #expect(snapshot.total.unavailableCount == 1)
        #expect(snapshot.total.sources == [.smapsRollup: 1, .unavailable(.zombie): 1])
        // It has no memory, so that nothing is missing from the sum.
        #expect(try #require(snapshot.total.distinctBytes.upper) == #require(snapshot.total.rssBytes))
    }

    @Test func aProcessInTwoTreesCountsOnce() throws {
        let child = try ChildProcess(state: "nested", 1 << 20)
        let snapshot = try memorySnapshot(of: .trees(roots: [child.ids[0], child.pid, child.ids[1]]), mode: .cheap)
        #expect(Set(snapshot.processes.map(\.pid)) == Set([child.pid] + child.ids))
        #expect(snapshot.total.processCount == 3)
    }

    @Test func aVanishedRootIsAnError() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let pid = child.pid
        child.end()
        let error = #expect(throws: ProcMemError.self) { try memorySnapshot(of: .tree(root: pid), mode: .cheap) }
        #expect(error?.code == .noSuchProcess)
    }

    @Test(.enabled(if: Rights.isRoot, "needs root, to drop privileges")) func whatMayNotBeReadIsNotZero() throws {
        let child = try ChildProcess(state: "tree", 2, 4 << 20)
        let pid = child.pid
        let snapshot = try Rights.asNobody { try memorySnapshot(of: .tree(root: pid), mode: .accurate) }
        #expect(snapshot.processes.map(\.usage.unavailable) == Array(repeating: .permissionDenied, count: 3))
        #expect(snapshot.total.pssBytes == nil)
        #expect(snapshot.total.unavailableCount == 3)
        #expect(try #require(snapshot.total.rssBytes) >= 3 * 4 << 20)
        #expect(snapshot.total.distinctBytes.estimate == nil)
        #expect(snapshot.total.distinctBytes.lower >= 4 << 20)
    }

    @Test func everyProcess() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let snapshot = try memorySnapshot(of: .all, mode: .cheap)
        let pids = snapshot.processes.map(\.pid)
        #expect(pids.contains(child.pid) && pids.contains(getpid()))
        #expect(pids == pids.sorted() && Set(pids).count == pids.count)
    }

    // MARK: Trees as files

    /// The `stat` of a process with one thread.
    static func stat(_ pid: Int, parent: Int, start: Int, state: String = "S", flags: Int = 0x40_0000) -> String {
        "\(pid) (p\(pid)) \(state) \(parent) 1 1 0 -1 \(flags) 0 0 0 0 0 0 0 0 20 0 1 0 \(start) 0 0\n"
    }

    static func system(_ processes: [(pid: Int, parent: Int, start: Int)]) -> [String: String] {
        var files: [String: String] = [:]
        for process in processes {
            files["proc/\(process.pid)/stat"] = stat(process.pid, parent: process.parent, start: process.start)
            files["proc/\(process.pid)/statm"] = "9 \(process.pid) 0 0 0 0 0\n"
        }
        return files
    }

    /// A kernel without `children` files: the parent of every process is read.
    @Test func withoutChildrenFilesTheSystemIsScanned() throws {
        let tree = try FixtureTree(
            Self.system([(1, 0, 1), (10, 1, 5), (11, 10, 6), (12, 11, 7), (13, 10, 8), (20, 1, 9)])
        )
        try tree.write("not a process", to: "proc/self-made")
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root())
        #expect(snapshot.processes.map(\.pid) == [10, 11, 12, 13])
        #expect(snapshot.processes.map(\.depth) == [0, 1, 2, 1])
        #expect(snapshot.total.rssBytes == (10 + 11 + 12 + 13) * SystemRoot.live.pageSizeBytes)
    }

    /// Reused pids can make the parents circular.
    @Test func aCycleEnds() throws {
        let tree = try FixtureTree(Self.system([(10, 12, 5), (11, 10, 5), (12, 11, 5), (13, 13, 5)]))
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root())
        #expect(snapshot.processes.map(\.pid) == [10, 11, 12])
    }

    @Test func aChildOlderThanItsParentIsNone() throws {
        let tree = try FixtureTree(Self.system([(10, 1, 50), (11, 10, 49), (12, 10, 50)]))
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root())
        #expect(snapshot.processes.map(\.pid) == [10, 12])
    }

    /// Between the read of the children and that of the process, an unrelated process got the pid.
    @Test func aReusedIDIsNoChild() throws {
        var files = Self.system([(10, 1, 5), (11, 1, 99), (12, 10, 7)])
        files["proc/10/task/10/children"] = "11 12 4711 "
        files["proc/11/task/11/children"] = ""
        files["proc/12/task/12/children"] = ""
        let tree = try FixtureTree(files)
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root())
        #expect(snapshot.processes.map(\.pid) == [10, 12])
    }

    /// A list of children that the kernel cannot have written leaves the descendants unknown, and not the process itself.
    @Test(arguments: ["12 x", "0 12", "-1", "99999999999999999999"]) func malformedChildren(_ text: String) throws {
        var files = Self.system([(10, 1, 5), (12, 10, 7)])
        files["proc/10/task/10/children"] = text
        let tree = try FixtureTree(files)
        let snapshot = try memorySnapshot(of: .tree(root: 10), mode: .cheap, in: tree.root())
        #expect(snapshot.processes.map(\.pid) == [10])
        #expect(snapshot.gaps == [.hidden] && !snapshot.isComplete)
    }

    @Test func aParentOutsideOfTheNamespace() throws {
        let tree = try FixtureTree(Self.system([(1, 0, 1), (7, 0, 2)]))
        let snapshot = try memorySnapshot(of: .tree(root: 1), mode: .cheap, in: tree.root())
        #expect(snapshot.processes.map(\.parentPID) == [0])
    }

    @Test func sumsDoNotOverflow() throws {
        var files = Self.system([])
        for pid in 10..<20 {
            files["proc/\(pid)/stat"] = Self.stat(pid, parent: 1, start: 1)
            files["proc/\(pid)/statm"] = "281474976710656 281474976710656 0 0 0 0 0\n"
        }
        let tree = try FixtureTree(files)
        let snapshot = try memorySnapshot(of: .all, mode: .cheap, in: tree.root(pageSizeBytes: 4096))
        #expect(snapshot.total.rssBytes == Int.max)
        #expect(snapshot.total.distinctBytes.lower == Int.max)
    }
}
