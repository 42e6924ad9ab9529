import Testing

@testable import ProcMem

/// Simulated readings, whose durations a test sets, with a clock of their own.
private final class SimulatedProbes {
    private(set) var now = ContinuousClock.now
    private(set) var read: [Int32] = []
    private(set) var sampleCount = 0
    /// The duration of an accurate reading of each process; ``usualCost`` for all others.
    var costs: [Int32: Duration] = [:]
    var usualCost = Duration.milliseconds(1)
    var refused: Set<Int32> = []
    var ended: Set<Int32> = []
    /// The processes that are not sampled, because another process is counted for their memory.
    var unsampled: Set<Int32> = []
    /// The duration of sampling one process.
    var sampleCost = Duration.microseconds(100)
    private(set) var longestRead = Duration.zero

    func wait(_ duration: Duration) { now += duration }

    func forget() { (read, sampleCount, longestRead) = ([], 0, .zero) }

    var probes: BudgetedFigures.Probes {
        BudgetedFigures.Probes(
            now: { self.now },
            read: { (member) throws(FileReadError) in
                let cost = self.costs[member.pid] ?? self.usualCost
                self.longestRead = max(self.longestRead, cost)
                self.now += cost
                self.read.append(member.pid)
                if self.ended.contains(member.pid) { return MemoryUsage(unavailable: .exited) }
                return self.refused.contains(member.pid)
                    ? MemoryUsage(unavailable: .permissionDenied) : Self.accurate(member)
            },
            sample: { (members, mayGoOn) throws(FileReadError) in
                self.sampleCount += 1
                var members = members
                for number in members.indices {
                    guard mayGoOn() else { return nil }
                    self.now += self.sampleCost
                    if self.unsampled.contains(members[number].pid) { continue }
                    let usage = members[number].value ?? MemoryUsage(unavailable: .exited)
                    members[number].value = MemoryUsage(
                        usage,
                        ussBytes: 4096,
                        source: .sampled(standardErrorBytes: 4096, reads: 64)
                    )
                }
                let distinct = SampledMemory.Distinct(likely: 1, lower: 1, upper: 1, standardError: 0)
                return BudgetedFigures.Sampled(members: members, distinct: distinct)
            }
        )
    }

    private static func accurate(_ member: ProcessCensus.Member) -> MemoryUsage {
        let text =
            "0-1 ---p 0 0:0 0 [rollup]\nRss: \((member.value?.rssBytes ?? 0) / 1024) kB\nPss: 8 kB\n"
            + "Shared_Clean: 0 kB\nShared_Dirty: 0 kB\nPrivate_Clean: 4 kB\nPrivate_Dirty: 4 kB\n"
        let bytes = Array(text.utf8)
        guard let rollup = try? SmapsRollup(validating: bytes.span, isSmaps: false) else {
            return MemoryUsage(unavailable: .malformed)
        }
        return MemoryUsage(rollup)
    }
}

/// A process as a walk returns it.
private func member(_ pid: Int32, faults: Int = 100, pages: Int = 1000) throws -> ProcessCensus.Member {
    let line = ProcessStatTests.line("x", [1: "\(pid)", 9: "64", 10: "\(faults)", 12: "0", 20: "1", 22: "5"])
    let stat = try ProcessStat(parsing: Array(line.utf8).span)
    let statm = try Statm(validating: Array("5000 \(pages) 100 0 0 0 0\n".utf8).span, pageSizeBytes: 4096)
    return ProcessCensus.Member(pid: pid, depth: 0, stat: stat, value: MemoryUsage(statm))
}

@Suite struct BudgetedFiguresTests {
    private let invented = SimulatedProbes()
    private var figures = BudgetedFigures(maximumAge: .seconds(60), pageSizeBytes: 4096)

    private var groupResult = BudgetedFigures.GroupResult()

    private mutating func pass(_ members: [ProcessCensus.Member], _ budget: Duration) throws -> [MemoryUsage] {
        var members = members
        groupResult = try figures.improve(&members, until: invented.now + budget, invented.probes)
        return members.compactMap(\.value)
    }

    @Test mutating func allAreReadWhereThatFits() throws {
        let usages = try pass([member(1), member(2), member(3)], .milliseconds(10))
        #expect(usages.allSatisfy { $0.source == .smapsRollup })
        #expect(invented.read == [1, 2, 3] && invented.sampleCount == 0)
    }

    @Test mutating func whatHoldsIsNotReadAgain() throws {
        let members = try [member(1), member(2)]
        _ = try pass(members, .milliseconds(10))
        invented.forget()
        invented.wait(.seconds(3))
        let usages = try pass(members, .milliseconds(10))
        #expect(invented.read.isEmpty)
        #expect(usages.map(\.source.original) == [.smapsRollup, .smapsRollup])
        #expect(usages.allSatisfy { ($0.source.age ?? .zero) >= .seconds(3) && $0.pssBytes == 8192 })
    }

