import Foundation
import Testing

@testable import ProcMem

/// The populated ranges of a process, as reported by a simulated kernel.
@Suite struct PopulatedRangesTests {
    /// Answers scan calls from a sorted list of runs of pages, and counts the calls.
    private final class Memory {
        let runs: [Range<Int>]
        var questions = 0

        init(_ runs: [Range<Int>]) { self.runs = runs }

        func first(in range: Range<Int>) -> Int? {
            questions += 1
            let index = runs.partitioningIndex { $0.upperBound > range.lowerBound }
            guard index < runs.count else { return nil }
            let page = max(range.lowerBound, runs[index].lowerBound)
            return page < range.upperBound ? page : nil
        }
    }

    private func populated(_ ranges: [Range<Int>], _ memory: Memory, questions: Int = 256) -> [Range<Int>] {
        PopulatedRanges(in: ranges, presentCount: memory.runs.pageCount, maximumScanCalls: questions) {
            (range) throws(Errno) in memory.first(in: range)
        }.ranges
    }

    /// The ranges contain all resident pages. They are ascending and disjoint, and are parts of the mappings.
    private func expectSound(_ ranges: [Range<Int>], _ memory: Memory, within mappings: [Range<Int>]) {
        for run in memory.runs {
            #expect(ranges.contains { $0.lowerBound <= run.lowerBound && run.upperBound <= $0.upperBound }, "\(run)")
        }
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
        #expect(ranges.allSatisfy { part in mappings.contains { $0.clamped(to: part) == part } && !part.isEmpty })
    }

    @Test func denseMemoryNeedsNoQuestion() {
        let memory = Memory([100..<1100])
        #expect(populated([100..<1200], memory) == [100..<1200])
        #expect(memory.questions == 0)
    }

    /// 64 GiB are reserved, of which one run of 512 MiB is resident.
    @Test func onePieceOfAReservation() {
        let memory = Memory([8_388_608..<8_519_680])
        let reservation = 16..<16 + 1 << 24
        let ranges = populated([reservation], memory)
        expectSound(ranges, memory, within: [reservation])
        #expect(ranges.pageCount < 2 * memory.runs.pageCount)
        #expect(memory.questions <= 256)
    }

    /// One page of 128 TiB is resident: a block around it remains.
    @Test func onePageOfAll() {
        let memory = Memory([1 << 33..<1 << 33 + 1])
        let ranges = populated([0..<1 << 35], memory)
        expectSound(ranges, memory, within: [0..<1 << 35])
        #expect(ranges.pageCount <= 16)
        #expect(memory.questions < 64)
    }

    @Test func nothingAtAll() {
        let memory = Memory([])
        #expect(populated([0..<1 << 35, 1 << 36..<1 << 37], memory).isEmpty)
        #expect(memory.questions == 2)
    }

    /// Every 64th page is resident: there is no large hole to omit, and few calls are made to establish this.
    @Test func scatteredEvenly() {
        let memory = Memory((0..<16384).map { $0 * 64..<$0 * 64 + 1 })
        let ranges = populated([0..<1 << 20], memory)
        expectSound(ranges, memory, within: [0..<1 << 20])
        #expect(ranges.pageCount > 1 << 19)
        #expect(memory.questions <= 256)
    }

