import Testing

@testable import ProcMem

/// The bounds of the memory of families, from invented counters.
@Suite struct ForkFamiliesTests {
    private static let layouts = [26, 27].map { field in
        try? KernelText.parse(ProcessStatTests.line("x", [field: "99"])) { try ProcessStat(parsing: $0) }.layout
    }

    private static func member(
        _ pid: Int32,
        parent: Int32,
        forked: Bool = true,
        layout: Int? = 0,
        _ anonymous: Int,
        faults: Int?,
        exited: Int? = 0,
        share: Int? = nil
    ) -> ForkFamilies.Member {
        ForkFamilies.Member(
            pid: pid,
            parentPID: parent,
            isForkWithoutExec: forked,
            layout: layout.flatMap { layouts[$0] },
            anonymousBytes: anonymous,
            faultBytes: faults,
            exitedFaultBytes: exited,
            shareBytes: share
        )
    }

    private static func founder(_ pid: Int32, _ anonymous: Int, faults: Int?, layout: Int? = 0) -> ForkFamilies.Member {
        member(pid, parent: 1, forked: false, layout: layout, anonymous, faults: faults)
    }

    private func expect(
        _ members: [ForkFamilies.Member],
        _ lower: Int,
        _ upper: Int,
        usesFaults: Bool = true,
        location: SourceLocation = #_sourceLocation
    ) {
        for order in [members, members.reversed()] {
            let families = ForkFamilies(order)
            #expect(families.lowerBytes == lower, sourceLocation: location)
            #expect(families.upperBytes == upper, sourceLocation: location)
            #expect(families.usesFaults == usesFaults, sourceLocation: location)
        }
    }

    /// Members of two layouts of which each maps pages that others map: they may map the same pages.
    @Test func sharesContradictLayouts() {
        func members(_ shares: Int?..., parent: Int32 = 10) -> [ForkFamilies.Member] {
            [
                Self.member(10, parent: 1, forked: false, 1000, faults: 1100, share: shares[0]),
                Self.member(11, parent: parent, layout: 1, 1000, faults: 5, share: shares[1]),
            ]
        }
        expect(members(500, 500), 1000, 2000, usesFaults: false)
        #expect(ForkFamilies(members(500, 500)).areLayoutsContradicted)
        // One share is not known; one process maps pages of its own; a parent is not among the members.
        for others in [members(nil, nil), members(500, nil), members(500, 1000), members(500, 500, parent: 9)] {
            expect(others, 2000, 2000, usesFaults: false)
            #expect(!ForkFamilies(others).areLayoutsContradicted)
        }
    }

    @Test func idleWorkers() {
        expect(
            [Self.founder(10, 1000, faults: 1100)] + (11..<20).map { Self.member($0, parent: 10, 990, faults: 5) },
            1000,
            1145
        )
    }

    @Test func aSingleProcessHasItsRSS() {
        expect([Self.founder(10, 1000, faults: 1100)], 1000, 1000, usesFaults: false)
        // The counters are read at different times. There cannot be fewer pages than the largest member has.
        expect([Self.founder(10, 1000, faults: 900)], 1000, 1000, usesFaults: false)
        expect([], 0, 0, usesFaults: false)
    }

    @Test func faultsAfterFreeingDoNotCountAboveTheSum() {
        expect(
            [Self.founder(10, 100, faults: 5000), Self.member(11, parent: 10, 100, faults: 5000)],
            100,
            200,
            usesFaults: false
        )
    }

    @Test func workersOfWorkers() {
        let line = [
            Self.founder(10, 100, faults: 110), Self.member(11, parent: 10, 150, faults: 55),
            Self.member(12, parent: 11, 150, faults: 2), Self.member(13, parent: 11, 160, faults: 12),
        ]
        expect(line, 160, 179)
    }

    /// Two programs that were started separately, with the same addresses (`setarch -R`).
    @Test func foundersShareNothing() {
        let apart = [
            Self.founder(10, 100, faults: 120), Self.member(11, parent: 10, 100, faults: 3),
            Self.founder(20, 300, faults: 310), Self.member(21, parent: 20, 300, faults: 4),
        ]
        expect(apart, 400, 123 + 314)
    }

    /// The founder has exited: it is unknown which process faulted in the pages, and the processes may share them.
    @Test func orphans() {
        let orphans = (11..<15).map { Self.member($0, parent: 1, 100, faults: 2) }
        expect(orphans, 100, 400, usesFaults: false)
        // They may also share the pages of a live family.
        expect(
            orphans + [Self.founder(20, 300, faults: 310), Self.member(21, parent: 20, 300, faults: 4)],
            300,
            400 + 314
        )
        // They cannot share pages with another program.
        expect(orphans + [Self.founder(20, 300, faults: 310, layout: 1)], 400, 700, usesFaults: false)
    }

    /// The parent has executed another program in the meantime.
    @Test func aParentOfAnotherLayout() {
        expect(
            [Self.founder(10, 100, faults: 100, layout: 1), Self.member(11, parent: 10, 70, faults: 2)],
            170,
            170,
            usesFaults: false
        )
    }

    /// Processes of other users: no relation is known.
    @Test func unknownLayouts() {
        let members = [
            Self.founder(10, 100, faults: 100, layout: nil), Self.member(11, parent: 10, layout: nil, 100, faults: 2),
        ]
        expect(members, 100, 200, usesFaults: false)
    }

    @Test func faultsThatAreNotKnown() {
        expect(
            [Self.founder(10, 100, faults: nil), Self.member(11, parent: 10, 100, faults: 2)],
            100,
            200,
            usesFaults: false
        )
    }

    /// Children that have exited and were waited for may have faulted in pages that are still mapped.
    @Test func faultsOfExitedChildren() {
        let family = [Self.founder(10, 100, faults: 100), Self.member(11, parent: 10, 100, faults: 2, exited: 30)]
        expect(family, 100, 132)
        #expect(ForkFamilies(family).likelyBytes == 102)
    }

    /// A family with fewer faults than its largest member has pages lacks faults.
    @Test func aContradiction() {
        let families = ForkFamilies([Self.founder(10, 100, faults: 40), Self.member(11, parent: 10, 100, faults: 2)])
        #expect(families.lacksFaults && !families.usesFaults)
        #expect(families.upperBytes == 200)
    }

    @Test func nothingTraps() {
        let odd = [
            Self.member(10, parent: 11, .max, faults: .max), Self.member(11, parent: 10, .max, faults: .max),
            Self.member(12, parent: 12, .max, faults: 1), Self.founder(13, .max, faults: .max),
            Self.founder(14, .max, faults: 0),
        ]
        expect(odd, .max, .max, usesFaults: false)
    }
}
