import Testing

@testable import ProcMem

/// Bounds of one amount from several sources.
@Suite struct MemoryBoundsTests {
    private static let assumption: Set<DistinctMemory.Assumption> = [.faultsAreComplete]

    private func bounds(_ lower: Int, _ upper: Int) -> ByteBounds { ByteBounds(lower: lower, upper: upper) }

    @Test func provenBoundsNarrowEachOther() {
        var evidence = BoundsEvidence(proven: bounds(10, 100))
        evidence.prove(bounds(0, 50))
        evidence.prove(bounds(20, .max))
        #expect(evidence.narrowest.bounds == bounds(20, 50))
        #expect(evidence.narrowest.assumptions.isEmpty)
        #expect(!evidence.isContradictory)
    }

    /// Two proven bounds that exclude each other were read at different states: the result contains both.
    @Test func provenBoundsThatContradictEachOther() {
        var evidence = BoundsEvidence(proven: bounds(10, 20))
        evidence.prove(bounds(30, 40))
        #expect(evidence.narrowest.bounds == bounds(10, 40))
        #expect(evidence.isContradictory)
    }

    @Test func assumptionsNarrowWhatIsProven() {
        var evidence = BoundsEvidence(proven: bounds(10, 100))
        evidence.assume(bounds(30, 200), Self.assumption)
        #expect(evidence.narrowest.bounds == bounds(30, 100))
        #expect(evidence.narrowest.assumptions == Self.assumption)
    }

    /// An assumption that contradicts what is proven is wrong.
    @Test func anAssumptionThatContradictsProof() {
        var evidence = BoundsEvidence(proven: bounds(10, 100))
        evidence.assume(bounds(200, 300), Self.assumption)
        #expect(evidence.narrowest.bounds == bounds(10, 100))
        #expect(evidence.narrowest.assumptions.isEmpty)
    }

    /// Bounds that an assumption does not narrow do not rely on it.
    @Test func anAssumptionThatAddsNothing() {
        var evidence = BoundsEvidence(proven: bounds(10, 100))
        evidence.assume(bounds(0, 500), Self.assumption)
        #expect(evidence.narrowest.bounds == bounds(10, 100))
        #expect(evidence.narrowest.assumptions.isEmpty)
    }

    /// The last assumption replaces the others: no two of them are combined.
    @Test func assumptionsAreNotCombined() {
        var evidence = BoundsEvidence(proven: bounds(0, 100))
        evidence.assume(bounds(10, 40), Self.assumption)
        evidence.assume(bounds(30, 90), [.samplesAreRepresentative])
        #expect(evidence.narrowest.bounds == bounds(30, 90))
        #expect(evidence.narrowest.assumptions == [.samplesAreRepresentative])
    }

    /// New bounds replace earlier ones that they contradict, or that are wider. Neither are the two combined.
    @Test(arguments: [
        // The new bounds contain the narrower earlier ones: no contradiction.
        (10, 60, 35, 45, 30, 40), (32, 38, 34, 36, 32, 38),
        // No likely value is within the earlier bounds.
        (10, 60, 50, 58, 10, 60), (38, 80, 50, 60, 38, 80),
        // The new bounds contradict what is proven.
        (200, 300, 240, 260, 30, 40),
    ])
    func weighing(_ lower: Int, _ upper: Int, _ least: Int, _ most: Int, _ resultLower: Int, _ resultUpper: Int) {
        var evidence = BoundsEvidence(proven: bounds(0, 100))
        evidence.assume(bounds(30, 40), Self.assumption)
        evidence.weigh(bounds(lower, upper), [.samplesAreRepresentative], centre: bounds(least, most))
        #expect(evidence.narrowest.bounds == bounds(resultLower, resultUpper))
    }

