import Testing

@testable import ProcMem

/// Reads that take the time that a test defines, by the clock of the test.
private final class InventedReads {
    private(set) var now = ContinuousClock.now
    private(set) var read: [Int32] = []
    private(set) var sampleCount = 0
    /// The duration of an accurate read of a process; ``usualCost`` if none is defined.
    var costs: [Int32: Duration] = [:]
    var usualCost = Duration.milliseconds(1)
    var refused: Set<Int32> = []
    var ended: Set<Int32> = []
    /// The processes that are not sampled: their memory is counted with that of another process.
    var unsampled: Set<Int32> = []
    /// What the samples of one process take.
    var sampleCost = Duration.microseconds(100)
    private(set) var longestRead = Duration.zero
    /// The number of mappings of each process, and the number of times that they were counted.
    var mappingCounts: [Int32: Int] = [:]
    private(set) var countedMappings: [Int32] = []
    /// The bounds: of counters, of samples, and of accurate reads of all.
    var widths = (counters: 1000, samples: 100, accurate: 10)
    var lowerBytes = 1000
    private(set) var outlookCount = 0
    /// Whether samples leave open how much memory there is, and accurate reads of some members show it.
    var drawsMembers = false
    /// The number of reads of each sampling, and the width of the bounds that it gives; that of ``widths`` otherwise.
    private(set) var sampleReads: [Int] = []
    var widthsByReads: [Int: Int] = [:]
    /// For each process that shares the address space of another one, that one.
    var sharers: [Int32: Int32] = [:]

    func wait(_ duration: Duration) { now += duration }

    func forget() {
        (read, sampleCount, longestRead, countedMappings, outlookCount, sampleReads) = ([], 0, .zero, [], 0, [])
    }

    var probes: BudgetedFigures.Probes {
        BudgetedFigures.Probes(
            now: { self.now },
            read: { member in
                let cost = self.costs[member.pid] ?? self.usualCost
                self.longestRead = max(self.longestRead, cost)
                self.now += cost
                self.read.append(member.pid)
                if self.ended.contains(member.pid) { return MemoryUsage(unavailable: .exited) }
                return self.refused.contains(member.pid)
                    ? MemoryUsage(unavailable: .permissionDenied) : Self.accurate(member)
            },
            countMappings: { member, maximum, _ in
                self.countedMappings.append(member.pid)
                let count = self.mappingCounts[member.pid] ?? 50
                return count <= maximum ? count : nil
            },
            sample: { members, reads, _, mayGoOn in
                self.sampleCount += 1
                self.sampleReads.append(reads)
                var members = members
                for number in members.indices {
                    guard mayGoOn() else { return nil }
                    self.now += self.sampleCost * (reads / 64)
                    if self.unsampled.contains(members[number].pid) { continue }
                    let usage = members[number].value ?? MemoryUsage(unavailable: .exited)
                    members[number].value = MemoryUsage(
                        usage,
                        ussBytes: 4096,
                        source: .sampled(standardErrorBytes: 4096, reads: 64)
                    )
                }
                // The outlook takes the width from it.
                let error = Double(self.widthsByReads[reads] ?? self.widths.samples)
                let distinct = SampledMemory.Distinct(likely: 1, lower: 1, upper: 1, standardError: error)
                return BudgetedFigures.Sampled(members: members, distinct: distinct)
            },
            outlook: { members, result in
                self.outlookCount += 1
                let width =
                    members.allSatisfy { $0.value?.pssBytes != nil }
                        && (self.widthsByReads.isEmpty || result.distinct == nil)
                    ? self.widths.accurate : result.distinct.map { Int($0.standardError) } ?? self.widths.counters
                return BudgetedFigures.Outlook(
                    bounds: DistinctMemory(
                        estimate: nil,
                        lower: self.lowerBytes,
                        upper: self.lowerBytes + width,
                        isProven: false,
                        assumptions: []
                    ),
                    widthIfAllAreRead: self.widths.accurate,
                    draws: self.drawsMembers && result.distinct != nil ? Self.draws(members) : nil,
                    widthOfSamplingError: self.widthsByReads.isEmpty ? 0 : width
                )
            },
            sharer: { self.sharers[$0] }
        )
    }

    /// The members, all of one size.
    static func draws(_ members: [ProcessCensus.Member]) -> DrawnMembers {
        DrawnMembers(
            members.map { member in
                (
                    DrawnMembers.Member(
                        pid: member.pid,
                        size: 1,
                        exclusiveBytes: 0,
                        shareBytes: member.value?.pssAnonymousBytes
                    ), 5
                )
            }
        )
    }

