import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Families with so many leaves that each reads some of the windows only.
@Suite struct DividedLeavesTests {
    private typealias Page = SyntheticMemory.Page

    /// A founder and leaves at the same addresses.
    private func family(
        leaves: Int,
        founder: [SyntheticMemory.Mapping],
        _ leaf: (Int) -> [SyntheticMemory.Mapping]
    ) throws -> SyntheticMemory {
        try SyntheticMemory(
            [.init(pid: 10, mappings: founder)]
                + (0..<leaves).map { index in
                    SyntheticMemory.Process(
                        pid: Int32(11 + index),
                        parent: 10,
                        isForkWithoutExec: true,
                        mappings: leaf(index)
                    )
                }
        )
    }

    /// Half of the leaves exit after their mappings were listed, before or after they were read. Those that have read a
    /// window stand for those that still exist.
    @Test(arguments: [1, 20]) func leavesThatExitBeforeTheyAreRead(_ readBefore: Int) throws {
        let size = 4000
        var errors: [Double] = []
        for seed in 0..<6 {
            let memory = try family(
                leaves: 64,
                founder: [.init(start: 16, entries: [UInt64](repeating: Page.present, count: size))]
            ) { _ in
                let entries = (0..<size).map { $0 % 10 == 0 ? Page.exclusive : Page.present }
                return [.init(start: 16, entries: entries)]
            }
            var calls = 0
            let sampled = try memory.sampled(reads: 40, seed: UInt64(seed)) {
                calls += 1
                guard calls == readBefore else { return true }
                for pid in 43..<75 { try? FileManager.default.removeItem(atPath: memory.path(of: Int32(pid))) }
                return true
            }
            #expect(sampled.unique.count { $0 == nil } == 32)
            let truth = Double((size + 32 * size / 10) * 4096)
            errors.append(try #require(sampled.distinct).likely / truth - 1)
        }
        let mean = errors.reduce(0, +) / Double(errors.count)
        #expect(abs(mean) < 0.02, "\(mean)")
    }

    /// The members are counted that were read, whatever the plan expected.
    @Test func theMembersOfEachWindow() throws {
        let pieces = [
            SamplePiece(pages: 0..<16000, mappers: 65, roots: 1, leaves: 64),
            SamplePiece(pages: 20000..<21000, mappers: 1, roots: 1, leaves: 1),
        ]
        let plan = SamplePlan(
            of: pieces,
            presentCount: 17000,
            reads: 65 * 20,
            readsAll: false,
            generator: SampleGenerator(seed: 1)
        )
        var group = SampleGroup(plan, leafCount: 64, generator: SampleGenerator(seed: 2))
        let common = [PageSegment(pages: 0..<16000, firstPage: 0, contents: .all)]
        let own = [PageSegment(pages: 20000..<21000, firstPage: 20000, contents: .all)]
        let members = (0..<40).map { rank in (segments: rank == 7 ? common + own : common, leafRank: Int?(rank)) }
        group.countMembers(members + [(segments: common, leafRank: nil)])
        var readers: [Int: Int] = [:]
        for (span, window) in zip(plan.spans, group.windows) {
            if span.rotation > 1 {
                #expect(window.mappers == 41 && window.leaves == 40)
                readers[span.group, default: 0] += window.readLeaves
            } else {
                #expect(window.mappers == 1 && window.leaves == 0 && window.readLeaves == 0)
                #expect(window.leafExpansion == 1)
            }
        }
        #expect(readers.values.allSatisfy { $0 == 40 } && readers.count > 1)
        // One that has read less now, or nothing.
        group.countMembers([(segments: common, leafRank: nil)])
        #expect(group.windows.allSatisfy { $0.mappers <= 1 && $0.leaves == 0 && $0.readLeaves == 0 })
    }

    /// Two leaves that read one window together in one group do not do so in every other one.
    @Test(arguments: [37, 61, 100, 128]) func eachGroupDividesTheLeavesInItsOwnWay(_ leaves: Int) throws {
        let plan = SamplePlan(
            of: [SamplePiece(pages: 0..<64000, mappers: leaves, roots: 1, leaves: leaves)],
            presentCount: 64000,
            reads: Double(leaves * 40),
            readsAll: false,
            generator: SampleGenerator(seed: 1)
        )
        let group = SampleGroup(plan, leafCount: leaves, generator: SampleGenerator(seed: 5))
        var slots: [[Int]] = []
        for rank in 0..<leaves {
            var ofLeaf = Array(repeating: 0, count: plan.groupCount)
            try group.forEachPart(
                of: [PageSegment(pages: 0..<64000, firstPage: 0, contents: .all)],
                leafRank: rank
            ) { (window, _, _) throws(FileReadError) in
                ofLeaf[plan.spans[window].group] = plan.spans[window].slot
            }
            slots.append(ofLeaf)
        }
        let rotation = plan.spans[0].rotation
        #expect(rotation >= 2 && plan.groupCount >= 20)
        for (rank, ofLeaf) in slots.enumerated() { #expect(slots.firstIndex(of: ofLeaf) == rank) }
        for slot in 0..<rotation {
            let counts = (0..<plan.groupCount).map { group in slots.count { $0[group] == slot } }
            #expect(counts.allSatisfy { abs($0 - leaves / rotation) <= 1 })
        }
    }

    /// The founder has moved half of its memory since it forked and freed the rest; the leaves still have all of it, and
    /// memory of their own in which every window is read. The parts of a leaf count by the number of pages for which each
    /// of its windows stands.
    @Test func whatALeafSharesInDividedWindows() throws {
        let size = 8000
        let memory = try family(
            leaves: 64,
            founder: [.init(start: 500_000, entries: [UInt64](repeating: Page.present, count: size / 2))]
        ) { index in
            [
                .init(start: 16, entries: [UInt64](repeating: Page.present, count: size)),
                .init(
                    start: 10_000 + index * 3000,
                    entries: [UInt64](repeating: Page.exclusive, count: size / 4)
                ),
            ]
        }
        let truth = Double((size + 64 * size / 4) * 4096)
        var errors: [Double] = []
        for seed in 0..<10 {
            errors.append(try #require(try memory.sampled(reads: 64, seed: UInt64(seed)).distinct).likely / truth - 1)
        }
        let mean = errors.reduce(0, +) / Double(errors.count)
        #expect(abs(mean) < 0.012, "\(mean)")
    }

    /// The founder has rewritten each page after each batch of forks: every batch shares a version of its own. Only the
    /// leaves that read a window show which versions it has.
    @Test func versionsThatBatchesOfLeavesShare() throws {
        let (size, leaves, batch) = (3000, 96, 4)
        let versions = leaves / batch
        // The batches have different numbers of pages of this kind.
        func count(_ version: Int) -> Int { version % 6 == 0 ? size : 0 }
        func frame(_ version: Int, _ page: Int) -> UInt64 { UInt64(1 + version * size + page) }
        let memory = try family(
            leaves: leaves,
            founder: [.init(start: 16, entries: (0..<size).map { Page.present | frame(versions, $0) })]
        ) { index in
            let version = index / batch
            let entries = (0..<size).map { page in
                Page.present | frame(page < count(version) ? version : versions, page)
            }
            return [.init(start: 16, entries: entries)]
        }
        let changed = (0..<versions).filter { count($0) > 0 }
        var counts = [UInt64](repeating: UInt64(batch), count: (versions + 1) * size + 1)
        for page in 0..<size { counts[Int(frame(versions, page))] = UInt64(1 + leaves - changed.count * batch) }
        try memory.tree.write(counts.withUnsafeBytes { Data($0) }, to: "/proc/kpagecount")
        let truth = Double((size + changed.count * size) * 4096)
        var (inside, sum, squares, variances) = (0, 0.0, 0.0, 0.0)
        let probes = 60
        for seed in 0..<probes {
            let distinct = try #require(try memory.sampled(reads: 10, seed: UInt64(seed)).distinct)
            sum += distinct.likely / truth - 1
            squares += (distinct.likely - truth) * (distinct.likely - truth)
            variances += distinct.standardError * distinct.standardError
            if abs(distinct.likely - truth) <= 2 * distinct.standardError { inside += 1 }
        }
        #expect(inside >= probes * 92 / 100, "\(inside) of \(probes)")
        // In this scene the allowance for what no sample shows is much larger than the variance of the members.
        #expect(variances >= squares, "\(variances / squares)")
        #expect(abs(sum / Double(probes)) < 0.05, "\(sum / Double(probes))")
    }
}
