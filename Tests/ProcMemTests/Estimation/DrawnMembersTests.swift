import Testing

@testable import ProcMem

/// The memory of all members of a family, estimated from accurate reads of some.
@Suite struct DrawnMembersTests {
    /// A family whose pages are known: for each member, its pages by address and version.
    struct Family: CustomTestStringConvertible, Sendable {
        struct Page: Hashable {
            let address: Int
            let version: Int
        }

        let testDescription: String
        /// Returns the pages of each member.
        let members: @Sendable (inout SampleGenerator) -> [[Page]]
    }

    private static func family(
        _ name: String,
        _ members: @escaping @Sendable (inout SampleGenerator) -> [[Family.Page]]
    ) -> Family {
        Family(testDescription: name, members: members)
    }

    static let families = [
        family("idle workers") { _ in
            Array(repeating: (0..<100).map { Family.Page(address: $0, version: 0) }, count: 30)
        },
        // A parent rewrites two thirds of its memory in turn, and forks three workers after each.
        family("a parent that rewrites and forks") { _ in
            var pages = (0..<240).map { Family.Page(address: $0, version: 0) }
            var members: [[Family.Page]] = []
            for round in 0..<4 {
                for address in round * 40..<round * 40 + 80 {
                    pages[address] = Family.Page(address: address, version: round + 1)
                }
                members += Array(repeating: pages, count: 3)
            }
            return members + [pages]
        },
        // Processes between the root and the workers have given up what they and their workers had.
        family("parents that gave up their memory") { _ in
            let common = (0..<64).map { Family.Page(address: $0, version: 0) }
            return Array(repeating: common, count: 4)
                + (0..<12).map { worker in
                    common + (100..<370).map { Family.Page(address: $0, version: worker / 4) }
                }
        },
        family("a line of processes") { _ in
            (0..<10).map { depth in (0..<(depth + 1) * 40).map { Family.Page(address: $0, version: 0) } }
        },
        family("many rounds") { generator in
            var pages = (0..<50).map { Family.Page(address: $0, version: 0) }
            var members: [[Family.Page]] = []
            for round in 1...16 {
                for address in pages.indices where generator.next(in: 0..<100) < 15 {
                    pages[address] = Family.Page(address: address, version: round)
                }
                members += [pages, pages]
            }
            return members + [pages]
        },
        family("two that differ from twenty") { _ in
            Array(repeating: (0..<100).map { Family.Page(address: $0, version: 0) }, count: 20)
                + Array(repeating: (100..<200).map { Family.Page(address: $0, version: 0) }, count: 2)
        },
    ]

    /// A family with what samples and accurate reads show of its members: the latter of the first ones.
    private func drawn(_ pages: [[Family.Page]], start: Int, readCount: Int = 0) -> (DrawnMembers, distinct: Double) {
        var mappers: [Family.Page: Int] = [:]
        var sharers: [Int: Int] = [:]
        for page in pages.joined() { mappers[page, default: 0] += 1 }
        for page in pages.joined() where mappers[page] != 1 { sharers[page.address, default: 0] += 1 }
        var shares: [Int32: Int] = [:]
        let members = pages.enumerated().map { index, pages in
            let exclusive = pages.count { mappers[$0] == 1 }
            shares[Int32(index)] = Int(
                pages.reduce(0.0) { $0 + 4096 / Double(mappers[$1] ?? 1) }.rounded()
            )
            let member = DrawnMembers.Member(
                pid: Int32(index),
                size: pages.reduce(0.0) { $0 + (mappers[$1] == 1 ? 0 : 4096 / Double(sharers[$1.address] ?? 1)) },
                exclusiveBytes: Double(exclusive) * 4096
            )
            return (member, start)
        }
        var draws = DrawnMembers(members)
        for member in draws.members.prefix(readCount) { draws.record(shares[member.pid], of: member.pid) }
        return (draws, Double(mappers.count) * 4096)
    }