    /// A change of the page faults, of the size, of the family, or the age: each alone causes a new reading.
    @Test(arguments: ["faults", "size", "member", "age", "nothing"])
    mutating func whatMovedIsReadAgain(_ moved: String) throws {
        _ = try pass([member(1), member(2)], .milliseconds(10))
        invented.forget()
        if moved == "age" { invented.wait(.seconds(61)) }
        var members = try [
            member(1, faults: moved == "faults" ? 101 : 100, pages: moved == "size" ? 1001 : 1000), member(2),
        ]
        if moved == "member" { members.append(try member(3)) }
        _ = try pass(members, .milliseconds(10))
        let expected: [Int32] =
            switch moved {
            case "faults", "size": [1]
            case "member": [1, 2, 3]
            case "age": [1, 2]
            default: []
            }
        #expect(invented.read.sorted() == expected)
    }

    /// Processes that do not fit into the budget are sampled. Each pass reads those that have waited longest, until all
    /// have been read.
    @Test mutating func allComeToTheirTurn() throws {
        // The prediction is 0.95 ms for each.
        let members = try (1...20).map { try member($0, pages: 20_000) }
        for number in members.indices { invented.costs[Int32(number + 1)] = .milliseconds(2) }
        var accurate: [Int] = []
        for _ in 0..<12 {
            let usages = try pass(members, .milliseconds(12))
            accurate.append(usages.count { $0.pssBytes != nil })
            #expect(usages.allSatisfy { $0.ussBytes != nil })
        }
        #expect(accurate == accurate.sorted() && accurate[0] < 20)
        #expect(accurate.last == 20)
        // Each process was read once, and the samples were taken once, because nothing has changed.
        #expect(invented.read.sorted() == (1...20).map(Int32.init))
        #expect(invented.sampleCount == 1)
    }

    @Test mutating func anUnreadableProcessDelaysNoOther() throws {
        let members = try (1...6).map { try member($0) }
        invented.refused = [1, 2, 3]
        for _ in 0..<8 { _ = try pass(members, .milliseconds(2)) }
        let usages = try pass(members, .milliseconds(2))
        #expect(usages[3...].allSatisfy { $0.pssBytes != nil })
        #expect(usages[..<3].allSatisfy { $0.pssBytes == nil && $0.rssBytes != nil })
    }

    /// A steady stream of new small processes does not starve a large one.
    @Test mutating func aNewProcessWaitsBehindTheOthers() throws {
        invented.costs[1] = .milliseconds(3)
        for number in 0..<20 {
            let newcomers = try (0..<10).map { try member(Int32(100 + 10 * number + $0)) }
            _ = try pass([member(1, faults: number, pages: 60_000)] + newcomers, .milliseconds(6))
        }
        #expect(invented.read.count { $0 == 1 } > 1)
    }

    /// Sampling all processes repeatedly does not starve a large one.
    @Test mutating func samplesLeaveTimeForOverdueProcesses() throws {
        invented.costs[1] = .milliseconds(8)
        for number in 0..<100 {
            let others = try (2...30).map { try member($0, faults: number, pages: 20_000) }
            _ = try pass([member(1, faults: number, pages: 160_000)] + others, .milliseconds(10))
            invented.wait(.seconds(2))
        }
        let turns = invented.read.count { $0 == 1 }
        #expect(turns > 0 && turns < 5)
        #expect(invented.sampleCount > 90)
    }

    /// A process that was slow once is tried again later.
    @Test mutating func oneSlowReadingExcludesNoProcess() throws {
        invented.costs[1] = .milliseconds(500)
        _ = try pass([member(1)], .milliseconds(5))
        invented.costs[1] = .milliseconds(1)
        invented.forget()
        for number in 0..<1000 where invented.read.isEmpty {
            _ = try pass([member(1, faults: number + 200)], .milliseconds(50))
            invented.wait(.seconds(60))
        }
        #expect(invented.read == [1])
    }

    @Test mutating func aProcessThatHasExitedHasNoMemory() throws {
        invented.ended = [1]
        let usages = try pass([member(1), member(2)], .milliseconds(10))
        #expect(usages[0].rssBytes == nil && usages[0].unavailable == .exited)
        #expect(usages[1].rssBytes != nil)
    }

