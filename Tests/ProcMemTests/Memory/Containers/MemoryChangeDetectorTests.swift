import Testing

@testable import ProcMem

@Suite struct MemoryChangeDetectorTests {
    private static let mib = 1 << 20

    private typealias Cause = ContainerMemoryChange.Cause
    private typealias Limits = OpenMemoryFiles.LevelLimits

    /// Two levels, `/a/b` and `/a`.
    private static func observation(
        own: Limits = Limits(),
        parent: Limits = Limits(),
        cgroup: String = "/a/b",
        _ change: (inout ContainerMemoryReader.Reading) -> Void = { _ in }
    ) -> MemoryChangeDetector.Observation {
        var reading = ContainerMemoryReader.Reading(isComplete: true)
        reading.limitBytes = [own.limitBytes, parent.limitBytes].compactMap(\.self).min()
        reading.highBytes = [own.highBytes, parent.highBytes].compactMap(\.self).min()
        change(&reading)
        return .init(ownCgroup: cgroup, cgroups: [cgroup, "/a"], limits: [own, parent], reading: reading)
    }

    private static func limit(_ cgroup: String?, _ earlier: Int?, _ later: Int?) -> Cause {
        .limit(.init(cgroup: cgroup, earlierBytes: earlier, laterBytes: later))
    }

    @Test func theFirstReadingIsTheStart() {
        let detector = Detector(thresholds: [])
        let first = Self.observation { $0.events.oomKill = 7 }
        #expect(detector.causes(of: first) == [.start])
        #expect(detector.causes(of: first) == [])
        let other = Self.observation {
            $0.events.oomKill = 7
            $0.usageBytes = 5
        }
        #expect(detector.causes(of: other) == [])
    }

