import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Passes occupy no thread of Swift's cooperative pool.
extension MemorySamplerTests {
    /// Whether this is the separate run of this program with one CPU, in which Swift's pool has one thread.
    private static let isAlone = ProcessInfo.processInfo.environment["PROCMEM_TEST_ALONE"] != nil

    @Test func blockedPassesLeaveThePoolFree() async throws {
        let passes = (0..<8 + 2 * ProcessInfo.processInfo.processorCount).map { _ in SamplerPass(isHeld: true) }
        let askers = passes.map { pass in
            let sampler = MemorySampler(pass)
            return Task { try await sampler.snapshot() }
        }
        for pass in passes { #expect(await comesTrue { pass.begunCount == 1 }) }
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 1...100 {
                group.addTask {
                    await Task.yield()
                    return number
                }
            }
            return await group.reduce(0, +)
        }
        #expect(sum == 5050)
        #expect(passes.allSatisfy { $0.endedCount == 0 }, "the tasks have waited for passes")
        for pass in passes { pass.letThrough() }
        for asker in askers { #expect(try await asker.value.number == 1) }
    }

    @Test(
        .enabled(if: !isAlone, "this is the program that it starts"),
        .enabled(
            if: URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
                == URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath(),
            "the tests run with another C library than the system's"
        )
    )
    func allHoldsWithAPoolOfOneThread() throws {
        let cpu = try #require(CPULimits.current().affinity.ranges.first?.lowerBound)
        let output = try ChildProcess.output(
            of: "/usr/bin/taskset",
            ["-c", "\(cpu)", CommandLine.arguments[0], "--testing-library", "swift-testing"]
                + ["--filter", "MemorySamplerTests"],
            environment: ["PROCMEM_TEST_ALONE": "1"]
        )
        #expect(output.status == 0, "\(output.text)\(output.errorText)")
        let ran = (output.text + output.errorText).contains("whatASamplerTakesIsGivenBack() passed")
        #expect(ran, "\(output.text)\(output.errorText)")
    }

    @Test(.enabled(if: isAlone, "other tests have descriptors of their own")) func whatASamplerTakesIsGivenBack()
        async throws
    {
        func descriptorCount() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
        }
        func use() async throws {
            let sampler = MemorySampler(of: .currentTree, mode: .cheap)
            for try await _ in sampler.snapshots(every: .milliseconds(1)) { break }
            _ = try await sampler.snapshot()
        }
        try await use()
        // The files that were kept open for the next pass are closed when the thread exits, which takes a moment.
        #expect(await SamplerThreads.become(0))
        let before = try descriptorCount()
        for _ in 0..<50 { try await use() }
        #expect(await SamplerThreads.become(0))
        #expect(await comesTrue { (try? descriptorCount()) == before })
    }

    @Test(
        .enabled(if: isAlone, "other tests take memory"),
        .enabled(if: !BuildMode.isSanitized, "a sanitizer keeps freed memory for a while")
    )
    func passesKeepNoMemory() async throws {
        let sampler = MemorySampler(SamplerPass())
        func pass(_ count: Int) async throws -> Int {
            let sequence = Task { for try await _ in sampler.snapshots(every: .milliseconds(1)) {} }
            for _ in 0..<count { _ = try await sampler.snapshot() }
            sequence.cancel()
            try await sequence.value
            return try Statm(of: getpid()).residentBytes
        }
        let before = try await pass(2000)
        let after = try await pass(20_000)
        // One word for each pass would be 156 KiB.
        #expect(after - before < 128 << 10, "\(after - before) bytes more")
    }
}