    /// A kept figure, which was reported with a set of samples, is not reused as a part of the samples, which would
    /// make it younger.
    @Test mutating func whatIsTakenOverKeepsItsAge() throws {
        invented.unsampled = [1]
        invented.usualCost = .milliseconds(2)
        // Of the 61 processes only the smallest is read.
        let members = try [member(1)] + (2...61).map { try member($0, pages: 20_000) }
        _ = try pass(members, .microseconds(500))
        #expect(invented.read == [1] && invented.sampleCount == 0)
        invented.wait(.seconds(40))
        invented.sampleCost = .microseconds(50)
        let before = try pass(members, .milliseconds(10))
        #expect(invented.sampleCount == 1)
        #expect(before[0].source.age != nil && before[0].pssBytes != nil)
        // The figure is now too old, but the samples are not.
        invented.wait(.seconds(30))
        let after = try pass(members, .microseconds(100))
        #expect(invented.sampleCount == 1)
        #expect(after[0].source == .statm)
        #expect(after.last?.source.age != nil)
    }

    /// Figures are not consistent if another process has changed between their readings: their sum is not the memory at
    /// one moment.
    @Test mutating func figuresOfSeveralTimesAreInconsistent() throws {
        _ = try pass([member(1), member(2)], .milliseconds(10))
        #expect(groupResult.isConsistent)
        _ = try pass([member(2), member(1)], .milliseconds(10))
        #expect(groupResult.isConsistent)
        _ = try pass([member(1), member(2, faults: 101)], .milliseconds(10))
        #expect(!groupResult.isConsistent)
        // They remain inconsistent as long as the older figure is used.
        let usages = try pass([member(1), member(2, faults: 101)], .milliseconds(10))
        #expect(usages.allSatisfy { $0.pssBytes != nil } && !groupResult.isConsistent)
        _ = try pass([member(1, faults: 101), member(2, faults: 101)], .milliseconds(10))
        #expect(!groupResult.isConsistent)
        invented.wait(.seconds(61))
        _ = try pass([member(1, faults: 101), member(2, faults: 101)], .milliseconds(10))
        #expect(groupResult.isConsistent)
    }

    @Test mutating func nothingIsBegunThatDoesNotFit() throws {
        // 45 ns for each page: 45 ms.
        let usages = try pass([member(1, pages: 1_000_000), member(2)], .milliseconds(5))
        #expect(!invented.read.contains(1) && invented.read.contains(2))
        #expect(usages[0].pssBytes == nil && usages[1].pssBytes != nil)
    }

    /// After a slow reading the prediction is as long.
    @Test mutating func costsAreLearned() throws {
        invented.costs[1] = .milliseconds(30)
        _ = try pass([member(1)], .milliseconds(5))
        #expect(invented.read == [1])
        invented.forget()
        _ = try pass([member(1, faults: 101)], .milliseconds(5))
        #expect(invented.read.isEmpty)
        _ = try pass([member(1, faults: 102)], .milliseconds(31))
        #expect(invented.read == [1])
    }

    @Test mutating func noBudgetReadsNothing() throws {
        let usages = try pass([member(1)], .zero)
        #expect(invented.read.isEmpty && invented.sampleCount == 0)
        #expect(usages[0].source == .statm)
    }

    @Test mutating func samplesAreCutShort() throws {
        let members = try (1...50).map { try member($0, pages: 20_000) }
        invented.sampleCost = .milliseconds(5)
        let usages = try pass(members, .milliseconds(25))
        #expect(invented.sampleCount == 1)
        #expect(usages.allSatisfy { !$0.source.isSampled })
        invented.forget()
        // Now the cost of the samples is known.
        _ = try pass(members.map { try member($0.pid, faults: 7, pages: 20_000) }, .milliseconds(25))
        #expect(invented.sampleCount == 0)
    }

    /// Whatever the readings cost, and whatever changes, a pass exceeds its budget by one reading at most.
    @Test(arguments: 0..<40) mutating func exceedsByOneReadingAtMost(_ seed: Int) throws {
        var generator = SampleGenerator(seed: UInt64(seed))
        let count = Int32.random(in: 1...60, using: &generator)
        invented.sampleCost = .microseconds(Int.random(in: 1...3000, using: &generator))
        for pid in 1...count where Bool.random(using: &generator) {
            invented.costs[pid] = .microseconds(Int.random(in: 1...40_000, using: &generator))
            if Int.random(in: 0..<5, using: &generator) == 0 { invented.refused.insert(pid) }
        }
        for _ in 0..<20 {
            let members = try (1...count).map {
                try member(
                    $0,
                    faults: Int.random(in: 0...1, using: &generator),
                    pages: Int.random(in: 200...20_000, using: &generator)
                )
            }
            let budget = Duration.microseconds(Int.random(in: 0...50_000, using: &generator))
            let deadline = invented.now + budget
            invented.forget()
            _ = try pass(members, budget)
            let longest = max(invented.longestRead, invented.sampleCount > 0 ? invented.sampleCost : .zero)
            #expect(invented.now <= deadline + longest)
        }
    }
}
