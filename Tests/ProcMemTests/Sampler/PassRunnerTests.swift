import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Consecutive passes over live processes.
@Suite struct PassRunnerTests {
    private func pass(_ pid: Int32, _ budget: Duration, maximumAge: Duration = .seconds(60)) -> PassRunner {
        PassRunner(
            of: .tree(root: pid),
            mode: .within(budget),
            limits: SearchLimits(),
            maximumAge: maximumAge,
            in: .live
        )
    }

    /// In time every process is read accurately, and valid figures are kept: the sum is that of accurate readings.
    @Test func comesToAccurateFiguresOfAll() throws {
        let child = try ChildProcess(state: "tree", 8, 16 << 20)
        var pass = pass(child.pid, .milliseconds(200))
        var last = try pass.run()
        for _ in 0..<100 where last.total.figureCounts?.pss ?? 0 < 9 { last = try pass.run() }
        #expect(last.total.figureCounts?.pss == 9)
        let warm = try pass.run()
        #expect(warm.processes.allSatisfy { $0.usage.source.original == .smapsRollup && $0.usage.source.age != nil })
        let age = try #require(warm.total.oldestAge)
        #expect(age > .zero)
        let accurate = try memorySnapshot(of: .tree(root: child.pid), mode: .accurate).total
        #expect(warm.total.processCount == 9 && warm.total.unavailableCount == 0)
        // A page of a mapped file counts between zero and one time, depending on how many processes outside of the tree
        // map it at that moment. Anonymous memory does not change.
        let fileBytes = try #require(warm.processes.compactMap(\.usage.sharedBytes).max())
        let estimate = try #require(warm.total.distinctBytes.estimate)
        let expected = try #require(accurate.distinctBytes.estimate)
        #expect(abs(estimate - expected) <= fileBytes)
        #expect(fileBytes < 16 << 20, "the files could hide the memory of a missing process")
        #expect(warm.total.distinctBytes.assumptions.contains(.nothingChanged))
    }

    /// A process that executes another program gets new figures. The other processes get them too, because their family
    /// has lost a member.
    @Test func figuresOfAnotherProgramAreReadAgain() throws {
        let child = try ChildProcess(state: "executes", 32 << 20)
        var pass = pass(child.pid, .seconds(5))
        _ = try pass.run()
        let before = try pass.run()
        #expect(before.processes[0].usage.source.age != nil)
        let ussBefore = try #require(before.processes[0].usage.ussBytes)
        #expect(ussBefore >= 32 << 20)
        child.send(line: "")
        #expect(child.line() == "ready")
        let after = try pass.run()
        #expect(after.processes[0].usage.source == .smapsRollup)
        let ussAfter = try #require(after.processes[0].usage.ussBytes)
        #expect(ussAfter < 32 << 20)
    }

    @Test func agedFiguresAreReadAgain() throws {
        let child = try ChildProcess(state: "hold", 1 << 20)
        var pass = pass(child.pid, .seconds(5), maximumAge: .zero)
        for _ in 0..<3 {
            let source = try pass.run().processes[0].usage.source
            #expect(source == .smapsRollup)
        }
    }

    /// Processes that start and exit between two passes, or during one, do not fail the pass, and leave nothing behind.
    @Test func bearsProcessesThatComeAndGo() throws {
        let child = try ChildProcess(
            running: BuiltProduct.url(of: "ProcessStates").path,
            ["comes-and-goes"]
        )
        #expect(child.line() == "ready")
        var pass = pass(child.pid, .seconds(5))
        var met: Set<Int32> = []
        var count = 0
        // On a busy machine no process may start for a while.
        for number in 0..<3000 where number < 100 || met.count < 10 {
            let snapshot = try pass.run()
            met.formUnion(snapshot.processes.map(\.pid))
            count = snapshot.processes.count
            #expect(snapshot.processes.first?.pid == child.pid)
        }
        // Enough processes have come and gone for the test to be meaningful.
        #expect(met.count >= 10)
        let kept = pass.rememberedCount
        #expect(kept <= count)
    }

    @Test func filesAreKeptForTheSameProcessesOnly() throws {
        let child = try ChildProcess(state: "tree", 3, 1 << 20)
        func openFiles() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
            }.filter { $0.hasPrefix("/proc/\(child.pid)/") }.count
        }
        do {
            var pass = pass(child.pid, .seconds(5))
            var most = 0
            // Concurrent tests fork as well: at some time no process is forked between two passes.
            for _ in 0..<2000 where most == 0 {
                _ = try pass.run()
                most = try openFiles()
            }
            #expect(most == 2)
        }
        #expect(try openFiles() == 0)
    }
}
