import TestSupport
import Testing

@testable import ProcMem

/// The bounds of a family's memory from samples, and where fault counters may narrow them.
@Suite struct SampledBoundsTests {
    private typealias Page = SyntheticMemory.Page
    private static let count = 400

    /// A founder that has freed everything, and four processes that share pages in pairs: two versions of each page.
    private func family(founderFaults: Int, endedFaults: Int, parent: Int32 = 10) -> [SyntheticMemory.Process] {
        let shared = [UInt64](repeating: Page.present, count: Self.count)
        let workers = (11...14).map { pid in
            SyntheticMemory.Process(
                pid: pid,
                parent: parent,
                isForkWithoutExec: true,
                mappings: [.init(start: 16, entries: shared)]
            )
        }
        return [
            .init(
                pid: 10,
                faults: founderFaults,
                endedFaults: endedFaults,
                mappings: [.init(start: 16, entries: [UInt64](repeating: 0, count: Self.count))]
            )
        ] + workers
    }

    private func upper(_ processes: [SyntheticMemory.Process], boundsByFaults: Bool = true) throws -> Int {
        let memory = try SyntheticMemory(processes)
        let distinct = try #require(
            try memory.sampled(reads: 64, seed: 1, boundsByFaults: boundsByFaults).distinct
        )
        #expect(distinct.lower == Double(Self.count * 4096) && distinct.standardError == 0)
        return Int(distinct.upper) / 4096
    }

    @Test func faultsBoundWhatIsShared() throws {
        #expect(try upper(family(founderFaults: 500, endedFaults: 0)) == 500)
        #expect(try upper(family(founderFaults: 5000, endedFaults: 0)) == 2 * Self.count)
        // If one fault can map many pages, faults give no bound.
        #expect(try upper(family(founderFaults: 500, endedFaults: 0), boundsByFaults: false) == 2 * Self.count)
        // The bound is not below the pages that exist.
        #expect(try upper(family(founderFaults: 5, endedFaults: 0)) == Self.count)
    }

    /// Half of the processes that share a page is the most that there can be only if all of them are in the set.
    @Test func whatTheBoundsRelyOn() throws {
        let memory = try SyntheticMemory(family(founderFaults: 5000, endedFaults: 0))
        let closed = try #require(try memory.sampled(reads: 64, seed: 1).distinct)
        #expect(closed.upper == Double(2 * Self.count * 4096) && closed.reliesOnClosedSet && closed.reliesOnRelations)
        let open = try #require(try memory.sampled(reads: 64, seed: 1, isClosed: false).distinct)
        #expect(open.upper == Double(4 * Self.count * 4096) && !open.reliesOnClosedSet && open.reliesOnRelations)
        let own = [UInt64](repeating: Page.exclusive, count: Self.count)
        let alone = try SyntheticMemory([.init(mappings: [.init(start: 16, entries: own)])])
        let distinct = try #require(try alone.sampled(reads: 64, seed: 1).distinct)
        #expect(!distinct.reliesOnClosedSet && !distinct.reliesOnRelations)
        // The snapshot names it.
        let snapshot = try memorySnapshot(of: .all, mode: .sampled(reads: 64), in: memory.root)
        let assumptions = snapshot.total.distinctBytes.assumptions
        #expect(assumptions.isSuperset(of: [.samplesAreRepresentative, .noRelativesOutside, .layoutsIdentifyFamilies]))
    }

    /// A child faulted pages in and exited. Its own children, which the founder adopted, still map these pages.
    @Test func pagesOfAChildThatHasExited() throws {
        #expect(try upper(family(founderFaults: 5, endedFaults: 2 * Self.count)) == 2 * Self.count)
    }

    /// The faults of an ancestor outside of the scope are unknown.
    @Test func anAncestorThatIsNotThere() throws {
        #expect(try upper(family(founderFaults: 5, endedFaults: 0, parent: 99)) == 2 * Self.count)
    }

    /// hugetlbfs pages are in no sample, but the process maps them.
    @Test func hugetlb() throws {
        let entries = [UInt64](repeating: Page.exclusive, count: Self.count)
        let processes = [10, 11].map { pid in
            SyntheticMemory.Process(pid: pid, mappings: [.init(start: 16, entries: entries)])
        }
        let files = [
            "/proc/meminfo": "AnonPages: 99999999 kB\nMapped: 99999999 kB\nHugetlb: 6144 kB\n",
            "/sys/devices/system/cpu/online": "0\n",
        ]
        let memory = try SyntheticMemory(processes, files)
        let snapshot = try memorySnapshot(of: .processes([10, 11]), mode: .sampled(reads: 64), in: memory.root)
        let distinct = snapshot.total.distinctBytes
        #expect(distinct.lower == 2 * Self.count * 4096)
        #expect(distinct.estimate == 2 * Self.count * 4096)
        #expect(distinct.upper == 2 * Self.count * 4096 + 6144 << 10)
        // `status` reports how many a process maps, but not which of them the other one maps too.
        for pid in [10, 11] {
            try memory.tree.write("VmHWM: 9 kB\nHugetlbPages: 2048 kB\n", to: "/proc/\(pid)/status")
        }
        let read = try memorySnapshot(of: .processes([10, 11]), mode: .sampled(reads: 64), in: memory.root).total
        #expect(read.distinctBytes.lower == 2 * Self.count * 4096)
        #expect(read.distinctBytes.estimate == 2 * Self.count * 4096 + 2048 << 10)
        #expect(read.distinctBytes.upper == 2 * Self.count * 4096 + 4096 << 10)
    }

    /// A forked process with a hidden layout may have pages of any family: a page that two others share may be two.
    @Test(arguments: [true, false]) func aChildWhoseLayoutIsHidden(_ isHidden: Bool) throws {
        let entries = [UInt64](repeating: Page.present, count: Self.count)
        var processes: [SyntheticMemory.Process] = []
        for pid: Int32 in 10...13 {
            var process = SyntheticMemory.Process(pid: pid, mappings: [.init(start: 16, entries: entries)])
            process.parent = pid == 10 ? 1 : 10
            process.isForkWithoutExec = pid > 10
            process.isLayoutHidden = isHidden && pid == 13
            processes.append(process)
        }
        let memory = try SyntheticMemory(processes, ["/sys/devices/system/cpu/online": "0\n"])
        let total = try memorySnapshot(of: .all, mode: .sampled(reads: 64), in: memory.root).total
        let upper = try #require(total.distinctBytes.upper)
        #expect(upper == (isHidden ? 4 : 2) * Self.count * 4096)
    }

    /// Samples overrule fault counts, which are never proven: a page may be mapped without a fault, or with many others
    /// by one fault (observed on Linux 6.1).
    @Test(arguments: [true, false]) func pagesFromFewFaults(_ hasHugePages: Bool) throws {
        let entries = [UInt64](repeating: Page.exclusive, count: Self.count)
        let processes = (10...13).map { pid in
            SyntheticMemory.Process(
                pid: pid,
                parent: pid == 10 ? 1 : 10,
                isForkWithoutExec: pid > 10,
                faults: Self.count / 4,
                mappings: [.init(start: 16, entries: entries)]
            )
        }
        let files = [
            "/proc/vmstat": "thp_fault_alloc \(hasHugePages ? 3 : 0)\nthp_collapse_alloc 0\n",
            "/proc/meminfo": "AnonPages: 99999999 kB\nMapped: 99999999 kB\n", "/sys/devices/system/cpu/online": "0\n",
        ]
        let memory = try SyntheticMemory(processes, files)
        let total = try memorySnapshot(of: .processes([10, 11, 12, 13]), mode: .sampled(reads: 64), in: memory.root)
            .total
        let distinct = total.distinctBytes
        let truth = 4 * Self.count * 4096
        #expect(distinct.estimate == truth)
        #expect(distinct.upper == truth)
        #expect(!distinct.isProven)
    }

    /// One process cannot be sampled: the estimate from counters may be less than the samples found.
    @Test func whatIsLikelyLiesWithinTheBounds() throws {
        var processes = family(founderFaults: 5000, endedFaults: 0)
        for number in processes.indices { processes[number].faults = 5000 }
        let memory = try SyntheticMemory(processes)
        try memory.tree.write("x", to: "/proc/14/maps")
        for scope in [ProcessScope.processes([10, 11, 12, 13, 14]), .all] {
            let total = try memorySnapshot(of: scope, mode: .sampled(reads: 64), in: memory.root).total
            let distinct = total.distinctBytes
            let (estimate, upper) = try (#require(distinct.estimate), #require(distinct.upper))
            #expect(total.unavailableCount == 1)
            #expect(distinct.lower == Self.count * 4096)
            #expect(distinct.lower <= estimate && estimate <= upper)
            // The whole memory of the process that could not be sampled may be private.
            #expect(upper >= 2 * Self.count * 4096)
            #expect(upper <= 4 * Self.count * 4096)
        }
    }
}
