import Testing

@testable import ProcMem

/// A larger budget never gives wider bounds on an unchanged tree.
@Suite struct BudgetMonotonicityTests {
    /// A tree whose memory is known, with costs of reads that are drawn at random.
    private struct Scene {
        let members: [ProcessCensus.Member]
        let accurate: [MemoryUsage]
        let costs: [Duration]
        let sampleCost: Duration
        /// What samples of 64, 256 and 1,024 reads show.
        let sampled: [Int: (distinct: SampledMemory.Distinct, parts: SampledParts)]
        let truth: Int

        init(_ generator: inout SampleGenerator) throws {
            let count = Int.random(in: 1...20, using: &generator)
            let common = Int.random(in: 0...20_000, using: &generator)
            let files = Int.random(in: 100...4000, using: &generator)
            let outside = Int.random(in: 0...10, using: &generator)
            var members: [ProcessCensus.Member] = []
            var accurate: [MemoryUsage] = []
            var costs: [Duration] = []
            // Processes that were forked at different times have different pages at the same addresses.
            let versions = max(1, Int.random(in: -2...count / 2, using: &generator))
            var pages = common * versions + files
            var apparent = common + files
            var shares: [Int32: MemberShare] = [:]
            for number in 0..<count {
                let own = Int.random(in: 1...8000, using: &generator)
                let faults = own + (number == 0 ? common * versions : 0) + Int.random(in: 0...3000, using: &generator)
                pages += own
                apparent += own
                let line = ProcessStatTests.line(
                    "x",
                    [
                        1: "\(number + 1)", 4: "\(number == 0 ? 0 : 1)", 9: number == 0 ? "0" : "64",
                        10: "\(faults)", 11: "0", 12: "0", 13: "0", 20: "1", 22: "5",
                    ]
                )
                let stat = try ProcessStat(parsing: Array(line.utf8).span)
                let rss = common + own + files
                let text = "\(2 * rss) \(rss) \(files) 0 0 0 0\n"
                let statm = try Statm(validating: Array(text.utf8).span, pageSizeBytes: 4096)
                members.append(
                    ProcessCensus.Member(pid: Int32(number + 1), depth: 0, stat: stat, value: MemoryUsage(statm))
                )
                let sharers = count / versions + (number % versions < count % versions ? 1 : 0)
                let anonymousShare = own * 4 + common * 4 / sharers
                shares[Int32(number + 1)] = MemberShare(
                    exclusiveBytes: Double(own) * 4096 * .random(in: 0.98...1.02, using: &generator),
                    sharedPartBytes: Double(common) / Double(count) * 4096 * .random(in: 0.98...1.02, using: &generator)
                )
                let fileShare = files * 4 / (count + outside)
                let rollup =
                    "0-1 ---p 0 0:0 0 [rollup]\nRss: \(rss * 4) kB\nPss: \(anonymousShare + fileShare) kB\n"
                    + "Pss_Anon: \(anonymousShare) kB\nPss_File: \(fileShare) kB\nPss_Shmem: 0 kB\n"
                    + "Shared_Clean: \((common + files) * 4) kB\nShared_Dirty: 0 kB\nPrivate_Clean: 0 kB\n"
                    + "Private_Dirty: \(own * 4) kB\nAnonymous: \((common + own) * 4) kB\n"
                accurate.append(MemoryUsage(try SmapsRollup(validating: Array(rollup.utf8).span, isSmaps: false)))
                costs.append(.microseconds(Int.random(in: 20...5000, using: &generator)))
            }
            (self.members, self.accurate, self.costs) = (members, accurate, costs)
            sampleCost = .microseconds(Int.random(in: 10...2000, using: &generator))
            truth = pages * 4096
            let open = Double(truth) * .random(in: 0...0.3, using: &generator)
            var sampled: [Int: (distinct: SampledMemory.Distinct, parts: SampledParts)] = [:]
            for reads in [64, 256, 1024] {
                let error =
                    Double(truth) * .random(in: 0...0.05, using: &generator) * (64 / Double(reads)).squareRoot()
                let likely =
                    Double(versions > 1 ? apparent * 4096 : truth) + error * .random(in: -1...1, using: &generator)
                let distinct = SampledMemory.Distinct(
                    likely: likely,
                    lower: likely - (versions > 1 ? 0 : open),
                    upper: max(likely, Double(truth)) + open,
                    standardError: error
                )
                let ofFiles = Double(files) * 4096
                let part = SampledMemory.Distinct(
                    likely: ofFiles,
                    lower: ofFiles,
                    upper: ofFiles,
                    standardError: error / 4
                )
                sampled[reads] = (distinct, SampledParts(files: part, shares: distinct.isAmbiguous ? shares : [:]))
            }
            self.sampled = sampled
        }
    }

