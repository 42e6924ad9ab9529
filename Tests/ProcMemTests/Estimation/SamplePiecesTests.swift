import Testing

@testable import ProcMem

/// The pieces into which the memory of a family is cut.
@Suite struct SamplePiecesTests {
    private func process(_ pages: [Range<Int>], parent: Int? = nil, family: Int = 0) -> SampledProcess {
        var process = SampledProcess(
            process: .id(1),
            startTimeTicks: 0,
            anonymousCount: pages.pageCount,
            fileCount: 0,
            faultCount: nil,
            endedFaultCount: nil,
            mayLackFaults: false,
            layout: nil,
            family: family,
            parent: parent,
            isFounder: parent == nil,
            mayHaveForked: parent == nil,
            hasParentInSet: parent != nil
        )
        process.anonymousSegments = pages.map { PageSegment(pages: $0, firstPage: $0.lowerBound, contents: .all) }
        return process
    }

    private func pieces(_ processes: [SampledProcess]) -> [SamplePiece] {
        [SamplePiece](processes, Array(processes.indices), areParents: processes.areParents)
    }

    /// Where other processes may map the pages, each leaf reads every window.
    @Test func leavesThatAreNotDivided() {
        let family = [process([0..<100])] + (0..<64).map { _ in process([0..<100], parent: 0) }
        #expect(SampleRanges(family).ofFamilies[0].map { $0.rotation(amongLeaves: 64) } == [16])
        let ranges = SampleRanges(family, dividesLeaves: false)
        #expect(ranges.ofFamilies[0] == [SamplePiece(pages: 0..<100, mappers: 65, roots: 1, leaves: 0)])
        #expect(ranges.ofFamilies[0].map { $0.rotation(amongLeaves: 64) } == [1])
    }

    /// A large mapping of one process leaves enough reads for memory that all processes map.
    @Test(arguments: [4, 64, 256]) func everyStratumHasASample(_ workers: Int) {
        let shared = 0..<128_000
        let family =
            [process([shared, 200_000..<17_000_000])] + (0..<workers).map { _ in process([shared], parent: 0) }
        let ranges = SampleRanges(family, dividesLeaves: false)
        let budget = ReadBudget(family, ranges, reads: 64).families[0]
        let plan = SamplePlan(
            of: ranges.ofFamilies[0],
            presentCount: 16_928_000,
            reads: budget.reads,
            mostReads: budget.mostReads,
            readsAll: budget.readsAll,
            generator: SampleGenerator(seed: 1)
        )
        let samples = plan.spans.map { plan.pages(of: $0).lowerBound }
        #expect(samples.count { shared.contains($0) } >= 2)
        #expect(samples.contains { !shared.contains($0) })
    }