    @Test func limitsOfEachLevel() {
        let detector = Detector(thresholds: [])
        _ = detector.causes(of: Self.observation(own: Limits(limitBytes: 100)))
        // The larger limit does not bind, and has changed nevertheless.
        let larger = Self.observation(own: Limits(limitBytes: 100), parent: Limits(limitBytes: 900))
        #expect(detector.causes(of: larger) == [Self.limit("/a", nil, 900)])
        let both = Self.observation(own: Limits(limitBytes: 50), parent: Limits(highBytes: 70))
        #expect(
            detector.causes(of: both) == [
                Self.limit("/a/b", 100, 50), Self.limit("/a", 900, nil),
                .softLimit(.init(cgroup: "/a", earlierBytes: nil, laterBytes: 70)),
            ]
        )
    }

    /// A file that is read between two writes to it has no limit at that moment.
    @Test func aLimitThatCannotBeParsedHasNotChanged() {
        let detector = Detector(thresholds: [.bytes(40)])
        let known = Self.observation(own: Limits(limitBytes: 100)) { $0.availableBytes = 30 }
        #expect(detector.causes(of: known) == [.start, .availableBelow(.bytes(40))])
        let torn = Self.observation(own: Limits(isKnown: false)) { $0.availableBytes = 9000 }
        #expect(!detector.suspectsHiddenLimit(torn))
        #expect(detector.causes(of: torn) == [])
        #expect(detector.causes(of: known) == [])
        let changed = Self.observation(own: Limits(limitBytes: 200)) { $0.availableBytes = 30 }
        #expect(detector.causes(of: changed) == [Self.limit("/a/b", 100, 200)])
    }

    /// On v1, the smallest limit may be that of a cgroup that is not visible.
    @Test func aHiddenLimit() {
        let detector = Detector(thresholds: [])
        _ = detector.causes(of: Self.observation(own: Limits(limitBytes: 100)))
        let hidden = Self.observation(own: Limits(limitBytes: 100)) { $0.limitBytes = 60 }
        #expect(detector.suspectsHiddenLimit(hidden))
        #expect(detector.causes(of: hidden) == [Self.limit(nil, 100, 60)])
        #expect(detector.causes(of: hidden) == [])
        let visible = Self.observation(own: Limits(limitBytes: 50))
        #expect(!detector.suspectsHiddenLimit(visible))
        #expect(detector.causes(of: visible) == [Self.limit("/a/b", 100, 50)])
    }

    @Test func events() {
        let detector = Detector(thresholds: [])
        _ = detector.causes(of: Self.observation { ($0.events.oomKill, $0.events.max) = (1, 10) })
        let later = Self.observation { ($0.events.oomKill, $0.events.max, $0.events.high) = (3, 11, 5) }
        // What was not counted before has not grown.
        #expect(detector.causes(of: later) == [.oomKill(count: 2), .limitHit(count: 1)])
        let more = Self.observation { ($0.events.oomKill, $0.events.max, $0.events.high) = (3, 0, 6) }
        // A count that was reset has not grown.
        #expect(detector.causes(of: more) == [.highBreached(count: 1)])
    }

    @Test func aMoveIsNoEventAndNoChangeOfALimit() {
        let detector = Detector(thresholds: [])
        _ = detector.causes(of: Self.observation(own: Limits(limitBytes: 100)) { $0.events.oomKill = 1 })
        let other = Limits(limitBytes: 70)
        let moved = Self.observation(own: other, cgroup: "/a/c") { $0.events.oomKill = 9 }
        #expect(detector.causes(of: moved) == [.moved])
        let later = Self.observation(own: other, parent: other, cgroup: "/a/c") { $0.events.oomKill = 10 }
        #expect(detector.causes(of: later) == [.oomKill(count: 1), Self.limit("/a", nil, 70)])
        // The membership could not be read.
        var unknown = later
        unknown.ownCgroup = nil
        #expect(detector.causes(of: unknown) == [])
        #expect(detector.causes(of: later) == [])
    }

    @Test func thresholdsHaveAMargin() {
        let threshold = AvailableThreshold.bytes(1000)
        let detector = Detector(thresholds: [threshold])
        var causes: [[Cause]] = []
        for available in [1000, 999, 1050, 1099, 1100, 1001, 0] {
            causes.append(detector.causes(of: Self.observation { $0.availableBytes = available }))
        }
        #expect(
            causes == [
                [.start], [.availableBelow(threshold)], [], [], [.availableAbove(threshold)], [],
                [.availableBelow(threshold)],
            ]
        )
        #expect(detector.causes(of: Self.observation()) == [])
    }

    /// The margin is at most half of the distance to the limit, which a tenth of the threshold would exceed.
    @Test func theMarginIsBelowTheLimit() {
        let detector = Detector(thresholds: [.share(0.95)])
        func observation(_ available: Int) -> MemoryChangeDetector.Observation {
            Self.observation(own: Limits(limitBytes: 1000)) { $0.availableBytes = available }
        }
        #expect(detector.causes(of: observation(949)) == [.start, .availableBelow(.share(0.95))])
        #expect(detector.causes(of: observation(974)) == [])
        #expect(detector.causes(of: observation(975)) == [.availableAbove(.share(0.95))])
    }

    /// A bound that could not be read makes the available memory too large: it may have fallen, and not risen.
    @Test func aBoundThatCannotBeRead() {
        let detector = Detector(thresholds: [.bytes(1000)])
        func observation(_ available: Int, hasAllBounds: Bool) -> MemoryChangeDetector.Observation {
            Self.observation { ($0.availableBytes, $0.hasAllBounds) = (available, hasAllBounds) }
        }
        #expect(detector.causes(of: observation(5000, hasAllBounds: true)) == [.start])
        #expect(detector.causes(of: observation(900, hasAllBounds: false)) == [.availableBelow(.bytes(1000))])
        #expect(detector.causes(of: observation(9000, hasAllBounds: false)) == [])
        #expect(detector.causes(of: observation(9000, hasAllBounds: true)) == [.availableAbove(.bytes(1000))])
    }

    /// The controller was switched off for the process's own cgroup: its parent is charged from then on.
    @Test func aLevelWithoutTheController() {
        let detector = Detector(thresholds: [])
        let before = Self.observation(own: Limits(limitBytes: 100, highBytes: 90)) { $0.events.oomKill = 1 }
        _ = detector.causes(of: before)
        var later = Self.observation { $0.events.oomKill = 6 }
        (later.cgroups, later.limits) = (["/a"], [Limits()])
        let softLimit = Cause.softLimit(.init(cgroup: "/a/b", earlierBytes: 90, laterBytes: nil))
        #expect(detector.causes(of: later) == [Self.limit("/a/b", 100, nil), softLimit])
        later.reading.events.oomKill = 7
        #expect(detector.causes(of: later) == [.oomKill(count: 1)])
    }

    /// A limit above the machine's memory is none, and becomes one when memory is added. No cgroup has changed.
    @Test func theMachinesMemoryHasChanged() {
        let detector = Detector(thresholds: [])
        let limits = Limits(limitBytes: 100)
        _ = detector.causes(of: Self.observation(own: limits) { ($0.limitBytes, $0.machineBytes) = (nil, 80) })
        let larger = Self.observation(own: limits) { $0.machineBytes = 200 }
        #expect(!detector.suspectsHiddenLimit(larger))
        #expect(detector.causes(of: larger) == [])
    }

    /// A share refers to the smallest of the limit, the soft limit and the machine's memory.
    @Test(
        arguments: [(800, nil, 2000, 160), (800, 500, 2000, 100), (nil, nil, 2000, 400), (nil, 300, nil, 60)]
            as [(Int?, Int?, Int?, Int)]
    )
    func aShare(_ limit: Int?, _ high: Int?, _ machine: Int?, _ expected: Int) {
        var reading = ContainerMemoryReader.Reading(isComplete: true)
        (reading.limitBytes, reading.highBytes, reading.machineBytes) = (limit, high, machine)
        #expect(AvailableThreshold.share(0.2).bytes(of: reading) == expected)
    }

    @Test func strangeThresholds() {
        var reading = ContainerMemoryReader.Reading(isComplete: true)
        #expect(AvailableThreshold.share(0.2).bytes(of: reading) == nil)
        reading.limitBytes = .max
        #expect(AvailableThreshold.share(.nan).bytes(of: reading) ?? 0 >= 0)
        #expect(AvailableThreshold.share(.infinity).bytes(of: reading) ?? 0 > 0)
        #expect(AvailableThreshold.share(-3).bytes(of: reading) == 0)
        #expect(AvailableThreshold.bytes(-3).bytes(of: reading) == 0)
        let detector = Detector(thresholds: [.share(1), .bytes(.max)])
        // Nothing is left of the limit.
        _ = detector.causes(of: Self.observation(own: Limits(limitBytes: 100)) { $0.availableBytes = 99 })
        let whole = Self.observation(own: Limits(limitBytes: 100)) { $0.availableBytes = 100 }
        #expect(detector.causes(of: whole) == [.availableAbove(.share(1))])
    }
}

