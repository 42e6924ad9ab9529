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
            mayHaveForked: mayHaveForked,
            hasParentInSet: parent != nil
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
        mapCounts: [UInt64: Int]? = nil,
        window: SampleGroup.Window = SampleGroup.Window(pages: 0..<4),
        isClosed: Bool = true
    ) -> WindowCounts.OfFamily? {
        var window = window
        for number in sharers {
            let word = SyntheticMemory.Page.present | (frames[number] ?? 0)
            window.holders.append(.init(process: number, pageOffset: 2, entry: PageEntry(word: word)))
        }
        for number in owners {
            let word = SyntheticMemory.Page.exclusive | (frames[number] ?? 0)
            window.holders.append(.init(process: number, pageOffset: 2, entry: PageEntry(word: word)))
        }
        var pages = SharedPageResolver(
            processes,
            isClosed: isClosed,
            mapCount: mapCounts.map { counts in { counts[$0] } }
        )
        return pages.counts(of: window).first
    }

    private func expect(
        _ counts: WindowCounts.OfFamily?,
        lower: Double,
        likely: Double,
        upper: Double,
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

    /// A shared page that only one process maps at its address is mapped at another one too.
    @Test func pagesThatNoAncestorExplains() throws {
        let family = [founder, worker(0), worker(0)]
        func unexplained(_ sharers: [Int], isClosed: Bool = true) throws -> [Int] {
            let found = try #require(counts(family, sharers: sharers, isClosed: isClosed))
            return [found.left, found.alone, found.common, found.unexplainedLower]
        }
        #expect(try unexplained([0, 1, 2]) == [0, 0, 0, 0])
        #expect(try unexplained([0]) == [1, 0, 0, 1])
        #expect(try unexplained([1]) == [0, 1, 0, 1])
        #expect(try unexplained([1, 2]) == [0, 0, 1, 1])
        // A process outside may map the page at the same address, or one of the set may map it at another one.
        #expect(try unexplained([1], isClosed: false) == [0, 0, 0, 1])
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

    /// A frame that is mapped at other addresses too counts in parts, if all processes that map it are in the set.
    @Test func movedFrames() throws {
        let family = [founder, worker(0), worker(0), worker(0)]
        let frames: [Int: UInt64] = [0: 5, 1: 5]
        let found = try #require(counts(family, sharers: [0, 1], frames: frames, mapCounts: [5: 4]))
        #expect(found.shared == 0.5 && found.sharedLower == 0.5 && found.sharedUpper == 0.5)
        // All processes map it here: there is no need to know the number.
        let all: [Int: UInt64] = [0: 5, 1: 5, 2: 5, 3: 5]
        #expect(counts(family, sharers: [0, 1, 2, 3], frames: all, mapCounts: [5: 9])?.shared == 1)
        // Two pages of a window that the same processes map: one is examined.
        var window = SampleGroup.Window(pages: 0..<4)
        for (process, frame) in [(0, 5), (1, 5)] as [(Int, UInt64)] {
            let entry = PageEntry(word: SyntheticMemory.Page.present | frame)
            window.holders.append(.init(process: process, pageOffset: 0, entry: entry))
        }
        let next: [Int: UInt64] = [0: 6, 1: 6]
        #expect(counts(family, sharers: [0, 1], frames: next, mapCounts: [5: 4], window: window)?.shared == 1)
        // The number is not known, or memory has changed since.
        #expect(counts(family, sharers: [0, 1], frames: frames, mapCounts: [:])?.shared == 1)
        #expect(counts(family, sharers: [0, 1], frames: frames, mapCounts: [5: 1])?.shared == 1)
        // Processes outside may have the other mappings.
        #expect(counts(family, sharers: [0, 1], frames: frames, mapCounts: [5: 4], isClosed: false)?.shared == 1)
        let withOrphan = family + [process()]
        let doubtful = try #require(counts(withOrphan, sharers: [0, 1], frames: frames, mapCounts: [5: 4]))
        #expect(doubtful.shared == 1 && doubtful.sharedLower == 0.5 && doubtful.sharedUpper == 1)
        var withUnread = family
        withUnread[3].failure = .system(.permissionDenied)
        #expect(counts(withUnread, sharers: [0, 1], frames: frames, mapCounts: [5: 4])?.shared == 1)
    }

    /// Of sixteen leaves, eight have read the window.
    @Test func framesInAWindowThatSomeLeavesRead() throws {
        let family = [founder] + (0..<16).map { _ in worker(0) }
        var window = SampleGroup.Window(pages: 0..<4, mappers: 17, leaves: 16, readLeaves: 8)
        func shared(_ sharers: [Int], mappings: Int) -> Double? {
            let frames = Dictionary(uniqueKeysWithValues: sharers.map { ($0, UInt64(5)) })
            return counts(family, sharers: sharers, frames: frames, mapCounts: [5: mappings], window: window)?.shared
        }
        // The other mappings may belong to the leaves that did not read the window.
        #expect(shared([0, 1, 2], mappings: 9) == 1)
        #expect(shared(Array(0...8), mappings: 17) == 1)
        // A frame of leaves alone: the two that were read stand for four.
        #expect(shared([1, 2], mappings: 4) == 1)
        #expect(shared([1, 2], mappings: 8) == 0.5)
        // What the total would be without a leaf: a frame of leaves alone counts for each of them, and a page that is
        // counted once is lost with the only leaf that shows it.
        func dependent(_ sharers: [Int], mappings: Int? = nil) -> [Int: Double]? {
            let frames = mappings == nil ? [:] : Dictionary(uniqueKeysWithValues: sharers.map { ($0, UInt64(5)) })
            return counts(family, sharers: sharers, frames: frames, mapCounts: [5: mappings ?? 0], window: window)
                .map { Dictionary(uniqueKeysWithValues: $0.dependent.map { ($0.process, $0.pages) }) }
        }
        #expect(dependent([1, 2], mappings: 8) == [1: 0.125, 2: 0.125])
        #expect(dependent([0, 1, 2], mappings: 9) == [:])
        #expect(dependent([1]) == [1: 0.4375])
        #expect(dependent([0]) == [:] && dependent([1, 2]) == [:] && dependent([0, 1]) == [:])
        // Only four processes map the window, so that the frame is mapped elsewhere too.
        window.mappers = 4
        window.leaves = 3
        window.readLeaves = 2
        #expect(shared([0, 1, 2], mappings: 8) == 0.5)
        #expect(window.leafExpansion == 1.5)
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
        let truth: Double
    }

    /// - Parameter moves: Whether processes move pages to other addresses.
    private func probe(_ generator: inout SampleGenerator, showsFrames: Bool, moves: Bool = false) throws -> Probe? {
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
            case 6 where moves:
                guard let page = processes[number].pages.removeValue(forKey: address) else { break }
                processes[number].pages[generator.next(in: 0..<addresses)] = page
            default: break
            }
        }
        var holders: [Int: Int] = [:]
        for process in processes { for page in process.pages.values { holders[page, default: 0] += 1 } }
        // One window for each address if pages are moved: of the pages of a window, one is examined.
        var windows = (0..<(moves ? addresses : 1)).map { _ in SampleGroup.Window(pages: 0..<addresses) }
        for (number, process) in processes.enumerated() {
            for (address, page) in process.pages {
                let word =
                    (holders[page] == 1 ? SyntheticMemory.Page.exclusive : SyntheticMemory.Page.present)
                    | (showsFrames ? UInt64(page) : 0)
                windows[moves ? address : 0].holders.append(
                    .init(process: number, pageOffset: address, entry: PageEntry(word: word))
                )
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
                    mayHaveForked: process.hasForked,
                    hasParentInSet: process.parent != nil
                )
            },
            isClosed: true,
            mapCount: moves ? { holders[Int($0)] } : nil
        )
        var found = windows.compactMap { pages.counts(of: $0).first }
        guard var counts = found.popLast() else { return nil }
        for other in found {
            counts.exclusive += other.exclusive
            counts.shared += other.shared
            counts.sharedLower += other.sharedLower
            counts.sharedUpper += other.sharedUpper
        }
        return Probe(counts: counts, truth: Double(holders.count))
    }

    /// With the number of mappings of each frame, moved pages count once.
    @Test func movedFramesCountOnce() throws {
        var generator = SampleGenerator(seed: 12)
        var probes = 0
        for _ in 0..<500 {
            guard let probe = try probe(&generator, showsFrames: true, moves: true) else { continue }
            probes += 1
            #expect(abs(probe.counts.distinct - probe.truth) < 0.001)
            #expect(probe.counts.sharedLower == probe.counts.shared && probe.counts.shared == probe.counts.sharedUpper)
        }
        #expect(probes > 400)
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
            #expect(Double(counts.exclusive) + counts.sharedLower <= probe.truth)
            #expect(probe.truth <= Double(counts.exclusive) + counts.sharedUpper)
            if showsFrames { #expect(counts.distinct == probe.truth) }
            if abs(counts.distinct - probe.truth) <= 1 { isLikelyRight += 1 }
        }
        #expect(probes > 400)
        // The estimate is often right, even for these random families.
        #expect(isLikelyRight > probes / 3)
    }
}