    @Test func oneProcess() {
        #expect(
            pieces([process([10..<20, 20..<30, 40..<50])]) == [
                SamplePiece(pages: 10..<30, mappers: 1, roots: 1, leaves: 1),
                SamplePiece(pages: 40..<50, mappers: 1, roots: 1, leaves: 1),
            ]
        )
        #expect(pieces([]).isEmpty && pieces([process([])]).isEmpty)
    }

    /// A parent and two children, one of which has more memory at an address where the other has some too.
    @Test func theEndsOfEveryMapping() {
        let family = [
            process([0..<100]), process([0..<100, 200..<220], parent: 0), process([50..<100, 200..<280], parent: 0),
        ]
        let found = pieces(family)
        #expect(
            found == [
                SamplePiece(pages: 0..<50, mappers: 2, roots: 1, leaves: 1),
                SamplePiece(pages: 50..<100, mappers: 3, roots: 1, leaves: 2),
                SamplePiece(pages: 200..<220, mappers: 2, roots: 2, leaves: 2),
                SamplePiece(pages: 220..<280, mappers: 1, roots: 1, leaves: 1),
            ]
        )
        #expect(found.map(\.isOnlyOwn) == [false, false, true, true])
    }

    /// Two members each have a mapping, and the second begins where the first ends: the numbers of members are equal, the
    /// members are not.
    @Test func neighbouringMappingsOfTwoMembers() {
        let family = [
            process([0..<10]), process([0..<10, 20..<30], parent: 0), process([0..<10, 30..<50], parent: 0),
        ]
        #expect(
            pieces(family) == [
                SamplePiece(pages: 0..<10, mappers: 3, roots: 1, leaves: 2),
                SamplePiece(pages: 20..<30, mappers: 1, roots: 1, leaves: 1),
                SamplePiece(pages: 30..<50, mappers: 1, roots: 1, leaves: 1),
            ]
        )
    }

    /// A process whose parent gave up its memory is a root. Its own child is not.
    @Test func aParentThatMapsLess() {
        let family = [process([0..<10]), process([0..<10, 20..<30], parent: 0), process([20..<30], parent: 1)]
        #expect(
            pieces(family) == [
                SamplePiece(pages: 0..<10, mappers: 2, roots: 1, leaves: 0),
                SamplePiece(pages: 20..<30, mappers: 2, roots: 1, leaves: 1),
            ]
        )
    }

    /// Workers whose parent has given up what they inherited: they have more pages than faults. Memory that they faulted in
    /// themselves at equal addresses has the same mappings.
    @Test func memoryThatAParentGaveUp() {
        func piece(faults: Int?) -> SamplePiece? {
            var family = [process([0..<10])] + (0..<6).map { _ in process([0..<10, 100..<1100], parent: 0) }
            for index in family.indices { family[index].faultCount = faults }
            return pieces(family).last
        }
        let inherited = piece(faults: 50)
        #expect(inherited?.pages == 100..<1100 && inherited?.roots == 6)
        #expect(inherited?.mayBeInherited == true && inherited?.isOnlyOwn == false)
        #expect(inherited?.mass == 1000 * (1 + 5.0 / 8))
        for faults in [1500, 1000, nil] {
            let own = piece(faults: faults)
            #expect(own?.mayBeInherited == false && own?.isOnlyOwn == true && own?.mass == 750)
        }
        // The parent still maps these pages, so they are not given up.
        var family = [process([0..<1000])] + (0..<6).map { _ in process([0..<1000, 2000..<2100], parent: 0) }
        for index in family.indices { family[index].faultCount = 100 }
        #expect(pieces(family).map(\.mayBeInherited) == [false, false])
    }

    @Test func pagesInOtherRanges() {
        #expect([0..<10, 20..<30].pageCount(in: [5..<25, 28..<40]) == 5 + 5 + 2)
        #expect([0..<10].pageCount(in: []) == 0 && [Range<Int>]().pageCount(in: [0..<5]) == 0)
        #expect([0..<10].pageCount(in: [10..<20]) == 0)
    }

    /// Files are cut where the number of processes that map them changes.
    @Test func piecesOfFiles() {
        var processes = (0..<3).map { _ in process([]) }
        for (index, ranges) in [[0..<100], [0..<50, 40..<60], [200..<210]].enumerated() {
            processes[index].fileSegments = ranges.map {
                PageSegment(pages: $0, firstPage: $0.lowerBound, contents: .pagesOfFile)
            }
        }
        #expect(
            SampleRanges(processes).ofFiles == [
                SamplePiece(pages: 0..<60, mappers: 2, roots: 2, leaves: 0),
                SamplePiece(pages: 60..<100, mappers: 1, roots: 1, leaves: 0),
                SamplePiece(pages: 200..<210, mappers: 1, roots: 1, leaves: 0),
            ]
        )
    }

    /// The counts of every piece, compared with a count page by page.
    @Test func anyFamily() {
        var generator = SampleGenerator(seed: 3)
        for _ in 0..<200 {
            var family: [SampledProcess] = []
            for index in 0..<generator.next(in: 1..<8) {
                let ranges = (0..<generator.next(in: 0..<4)).map { _ in
                    let start = generator.next(in: 0..<60)
                    return start..<start + generator.next(in: 1..<30)
                }
                family.append(process(ranges, parent: index > 0 ? generator.next(in: 0..<index) : nil))
            }
            let found = pieces(family)
            func maps(_ index: Int, _ page: Int) -> Bool {
                family[index].anonymousSegments.contains { $0.pages.contains(page) }
            }
            for page in 0..<100 {
                let mappers = family.indices.filter { maps($0, page) }
                let piece = found.first { $0.pages.contains(page) }
                for other in piece?.pages ?? 0..<0 { #expect(family.indices.filter { maps($0, other) } == mappers) }
                #expect(piece?.mappers ?? 0 == mappers.count)
                #expect(piece?.roots ?? 0 == mappers.count { family[$0].parent.map { !maps($0, page) } ?? true })
                let parents = Set(family.compactMap(\.parent))
                #expect(piece?.leaves ?? 0 == mappers.count { !parents.contains($0) })
            }
        }
    }

    /// Each family is cut by itself: the time grows with the processes, not with processes times families.
    @Test(.timeLimit(.minutes(10))) func manyFamilies() {
        let count = 30_000
        let processes = (0..<count).map { process([0..<10], family: $0) }
        let pieces = SampleRanges(processes).ofFamilies
        #expect(pieces.count == count)
        #expect(pieces.allSatisfy { $0 == [SamplePiece(pages: 0..<10, mappers: 1, roots: 1, leaves: 1)] })
    }

    /// Leaves are divided among windows if there are many of them, and few processes that read every window.
    @Test func theWindowsAmongWhichLeavesAreDivided() {
        func rotation(_ mappers: Int, leaves: Int) -> Int {
            SamplePiece(pages: 0..<1000, mappers: mappers, roots: 1, leaves: leaves).rotation(amongLeaves: leaves)
        }
        #expect(rotation(6, leaves: 5) == 1)
        #expect(rotation(7, leaves: 6) == 2)
        #expect(rotation(17, leaves: 16) == 4)
        #expect(rotation(301, leaves: 300) == 64)
        #expect(rotation(7, leaves: 5) == 1)
        // Some leaves of the family do not map the piece.
        let piece = SamplePiece(pages: 0..<1000, mappers: 48, roots: 1, leaves: 48)
        #expect(piece.rotation(amongLeaves: 200) == 4 && piece.rotation(amongLeaves: 48) == 16)
        #expect(rotation(40, leaves: 20) == 1)
        #expect(rotation(20, leaves: 0) == 1)
    }

    /// In each group of windows every leaf reads one, and all are read about as often.
    @Test func eachLeafReadsOneWindowOfAGroup() throws {
        let pieces = [SamplePiece(pages: 0..<16000, mappers: 65, roots: 1, leaves: 64)]
        let plan = SamplePlan(
            of: pieces,
            presentCount: 16000,
            reads: 65 * 20,
            readsAll: false,
            generator: SampleGenerator(seed: 1)
        )
        let group = SampleGroup(plan, leafCount: 64, generator: SampleGenerator(seed: 2))
        #expect(plan.spans.allSatisfy { $0.rotation == 16 } && !plan.isComplete)
        #expect(plan.spans.reduce(0) { $0 + $1.weight } == 1000)
        let segments = [PageSegment(pages: 0..<16000, firstPage: 0, contents: .all)]
        var readers = Array(repeating: 0, count: plan.spans.count)
        for rank in 0..<64 {
            var groups: [Int] = []
            try group.forEachPart(of: segments, leafRank: rank) { (window, _, _) throws(FileReadError) in
                readers[window] += 1
                groups.append(plan.spans[window].group)
            }
            #expect(groups.sorted() == Array(0..<plan.groupCount))
        }
        #expect(readers.allSatisfy { $0 == 4 })
        var all = 0
        try group.forEachPart(of: segments) { (_, _, _) throws(FileReadError) in all += 1 }
        #expect(all == plan.spans.count)
    }
}