    /// The estimate has no bias, and the standard error is honest after each stage.
    @Test(arguments: families) func theStandardErrorCoversTheTruth(_ family: Family) throws {
        var generator = SampleGenerator(seed: 1)
        for stage in [2, 4, 8, 16] {
            var (inside, narrowestInside, ratio) = (0, 0, 0.0)
            let runs = 400
            for run in 0..<runs {
                let (draws, truth) = drawn(family.members(&generator), start: run, readCount: stage)
                guard draws.stages.dropLast().contains(stage) else { return }
                let latest = try #require(draws.latest)
                #expect(draws.totals.last == latest)
                ratio += latest.bytes / truth / Double(runs)
                if abs(latest.bytes - truth) <= 2 * latest.standardError + 1 { inside += 1 }
                let narrowest = try #require(draws.totals.min { $0.standardError < $1.standardError })
                if abs(narrowest.bytes - truth) <= 2 * narrowest.standardError + 1 { narrowestInside += 1 }
            }
            #expect(abs(ratio - 1) < 0.03, "\(stage): \(ratio)")
            #expect(inside >= runs * 93 / 100, "\(stage): \(inside)")
            #expect(narrowestInside >= runs * 90 / 100, "\(stage): \(narrowestInside)")
        }
    }

    /// If all members were read, the sum is exact, however wrong the samples are.
    @Test(arguments: families) func theSumIsExactIfAllAreRead(_ family: Family) throws {
        var generator = SampleGenerator(seed: 1)
        let pages = family.members(&generator)
        let (draws, truth) = drawn(pages, start: 7, readCount: pages.count)
        let latest = try #require(draws.latest)
        #expect(abs(latest.bytes - truth) <= Double(pages.count) && latest.standardError == 0)
        #expect(draws.missing == nil)
    }

    /// More draws include the earlier ones, and their order does not depend on the order of the members.
    @Test func theOrderIsFixed() {
        var generator = SampleGenerator(seed: 3)
        let members = (1...40).map { number in
            let size = Double(generator.next(in: 1..<1000))
            return (DrawnMembers.Member(pid: Int32(number), size: size, exclusiveBytes: 0), number % 3)
        }
        let order = DrawnMembers(members).members.map(\.pid)
        #expect(DrawnMembers(members.reversed()).members.map(\.pid) == order)
        #expect(Set(order).count == 40)
    }

    /// A member is drawn first with a probability in proportion to its size.
    @Test func largeMembersAreDrawnMoreOften() {
        var first = 0
        for start in 0..<4000 {
            let draws = DrawnMembers([
                (DrawnMembers.Member(pid: 1, size: 3000, exclusiveBytes: 0), start),
                (DrawnMembers.Member(pid: 2, size: 500, exclusiveBytes: 0), start),
                (DrawnMembers.Member(pid: 3, size: 500, exclusiveBytes: 0), start),
            ])
            if draws.members[0].pid == 1 { first += 1 }
        }
        // Of a sequential Poisson sample, the probability is about, and not exactly, three quarters.
        #expect((2900...3600).contains(first), "\(first)")
    }

    @Test func probabilitiesAddUpToTheNumberOfDraws() {
        #expect(DrawnMembers.probabilities(sizes: [1, 1, 2], count: 2) == [0.5, 0.5, 1])
        #expect(DrawnMembers.probabilities(sizes: [10, 1, 1], count: 2) == [1, 0.5, 0.5])
        #expect(DrawnMembers.probabilities(sizes: [1, 2], count: 2) == [1, 1])
        #expect(DrawnMembers.probabilities(sizes: [0, 0], count: 1) == [1, 1])
        #expect(DrawnMembers.probabilities(sizes: [], count: 1) == [])
    }

    /// Stages double up to half of the members. What is missing for one is read in the order of the draws.
    @Test func stages() {
        func draws(_ count: Int32) -> DrawnMembers {
            DrawnMembers((0..<count).map { (DrawnMembers.Member(pid: $0, size: 1, exclusiveBytes: 0), 1) })
        }
        #expect(draws(13).stages == [2, 4, 13] && draws(16).stages == [2, 4, 8, 16])
        #expect(draws(3).stages == [2, 3] && draws(2).stages == [2] && draws(1).stages == [1])
        #expect(draws(2).missing == nil && draws(0).missing == nil && draws(0).latest == nil)
        var some = draws(13)
        let order = some.members.map(\.pid)
        #expect(some.missing == Array(order.prefix(2)))
        some.record(4096, of: order[1])
        // The second draw without the first one is not a sample.
        #expect(some.missing == [order[0]] && some.latest == nil)
        some.record(4096, of: order[0])
        #expect(some.missing == Array(order[2..<4]) && some.totals.count == 1)
    }
}