/// A detector that an expectation can call, which does not accept a mutating method.
private final class Detector {
    private var detector: MemoryChangeDetector

    init(thresholds: [AvailableThreshold]) { detector = MemoryChangeDetector(thresholds: thresholds) }

    func causes(of observation: MemoryChangeDetector.Observation) -> [ContainerMemoryChange.Cause] {
        detector.causes(of: observation)
    }

    func suspectsHiddenLimit(_ observation: MemoryChangeDetector.Observation) -> Bool {
        detector.suspectsHiddenLimit(observation)
    }
}

@Suite struct PendingMemoryChangesTests {
    private typealias Cause = ContainerMemoryChange.Cause

    private func pending(_ causes: [Cause]) -> [Cause] {
        var pending = PendingMemoryChanges()
        for cause in causes {
            let reading = ContainerMemoryReader.Reading(isComplete: true)
            pending.add(ContainerMemoryChange(cause: cause, memory: reading, pressure: nil, warnings: []))
        }
        var received: [Cause] = []
        while let change = pending.removeFirst() { received.append(change.cause) }
        return received
    }

    /// A consumer that sizes by the last element it receives must not use earlier figures.
    @Test(arguments: [false, true]) func everyChangeHasTheNewestFigures(_ isLastCancelled: Bool) {
        var pending = PendingMemoryChanges()
        var causes = [limit("/a/b", 5, 1), limit("/a", 9, 3), limit("/a/b", 1, 5), .oomKill(count: 1)]
        if isLastCancelled { causes += [.availableBelow(.bytes(1)), .availableAbove(.bytes(1))] }
        for (number, cause) in causes.enumerated() {
            var reading = ContainerMemoryReader.Reading(isComplete: true)
            reading.limitBytes = number
            pending.add(ContainerMemoryChange(cause: cause, memory: reading, pressure: nil, warnings: ["\(number)"]))
        }
        var received: [Cause] = []
        while let change = pending.removeFirst() {
            received.append(change.cause)
            #expect(change.memory.limitBytes == causes.count - 1 && change.warnings == ["\(causes.count - 1)"])
        }
        #expect(received == [limit("/a", 9, 3), .oomKill(count: 1)])
    }

