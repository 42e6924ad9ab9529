import Testing

@testable import ProcMem
@testable import ProcMemCommand

@Suite struct MemoryTextTests {
    private func process(_ pid: Int32, _ usage: MemoryUsage, command: String? = "any") -> ProcessMemory {
        ProcessMemory(
            pid: pid,
            parentPID: 1,
            command: command,
            startTimeTicks: 1000,
            userTicks: nil,
            systemTicks: nil,
            depth: 0,
            usage: usage,
            sharesMemoryWith: nil,
            mayShareMemoryWith: nil
        )
    }

    private func snapshot(
        _ distinct: DistinctMemory,
        _ processes: [ProcessMemory],
        mode: MemoryMode = .accurate,
        gaps: Set<ProcessGap> = []
    ) -> MemorySnapshot {
        MemorySnapshot(
            mode: mode,
            elapsed: .milliseconds(2),
            processes: processes,
            total: MemoryTotal(processes, holding: distinct),
            cgroupCharge: nil,
            search: .named,
            gaps: gaps
        )
    }

    private func distinct(_ lower: Int, _ upper: Int?, _ assumptions: Set<DistinctMemory.Assumption>? = nil)
        -> DistinctMemory
    {
        DistinctMemory(
            estimate: upper.map { ($0 + lower) / 2 },
            lower: lower,
            upper: upper,
            isProven: assumptions == nil && upper != nil,
            assumptions: assumptions ?? []
        )
    }

    private func usage(rss: Int, pss: Int, hugetlb: Int? = nil) -> MemoryUsage {
        MemoryUsage(
            rssBytes: rss << 20,
            pssBytes: pss << 20,
            hugetlbBytes: hugetlb.map { $0 << 20 },
            source: .smapsRollup
        )
    }

    private func summary(_ snapshot: MemorySnapshot, fitting width: Int? = nil) -> [String] {
        let lines = MemoryText(snapshot: snapshot).lines(fitting: width)
        return Array(lines.drop { !$0.isEmpty }.dropFirst())
    }

    @Test(
        arguments: [
            (nil, "proven"), ([.pssIsExact], "not proven: PSS may be an average"),
            (
                [.statmIsExact, .faultsAreComplete],
                "not proven: page faults may be missing, statm is not exact before Linux 6.16"
            ),
            ([.statmIsExact, .noMergedPages, .noHugePages], "not proven: KSM merges pages, huge pages"),
            ([.samplesAreRepresentative], "not proven: samples"), ([], "not proven"),
            (
                [.nothingChanged, .hugetlbIsCounted],
                "not proven: processes may have changed, pages of hugetlbfs may be missing"
            ),
            (
                [.noRelativesOutside, .layoutsIdentifyFamilies],
                "not proven: forked processes may be outside, forks are inferred from addresses"
            ),
        ] as [(Set<DistinctMemory.Assumption>?, String)]
    )
    func proofs(_ assumptions: Set<DistinctMemory.Assumption>?, _ text: String) {
        let snapshot = snapshot(distinct(10 << 20, 12 << 20, assumptions), [process(1, usage(rss: 12, pss: 11))])
        #expect(summary(snapshot) == ["distinct memory: 11.0 MiB (10.0–12.0), \(text); accurate reading in 2.00 ms"])
    }

