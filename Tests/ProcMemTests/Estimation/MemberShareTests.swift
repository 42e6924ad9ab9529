import Testing

@testable import ProcMem

/// The anonymous memory of each process, from samples without frame numbers.
@Suite struct MemberShareTests {
    private typealias Page = SyntheticMemory.Page

    /// A founder with 3,000 pages, and six workers that share them. The first has 600 pages of its own, and the others
    /// share theirs at other addresses in pairs.
    private func family() throws -> SyntheticMemory {
        let common = SyntheticMemory.Mapping(start: 100, entries: Array(repeating: Page.present, count: 3000))
        let own = SyntheticMemory.Mapping(start: 9000, entries: Array(repeating: Page.exclusive, count: 600))
        var processes = [SyntheticMemory.Process(pid: 20, faults: 5000, mappings: [common])]
        for number in 1...6 {
            let pair = SyntheticMemory.Mapping(
                start: 5000 + number / 2 * 500,
                entries: Array(repeating: Page.present, count: 400)
            )
            processes.append(
                SyntheticMemory.Process(
                    pid: Int32(20 + number),
                    parent: 20,
                    isForkWithoutExec: true,
                    faults: 700,
                    mappings: number == 1 ? [common, own] : [common, pair]
                )
            )
        }
        return try SyntheticMemory(processes)
    }

    @Test(arguments: [(64, 0.2), (1000, 0.0)]) func shares(_ reads: Int, _ tolerance: Double) throws {
        let memory = try family().sampled(reads: reads, seed: 5, estimatesShares: true)
        #expect(memory.distinct?.isAmbiguous == true && memory.shares.count == 7)
        for (index, share) in memory.shares.enumerated() {
            let share = try #require(share)
            let exclusive = index == 1 ? 600 : 0.0
            let sharers = index == 6 ? 1.0 : 2
            let part = 3000.0 / 7 + (index < 2 ? 0 : 400 / sharers)
            #expect(abs(share.exclusiveBytes / 4096 - exclusive) <= tolerance * 600 + 0.01, "\(index)")
            #expect(abs(share.sharedPartBytes / 4096 - part) <= tolerance * part + 0.01, "\(index)")
        }
    }

    /// They cost time, and are of use only if samples leave open how many pages there are.
    @Test func sharesAreEstimatedIfTheSamplesAreAmbiguous() throws {
        #expect(try family().sampled(reads: 64, seed: 5).shares.isEmpty)
        let single = try SyntheticMemory([
            SyntheticMemory.Process(
                mappings: [SyntheticMemory.Mapping(start: 16, entries: Array(repeating: Page.exclusive, count: 900))]
            )
        ])
        let memory = try single.sampled(reads: 64, seed: 5, estimatesShares: true)
        #expect(memory.distinct?.isAmbiguous == false && memory.shares.isEmpty)
    }
}
