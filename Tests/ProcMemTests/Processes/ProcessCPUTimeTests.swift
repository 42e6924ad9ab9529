import Testing

@testable import ProcMem

/// The CPU time between two readings of invented processes.
@Suite struct ProcessCPUTimeTests {
    private static func process(
        _ pid: Int32,
        parent: Int32 = 1,
        start: Int = 100,
        own: Int? = 0,
        children: Int? = 0,
        ignoresExits: Bool = false
    ) -> ProcessUsage {
        ProcessUsage(
            pid: pid,
            parentPID: parent,
            command: "x",
            startTimeTicks: start,
            depth: 0,
            userTicks: own.map { $0 - $0 / 4 },
            systemTicks: own.map { $0 / 4 },
            childUserTicks: children.map { $0 / 2 },
            childSystemTicks: children.map { $0 - $0 / 2 },
            threadCount: 1,
            openFileCount: nil,
            openFileLimit: nil,
            unavailable: nil,
            ignoresExitsOfChildren: ignoresExits
        )
    }

    /// A reading `seconds` after the first one, which began 1,000 ticks after boot.
    private static func reading(
        _ processes: [ProcessUsage],
        after seconds: Int = 0,
        gaps: Set<ProcessGap> = [],
        _ coverage: ProcessUsageSnapshot.Coverage = .descendants
    ) -> ProcessUsageSnapshot {
        ProcessUsageSnapshot(
            processes: processes,
            search: .named,
            gaps: gaps,
            instant: start + .seconds(seconds),
            elapsed: .milliseconds(1),
            bootSecondsSince1970: nil,
            uptimeTicks: 1000 + seconds * ticksPerSecond,
            coverage: coverage
        )
    }

    private static let start = ContinuousClock.now

    private func time(
        _ earlier: [ProcessUsage],
        _ later: [ProcessUsage],
        gaps: Set<ProcessGap> = [],
        _ coverage: ProcessUsageSnapshot.Coverage = .descendants
    ) -> (ticks: Int, isLowerBound: Bool) {
        let time = Self.reading(later, after: 2, gaps: gaps, coverage).cpuTime(since: Self.reading(earlier))
        return (time.ticks, time.isLowerBound)
    }

    @Test func processesOfBothReadings() {
        let earlier = Self.reading([Self.process(10, own: 50, children: 7), Self.process(11, parent: 10, own: 20)])
        let later = Self.reading(
            [Self.process(10, own: 80, children: 7), Self.process(11, parent: 10, own: 40)],
            after: 2
        )
        let time = later.cpuTime(since: earlier)
        #expect(time.ticks == 50 && !time.isLowerBound)
        #expect(time.ticksByPID == [10: 30, 11: 20])
        #expect(time.elapsed == .seconds(2))
        #expect(time.seconds == 50 / Double(ticksPerSecond))
        #expect(time.utilization == 25 / Double(ticksPerSecond))
        #expect(earlier.cpuTime(since: earlier).utilization == 0)
    }

    /// It started after the earlier reading, so that all of its time, and that of its exited children, is new.
    @Test func aProcessThatStartedInBetween() {
        let root = Self.process(10, own: 5)
        let new = Self.process(11, parent: 10, start: 1000, own: 30, children: 12)
        #expect(time([root], [root, new]) == (42, false))
        let old = Self.process(11, parent: 10, start: 999, own: 30, children: 12)
        #expect(time([root], [root, old]) == (0, true))
    }

    /// Its parent has waited for it: the parent's figures contain all of its time, also the part before the earlier
    /// reading, and the time of its own children.
    @Test func aProcessThatExitedInBetween() {
        let before = [Self.process(10, own: 5, children: 3), Self.process(11, parent: 10, own: 40, children: 6)]
        #expect(time(before, [Self.process(10, own: 6, children: 3 + 60 + 6)]) == (1 + 20, false))
        // One that started and exited in between.
        #expect(time([Self.process(10)], [Self.process(10, children: 9)]) == (9, false))
    }

    @Test func aProcessForWhichNoProcessWaited() {
        let before = [Self.process(10, children: 3), Self.process(11, parent: 10, own: 40)]
        #expect(time(before, [Self.process(10, children: 3)]) == (0, true))
        // Its parent has exited too, and so has the root.
        #expect(time([Self.process(11, own: 40)], []) == (0, true))
    }

