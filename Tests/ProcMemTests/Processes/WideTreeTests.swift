import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Trees that several threads walk in parts.
@Suite struct WideTreeTests {
    /// A process 10 with 70 children from 100 on, each of which has one child.
    private static func files() -> [String: String] {
        var files = MemorySnapshotTests.system([(10, 1, 5)])
        files["proc/10/task/10/children"] = (100..<170).map { "\($0) " }.joined()
        for child in 100..<170 {
            files.merge(MemorySnapshotTests.system([(child, 10, 6), (1000 + child, child, 7)])) { $1 }
            files["proc/\(child)/task/\(child)/children"] = "\(1000 + child) "
            files["proc/\(1000 + child)/task/\(1000 + child)/children"] = ""
        }
        return files
    }

    private static let pids: [Int32] =
        [10] + (100..<170).flatMap { (child: Int32) -> [Int32] in [child, 1000 + child] }

    private static func list(
        _ files: [String: String],
        _ limits: SearchLimits = SearchLimits(),
        isConcurrent: Bool
    ) throws -> ProcessWalk<Void> {
        let tree = try FixtureTree(files)
        var walk = ProcessWalk<Void>(in: tree.root(), budget: SearchBudget(limits), isConcurrent: isConcurrent)
        try walk.visit(.tree(root: 10))
        return walk
    }

    @Test(arguments: [false, true]) func parentsComeBeforeTheirChildren(_ isConcurrent: Bool) throws {
        let walk = try Self.list(Self.files(), isConcurrent: isConcurrent)
        #expect(walk.members.map(\.pid) == Self.pids)
        let depths = Self.pids.map { $0 == 10 ? 0 : $0 < 170 ? 1 : 2 }
        #expect(walk.members.map(\.depth) == depths)
        #expect(walk.gaps.isEmpty && walk.search == .childrenFiles)
    }

    @Test(arguments: [false, true]) func noMoreThanAllowed(_ isConcurrent: Bool) throws {
        let limits = SearchLimits(maximumCount: 120)
        let walk = try Self.list(Self.files(), limits, isConcurrent: isConcurrent)
        #expect(walk.members.map(\.pid) == Array(Self.pids.prefix(120)))
        #expect(walk.gaps == [.countLimit])
    }

    /// The limit also bounds what is read, not only what is returned.
    @Test func noMoreIsReadThanAllowed() throws {
        let tree = try FixtureTree(Self.files())
        let readCount = Monitor(0)
        var walk = ProcessWalk<Void>(
            in: tree.root(),
            budget: SearchBudget(SearchLimits(maximumCount: 120)),
            isConcurrent: true
        ) { (_, _) in readCount.withLock { $0 += 1 } }
        try walk.visit(.tree(root: 10))
        #expect(readCount.withLock { $0 } == 120)
    }

    /// The parent of a child exited during the walk, and a subreaper adopted the child. Another thread walks the
    /// subreaper.
    @Test func anAdoptedProcessIsFound() throws {
        var files = Self.files()
        files["proc/103/task/103/children"] = "1103 5000 "
        files.merge(MemorySnapshotTests.system([(5000, 168, 9), (5001, 5000, 10)])) { $1 }
        files["proc/5000/task/5000/children"] = "5001 "
        files["proc/5001/task/5001/children"] = ""
        let walk = try Self.list(files, isConcurrent: true)
        #expect(walk.members.map(\.pid) == Self.pids + [5000, 5001])
        #expect(walk.members.suffix(2).map(\.depth) == [2, 3])
    }

    /// During an adoption a process is in two lists of children. It counts once.
    @Test func aProcessThatIsListedTwiceCountsOnce() throws {
        var files = Self.files()
        files["proc/103/task/103/children"] = "1103 1168 "
        let walk = try Self.list(files, isConcurrent: true)
        #expect(walk.members.map(\.pid).sorted() == Self.pids.sorted())
    }

    /// A malformed list of children leaves a gap, in every part of the walk.
    @Test func aMalformedFileIsAGapInEveryPart() throws {
        for child in [101, 169] {
            var files = Self.files()
            files["proc/\(child)/task/\(child)/children"] = "x"
            #expect(try Self.list(files, isConcurrent: true).gaps == [.hidden])
        }
    }

    /// If a part finds no `children` files, the system is scanned, and no process is missing.
    @Test func withoutSomeChildrenFiles() throws {
        var files = Self.files()
        files["proc/167/task/167/children"] = nil
        let walk = try Self.list(files, isConcurrent: true)
        #expect(walk.members.map(\.pid).sorted() == Self.pids.sorted())
        #expect(walk.search == .scan)
    }

    /// The second source: `ps`, for many live children.
    @Test func manyRealChildren() throws {
        let child = try ChildProcess(state: "tree", 150, 1 << 20)
        let list = try processList(of: .tree(root: child.pid))
        let ps = try ChildProcess.output(of: "/usr/bin/env", ["ps", "-o", "pid=", "--ppid", "\(child.pid)"])
        let children = ps.text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
        #expect(children.count == 150)
        #expect(list.processes.first?.pid == child.pid)
        #expect(Set(list.processes.dropFirst().map(\.pid)) == Set(children))
        let snapshot = try memorySnapshot(of: .tree(root: child.pid), mode: .cheap)
        #expect(snapshot.processes.map(\.pid) == list.processes.map(\.pid))
        #expect(snapshot.processes.allSatisfy { $0.usage.rssBytes ?? 0 > 0 })
    }
}