    @Test func sums() {
        var first = BoundsEvidence(proven: bounds(10, 100))
        first.assume(bounds(20, 50), Self.assumption)
        let sum = first + BoundsEvidence(proven: bounds(1, 2)) + BoundsEvidence()
        #expect(sum.proven == bounds(11, .max))
        #expect(sum.narrowest.bounds == bounds(21, .max))
        #expect(sum.narrowest.assumptions == Self.assumption)
        let largest = BoundsEvidence(proven: bounds(.max, .max))
        #expect((largest + largest).proven == bounds(.max, .max))
    }
}

/// The distinct memory of processes whose counters are given as values.
@Suite struct DistinctMemoryOfValuesTests {
    private static let page = 4096

    private static func features(
        isStatmExact: Bool = true,
        system: KernelPageFeatures.SystemMemory? = .init(
            anonymousBytes: 1 << 40,
            anonymousHugeBytes: 0,
            sharedBytes: 1 << 40,
            hugetlbBytes: 0
        ),
        hugePages: Bool = false,
        merged: Int? = 0,
        mayHaveMergedPages: Bool = false,
        isPSSEstimated: Bool? = false,
        isPrivateHugetlbExact: Bool = true
    ) -> KernelPageFeatures {
        KernelPageFeatures(
            isStatmExact: isStatmExact,
            systemMemory: system,
            mayHaveHugePages: hugePages,
            mayHaveSmallerHugePages: false,
            mergedBytes: merged,
            mayHaveMergedPages: mayHaveMergedPages,
            isPSSEstimated: isPSSEstimated,
            isPrivateHugetlbExact: isPrivateHugetlbExact
        )
    }

    /// A process with sizes in pages.
    private struct Sample {
        let pid: Int
        var parent = 1
        var isFork = false
        var anonymous: Int
        var file = 10
        var faults = 0
        var pss: (anonymous: Int, file: Int)?
        /// Whether the kernel reports the parts of PSS (Linux 5.4).
        var hasPartsOfPSS = true
        var isLayoutHidden = false
        /// The sampled USS; `nil` if no samples were taken.
        var uss: Int?
        var mayShareMemoryWith: Int32?
        /// `HugetlbPages` in `status`, where that was read, and `Private_Hugetlb`.
        var hugetlbOfStatus: Int?
        var privateHugetlb = 0

        var stat: ProcessStat? {
            var fields = [
                1: "\(pid)", 4: "\(parent)", 9: isFork ? "64" : "0", 10: "\(faults)", 11: "0", 12: "0", 13: "0",
            ]
            if isLayoutHidden { for field in [26, 27, 28, 45, 46, 47] { fields[field] = "0" } }
            return try? KernelText.parse(ProcessStatTests.line("x", fields)) { try ProcessStat(parsing: $0) }
        }

        var usage: MemoryUsage? {
            if let pss {
                let text = """
                    Rss: \((anonymous + file) * 4) kB
                    Pss: \((pss.anonymous + pss.file) * 4) kB
                    \(hasPartsOfPSS ? "Pss_Anon: \(pss.anonymous * 4) kB\nPss_File: \(pss.file * 4) kB\nPss_Shmem: 0 kB\n" : "")\
                    Private_Clean: 0 kB
                    Private_Dirty: 0 kB
                    Anonymous: \(anonymous * 4) kB
                    Shared_Hugetlb: 0 kB
                    Private_Hugetlb: \(privateHugetlb * 4) kB

                    """
                return try? MemoryUsage(KernelText.parse(text) { try SmapsRollup(validating: $0, isSmaps: false) })
            }
            let text = "9999 \(anonymous + file) \(file) 0 0 0 0\n"
            var counted = try? MemoryUsage(KernelText.parse(text) { try Statm(validating: $0, pageSizeBytes: page) })
            if let hugetlbOfStatus {
                let status = try? KernelText.parse("HugetlbPages: \(hugetlbOfStatus * 4) kB\n") {
                    try ProcessStatus(parsing: $0)
                }
                if let status { counted?.fillHugetlb(from: status) }
            }
            guard let counted, let uss else { return counted }
            return MemoryUsage(counted, ussBytes: uss * page, source: .sampled(standardErrorBytes: 0, reads: 64))
        }
    }

