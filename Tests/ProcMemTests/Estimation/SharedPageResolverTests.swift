import TestSupport
import Testing

@testable import ProcMem

/// How many distinct pages several processes map at one address.
@Suite struct SharedPageResolverTests {
    private func process(
        _ parent: Int? = nil,
        isFounder: Bool = false,
        mayHaveForked: Bool = false,
        family: Int = 0
    ) -> SampledProcess {
        SampledProcess(
            process: .id(1),
            startTimeTicks: 0,
            anonymousCount: 0,
            fileCount: 0,
            faultCount: nil,
            endedFaultCount: nil,
            mayLackFaults: false,
            layout: nil,
            family: family,
            parent: parent,
            isFounder: isFounder,
            mayHaveForked: mayHaveForked
        )
    }

    private var founder: SampledProcess { process(isFounder: true, mayHaveForked: true) }
    private func worker(_ parent: Int, mayHaveForked: Bool = false) -> SampledProcess {
        process(parent, mayHaveForked: mayHaveForked)
    }

    /// Counts one page of a window, given the processes that share it, and those that have a private page there.
    private func counts(
        _ processes: [SampledProcess],
        sharers: [Int] = [],
        owners: [Int] = [],
        frames: [Int: UInt64] = [:],
        isClosed: Bool = true
    ) -> WindowCounts.OfFamily? {
        var window = SampleGroup.Window(pages: 0..<4)
        for number in sharers {
            let word = SyntheticMemory.Page.present | (frames[number] ?? 0)
            window.holders.append(.init(process: number, pageOffset: 2, entry: PageEntry(word: word)))
        }
        for number in owners {
            let word = SyntheticMemory.Page.exclusive | (frames[number] ?? 0)
            window.holders.append(.init(process: number, pageOffset: 2, entry: PageEntry(word: word)))
        }
        var pages = SharedPageResolver(processes, isClosed: isClosed)
        return pages.counts(of: window).first
    }

    private func expect(
        _ counts: WindowCounts.OfFamily?,
        lower: Int,
        likely: Int,
        upper: Int,
        _ location: SourceLocation = #_sourceLocation
    ) {
        #expect(counts?.sharedLower == lower, sourceLocation: location)
        #expect(counts?.shared == likely, sourceLocation: location)
        #expect(counts?.sharedUpper == upper, sourceLocation: location)
    }

    @Test func idleWorkersHaveTheirParentsPage() {
        let family = [founder, worker(0), worker(0), worker(0), worker(0), worker(0)]
        expect(counts(family, sharers: [0, 1, 2, 3, 4, 5]), lower: 1, likely: 1, upper: 3)
        expect(counts(family, sharers: [0, 1, 2, 3, 4, 5], isClosed: false), lower: 1, likely: 1, upper: 6)
    }

    @Test func aWorkerThatRewroteAPage() throws {
        let family = [founder, worker(0), worker(0)]
        let found = try #require(counts(family, sharers: [0, 1], owners: [2]))
        expect(found, lower: 1, likely: 1, upper: 1)
        #expect(found.exclusive == 1 && found.held == 3 && found.distinct == 2)
        #expect(found.exclusiveOfForkers == 0)
        #expect(counts(family, owners: [0, 2])?.exclusiveOfForkers == 1)
    }

    /// Workers that have forked, with memory of their own at equal addresses.
    @Test func workersWithMemoryOfTheirOwn() throws {
        let family = [
            founder, worker(0, mayHaveForked: true), worker(0, mayHaveForked: true), worker(1), worker(1), worker(2),
            worker(2),
        ]
        let found = try #require(counts(family, sharers: [1, 2, 3, 4, 5, 6]))
        expect(found, lower: 1, likely: 2, upper: 3)
        #expect(found.createdPages.map(\.process) == [1, 2])
        // The founder shares the page too: one page for all of them.
        expect(counts(family, sharers: [0, 1, 2, 3, 4, 5, 6]), lower: 1, likely: 1, upper: 3)
        // Or the founder has another page there now: the shared one was its own before.
        expect(counts(family, sharers: [1, 2, 3, 4, 5, 6], owners: [0]), lower: 1, likely: 1, upper: 3)
    }

    @Test func aParentThatFreedItsMemory() {
        let family = [founder, worker(0), worker(0), worker(0), worker(0)]
        expect(counts(family, sharers: [1, 2, 3, 4]), lower: 1, likely: 1, upper: 2)
    }

    /// There cannot be more pages than one for every two processes: apparently private pages were inherited.
    @Test func moreThanThereCanBe() throws {
        let family = [founder] + (0..<3).map { _ in worker(0, mayHaveForked: true) }
        let found = try #require(counts(family, sharers: [1, 2, 3]))
        expect(found, lower: 1, likely: 1, upper: 1)
        #expect(found.createdPages.isEmpty)
        #expect(counts(family, sharers: [1, 2, 3], isClosed: false)?.createdPages.count == 3)
    }

    @Test func oneThatSharesWithAnOutsider() {
        expect(counts([founder], sharers: [0]), lower: 1, likely: 1, upper: 1)
        expect(counts([founder, worker(0)], sharers: [1]), lower: 1, likely: 1, upper: 1)
        expect(counts([process()], sharers: [0], isClosed: false), lower: 1, likely: 1, upper: 1)
    }

    /// The parents are unknown. One page is likely; at most there is one for each process.
    @Test func orphans() {
        let orphans = (0..<4).map { _ in process() }
        expect(counts(orphans, sharers: [0, 1, 2, 3], isClosed: false), lower: 1, likely: 1, upper: 4)
        let withOrphan = [founder, worker(0), process()]
        expect(counts(withOrphan, sharers: [0, 1, 2]), lower: 1, likely: 1, upper: 1)
        expect(counts(withOrphan, sharers: [0, 1, 2], isClosed: false), lower: 1, likely: 2, upper: 3)
    }