    private func limit(_ cgroup: String, _ earlier: Int?, _ later: Int?) -> Cause {
        .limit(.init(cgroup: cgroup, earlierBytes: earlier, laterBytes: later))
    }

    @Test func countsAreAdded() {
        #expect(
            pending([.start, .oomKill(count: 1), .limitHit(count: 2), .oomKill(count: 3), .highBreached(count: 1)])
                == [.start, .oomKill(count: 4), .limitHit(count: 2), .highBreached(count: 1)]
        )
    }

    @Test func limits() {
        #expect(
            pending([limit("/a", 1, 2), limit("/b", 5, 6), limit("/a", 2, 3)]) == [
                limit("/a", 1, 3), limit("/b", 5, 6),
            ]
        )
        #expect(pending([limit("/a", 1, 2), limit("/a", 2, 1)]) == [])
    }

    @Test func belowAndAboveAgain() {
        let (one, two) = (AvailableThreshold.bytes(1), AvailableThreshold.share(0.5))
        #expect(pending([.availableBelow(one), .availableBelow(two), .availableAbove(one)]) == [.availableBelow(two)])
        #expect(pending([.pressure, .pressure, .moved, .moved]) == [.pressure, .moved])
    }
}

@Suite struct StallGrowthTests {
    private static let second = 1_000_000_000

    /// A threshold of a tenth of two seconds.
    private final class Growth {
        private var growth = StallGrowth(windowNanoseconds: 2 * second, thresholdMicroseconds: 200_000)

        func add(totalMicroseconds total: Int, atNanoseconds now: Int) -> Bool {
            growth.add(totalMicroseconds: total, atNanoseconds: now)
        }
    }

    @Test func withinTheWindow() {
        let growth = Growth()
        // The stalls before the first reading do not count.
        #expect(!growth.add(totalMicroseconds: 9_000_000, atNanoseconds: 0))
        #expect(!growth.add(totalMicroseconds: 9_100_000, atNanoseconds: Self.second))
        #expect(growth.add(totalMicroseconds: 9_200_000, atNanoseconds: 2 * Self.second))
        // Once in each window.
        #expect(!growth.add(totalMicroseconds: 9_900_000, atNanoseconds: 3 * Self.second))
        #expect(growth.add(totalMicroseconds: 9_900_000, atNanoseconds: 4 * Self.second))
        #expect(!growth.add(totalMicroseconds: 9_900_000, atNanoseconds: 8 * Self.second))
    }

    @Test func slowGrowth() {
        let growth = Growth()
        for second in 0..<20 {
            #expect(!growth.add(totalMicroseconds: 90_000 * second, atNanoseconds: second * Self.second))
        }
        // One reading after a long time: a part of the growth was before the window.
        #expect(!growth.add(totalMicroseconds: 20 * 90_000 + 300_000, atNanoseconds: 40 * Self.second))
    }

    @Test func anotherCgroupStartsAgain() {
        let growth = Growth()
        _ = growth.add(totalMicroseconds: 5_000_000, atNanoseconds: 0)
        #expect(!growth.add(totalMicroseconds: 10, atNanoseconds: Self.second))
        #expect(growth.add(totalMicroseconds: 200_010, atNanoseconds: 2 * Self.second))
    }

    @Test func requestsForTriggers() {
        #expect(PressureThreshold(share: 0.1).triggers == ["some 200000 2000000"])
        #expect(
            PressureThreshold(share: 0.15, window: .seconds(1), stall: .full).triggers
                == ["full 150000 1000000", "full 300000 2000000"]
        )
        // The kernel accepts at least half a second, at most ten seconds, and no threshold of 0 or above the window.
        #expect(PressureThreshold(share: 0, window: .zero).triggers == ["some 1 500000", "some 1 2000000"])
        #expect(PressureThreshold(share: .infinity, window: .seconds(99)).triggers == ["some 10000000 10000000"])
        #expect(PressureThreshold(share: .nan, window: .seconds(2)).triggers.count == 1)
    }
}