    private func distinct(
        _ samples: [Sample],
        includesDescendants: Bool = true,
        areAddressSpacesCompared: Bool = true,
        chargedPages: Int? = nil,
        chargeLag: Int = 0,
        group: GroupFigures = GroupFigures(),
        _ features: KernelPageFeatures = features()
    ) throws -> DistinctMemory {
        let processes = try samples.map { sample in
            ProcessMemory(
                pid: Int32(sample.pid),
                parentPID: Int32(sample.parent),
                command: "x",
                startTimeTicks: 1,
                userTicks: nil,
                systemTicks: nil,
                depth: 0,
                usage: try #require(sample.usage),
                sharesMemoryWith: nil,
                mayShareMemoryWith: sample.mayShareMemoryWith
            )
        }
        var inputs = DistinctMemoryInputs(
            processes: processes,
            stats: samples.map(\.stat),
            includesDescendants: includesDescendants,
            group: group,
            areAddressSpacesCompared: areAddressSpacesCompared,
            pageSizeBytes: Self.page,
            features: features
        )
        inputs.charge = chargedPages.map { AnonymousCharge(bytes: pages($0), lagBytes: pages(chargeLag)) }
        var baseline: FaultBaseline?
        return DistinctMemory(inputs, baseline: &baseline)
    }

    private func pages(_ count: Int) -> Int { count * Self.page }

    /// A single program: its anonymous pages at least, its RSS at most.
    @Test func oneProgram() throws {
        let distinct = try distinct([Sample(pid: 10, anonymous: 100)])
        #expect(distinct.isProven && distinct.assumptions.isEmpty)
        #expect(distinct.lower == pages(100) && distinct.upper == pages(110) && distinct.estimate == pages(110))
    }

    /// The sum of PSS bounds the anonymous memory of a closed set from above, and its anonymous part does so closely. The
    /// child has rewritten half of what it inherited; its faults would allow it to have added all of its pages.
    @Test(arguments: [
        (true, true, 170, 160), (false, true, 172, 172), (true, false, 220, 210), (false, false, 220, 210),
    ])
    func proportionalSharesBoundAClosedSet(_ hasParts: Bool, _ isClosed: Bool, _ upper: Int, _ estimate: Int) throws {
        let family = [
            Sample(pid: 10, anonymous: 100, faults: 100),
            Sample(pid: 11, parent: 10, isFork: true, anonymous: 100, faults: 100),
        ]
        .map { sample in
            var sample = sample
            sample.pss = (75, 1)
            sample.hasPartsOfPSS = hasParts
            return sample
        }
        let distinct = try distinct(family, includesDescendants: isClosed)
        #expect(try #require(distinct.upper) / Self.page == upper)
        #expect(try #require(distinct.estimate) / Self.page == estimate)
        // 152 pages, less the rounding of the kernel, exist in any case.
        #expect(distinct.lower / Self.page == 152)
    }

    /// Two processes that the kernel did not compare may have one address space: the private pages of both may be the same.
    @Test func samplesOfProcessesThatMayShareAnAddressSpace() throws {
        var child = Sample(pid: 11, parent: 10, isFork: true, anonymous: 100, faults: 100, uss: 90)
        let family = [Sample(pid: 10, anonymous: 100, faults: 100, uss: 90), child]
        let found = Double(pages(190))
        let group = GroupFigures(distinct: .init(likely: found, lower: found, upper: found, standardError: 0))
        #expect(try distinct(family, group: group).lower == pages(190))
        child.mayShareMemoryWith = 10
        let doubtful = try distinct([family[0], child], group: group)
        #expect(doubtful.lower == pages(100) && doubtful.upper == pages(190) && doubtful.estimate == pages(190))
    }