    /// Programs that were started separately, with the same addresses, share nothing.
    @Test func twins() {
        let twins = [founder, worker(0), founder, worker(2)]
        expect(counts(twins, sharers: [0, 1, 2, 3]), lower: 2, likely: 2, upper: 2)
        expect(counts(twins, sharers: [1, 3]), lower: 2, likely: 2, upper: 2)
    }

    @Test func familiesAreCountedApart() {
        var pages = SharedPageResolver([process(isFounder: true), process(isFounder: true, family: 1)], isClosed: true)
        var window = SampleGroup.Window(pages: 0..<4)
        for number in 0..<2 {
            window.holders.append(.init(process: number, pageOffset: 0, entry: PageEntry(word: 1 << 63)))
        }
        window.holders.append(.init(process: 0, pageOffset: 1, entry: PageEntry(word: 1 << 63 | 1 << 61)))
        let counts = pages.counts(of: window)
        #expect(counts.map(\.family) == [0, 1])
        #expect(counts.allSatisfy { $0.shared == 1 && $0.held == 1 })
    }

    /// With frame numbers the count is exact.
    @Test func frames() {
        let family = [founder, worker(0), worker(0), worker(0)]
        let frames: [Int: UInt64] = [0: 5, 1: 5, 2: 9, 3: 9]
        expect(counts(family, sharers: [0, 1, 2, 3], frames: frames), lower: 2, likely: 2, upper: 2)
        // One frame number is missing: the count does not follow from frames alone.
        let some: [Int: UInt64] = [0: 5, 1: 5, 2: 9]
        expect(counts(family, sharers: [0, 1, 2, 3], frames: some), lower: 1, likely: 1, upper: 2)
    }

    /// Reused pids can make the parents circular.
    @Test func lines() {
        #expect(SampledMembers.withoutCircles([nil, 0, 1, 1]) == [nil, 0, 1, 1])
        #expect(SampledMembers.withoutCircles([0]) == [nil])
        #expect(SampledMembers.withoutCircles([1, 0]) == [1, nil])
        #expect(SampledMembers.withoutCircles([1, 2, 3, 1, 2]) == [1, 2, 3, nil, 2])
        #expect(SampledMembers.withoutCircles([]).isEmpty)
    }
}

/// Processes that fork, write and free at random, all of whose pages are known.
@Suite struct RandomFamilyTests {
    private struct Process {
        let parent: Int?
        /// The page at each address.
        var pages: [Int: Int] = [:]
        var hasForked = false
    }

    private struct Probe {
        let counts: WindowCounts.OfFamily
        let truth: Int
    }

    private func probe(_ generator: inout SampleGenerator, showsFrames: Bool) throws -> Probe? {
        let addresses = 8
        var processes = [Process(parent: nil)]
        var newest = 0
        for _ in 0..<generator.next(in: 10..<150) {
            let number = generator.next(in: 0..<processes.count)
            let address = generator.next(in: 0..<addresses)
            switch generator.next(in: 0..<10) {
            case 0 where processes.count < 20:
                processes[number].hasForked = true
                processes.append(Process(parent: number, pages: processes[number].pages))
            case 1: processes[number].pages[address] = nil
            case 2...5:
                newest += 1
                processes[number].pages[address] = newest
            default: break
            }
        }
        var holders: [Int: Int] = [:]
        for process in processes { for page in process.pages.values { holders[page, default: 0] += 1 } }
        var window = SampleGroup.Window(pages: 0..<addresses)
        for (number, process) in processes.enumerated() {
            for (address, page) in process.pages {
                let word =
                    (holders[page] == 1 ? SyntheticMemory.Page.exclusive : SyntheticMemory.Page.present)
                    | (showsFrames ? UInt64(page) : 0)
                window.holders.append(.init(process: number, pageOffset: address, entry: PageEntry(word: word)))
            }
        }
        var pages = SharedPageResolver(
            processes.map { process in
                SampledProcess(
                    process: .id(1),
                    startTimeTicks: 0,
                    anonymousCount: 0,
                    fileCount: 0,
                    faultCount: nil,
                    endedFaultCount: nil,
                    mayLackFaults: false,
                    layout: nil,
                    family: 0,
                    parent: process.parent,
                    isFounder: process.parent == nil,
                    mayHaveForked: process.hasForked
                )
            },
            isClosed: true
        )
        return pages.counts(of: window).first.map { Probe(counts: $0, truth: holders.count) }
    }

    @Test(arguments: [true, false]) func theBoundsHoldTheTruth(_ showsFrames: Bool) throws {
        var generator = SampleGenerator(seed: 11)
        var probes = 0
        var isLikelyRight = 0
        for _ in 0..<500 {
            guard let probe = try probe(&generator, showsFrames: showsFrames) else { continue }
            let counts = probe.counts
            probes += 1
            #expect(counts.sharedLower <= counts.shared && counts.shared <= counts.sharedUpper)
            #expect(counts.exclusive + counts.sharedLower <= probe.truth)
            #expect(probe.truth <= counts.exclusive + counts.sharedUpper)
            if showsFrames { #expect(counts.distinct == probe.truth) }
            if abs(counts.distinct - probe.truth) <= 1 { isLikelyRight += 1 }
        }
        #expect(probes > 400)
        // The estimate is often right, even for these random families.
        #expect(isLikelyRight > probes / 3)
    }
}