    private static func features() -> KernelPageFeatures {
        KernelPageFeatures(
            isStatmExact: true,
            systemMemory: .init(anonymousBytes: 1 << 40, anonymousHugeBytes: 0, sharedBytes: 1 << 40, hugetlbBytes: 0),
            mayHaveHugePages: false,
            mayHaveSmallerHugePages: false,
            mergedBytes: 0
        )
    }

    private static func outlook(
        _ members: [ProcessCensus.Member],
        _ group: GroupFigures
    ) -> BudgetedFigures.Outlook {
        let inputs = DistinctMemoryInputs(
            processes: members.map { member in
                ProcessMemory(
                    pid: member.pid,
                    parentPID: member.stat?.parentPID,
                    command: nil,
                    startTimeTicks: member.stat?.startTimeTicks,
                    userTicks: nil,
                    systemTicks: nil,
                    depth: 0,
                    usage: member.value ?? MemoryUsage(unavailable: .exited),
                    sharesMemoryWith: nil,
                    mayShareMemoryWith: nil
                )
            },
            stats: members.map(\.stat),
            includesDescendants: true,
            group: group,
            pageSizeBytes: 4096,
            features: features()
        )
        return BudgetedFigures.Outlook(inputs, baseline: nil)
    }

    private final class Clock { var now = ContinuousClock.now }

    /// Returns the bounds after each of some passes, and the longest time by which a pass exceeded its budget.
    private func passes(_ count: Int, over scene: Scene, _ budget: Duration) throws -> [DistinctMemory] {
        let clock = Clock()
        var figures = BudgetedFigures(maximumAge: .seconds(60), pageSizeBytes: 4096)
        let probes = BudgetedFigures.Probes(
            now: { clock.now },
            read: { member in
                clock.now += scene.costs[Int(member.pid) - 1]
                return scene.accurate[Int(member.pid) - 1]
            },
            countMappings: { _, maximum, _ in
                clock.now += .microseconds(30)
                return maximum >= 50 ? 50 : nil
            },
            sample: { members, reads, _, mayGoOn in
                var members = members
                for index in members.indices {
                    guard mayGoOn() else { return nil }
                    clock.now += scene.sampleCost * (reads / 64)
                    guard let usage = members[index].value else { continue }
                    members[index].value = MemoryUsage(
                        usage,
                        ussBytes: 0,
                        source: .sampled(standardErrorBytes: 4096, reads: 64)
                    )
                }
                return BudgetedFigures.Sampled(
                    members: members,
                    distinct: scene.sampled[reads]?.distinct,
                    parts: scene.sampled[reads]?.parts
                )
            },
            outlook: { Self.outlook($0, $1) }
        )
        var results: [DistinctMemory] = []
        for _ in 0..<count {
            var members = scene.members
            let result = figures.improve(&members, until: clock.now + budget, probes)
            results.append(Self.outlook(members, result).bounds)
            clock.now += .seconds(1)
        }
        return results
    }

    private func width(_ distinct: DistinctMemory) -> Int { (distinct.upper ?? .max) - distinct.lower }

    @Test(arguments: 0..<100) func aLargerBudgetNeverWidensTheBounds(_ seed: Int) throws {
        var generator = SampleGenerator(seed: UInt64(seed))
        let scene = try Scene(&generator)
        let budgets = (0..<12).map { _ in Duration.microseconds(Int.random(in: 0...60_000, using: &generator)) }
        var narrowest = Int.max
        for budget in budgets.sorted() {
            let distinct = try #require(try passes(1, over: scene, budget).last)
            #expect(width(distinct) <= narrowest, "\(budget)")
            narrowest = min(narrowest, width(distinct))
            #expect(distinct.lower <= scene.truth && scene.truth <= distinct.upper ?? 0)
        }
    }

    /// The same holds after several passes, which use the figures of the earlier ones.
    @Test(arguments: 0..<100) func aLargerBudgetDoesNotWidenTheBoundsOfLaterPasses(_ seed: Int) throws {
        var generator = SampleGenerator(seed: UInt64(1000 + seed))
        let scene = try Scene(&generator)
        let budgets = (0..<8).map { _ in Duration.microseconds(Int.random(in: 0...60_000, using: &generator)) }
        var narrowest = Array(repeating: Int.max, count: 8)
        for budget in budgets.sorted() {
            let widths = try passes(narrowest.count, over: scene, budget).map { width($0) }
            #expect(zip(widths, narrowest).allSatisfy { $0 <= $1 }, "\(budget): \(widths), \(narrowest)")
            narrowest = zip(widths, narrowest).map { min($0, $1) }
        }
    }
}