    /// A parent, the first pid, that has forked the others with 100 pages each. Some of them were read accurately.
    private static func rewritingFamily(
        _ pids: Range<Int>,
        reading read: some Collection<Int>,
        pssPages: (Int) -> Int
    ) -> [Sample] {
        pids.map { pid in
            let isParent = pid == pids.lowerBound
            return Sample(
                pid: pid,
                parent: isParent ? 1 : pids.lowerBound,
                isFork: !isParent,
                anonymous: 100,
                faults: isParent ? 500 : 0,
                pss: read.contains(pid) ? (pssPages(pid), 1) : nil,
                uss: read.contains(pid) ? nil : 0
            )
        }
    }

    /// Samples that show at least 100 pages at 100 addresses, and 10 pages of files.
    ///
    /// - Parameter upper: The most that there can be, in pages.
    private static func ambiguousSamples(of members: Range<Int32>, familyCount: Int, upper: Double) -> GroupFigures {
        let size = Double(page)
        let files = SampledMemory.Distinct(likely: 10 * size, lower: 10 * size, upper: 10 * size, standardError: 0)
        let part = 100 * size / Double(familyCount)
        let shares = members.map { ($0, MemberShare(exclusiveBytes: 0, sharedPartBytes: part)) }
        return GroupFigures(
            distinct: .init(likely: 110 * size, lower: 110 * size, upper: upper * size, standardError: 0),
            parts: SampledParts(files: files, shares: Dictionary(uniqueKeysWithValues: shares))
        )
    }