    /// With few calls the ranges are larger, but they never omit resident pages.
    @Test(arguments: [0, 1, 2, 3, 10, 50, 1000]) func fewQuestions(_ questions: Int) {
        let memory = Memory((0..<200).map { $0 * 5000 + 17..<$0 * 5000 + 40 })
        let mappings = [0..<400_000, 400_001..<700_000, 700_010..<1_000_100]
        let ranges = populated(mappings, memory, questions: questions)
        expectSound(ranges, memory, within: mappings)
        #expect(memory.questions <= questions)
        if questions == 0 { #expect(ranges == mappings) }
    }

    @Test func anyMemory() {
        var generator = SampleGenerator(seed: 7)
        for _ in 0..<200 {
            var runs: [Range<Int>] = []
            var end = 0
            for _ in 0..<generator.next(in: 0..<30) {
                let start = end + generator.next(in: 1..<10000)
                end = start + generator.next(in: 1..<300)
                runs.append(start..<end)
            }
            let middle = end / 2
            let mappings = [0..<max(1, middle), max(1, middle)..<end + 1000]
            // A run that extends over two mappings gives two ranges.
            let memory = Memory(runs.flatMap { run in mappings.map { $0.clamped(to: run) }.filter { !$0.isEmpty } })
            let ranges = populated(mappings, memory, questions: generator.next(in: 0..<400))
            for run in memory.runs { #expect(run.allSatisfy { page in ranges.contains { $0.contains(page) } }) }
        }
    }

    /// Before Linux 6.7 the kernel has no such call: the result is the list of mappings.
    @Test func aKernelWithoutTheCall() {
        let ranges = PopulatedRanges(in: [0..<1 << 24], presentCount: 10, maximumScanCalls: 256) {
            (_) throws(Errno) -> Int? in throw .invalidArgument
        }.ranges
        #expect(ranges == [0..<1 << 24])
    }

    /// Whatever the calls return, the search ends, and no range is outside of the mappings.
    @Test(arguments: [-1, 0, 5, 999, 1 << 20, .max, .min] as [Int]) func answersThatCannotBe(_ answer: Int) {
        var questions = 0
        let ranges = PopulatedRanges(in: [1000..<1 << 20], presentCount: 1, maximumScanCalls: 256) {
            (_) throws(Errno) -> Int? in
            questions += 1
            return answer
        }.ranges
        #expect(ranges.allSatisfy { $0.lowerBound >= 1000 && $0.upperBound <= 1 << 20 })
        #expect((1...256).contains(questions))
    }

    @Test func rangesThatAreJoined() {
        #expect([5..<7, 1..<2, 2..<3, 9..<9, 6..<10].joinedRanges() == [1..<3, 5..<10])
        #expect([Range<Int>]().joinedRanges().isEmpty)
        #expect([0..<Int.max, 0..<Int.max].pageCount == .max)
    }

    /// One scan returns all runs, unless there are more of them than there is room for.
    @Test func oneScanOfManyRuns() throws {
        let pageSize = SystemRoot.live.pageSizeBytes
        let count = 4000
        let memory = try #require(AnonymousPages(count: count, pageSizeBytes: pageSize))
        for page in stride(from: 0, to: count, by: 40) { memory.write(page) }
        let map = try ProcessDirectory(.current, in: .live).open(ProcessMemoryPaths().pagemap)
        let pages = memory.firstPage..<memory.firstPage + count
        let pageMap = PageMap(map, pageSizeBytes: pageSize)
        let runs: [Range<Int>]?
        do {
            runs = try pageMap.presentRuns(in: pages, maximumCount: 101, maximumPageCount: 1 << 30)
        } catch {
            try Test.cancel("needs PAGEMAP_SCAN, Linux 6.7: \(error)")
        }
        let expected = stride(from: pages.lowerBound, to: pages.upperBound, by: 40).map { $0..<$0 + 1 }
        #expect(runs == expected)
        #expect(try pageMap.presentRuns(in: pages, maximumCount: 100, maximumPageCount: 1 << 30) == nil)
        #expect(throws: Errno.invalidArgument) {
            try pageMap.presentRuns(in: pages, maximumCount: 0, maximumPageCount: 1 << 30)
        }
        #expect(throws: Errno.invalidArgument) {
            try pageMap.presentRuns(in: 0..<Int.max, maximumCount: 4, maximumPageCount: 1 << 30)
        }
    }
}

/// The time that finding the populated parts of mappings may take.
@Suite struct ListingTimeTests {
    /// Each scan of a mapping is preceded by a check of the time, in which the remaining ones are given up.
    @Test(arguments: [0, 1, 5, 100]) func theTimeIsCheckedBeforeEachScan(_ allowed: Int) throws {
        let pageSize = SystemRoot.live.pageSizeBytes
        let memories = try (0..<12).map { _ in try #require(AnonymousPages(count: 4096, pageSizeBytes: pageSize)) }
        for memory in memories { memory.write(1000) }
        let starts = Set(memories.map(\.firstPage))
        let directory = try ProcessDirectory(.current, in: .live)
        let list = try directory.open(ProcessMemoryPaths().maps).memoryMappings(pageSizeBytes: pageSize)
        // The kernel joins neighbouring mappings.
        let mappings = list.filter { mapping in starts.contains { mapping.pages.contains($0) } }
        let map = try PageMap(directory.open(ProcessMemoryPaths().pagemap), pageSizeBytes: pageSize)
        let process = SampledProcess(
            process: .current,
            startTimeTicks: 0,
            anonymousCount: 12,
            fileCount: 0,
            faultCount: nil,
            endedFaultCount: nil,
            mayLackFaults: false,
            layout: nil,
            family: 0,
            parent: nil,
            isFounder: true,
            mayHaveForked: false
        )
        var (numbering, checks) = (FileNumbering(), 0)
        var found = process
        found.setSegments(
            from: process.mappings(mappings, map, maximumScanCalls: 1000, numbering: &numbering) {
                checks += 1
                return checks <= allowed
            },
            []
        )
        #expect(checks > 0)
        let count = found.anonymousSegments.map(\.pages).pageCount
        if allowed == 0 { #expect(count == mappings.map(\.pages).pageCount) }
        guard allowed == 100 else { return }
        guard (try? map.firstPresent(in: 0..<1)) != nil || (try? map.firstPresent(in: mappings[0].pages)) != nil else {
            try Test.cancel("needs PAGEMAP_SCAN, Linux 6.7")
        }
        #expect(checks >= mappings.count && count < 12 * 512)
    }
}

/// Anonymous memory of the test, of which single pages are written.
private final class AnonymousPages {
    private let start: UnsafeMutableRawPointer
    private let byteCount: Int
    private let pageSizeBytes: Int

    var firstPage: Int { Int(bitPattern: start) / pageSizeBytes }

    init?(count: Int, pageSizeBytes: Int) {
        byteCount = count * pageSizeBytes
        self.pageSizeBytes = pageSizeBytes
        guard let start = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED
        else { return nil }
        self.start = start
        madvise(start, byteCount, MADV_NOHUGEPAGE)
    }

    deinit { munmap(start, byteCount) }

    func write(_ page: Int) { start.storeBytes(of: 1, toByteOffset: page * pageSizeBytes, as: UInt8.self) }
}