    /// Each assumption has its own phrase, and a process that could not be read comes first.
    @Test func theMostImportantReasonsComeFirst() {
        let all = Set(DistinctMemory.Assumption.allCases)
        let processes =
            [process(1, usage(rss: 9, pss: 9))] + [2, 3].map { process($0, .init(unavailable: .permissionDenied)) }
        let reasons = snapshot(distinct(9 << 20, nil, all), processes).unprovenReasons
        #expect(reasons.first == "2 processes unreadable")
        #expect(Set(reasons).count == all.count + 1)
        let lines = summary(snapshot(distinct(9 << 20, nil, all), processes))
        #expect(
            lines[0] == "distinct memory: at least 9.00 MiB, not proven: 2 processes unreadable, samples; accurate "
                + "reading in 2.00 ms"
        )
    }

    @Test func aProcessThatHasExitedIsNotUnreadable() {
        let gone = process(2, .init(unavailable: .exited), command: nil)
        let snapshot = snapshot(distinct(9 << 20, 9 << 20), [process(1, usage(rss: 9, pss: 9)), gone])
        let lines = MemoryText(snapshot: snapshot).lines(fitting: nil)
        #expect(lines[2].hasSuffix("  ? (exited)"))
        #expect(lines[3].hasSuffix("  2 processes"))
        #expect(lines[5].hasPrefix("distinct memory: 9.00 MiB, proven; "))
        #expect(snapshot.failure == nil)
    }

    @Test func aFailureIfNothingCouldBeRead() {
        let gone = (1...2).map { process($0, .init(unavailable: .exited)) }
        let nothing = DistinctMemory(estimate: 0, lower: 0, upper: 0, isProven: true, assumptions: [])
        #expect(snapshot(nothing, gone).failure == "the memory of 2 processes could not be read: exited")
        let zombie = process(3, .init(unavailable: .zombie))
        #expect(snapshot(nothing, gone + [zombie]).failure == nil)
        let refused = process(4, .init(unavailable: .permissionDenied))
        #expect(snapshot(nothing, gone + [refused]).failure?.contains("permission denied; run as") == true)
    }

    @Test(
        arguments: [
            (12, 11, 10, nil), (12, 9, 8, "processes outside may map the same pages"),
            (12, 2, 10, "processes outside map the same pages"), (4, 2, 3, "processes outside map the same pages"),
        ] as [(Int, Int, Int, String?)]
    )
    func theShare(_ rss: Int, _ pss: Int, _ lower: Int, _ cause: String?) {
        let snapshot = snapshot(distinct(lower << 20, rss << 20), [process(1, usage(rss: rss, pss: pss))])
        #expect(summary(snapshot).dropFirst() == (cause.map { ["share of it: \(pss).00 MiB (PSS); \($0)"] } ?? [])[...])
    }

    @Test func theShareIsUnknownIfThatOfOneProcessIs() {
        let cheap = process(2, MemoryUsage(rssBytes: 1 << 20, source: .statm))
        let snapshot = snapshot(distinct(11 << 20, 12 << 20), [process(1, usage(rss: 11, pss: 2)), cheap])
        #expect(summary(snapshot).count == 1)
    }

    @Test(arguments: [([32], "32.0 MiB"), ([32, 32], "32.0–64.0 MiB"), ([0, 32], "32.0 MiB"), ([0, 0], nil)])
    func pagesOfHugetlbfs(_ sizes: [Int], _ text: String?) {
        let processes = sizes.map { process(1, usage(rss: 40, pss: 40, hugetlb: $0)) }
        let lines = summary(snapshot(distinct(33 << 20, 66 << 20), processes))
        #expect(
            lines.dropFirst().first == text.map { "of it: \($0) of huge pages (hugetlbfs), not part of RSS and PSS" }
        )
    }

    @Test(
        arguments: [
            (11, 10, 12, "11 B (10–12)"), (nil, 10, 12, "10–12 B"), (nil, 10, nil, "at least 10 B"),
            (11, 10, nil, "11 B (at least 10 B)"), (10, 10, 10, "10 B"), (nil, 10, 10, "10 B"),
            (309 << 20, 309 << 20, (309 << 20) + 5, "309 MiB"),
            (1 << 20, 1 << 10, 1 << 20, "1.00 MiB (1.00 KiB–1.00 MiB)"),
            ((309 << 20) + 2, 309 << 20, (309 << 20) + 5, "309 MiB"), (0, 0, 1 << 20, "0 B (0 B–1.00 MiB)"),
        ] as [(Int?, Int, Int?, String)]
    )
    func boundsThatPrintAlikeAreLeftOut(_ estimate: Int?, _ lower: Int, _ upper: Int?, _ text: String) {
        #expect(Int.range(estimate: estimate, lower: lower, upper: upper) == text)
    }

    @Test(arguments: [20, 40, 60, 80, 200]) func theSummaryIsWrapped(_ width: Int) {
        let text = snapshot(
            distinct(10 << 20, 12 << 20, [.faultsAreComplete, .noHugePages]),
            [process(1, usage(rss: 12, pss: 2))]
        )
        let lines = summary(text, fitting: width)
        #expect(lines.allSatisfy { $0.displayColumns <= width })
        let whole = summary(text).joined(separator: " ")
        #expect(lines.map { $0.drop { $0 == " " } }.joined(separator: " ") == whole)
        #expect((lines.count == 2) == (width == 200))
    }

    @Test func aSentenceEndsLinesBetweenItsParts() {
        let parts = ["one,", "two three;", "four"]
        #expect(parts.sentence(fitting: nil) == ["one, two three; four"])
        #expect(parts.sentence(fitting: 20) == ["one, two three; four"])
        #expect(parts.sentence(fitting: 19) == ["one, two three;", "  four"])
        #expect(parts.sentence(fitting: 14) == ["one,", "  two three;", "  four"])
        #expect(parts.sentence(fitting: 8) == ["one, two", "  three;", "  four"])
    }

    /// The summary of all modes says why two of them have no value in common.
    @Test(
        arguments: [
            ([(10, 12), (11, 13), (11, 12)], nil, nil),
            ([(10, 12), (13, 14), (11, 14)], nil, "the memory changed between the readings"),
            ([(10, 12), (13, 14), (11, 14)], [.samplesAreRepresentative], "sampled is not proven: samples"),
        ] as [([(Int, Int)], Set<DistinctMemory.Assumption>?, String?)]
    )
    func modesThatDisagree(_ bounds: [(Int, Int)], _ ofSampled: Set<DistinctMemory.Assumption>?, _ reason: String?)
        throws
    {
        let modes: [MemoryMode] = [.cheap, .sampled(reads: 64), .accurate]
        let snapshots = zip(modes, bounds).map { mode, bounds in
            let memory = distinct(bounds.0 << 20, bounds.1 << 20, mode.name == "sampled" ? ofSampled : nil)
            return snapshot(memory, [process(1, usage(rss: 14, pss: 12))], mode: mode)
        }
        let text = try SummaryText(limits: .current(), container: .current(), snapshots: snapshots)
        let note = text.lines.first { $0.hasPrefix("note") }
        #expect(note == reason.map { "note       cheap and sampled do not agree: \($0)" })
    }

    @Test func modesThatReadOtherProcessesDoNotAgree() throws {
        let snapshots = [(MemoryMode.cheap, Int32(1), 10), (.accurate, 2, 20)].map { mode, pid, size in
            snapshot(distinct(size << 20, size << 20), [process(pid, usage(rss: size, pss: size))], mode: mode)
        }
        let text = try SummaryText(limits: .current(), container: .current(), snapshots: snapshots)
        #expect(
            text.lines.contains(
                "note       cheap and accurate do not agree: processes started or exited between the readings"
            )
        )
    }
}
