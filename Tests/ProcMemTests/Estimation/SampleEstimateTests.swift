import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Estimates and their standard errors, compared with page maps that are completely known.
@Suite struct SampleEstimateTests {
    private typealias Page = SyntheticMemory.Page

    struct Pattern: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Which pages are private, for each size of a mapping.
        let sizes: [Int]
        let isOwn: @Sendable (Int, inout SampleGenerator) -> Bool
    }

    private static func cluster(_ percent: Int) -> Pattern {
        let own = 20000..<20000 + 60000 * percent / 100
        return Pattern(testDescription: "\(percent) % in one place", sizes: [60000]) { page, _ in own.contains(page) }
    }

    private static func scattered(_ percent: Int) -> Pattern {
        Pattern(testDescription: "\(percent) % scattered", sizes: [60000]) { _, generator in
            generator.next(in: 0..<100) < percent
        }
    }

    static let patterns = [
        cluster(1), cluster(3), cluster(10), cluster(50), scattered(1), scattered(30),
        Pattern(testDescription: "many small mappings", sizes: Array(repeating: 30, count: 2000)) { page, _ in
            page / 30 % 7 == 0
        },
        Pattern(testDescription: "own memory in small mappings", sizes: [50000] + Array(repeating: 20, count: 200)) {
            page,
            _ in page >= 50000
        },
        Pattern(testDescription: "one level above another", sizes: [40000, 300, 20000, 9, 9, 9]) { page, _ in
            (40300..<60300).contains(page) || page % 4000 < 300
        },
    ]

    @Test(arguments: patterns) func theStandardErrorIsHonest(_ pattern: Pattern) throws {
        var generator = SampleGenerator(seed: 1)
        var mappings: [SyntheticMemory.Mapping] = []
        var start = 16
        var page = 0
        for size in pattern.sizes {
            let entries = (page..<page + size).map {
                pattern.isOwn($0, &generator) ? Page.exclusive : Page.present
            }
            mappings.append(SyntheticMemory.Mapping(start: start, entries: entries))
            start += size + 3
            page += size
        }
        let process = SyntheticMemory.Process(mappings: mappings)
        let memory = try SyntheticMemory([process])
        let truth = process.entries.count { $0 == Page.exclusive } * 4096
        var errors: [Double] = []
        var inside = 0
        let probes = 100
        for seed in 0..<probes {
            let unique = try #require(try memory.sampled(reads: 64, seed: UInt64(seed)).unique[0])
            errors.append(Double(unique.bytes - truth))
            if abs(unique.bytes - truth) <= 2 * unique.standardErrorBytes { inside += 1 }
        }
        let mean = errors.reduce(0, +) / Double(probes)
        let spread = (errors.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(probes - 1)).squareRoot()
        // The standard error promises 95 of 100; with this number of runs, 92 occur by chance.
        #expect(inside >= probes * 92 / 100, "\(inside) of \(probes)")
        #expect(abs(mean) <= 4 * spread / Double(probes).squareRoot() + 4096, "\(mean) of \(truth)")
        // For no process is the estimate too inexact to be useful.
        #expect(spread < Double(60000 * 4096) / 10)
    }

    /// Before Linux 6.7 the kernel does not report which pages are its zero page: in `pagemap` they are like shared
    /// pages (observed on 6.1).
    @Test(arguments: [2000, 8000, 60000]) func zerosThatTheKernelDoesNotReport(_ zeros: Int) throws {
        let own = [UInt64](repeating: Page.exclusive, count: 40000)
        let read = [UInt64](repeating: Page.present, count: zeros)
        let memory = try SyntheticMemory([
            .init(zeros: zeros, mappings: [.init(start: 16, entries: own), .init(start: 50000, entries: read)])
        ])
        var inside = 0
        for seed in 0..<50 {
            let unique = try #require(try memory.sampled(reads: 64, seed: UInt64(seed)).unique[0])
            if abs(unique.bytes - 40000 * 4096) <= 2 * unique.standardErrorBytes { inside += 1 }
            #expect(abs(unique.bytes - 40000 * 4096) < 40000 * 4096 / 12)
        }
        #expect(inside >= 46, "\(inside) of 50")
    }

    /// A process that is read completely is counted, not estimated.
    @Test func whatIsReadWholeIsExact() throws {
        let own = (0..<1500).map { $0 % 3 == 0 ? Page.exclusive : Page.present }
        let files = (0..<300).map { $0 % 5 == 0 ? Page.exclusiveOfFile : $0 % 5 == 1 ? Page.ofFile : 0 }
        let process = SyntheticMemory.Process(mappings: [
            .init(start: 16, entries: own), .init(start: 2000, entries: files, rights: "r--p", inode: 9),
        ])
        let memory = try SyntheticMemory([process])
        for seed in 0..<20 {
            let unique = try #require(try memory.sampled(reads: 64, seed: UInt64(seed)).unique[0])
            #expect(unique.bytes == (500 + 60) * 4096)
            #expect(unique.standardErrorBytes == 0)
        }
        let usage = try memoryUsage(of: 17, mode: .sampled(reads: 64), in: memory.root)
        #expect(usage.ussBytes == 560 * 4096)
        guard case .sampled(standardErrorBytes: 0, let reads) = usage.source else {
            Issue.record("\(usage.source)")
            return
        }
        #expect(reads == 4)
    }

    /// The pages that a family's members map, each counted once, with and without frame numbers.
    @Test(arguments: [true, false]) func whatAFamilyHolds(_ showsFrames: Bool) throws {
        let size = 20000
        func frame(_ number: Int) -> UInt64 { showsFrames ? UInt64(number + 1) : 0 }
        // The parent's memory. The last worker has rewritten a quarter of it, and has a mapping of its own.
        let quarter = 5000..<10000
        let inherited = (0..<size).map { Page.present | frame($0) }
        let rewritten = (0..<size).map { quarter.contains($0) ? Page.exclusive | frame(100_000 + $0) : inherited[$0] }
        func process(_ pid: Int32, _ entries: [UInt64], own: Int) -> SyntheticMemory.Process {
            let ownEntries = (0..<own).map { Page.exclusive | frame(200_000 + $0) }
            return SyntheticMemory.Process(
                pid: pid,
                parent: pid == 10 ? 1 : 10,
                isForkWithoutExec: pid != 10,
                mappings: [.init(start: 16, entries: entries)]
                    + (own > 0 ? [.init(start: 16 + size + 100, entries: ownEntries)] : [])
            )
        }
        let memory = try SyntheticMemory([
            process(10, inherited, own: 0), process(11, inherited, own: 0), process(12, inherited, own: 0),
            process(13, rewritten, own: 3000),
        ])
        let truth = Double((size + quarter.count + 3000) * 4096)
        var inside = 0
        var sum = 0.0
        for seed in 0..<60 {
            let distinct = try #require(try memory.sampled(reads: 64, seed: UInt64(seed)).distinct)
            #expect(distinct.lower <= distinct.likely && distinct.likely <= distinct.upper)
            sum += distinct.likely / truth - 1
            let doubt = 2 * distinct.standardError
            if distinct.lower - doubt <= truth, truth <= distinct.upper + doubt { inside += 1 }
        }
        #expect(inside >= 57)
        #expect(abs(sum / 60) < 0.01)
    }

    /// A parent that maps most pages alone, and few pages that nine processes map, far apart: the windows that show them
    /// hold nine times as many pages as others, so that chance makes the samples find far more pages than `statm` counts,
    /// or far fewer.
    @Test(arguments: [Page.ofFile, Page.present]) func fewPagesThatManyMap(_ kind: UInt64) throws {
        let (rights, inode) = kind == Page.ofFile ? ("r--p", 9) : ("rw-p", 0)
        let alone = kind == Page.ofFile ? kind : Page.exclusive
        let common = (0..<2560).map { $0 / 32 % 8 == 1 ? kind : 0 }
        let memory = try SyntheticMemory(
            (0...8).map { index in
                var mappings = [SyntheticMemory.Mapping(start: 10000, entries: common, rights: rights, inode: inode)]
                if index == 0 {
                    let entries = [UInt64](repeating: alone, count: 2800)
                    mappings.insert(
                        .init(start: 16, entries: entries, rights: rights, inode: inode, filePage: 5000),
                        at: 0
                    )
                }
                return SyntheticMemory.Process(
                    pid: Int32(10 + index),
                    parent: index == 0 ? 1 : 10,
                    isForkWithoutExec: index > 0,
                    mappings: mappings
                )
            }
        )
        let truth = Double((2800 + common.count { $0 != 0 }) * 4096)
        var squares = 0.0
        var inside = 0
        for seed in 0..<80 {
            let sampled = try memory.sampled(reads: 32, seed: UInt64(seed))
            let distinct = inode == 0 ? try #require(sampled.distinct) : sampled.files
            let error = distinct.likely / truth - 1
            squares += error * error
            let doubt = 2 * distinct.standardError
            if distinct.lower - doubt <= truth, truth <= distinct.upper + doubt { inside += 1 }
        }
        // A ratio of the totals has an error of 23 % for files and of 30 % for anonymous memory.
        #expect((squares / 80).squareRoot() < 0.02, "\((squares / 80).squareRoot())")
        #expect(inside >= 74, "\(inside) of 80")
    }

    /// Many siblings with memory of their own at one address, and with other parts of the inherited memory rewritten: each
    /// reads some of the windows only.
    @Test func manySiblings() throws {
        let size = 6000
        let workers = 40
        func process(_ index: Int) -> SyntheticMemory.Process {
            let start = index * 131
            let entries = (0..<size).map { index > 0 && start..<start + 400 ~= $0 ? Page.exclusive : Page.present }
            let own = [UInt64](repeating: Page.exclusive, count: 50 << (index % 4))
            return SyntheticMemory.Process(
                pid: Int32(10 + index),
                parent: index == 0 ? 1 : 10,
                isForkWithoutExec: index > 0,
                mappings: [.init(start: 16, entries: entries)] + (index > 0 ? [.init(start: 10000, entries: own)] : [])
            )
        }
        let processes = (0...workers).map(process)
        let memory = try SyntheticMemory(processes)
        let truth = Double((size + processes.reduce(0) { $0 + $1.entries.count { $0 == Page.exclusive } }) * 4096)
        var (inside, uniqueInside, probes) = (0, 0, 0)
        var (sum, absolute) = (0.0, 0.0)
        for seed in 0..<40 {
            let sampled = try memory.sampled(reads: 40, seed: UInt64(seed))
            let distinct = try #require(sampled.distinct)
            let doubt = 2 * distinct.standardError
            if distinct.lower - doubt <= truth, truth <= distinct.upper + doubt { inside += 1 }
            #expect(distinct.lower <= distinct.likely && distinct.likely <= distinct.upper)
            sum += distinct.likely / truth - 1
            absolute += abs(distinct.likely / truth - 1)
            for (process, unique) in zip(processes, sampled.unique) {
                let unique = try #require(unique)
                let bytes = process.entries.count { $0 == Page.exclusive } * 4096
                probes += 1
                if abs(unique.bytes - bytes) <= 2 * unique.standardErrorBytes { uniqueInside += 1 }
            }
        }
        #expect(inside >= 38, "\(inside) of 40")
        #expect(uniqueInside >= probes * 92 / 100, "\(uniqueInside) of \(probes)")
        #expect(abs(sum / 40) < 0.01 && absolute / 40 < 0.03, "\(sum / 40), \(absolute / 40)")
    }

    /// Each of four workers has moved what it inherited, to an address of its own. Without frame numbers, the relations
    /// of the processes show that this is likely; with them, and the number of mappings, that it is so.
    @Test(arguments: [true, false]) func movedMemory(_ showsFrames: Bool) throws {
        let size = 8000
        func entries(_ count: Int) -> [UInt64] {
            (0..<count).map { Page.present | (showsFrames ? UInt64($0 + 1) : 0) }
        }
        let processes = (0...4).map { index in
            SyntheticMemory.Process(
                pid: Int32(10 + index),
                parent: index == 0 ? 1 : 10,
                isForkWithoutExec: index > 0,
                mappings: [.init(start: index * 2 * size + 16, entries: entries(size))]
            )
        }
        let counts = [UInt64](repeating: 5, count: size + 1)
        let memory = try SyntheticMemory(processes)
        if showsFrames {
            try memory.tree.write(counts.withUnsafeBytes { Data($0) }, to: "/proc/kpagecount")
        }
        let truth = Double(size * 4096)
        for seed in 0..<20 {
            let distinct = try #require(try memory.sampled(reads: 64, seed: UInt64(seed)).distinct)
            #expect(abs(distinct.likely / truth - 1) < 0.02, "\(distinct.likely / truth)")
            #expect(distinct.lower <= truth * 1.02)
            // A process outside may have the other mappings of a page.
            let open = try #require(try memory.sampled(reads: 64, seed: UInt64(seed), isClosed: false).distinct)
            #expect(open.lower <= truth * 1.02 && open.upper >= 4.9 * truth)
        }
    }

    /// The pages of a file are the same ones in a shared mapping and in a private one that has not been written.
    @Test func aFileThatIsMappedTwice() throws {
        let size = 4000
        let file = [UInt64](repeating: Page.ofFile, count: size)
        let written = (0..<size).map { $0 < size / 4 ? Page.exclusive : Page.ofFile }
        let memory = try SyntheticMemory([
            .init(mappings: [
                .init(start: 16, entries: file, rights: "rw-s", inode: 9),
                .init(start: 10000, entries: written, inode: 9),
            ])
        ])
        for seed in 0..<20 {
            let distinct = try #require(try memory.sampled(reads: 64, seed: UInt64(seed)).distinct)
            #expect(abs(distinct.likely / Double((size + size / 4) * 4096) - 1) < 0.08, "\(distinct.likely)")
        }
        let whole = try #require(try memory.sampled(reads: 1 << 16, seed: 1).distinct)
        #expect(whole.likely == Double((size + size / 4) * 4096))
    }

    /// If no sample hits a resident page, the private part is unknown: the estimate is half of RSS, and so is its
    /// error.
    @Test func memoryThatNoSampleMeets() throws {
        let process = SyntheticMemory.Process(mappings: [
            .init(start: 16, entries: [UInt64](repeating: 0, count: 40000))
        ])
        let memory = try SyntheticMemory([process])
        try memory.tree.write("50000 1000 0 0 0 0 0\n", to: "/proc/17/statm")
        let usage = try memoryUsage(of: 17, mode: .sampled(reads: 2), in: memory.root)
        #expect(usage.ussBytes == 500 * 4096)
        guard case .sampled(let error, _) = usage.source else {
            Issue.record("\(usage.source)")
            return
        }
        #expect(error == 500 * 4096)
    }
}