    private static func accurate(_ member: ProcessCensus.Member) -> MemoryUsage {
        let text =
            "0-1 ---p 0 0:0 0 [rollup]\nRss: \((member.value?.rssBytes ?? 0) / 1024) kB\nPss: 8 kB\nPss_Anon: 8 kB\n"
            + "Shared_Clean: 0 kB\nShared_Dirty: 0 kB\nPrivate_Clean: 4 kB\nPrivate_Dirty: 4 kB\n"
        let bytes = Array(text.utf8)
        guard let rollup = try? SmapsRollup(validating: bytes.span, isSmaps: false) else {
            return MemoryUsage(unavailable: .malformed)
        }
        return MemoryUsage(rollup)
    }
}

/// A process as a walk meets it.
private func member(_ pid: Int32, faults: Int = 100, pages: Int = 1000, virtualPages: Int = 5000) throws
    -> ProcessCensus.Member
{
    let line = ProcessStatTests.line(
        "x",
        [1: "\(pid)", 9: "64", 10: "\(faults)", 12: "0", 20: "1", 22: "5", 23: "\(virtualPages * 4096)"]
    )
    let stat = try ProcessStat(parsing: Array(line.utf8).span)
    let statm = try Statm(validating: Array("5000 \(pages) 100 0 0 0 0\n".utf8).span, pageSizeBytes: 4096)
    return ProcessCensus.Member(pid: pid, depth: 0, stat: stat, value: MemoryUsage(statm))
}

@Suite struct BudgetedFiguresTests {
    private let invented = InventedReads()
    private var figures = BudgetedFigures(maximumAge: .seconds(60), pageSizeBytes: 4096)

    private var groupFigures = GroupFigures()