    /// A parent that rewrites its memory and forks: six workers in two rounds, of 100 pages each. Samples show 100 pages or up
    /// to 400; accurate reads of two members show that there are 200.
    @Test(arguments: [0, 1, 2, 4, 7]) func someAccurateReadsOfAFamily(_ readCount: Int) throws {
        func family(_ read: [Int]) -> [Sample] {
            Self.rewritingFamily(10..<17, reading: read) { $0 > 13 ? 33 : 25 }
        }
        func group(_ members: Range<Int32>) -> GroupFigures {
            Self.ambiguousSamples(of: members, familyCount: 7, upper: 410)
        }
        let draws = DrawnMembers(
            (10..<17).map { (DrawnMembers.Member(pid: $0, size: 1, exclusiveBytes: 0), 1) }
        )
        let read = draws.members.prefix(readCount).map { Int($0.pid) }
        let result = try distinct(family(read), group: group(10..<17))
        let estimate = try #require(result.estimate)
        let upper = try #require(result.upper)
        // The kernel's figures are rounded.
        let truth = pages(4 * 25 + 3 * 33 + 10)
        #expect(result.lower <= truth && truth <= upper && !result.isProven)
        #expect(result.assumptions.contains(.noRelativesOutside) == (readCount > 1))
        switch readCount {
        case 0: #expect(estimate == pages(110) && upper - result.lower == pages(300))
        case 7: #expect(abs(estimate - truth) <= pages(2) && upper - result.lower <= pages(4))
        default:
            #expect(abs(estimate - truth) <= truth / 5)
            let before = try distinct(family(Array(read.dropLast(read.count / 2))), group: group(10..<17))
            #expect(upper - result.lower <= (before.upper ?? 0) - before.lower)
        }
        // Processes outside of the set may map the pages: the figures of some members show nothing of the others.
        let open = try distinct(family(read), includesDescendants: false, group: group(10..<17))
        if readCount < 4 { #expect(open.estimate == pages(110)) }
        // The same where a member was not sampled, or may share an address space.
        let unsampled = try distinct(family(read), group: group(10..<16))
        if readCount < 4 { #expect(unsampled.estimate == pages(110)) }
    }

    /// Two helpers were forked before the parent rewrote its memory, and nineteen workers after it, at the same addresses. The
    /// draws are likely to miss the helpers, whose pages only the samples bound then.
    @Test(arguments: [2, 4, 8]) func someAccurateReadsWithoutMembersOfAnotherKind(_ readCount: Int) throws {
        let draws = DrawnMembers(
            (10..<32).map { (DrawnMembers.Member(pid: $0, size: 1, exclusiveBytes: 0), 1) }
        )
        let read = Set(draws.members.prefix(readCount).map { Int($0.pid) })
        let helpers = Set(draws.members.suffix(2).map { Int($0.pid) })
        let family = Self.rewritingFamily(10..<32, reading: read) { helpers.contains($0) ? 50 : 5 }
        let group = Self.ambiguousSamples(of: 10..<32, familyCount: 22, upper: 1110)
        let result = try distinct(family, group: group)
        #expect(result.lower <= pages(210) && pages(210) <= result.upper ?? 0 && !result.isProven)
    }

    /// Programs that executed share no anonymous page: their memories add up, whatever their layouts are.
    @Test(arguments: [false, true]) func programsAddUp(_ isLayoutHidden: Bool) throws {
        let distinct = try distinct((10..<13).map { Sample(pid: $0, anonymous: 100, isLayoutHidden: isLayoutHidden) })
        #expect(distinct.isProven)
        #expect(distinct.lower == pages(300) && distinct.upper == pages(330))
    }

    /// A family: bounded by its faults, which nothing proves to be complete.
    @Test func aForkedFamilyIsNeverProven() throws {
        let family =
            [Sample(pid: 10, anonymous: 1000, faults: 1000)]
            + (11..<15).map { Sample(pid: $0, parent: 10, isFork: true, anonymous: 1000, faults: 10) }
        let distinct = try distinct(family)
        #expect(!distinct.isProven)
        #expect(distinct.assumptions == [.faultsAreComplete, .layoutsIdentifyFamilies])
        #expect(distinct.lower == pages(1000) && distinct.upper == pages(1040 + 50))
        #expect(distinct.estimate == pages(1040 + 10))
    }

    /// Fewer faults than the largest member has pages: faults are missing, and bound nothing.
    @Test func aFamilyThatContradictsItself() throws {
        let family =
            [Sample(pid: 10, anonymous: 20, faults: 50)]
            + (11..<14).map { Sample(pid: $0, parent: 10, isFork: true, anonymous: 100, faults: 2) }
        let distinct = try distinct(family)
        #expect(distinct.lower == pages(100) && distinct.upper == pages(320 + 40))
    }

    /// A member whose layout is hidden may have all of its pages from any other: it adds nothing certain.
    @Test func hiddenLayouts() throws {
        let workers = (11..<15).map { Sample(pid: $0, parent: 10, isFork: true, anonymous: 200, isLayoutHidden: true) }
        let distinct = try distinct([Sample(pid: 10, anonymous: 205, faults: 205)] + workers)
        #expect(distinct.lower == pages(205))
        // The other way round: the parent's is hidden, and the workers' are not.
        let hiddenParent = Sample(pid: 10, anonymous: 205, faults: 205, isLayoutHidden: true)
        let readable = (11..<15).map { Sample(pid: $0, parent: 10, isFork: true, anonymous: 200, faults: 2) }
        #expect(try self.distinct([hiddenParent] + readable).lower == pages(205))
    }

    /// One of several forked workers: its share of the pages says little of the pages.
    @Test func aMemberOfAFamilyAlone() throws {
        let worker = Sample(pid: 11, parent: 10, isFork: true, anonymous: 1000, faults: 5, pss: (110, 1))
        let distinct = try distinct([worker], includesDescendants: false)
        #expect(distinct.lower == pages(1000) && distinct.upper == pages(1010))
        #expect(distinct.isProven)
        // With its descendants, but without the process that forked it, the set is not closed either.
        #expect(try self.distinct([worker]).upper == pages(1010))
    }

    /// A closed family: the anonymous part of PSS, plus what the kernel rounded down.
    @Test func aClosedFamily() throws {
        let family =
            [Sample(pid: 10, anonymous: 1000, faults: 5000, pss: (200, 4))]
            + (11..<15).map { Sample(pid: $0, parent: 10, isFork: true, anonymous: 1000, faults: 5000, pss: (200, 1)) }
        let distinct = try distinct(family)
        #expect(distinct.assumptions == [.noRelativesOutside, .layoutsIdentifyFamilies])
        #expect(distinct.lower == pages(1000 + 8))
        #expect(distinct.upper == pages(1000 + 50) + 5 * 1024 + 2)
        let estimate = try #require(distinct.estimate)
        #expect(abs(estimate - pages(1010)) < 5 * 1024)
    }

    /// The kernel rounds each PSS down to whole KiB: the sum of many small ones is below the truth.
    @Test func roundingOfManySmallProcesses() throws {
        let count = 2000
        let family =
            [Sample(pid: 10, anonymous: 100, faults: 200, pss: (1, 0))]
            + (11..<11 + count).map {
                Sample(pid: $0, parent: 10, isFork: true, anonymous: 100, faults: 99, pss: (1, 0))
            }
        let distinct = try distinct(family)
        #expect(try #require(distinct.upper) >= pages(count + 1) + count * 1023)
        #expect(distinct.lower <= pages(count + 1))
    }

    /// PSS that may be an average proves nothing.
    @Test(arguments: [(false, true), (nil, false), (true, false)] as [(Bool?, Bool)])
    func estimatedPSS(_ isPSSEstimated: Bool?, _ isProven: Bool) throws {
        let program = Sample(pid: 10, anonymous: 100, pss: (90, 20))
        let distinct = try distinct([program], Self.features(isPSSEstimated: isPSSEstimated))
        #expect(distinct.lower == pages(110) && distinct.upper == pages(110))
        #expect(distinct.isProven == isProven)
        #expect(distinct.assumptions.contains(.pssIsExact) == !isProven)
    }

    /// Forked processes with equal figures may share one address space (`CLONE_VM`): each then reports all of its PSS.
    @Test(arguments: [true, false]) func forksThatMayShareAnAddressSpace(_ areCompared: Bool) throws {
        let founder = Sample(pid: 10, anonymous: 20, faults: 900, pss: (20, 1))
        let forks = (11..<14).map {
            Sample(pid: $0, parent: 1, isFork: true, anonymous: 100, faults: 900, pss: (100, 1))
        }
        let distinct = try distinct(
            [founder] + forks,
            includesDescendants: false,
            areAddressSpacesCompared: areCompared
        )
        #expect(distinct.isProven == areCompared)
        #expect(distinct.assumptions.contains(.addressSpacesAreSeparate) == !areCompared)
        #expect(distinct.lower == pages(324))
        // Without the forks that may be the same, the sum is certain.
        let two = [founder] + forks.prefix(1)
        #expect(try self.distinct(two, includesDescendants: false, areAddressSpacesCompared: false).isProven)
    }

    /// The sum of PSS is above the bound from faults: faults are missing, and the bound is dropped.
    @Test(arguments: [false, nil] as [Bool?]) func fewerFaultsThanPSS(_ isPSSEstimated: Bool?) throws {
        let family =
            [Sample(pid: 10, anonymous: 100, faults: 120, pss: (95, 1))]
            + (11..<15).map { Sample(pid: $0, parent: 10, isFork: true, anonymous: 100, faults: 2, pss: (95, 1)) }
        let features = Self.features(isPSSEstimated: isPSSEstimated)
        let distinct = try distinct(family, includesDescendants: false, features)
        #expect(distinct.lower == pages(480) && distinct.upper == pages(550))
        #expect(distinct.assumptions == (isPSSEstimated == nil ? [.pssIsExact] : []))
    }

    /// KSM makes one page of several: what it saved may be missing from the sum of any processes.
    @Test(arguments: [(0, 300, 310), (60, 240, 250), (1_000_000, 0, 10)])
    func mergedPages(_ merged: Int, _ lower: Int, _ estimate: Int) throws {
        let programs = (10..<13).map { Sample(pid: $0, anonymous: 100) }
        let distinct = try distinct(programs, Self.features(merged: pages(merged)))
        #expect(distinct.isProven)
        #expect(distinct.lower == pages(lower) && distinct.upper == pages(330))
        #expect(distinct.estimate == pages(estimate))
    }

    /// The charge of a cgroup counts each anonymous page once. A charge outside of the bounds by more than the kernel's
    /// count may lag is not used: a part of the memory is charged elsewhere.
    @Test(
        arguments: [
            (nil, 0, 410), (100, 0, 110), (230, 0, 240), (99, 0, 410), (401, 0, 410), (90, 10, 110), (89, 10, 410),
            (230, 10, 240),
        ] as [(Int?, Int, Int)]
    )
    func aChargeIsAnEstimate(_ charged: Int?, _ lag: Int, _ estimate: Int) throws {
        let family =
            [Sample(pid: 10, anonymous: 100, faults: 900)]
            + (11..<14).map { Sample(pid: $0, parent: 10, isFork: true, anonymous: 100, faults: 900) }
        let counters = try distinct(family)
        let distinct = try distinct(family, chargedPages: charged, chargeLag: lag)
        #expect(distinct.estimate == pages(estimate))
        #expect(distinct.lower == counters.lower && distinct.upper == counters.upper)
        #expect(distinct.assumptions == counters.assumptions)
    }

    /// The charge replaces samples that decide little, and that do not contradict it.
    @Test(arguments: [(300, 310), (150, 160), (70, 260), (500, 260)]) func aChargeInsteadOfWideSamples(
        _ charged: Int,
        _ estimate: Int
    ) throws {
        let family =
            [Sample(pid: 10, anonymous: 100, faults: 900, uss: 0)]
            + (11..<14).map { Sample(pid: $0, parent: 10, isFork: true, anonymous: 100, faults: 900, uss: 0) }
        let wide = SampledMemory.Distinct(
            likely: Double(pages(260)),
            lower: Double(pages(120)),
            upper: Double(pages(380)),
            standardError: 0
        )
        let narrow = SampledMemory.Distinct(
            likely: Double(pages(260)),
            lower: Double(pages(250)),
            upper: Double(pages(270)),
            standardError: 0
        )
        let used = try distinct(family, chargedPages: charged, group: GroupFigures(distinct: wide))
        #expect(used.estimate == pages(estimate))
        let unused = try distinct(family, chargedPages: charged, group: GroupFigures(distinct: narrow))
        #expect(unused.estimate == pages(260))
    }

    /// A child may have inherited merged pages that the number of merged pages lacks.
    @Test func mergedPagesOfForkedProcesses() throws {
        let child = Sample(pid: 11, parent: 10, isFork: true, anonymous: 100, faults: 200)
        #expect(try distinct([child]).lower == pages(100) && distinct([child]).isProven)
        let features = Self.features(mayHaveMergedPages: true)
        let alone = try distinct([child], features)
        #expect(alone.lower == pages(100) && alone.assumptions == [.noMergedPages])
        // The larger program proves as much without the child.
        let program = Sample(pid: 10, anonymous: 100, faults: 100)
        #expect(try distinct([program], features).isProven)
    }

    @Test func mergedPagesThatAreNotKnown() throws {
        let distinct = try distinct((10..<13).map { Sample(pid: $0, anonymous: 100) }, Self.features(merged: nil))
        #expect(distinct.assumptions == [.noMergedPages])
        #expect(distinct.lower == pages(300) && distinct.upper == pages(330))
    }

    /// `statm` before Linux 6.16 proves nothing; the page tables that `smaps_rollup` walks do.
    @Test func inexactCounters() throws {
        let statm = try distinct([Sample(pid: 10, anonymous: 100)], Self.features(isStatmExact: false))
        #expect(!statm.isProven && statm.assumptions == [.statmIsExact])
        #expect(statm.lower == pages(100) && statm.upper == pages(110))
        let rollup = Sample(pid: 10, anonymous: 100, pss: (90, 5))
        #expect(try distinct([rollup], Self.features(isStatmExact: false)).isProven)
    }

    /// The system's own counters bound any set of processes.
    @Test func theSystemsCounters() throws {
        let system = KernelPageFeatures.SystemMemory(
            anonymousBytes: pages(150),
            anonymousHugeBytes: 0,
            sharedBytes: pages(12),
            hugetlbBytes: 0
        )
        let workers = (11..<15).map { Sample(pid: $0, isFork: true, anonymous: 100) }
        let distinct = try distinct(workers, Self.features(system: system))
        #expect(distinct.isProven)
        #expect(distinct.lower == pages(100) && distinct.upper == pages(162))
    }

    /// A process that freed its memory before the system's counter was read: the two contradict each other.
    @Test func countersOfDifferentStates() throws {
        let system = KernelPageFeatures.SystemMemory(
            anonymousBytes: pages(50),
            anonymousHugeBytes: 0,
            sharedBytes: pages(12),
            hugetlbBytes: 0
        )
        let distinct = try distinct([Sample(pid: 10, anonymous: 100)], Self.features(system: system))
        #expect(!distinct.isProven && distinct.assumptions == [.nothingChanged])
    }

    /// Two processes of one address space, between whose reads a process outside has exited: PSS is not the same.
    @Test func sharesOfOneAddressSpaceThatDiffer() throws {
        let two = [
            Sample(pid: 10, anonymous: 100, pss: (100, 5)),
            Sample(pid: 11, parent: 10, isFork: true, anonymous: 100, pss: (100, 8)),
        ]
        let distinct = try distinct(two, includesDescendants: false, areAddressSpacesCompared: false)
        #expect(!distinct.isProven && distinct.assumptions.contains(.addressSpacesAreSeparate))
    }

    /// Pages that KSM merged are in the samples of each process that maps them.
    @Test(arguments: [0, 20, nil] as [Int?]) func samplesOfMergedPages(_ merged: Int?) throws {
        let found = Double(pages(210))
        let group = GroupFigures(distinct: .init(likely: found, lower: found, upper: found, standardError: 0))
        let programs = (10..<12).map { Sample(pid: $0, anonymous: 100, uss: 90) }
        let distinct = try distinct(programs, group: group, Self.features(merged: merged.map { pages($0) }))
        #expect(distinct.assumptions.contains(.samplesAreRepresentative))
        #expect(distinct.assumptions.contains(.noMergedPages) == (merged != 0))
    }

    /// `HugetlbPages` in `status` lacks the pages below a page table that another process has filled; `smaps_rollup` has
    /// them, before Linux 6.2 as private pages of each process.
    @Test func hugetlbPagesBelowASharedPageTable() throws {
        let huge = 512
        let system = KernelPageFeatures.SystemMemory(
            anonymousBytes: 1 << 40,
            anonymousHugeBytes: 0,
            sharedBytes: 1 << 40,
            hugetlbBytes: pages(2 * huge)
        )
        func features(_ isExact: Bool) -> KernelPageFeatures {
            Self.features(system: system, isPrivateHugetlbExact: isExact)
        }
        let counted = Sample(pid: 10, anonymous: 100, hugetlbOfStatus: 0)
        let ofCounter = try distinct([counted], features(true))
        #expect(ofCounter.upper == pages(110) && ofCounter.assumptions == [.hugetlbIsCounted])

        let sharers = (10..<12).map { Sample(pid: $0, anonymous: 100, pss: (100, 10), privateHugetlb: 2 * huge) }
        let before = try distinct(sharers, features(false))
        #expect(before.lower <= pages(220 + 2 * huge))
        let alone = try distinct([sharers[0]], features(false))
        #expect(alone.isProven && alone.lower == pages(110 + 2 * huge) && alone.upper == alone.lower)
    }
}