    /// Its ancestor has adopted it and waited for it, or has waited for its parent. It may also have been adopted by a process
    /// outside of the scope, while the ancestor waited for others.
    @Test func aGrandchildWhoseParentExited() {
        let before = [
            Self.process(10, children: 1), Self.process(11, parent: 10, own: 4), Self.process(12, parent: 11, own: 30),
        ]
        #expect(time(before, [Self.process(10, children: 1 + 5 + 33)]) == (4, true))
        // A subreaper above its former parent has waited for it, and had reported less than that before.
        let subreaper = [Self.process(1, parent: 0)] + before
        let after = [Self.process(1, parent: 0, children: 37), Self.process(10, children: 1 + 5)]
        #expect(time(subreaper, after) == (5 + 37 - 34, true))
    }

    /// A parent that is read before its child exits reports the child's time in the next reading, with what the child had
    /// used before.
    @Test func aParentThatReportsLate() {
        let readings = [
            [Self.process(10), Self.process(11, parent: 10, own: 360_000)],
            [Self.process(10)],
            [Self.process(10, own: 2, children: 360_005)],
            [Self.process(10, own: 2, children: 360_005 + 50)],
        ]
        #expect(Self.counts(readings) == [0, 0, 2 + 5, 2 + 5 + 50])
        // The part that no process has reported until then never will be: other children count in full.
        #expect(Self.counts([readings[0], readings[1], readings[1], readings[2]]) == [0, 0, 0, 360_007])
        // A part of it is of another child.
        let two = [readings[0][0], Self.process(11, parent: 10, own: 400), Self.process(12, parent: 10, own: 30)]
        let later = [Self.process(10, children: 410)]
        #expect(Self.counts([two, later, [Self.process(10, children: 410 + 33)]]) == [0, 0, 13])
    }

    /// The sums of a counter after each reading.
    private static func counts(_ readings: [[ProcessUsage]]) -> [Int] {
        var counter = CPUTimeCounter()
        return readings.enumerated().map { number, processes in
            let usage = reading(processes, after: number)
            let snapshot = MemorySnapshot(
                mode: .cheap,
                elapsed: .zero,
                processes: [],
                total: MemoryTotal([], holding: .unknown),
                cgroupCharge: nil,
                search: .childrenFiles,
                gaps: [],
                times: ProcessTimesReading(
                    processes: processes.map(ProcessTimes.init),
                    isComplete: true,
                    instant: usage.instant,
                    uptimeTicks: usage.uptimeTicks,
                    coverage: .descendants
                )
            )
            #expect((counter.advance(to: snapshot) == nil) == (number == 0))
            return counter.ticks
        }
    }

    @Test func aPIDThatWasReused() {
        let before = [Self.process(10), Self.process(11, parent: 10, own: 40)]
        let after = [Self.process(10, children: 45), Self.process(11, parent: 10, start: 1100, own: 7)]
        #expect(time(before, after) == (5 + 7, false))
    }

    @Test func whatIsNotKnown() {
        let known = Self.process(10, own: 5)
        #expect(time([known], [Self.process(10, own: nil)]) == (0, true))
        #expect(time([Self.process(10, own: nil)], [known]) == (0, true))
        #expect(time([Self.process(10, children: nil)], [known]) == (0, true))
        #expect(time([known], [known], gaps: [.hidden]) == (0, true))
        #expect(time([Self.process(10, ignoresExits: true)], [known]) == (5, true))
        #expect(time([Self.process(10)], [Self.process(10, own: 5, ignoresExits: true)]) == (5, true))
    }

    /// The children of a named process are not among the processes, nor are those for which the excluded caller waits.
    @Test func childrenOutsideOfTheScope() {
        let before = [Self.process(10, own: 5, children: 1)]
        let after = [Self.process(10, own: 7, children: 30_000)]
        #expect(time(before, after, .named) == (2, false))
        #expect(time(before, after, .some) == (2, true))
        #expect(time(before, after, gaps: [.countLimit]) == (2, true))
        #expect(time(before + [Self.process(11)], after, .named) == (2, true))
    }

    /// Figures that no kernel reports.
    @Test func figuresThatContradictEachOther() {
        #expect(time([Self.process(10, own: 50, children: 50)], [Self.process(10, own: 5, children: 5)]) == (0, false))
        let circle = [Self.process(10, parent: 11, own: 1), Self.process(11, parent: 10, own: 1)]
        #expect(time(circle, []) == (0, true))
        let most = Self.process(10, start: 1100, own: .max, children: .max)
        #expect(time([], [most]) == (.max, false))
        let exited = [
            Self.process(10), Self.process(11, parent: 10, own: .max), Self.process(12, parent: 10, own: .max),
        ]
        #expect(time(exited, [Self.process(10, children: 5)]) == (0, true))
        let twice = [Self.process(10, own: 1), Self.process(10, own: 1)]
        #expect(time(twice, twice).ticks == 0)
    }
}