    private mutating func pass(_ members: [ProcessCensus.Member], _ budget: Duration) throws -> [MemoryUsage] {
        var members = members
        groupFigures = figures.improve(&members, until: invented.now + budget, invented.probes)
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

    /// Page faults, a size, another member of the family, age: each alone causes a new read.
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

    /// A process that has changed is read again if PSS can narrow the bounds: from above, or from below. If not, its row
    /// has its cheap figures until the age limit. A process that was never read is read for its own figures.
    @Test(arguments: [(900, 20_000, true), (10, 1000, true), (10, 20_000, false), (0, 1000, false)])
    mutating func whatCannotNarrowTheTotalIsNotReadAgain(_ width: Int, _ lowerBytes: Int, _ isRead: Bool) throws {
        (invented.widths.counters, invented.lowerBytes) = (width, lowerBytes)
        _ = try pass([member(1), member(2)], .milliseconds(10))
        #expect(invented.read == [1, 2])
        for number in 1...3 {
            invented.forget()
            let members = try [member(1, faults: 100 + number), member(2)]
            let usages = try pass(members, .milliseconds(10))
            #expect(invented.read == (isRead ? [1] : []))
            #expect((usages[0].pssBytes != nil) == isRead && usages[0].rssBytes != nil && usages[1].pssBytes != nil)
            // An idle pass that follows computes nothing.
            _ = try pass(members, .milliseconds(10))
            let outlookCount = invented.outlookCount
            _ = try pass(members, .milliseconds(10))
            #expect(invented.outlookCount == outlookCount && invented.read == (isRead ? [1] : []))
        }
        invented.forget()
        invented.wait(.seconds(61))
        _ = try pass([member(1, faults: 103), member(2), member(3)], .milliseconds(10))
        #expect(invented.read.sorted() == [1, 2, 3])
    }

    /// What does not fit is sampled, and each pass reads the process that has waited longest, until all have been read.
    @Test mutating func allComeToTheirTurn() throws {
        // 0.95 ms each by what is expected.
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
        // Each once, and the samples once, since nothing has moved.
        #expect(invented.read.sorted() == (1...20).map(Int32.init))
        #expect(invented.sampleCount == 1)
    }

    /// A process that cannot be read is tried once, and does not keep the others from being read.
    @Test mutating func anUnreadableProcessIsTriedOnce() throws {
        let members = try (1...6).map { try member($0) }
        invented.refused = [1, 2, 3]
        for _ in 0..<8 { _ = try pass(members, .milliseconds(10)) }
        let usages = try pass(members, .milliseconds(10))
        #expect(usages[3...].allSatisfy { $0.pssBytes != nil })
        #expect(usages[..<3].allSatisfy { $0.pssBytes == nil && $0.unavailable == .permissionDenied })
        #expect(invented.read.sorted() == [1, 2, 3, 4, 5, 6])
        // After the age limit it is tried again.
        invented.forget()
        invented.wait(.seconds(61))
        _ = try pass(members, .milliseconds(10))
        #expect(invented.read.sorted() == [1, 2, 3, 4, 5, 6])
    }

    /// An accurate read of some members of a family narrows nothing.
    @Test mutating func noProcessIsReadWhereNotAllCanBe() throws {
        for number in 0..<20 {
            let members = try (1...30).map { try member($0, faults: number, pages: 20_000) }
            _ = try pass(members, .milliseconds(20))
            invented.wait(.seconds(1))
        }
        #expect(invented.read.isEmpty)
        #expect(invented.sampleCount == 20)
    }

    /// Accurate reads that take many passes are not begun if the figures would be too old before the last one.
    @Test(arguments: [(1, true), (20, false)])
    mutating func readsAreDistributedOnlyIfTheyCanBeCompleted(_ seconds: Int, _ isRead: Bool) throws {
        invented.usualCost = .milliseconds(5)
        let members = try (1...20).map { try member($0, pages: 100_000) }
        for _ in 0..<12 {
            _ = try pass(members, .milliseconds(20))
            invented.wait(.seconds(seconds))
        }
        #expect(invented.read.isEmpty != isRead)
    }

    /// Samples that are as narrow as accurate reads are enough.
    @Test mutating func nothingIsReadThatCannotNarrowTheTotal() throws {
        invented.widths = (1000, 100, 60)
        let members = try (1...20).map { try member($0, pages: 20_000) }
        for _ in 0..<12 {
            _ = try pass(members, .milliseconds(12))
            invented.wait(.seconds(1))
        }
        #expect(invented.read.isEmpty && invented.sampleCount == 1)
        // A pass over idle processes does not even compute the bounds.
        invented.forget()
        _ = try pass(members, .milliseconds(12))
        #expect(invented.outlookCount == 0)
    }

    /// Many small processes cost less to read than to sample. Samples then narrow what remains wide.
    @Test(arguments: [10, 500])
    mutating func samplesFollowReadsThatLeaveWideBounds(_ width: Int) throws {
        invented.widths.accurate = width
        _ = try pass([member(1), member(2)], .milliseconds(10))
        #expect(invented.read == [1, 2] && invented.sampleCount == (width > 100 ? 1 : 0))
    }

    /// Mappings cost time as well as pages. They are counted where they decide.
    @Test mutating func mappingsAreCountedBeforeTheFirstRead() throws {
        invented.mappingCounts = [1: 60_000]
        let many = try member(1, pages: 60_000, virtualPages: 100_000)
        _ = try pass([many], .milliseconds(10))
        #expect(invented.countedMappings == [1] && invented.read.isEmpty)
        // The count is kept.
        invented.forget()
        _ = try pass([many], .milliseconds(10))
        #expect(invented.countedMappings.isEmpty && invented.read.isEmpty)
        _ = try pass([many], .milliseconds(100))
        #expect(invented.read == [1])
    }

    @Test mutating func mappingsAreNotCountedWhereTheyDoNotMatter() throws {
        _ = try pass([member(1)], .milliseconds(100))
        #expect(invented.countedMappings.isEmpty && invented.read == [1])
    }

    /// A read that took long once is tried again some time.
    @Test mutating func oneSlowReadDoesNotExcludeAProcess() throws {
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

    @Test mutating func anExitedProcessHasNothing() throws {
        invented.ended = [1]
        let usages = try pass([member(1), member(2)], .milliseconds(10))
        #expect(usages[0].rssBytes == nil && usages[0].unavailable == .exited)
        #expect(usages[1].rssBytes != nil)
    }

    /// Figures between which another process has moved do not add up to what all hold together.
    @Test mutating func figuresOfSeveralTimesAreDistinguished() throws {
        _ = try pass([member(1), member(2)], .milliseconds(10))
        #expect(groupFigures.isConsistent)
        _ = try pass([member(2), member(1)], .milliseconds(10))
        #expect(groupFigures.isConsistent)
        _ = try pass([member(1), member(2, faults: 101)], .milliseconds(10))
        #expect(!groupFigures.isConsistent)
        // Nor later, as long as the older figure stays.
        let usages = try pass([member(1), member(2, faults: 101)], .milliseconds(10))
        #expect(usages.allSatisfy { $0.pssBytes != nil } && !groupFigures.isConsistent)
        _ = try pass([member(1, faults: 101), member(2, faults: 101)], .milliseconds(10))
        #expect(!groupFigures.isConsistent)
        invented.wait(.seconds(61))
        _ = try pass([member(1, faults: 101), member(2, faults: 101)], .milliseconds(10))
        #expect(groupFigures.isConsistent)
    }

    /// If samples leave open how much memory there is, a few members are read in the order of the draws: as many as fit, in
    /// stages.
    @Test(arguments: [(9, 20_000, 4), (14, 20_000, 8), (12, 200_000, 0)])
    mutating func someMembersAreReadIfSamplesAreAmbiguous(_ milliseconds: Int, _ pages: Int, _ count: Int) throws {
        invented.drawsMembers = true
        invented.widths.accurate = 90
        let members = try (1...20).map { try member($0, pages: pages) }
        _ = try pass(members, .milliseconds(milliseconds))
        #expect(invented.sampleCount == 1)
        #expect(invented.read == InventedReads.draws(members).members.prefix(count).map(\.pid))
        // Later passes complete the reads that were begun. Each process is read once.
        let read = invented.read
        for _ in 0..<12 { _ = try pass(members, .milliseconds(milliseconds)) }
        #expect(invented.read.count == (read.isEmpty ? 0 : 20) && Set(invented.read).count == invented.read.count)
        #expect(invented.sampleCount == 1)
    }

    /// Samples with an error that decides the width are repeated with more reads, up to a limit.
    @Test(arguments: [(12, [64]), (26, [64, 256]), (100, [64, 256, 1024])])
    mutating func moreSamplesFollowThatAreTooFew(_ milliseconds: Int, _ reads: [Int]) throws {
        invented.widthsByReads = [64: 800, 256: 400, 1024: 200]
        invented.widths.accurate = 900
        invented.sampleCost = .microseconds(200)
        invented.usualCost = .microseconds(10)
        let members = try (1...20).map { try member($0, pages: 100) }
        _ = try pass(members, .milliseconds(milliseconds))
        #expect(invented.sampleReads == reads && invented.read.count == 20)
        #expect(groupFigures.distinct?.standardError == [64: 800, 256: 400, 1024: 200][reads.last ?? 0])
        // They are not repeated as long as they are valid.
        invented.forget()
        _ = try pass(members, .milliseconds(milliseconds))
        #expect(invented.sampleReads == [] && groupFigures.areSamplesCached)
    }

    /// Samples with more reads that give wider bounds by chance are not used, and not repeated.
    @Test mutating func widerBoundsOfMoreSamplesAreNotUsed() throws {
        invented.widthsByReads = [64: 400, 256: 800, 1024: 900]
        invented.widths.accurate = 900
        invented.usualCost = .microseconds(10)
        let members = try (1...20).map { try member($0, pages: 100) }
        for _ in 0..<3 { _ = try pass(members, .milliseconds(100)) }
        #expect(invented.sampleReads == [64, 256, 1024] && groupFigures.distinct?.standardError == 400)
    }

    /// An address space is read once. All of its processes have its figures.
    @Test mutating func anAddressSpaceIsReadOnce() throws {
        invented.sharers = [2: 1, 3: 1]
        let members = try (1...4).map { try member($0) }
        for _ in 0..<2 {
            let usages = try pass(members, .milliseconds(10))
            #expect(usages.allSatisfy { $0.pssBytes == 8192 })
        }
        #expect(invented.read == [1, 4])
    }

    @Test mutating func nothingIsBegunThatDoesNotFit() throws {
        // 45 ns a page: 45 ms.
        let usages = try pass([member(1, pages: 1_000_000)], .milliseconds(5))
        #expect(invented.read.isEmpty && usages[0].pssBytes == nil)
    }

    /// A read that took long is expected to take as long again.
    @Test mutating func costsAreLearned() throws {
        invented.costs[1] = .milliseconds(30)
        _ = try pass([member(1)], .milliseconds(5))
        #expect(invented.read == [1])
        invented.forget()
        _ = try pass([member(1, faults: 101)], .milliseconds(5))
        #expect(invented.read.isEmpty)
        _ = try pass([member(1, faults: 102)], .milliseconds(40))
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
        // Now it is known what they cost.
        _ = try pass(members.map { try member($0.pid, faults: 7, pages: 20_000) }, .milliseconds(25))
        #expect(invented.sampleCount == 0)
    }

    /// Whatever reads cost and whatever changes: a pass exceeds its time by at most one read.
    @Test(arguments: 0..<40) mutating func exceedsByAtMostOneRead(_ seed: Int) throws {
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
