import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Whether files that are kept open give the same result as a walk.
@Suite struct OpenCensusTests {
    private func census(_ scope: ProcessScope) throws -> ProcessCensus {
        try ProcessCensus(of: scope, mode: .cheap, limits: SearchLimits(), isConcurrent: true, in: .live)
    }

    private struct NotKept: Error {}

    private func keep(_ census: ProcessCensus) throws -> OpenCensus {
        guard let kept = OpenCensus.opening(census, newest: 7, in: .live) else { throw NotKept() }
        return kept
    }

    @Test func agreesWithAWalk() throws {
        let child = try ChildProcess(state: "tree", 5, 8 << 20)
        let walked = try census(.tree(root: child.pid))
        let kept = try keep(walked)
        let reading = kept.read(newest: 7)
        let result = try #require(reading)
        #expect(result.members.map(\.pid) == walked.members.map(\.pid))
        #expect(result.members.map(\.depth) == walked.members.map(\.depth))
        #expect(result.members.map(\.value) == walked.members.map(\.value))
        #expect(result.members.map(\.stat) == walked.members.map(\.stat))
        #expect(result.search == walked.search && result.isWholeTree)
    }

    @Test func showsWhatHasChanged() throws {
        let child = try ChildProcess(state: "executes", 32 << 20)
        let kept = try keep(census(.process(child.pid)))
        let reading = kept.read(newest: 7)
        let rssBytes = try #require(reading?.members.first?.value?.rssBytes)
        #expect(rssBytes >= 32 << 20)
        child.send(line: "")
        #expect(child.line() == "ready")
        // Another program: another layout.
        let hasChanged = kept.read(newest: 7) == nil
        #expect(hasChanged)
    }

    @Test func isOverWhereAProcessCameOrWent() throws {
        let child = try ChildProcess(state: "hold", 4096)
        let other = try ChildProcess(state: "hold", 4096)
        let kept = try keep(census(.processes([child.pid, other.pid])))
        let isOverForANewOne = kept.read(newest: 8) == nil
        let isOverWithoutANewestPID = kept.read(newest: nil) == nil
        let goesOn = kept.read(newest: 7) != nil
        #expect(isOverForANewOne && isOverWithoutANewestPID && goesOn)
        other.end()
        let isOverForAnEnd = kept.read(newest: 7) == nil
        #expect(isOverForAnEnd)
    }

    /// A newly forked process has a larger pid; concurrent tests may fork as well.
    @Test func theNewestProcessIsKnown() throws {
        let before = try #require(OpenCensus.newestProcessID(in: .live))
        let child = try ChildProcess(state: "hold", 4096)
        let after = try #require(OpenCensus.newestProcessID(in: .live))
        // After the largest pid the kernel starts again with small ones.
        #expect(after != before && (after >= Int(child.pid) || after < before))
    }

    @Test(
        arguments: [
            ("0.1 0.2 0.3 1/200 4711\n", 4711), ("0.1 0.2 0.3 1/200 x\n", nil), ("", nil),
        ] as [(String, Int?)]
    )
    func theLastFieldOfLoadavg(_ text: String, _ id: Int?) throws {
        let tree = try FixtureTree(["/proc/loadavg": text])
        #expect(OpenCensus.newestProcessID(in: tree.root()) == id)
    }

    @Test func aZombieAndAKernelThreadAreKept() throws {
        let child = try ChildProcess(state: "zombie")
        let walked = try census(.tree(root: child.pid))
        #expect(walked.members.contains { $0.value?.unavailable == .zombie })
        let kept = try keep(walked)
        let reading = kept.read(newest: 7)
        let result = try #require(reading)
        #expect(result.members.map(\.value) == walked.members.map(\.value))
    }

    /// Opening the files is a part of a pass, and stops at the end of the pass's budget.
    @Test func isNotKeptBeyondTheTime() throws {
        let child = try ChildProcess(state: "tree", 5, 4096)
        let walked = try census(.tree(root: child.pid))
        var left = 3
        let isKept =
            OpenCensus.opening(walked, newest: 7, in: .live) {
                left -= 1
                return left > 0
            } != nil
        #expect(!isKept && left == 0)
    }

    /// Two files of each process stay open: 12 of six processes.
    @Test(arguments: [(11, false), (12, true), (0, false), (-1, false)])
    func isKeptUpToANumberOfFiles(_ maximum: Int, _ isExpected: Bool) throws {
        let child = try ChildProcess(state: "tree", 5, 4096)
        let walked = try census(.tree(root: child.pid))
        let isKept = OpenCensus.opening(walked, newest: 7, maximumFileCount: maximum, in: .live) != nil
        #expect(isKept == isExpected)
    }

    @Test func filesAreClosedWithIt() throws {
        let child = try ChildProcess(state: "tree", 20, 4096)
        let walked = try census(.tree(root: child.pid))
        func openFiles() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }.filter { $0.hasPrefix("/proc/\(child.pid)/") }
        }
        do {
            let kept = try keep(walked)
            #expect(try openFiles().count == 2)
            _ = consume kept
        }
        #expect(try openFiles().isEmpty)
    }
}
