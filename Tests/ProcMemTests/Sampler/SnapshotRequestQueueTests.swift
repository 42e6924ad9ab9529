import CTestSupport
import TestSupport
import Testing

@testable import ProcMem

/// Which waiter gets which answer, and when. Waiters are strings, snapshots are numbers, and the instants are those of
/// a clock that the test sets.
@Suite struct SnapshotRequestQueueTests {
    private typealias Requests = SnapshotRequestQueue<String, Int>

    private let failure = ProcMemError(.noSuchProcess, path: "/proc/17")

    /// Ends a pass, and returns the waiters that get its answer.
    private func answered(_ requests: inout Requests, _ answer: Requests.Answer, at now: Int) -> [String] {
        var answered: [String] = []
        requests.finish(with: answer, at: now, &answered)
        return answered
    }

    /// Adds a waiter, and returns its id.
    @discardableResult private func wait(_ requests: inout Requests, _ waiter: String) -> Int {
        let id = requests.makeID()
        requests.wait(id, waiter)
        return id
    }

    @discardableResult private func wait(
        _ requests: inout Requests,
        _ waiter: String,
        for series: Int
    ) -> Requests.Answer? {
        requests.wait(requests.makeID(), waiter, for: series)
    }

    /// The instants at which passes begin until a limit, if a pass takes no time.
    private func instants(_ requests: inout Requests, until limit: Int) -> [Int] {
        var instants: [Int] = []
        while let next = requests.nextInstant, next <= limit {
            instants.append(next)
            _ = answered(&requests, .success(0), at: next)
        }
        return instants
    }

    @Test func noRequestsNeedNoPass() {
        var requests = Requests()
        #expect(requests.nextInstant == nil)
        #expect(answered(&requests, .success(1), at: 5).isEmpty)
    }

    /// A pass that began before the scope changed is no answer to a request after that.
    @Test func aRequestAfterAChangeOfScopeGetsAPassOfItsOwn() throws {
        var requests = Requests()
        wait(&requests, "before")
        requests.beginPass()
        requests.changeScope()
        wait(&requests, "after")
        #expect(answered(&requests, .success(1), at: 5) == ["before"])
        let next = try #require(requests.nextInstant)
        #expect(next <= 5)
        requests.beginPass()
        #expect(answered(&requests, .success(2), at: 6) == ["after"])
        #expect(requests.nextInstant == nil)
    }

    /// A series goes on with the passes of any scope.
    @Test func aSeriesGetsThePassInProgress() {
        var requests = Requests()
        let series = requests.beginSeries(every: 10, at: 0)
        #expect(wait(&requests, "a", for: series) == nil)
        requests.beginPass()
        requests.changeScope()
        #expect(answered(&requests, .success(1), at: 1) == ["a"])
    }

    @Test func aWaiterIsAnsweredOnce() throws {
        var requests = Requests()
        wait(&requests, "a")
        wait(&requests, "b")
        let next = try #require(requests.nextInstant)
        #expect(next <= 0)
        #expect(answered(&requests, .success(1), at: 5) == ["a", "b"])
        #expect(requests.nextInstant == nil)
        #expect(answered(&requests, .success(2), at: 6).isEmpty)
    }

    @Test func aCancelledWaiterIsForgotten() {
        var requests = Requests()
        let ids = ["a", "b", "c"].map { wait(&requests, $0) }
        #expect(requests.cancel(ids[1]) == "b")
        #expect(requests.cancel(ids[1]) == nil)
        #expect(answered(&requests, .success(1), at: 0) == ["a", "c"])
        #expect(requests.cancel(ids[0]) == nil)
        let last = wait(&requests, "d")
        #expect(requests.cancel(last) == "d")
        #expect(requests.nextInstant == nil)
    }

    @Test func theFirstIsAtOnceAndTheOthersDoNotDrift() {
        var requests = Requests()
        _ = requests.beginSeries(every: 10, at: 103)
        #expect(requests.nextInstant == 103)
        // Each pass ends a little later after its instant than the one before.
        for (end, next) in [(104, 113), (116, 123), (132, 133), (133, 143), (152, 153)] {
            _ = answered(&requests, .success(0), at: end)
            #expect(requests.nextInstant == next)
        }
    }

    @Test(arguments: [(113, 123), (122, 123), (123, 133), (132, 133), (1_000_000, 1_000_003)])
    func missedInstantsAreSkipped(_ end: Int, _ next: Int) {
        var requests = Requests()
        _ = requests.beginSeries(every: 10, at: 103)
        _ = answered(&requests, .success(0), at: end)
        #expect(requests.nextInstant == next)
    }

    @Test func seriesShareAGrid() {
        var requests = Requests()
        _ = requests.beginSeries(every: 10, at: 100)
        #expect(instants(&requests, until: 115) == [100, 110])
        _ = requests.beginSeries(every: 20, at: 117)
        #expect(instants(&requests, until: 170) == [117, 120, 130, 140, 150, 160, 170])
        _ = requests.beginSeries(every: 15, at: 171)
        #expect(instants(&requests, until: 200) == [171, 175, 180, 190, 200])
    }

    @Test func aSeriesByItselfLaysTheGrid() {
        var requests = Requests()
        let first = requests.beginSeries(every: 10, at: 100)
        #expect(instants(&requests, until: 115) == [100, 110])
        _ = requests.endSeries(first)
        #expect(requests.nextInstant == nil)
        _ = requests.beginSeries(every: 10, at: 117)
        #expect(instants(&requests, until: 140) == [117, 127, 137])
    }

    @Test func onePassServesAllDueSeries() {
        var requests = Requests()
        let series = [10, 20, 30].map { requests.beginSeries(every: $0, at: 0) }
        for (series, waiter) in zip(series, ["10", "20", "30"]) { wait(&requests, waiter, for: series) }
        wait(&requests, "now")
        #expect(answered(&requests, .success(1), at: 0) == ["10", "20", "30", "now"])
        for (series, waiter) in zip(series, ["10", "20", "30"]) { wait(&requests, waiter, for: series) }
        #expect(requests.nextInstant == 10)
        #expect(answered(&requests, .success(2), at: 11) == ["10"])
        // The pass began at 20, and is still running at 30.
        #expect(answered(&requests, .success(3), at: 31) == ["20", "30"])
    }

    @Test func aPassBeforeItsInstantIsNotForASeries() {
        var requests = Requests()
        let series = requests.beginSeries(every: 10, at: 0)
        wait(&requests, "series", for: series)
        #expect(answered(&requests, .success(1), at: 0) == ["series"])
        wait(&requests, "series", for: series)
        wait(&requests, "now")
        #expect(answered(&requests, .success(2), at: 5) == ["now"])
        #expect(answered(&requests, .success(3), at: 10) == ["series"])
    }

    @Test func aLateRequestGetsTheNewestAlone() {
        var requests = Requests()
        let series = requests.beginSeries(every: 10, at: 0)
        for instant in 0..<4 { _ = answered(&requests, .success(instant), at: instant * 10) }
        #expect(wait(&requests, "late", for: series) == .success(3))
        #expect(requests.waitingCount == 0)
        #expect(wait(&requests, "late", for: series) == nil)
        #expect(answered(&requests, .success(4), at: 40) == ["late"])
        // The series has returned this answer, so that it is not kept.
        #expect(wait(&requests, "late", for: series) == nil)
    }

    /// A pass without descriptors neither ends a series nor takes a snapshot away that no task has received yet.
    @Test func aPassThatIsLeftOutKeepsTheSnapshot() {
        let lack = ProcMemError(.outOfResources, path: "/proc")
        var requests = Requests()
        let series = requests.beginSeries(every: 10, at: 0)
        #expect(answered(&requests, .success(1), at: 0) == [])
        #expect(answered(&requests, .failure(lack), at: 10) == [])
        #expect(wait(&requests, "a", for: series) == .success(1))
        #expect(requests.nextInstant == 20)
        // A task that waits receives the failure.
        #expect(wait(&requests, "a", for: series) == nil)
        #expect(answered(&requests, .failure(lack), at: 20) == ["a"])
        #expect(requests.nextInstant == 30)
    }

    @Test func anErrorReachesAllAndEndsASeries() {
        var requests = Requests()
        let waits = requests.beginSeries(every: 10, at: 0)
        let isLate = requests.beginSeries(every: 10, at: 0)
        let isNotDue = requests.beginSeries(every: 1000, at: 0)
        _ = answered(&requests, .success(1), at: 0)
        #expect(wait(&requests, "series", for: waits) == .success(1))
        #expect(wait(&requests, "series", for: waits) == nil)
        wait(&requests, "now")
        #expect(answered(&requests, .failure(failure), at: 10) == ["series", "now"])
        #expect(wait(&requests, "late", for: isLate) == .failure(failure))
        #expect(requests.nextInstant == 1000)
        _ = requests.endSeries(isNotDue)
        #expect(requests.nextInstant == nil)
    }

    @Test func twoWaitersOfOneSeriesGetTheAnswer() {
        var requests = Requests()
        let series = requests.beginSeries(every: 10, at: 0)
        wait(&requests, "a", for: series)
        wait(&requests, "b", for: series)
        #expect(answered(&requests, .success(1), at: 0) == ["a", "b"])
    }

    @Test func aSeriesThatHasEndedGetsNothing() {
        var requests = Requests()
        let first = requests.beginSeries(every: 10, at: 0)
        let second = requests.beginSeries(every: 10, at: 0)
        wait(&requests, "first", for: first)
        wait(&requests, "second", for: second)
        wait(&requests, "also first", for: first)
        #expect(requests.endSeries(first) == ["first", "also first"])
        #expect(answered(&requests, .success(1), at: 0) == ["second"])
    }

    @Test(.optimized, .countedAllocations) func passesAllocateNothing() throws {
        var requests = SnapshotRequestQueue<Int, Int>()
        var answered: [Int] = []
        let series = [1, 2, 3].map { requests.beginSeries(every: $0, at: 0) }
        func pass(_ number: Int) -> Int? {
            for waiter in 0..<10 { requests.wait(requests.makeID(), waiter) }
            for series in series { _ = requests.wait(requests.makeID(), series, for: series) }
            let last = requests.makeID()
            requests.wait(last, 10)
            _ = requests.cancel(last)
            requests.finish(with: .success(number), at: number, &answered)
            answered.removeAll(keepingCapacity: true)
            return requests.nextInstant
        }
        for number in 0..<100 { _ = pass(number) }
        var next: Int?
        let count = try Allocations.count { for number in 100..<1100 { next = pass(number) } }
        #expect(count == 0)
        #expect(next == 1100)
    }

    @Test(arguments: [.max, .max - 1, .max / 2, 0, -1, .min] as [Int])
    func noIntervalTraps(_ interval: Int) throws {
        var requests = Requests()
        _ = requests.beginSeries(every: interval, at: 1_000_000_000)
        _ = answered(&requests, .success(1), at: 1_000_000_000)
        let next = requests.nextInstant
        if interval < 1 {
            #expect(next == 1_000_000_001)
        } else {
            // The clock does not go beyond the largest number.
            #expect(next == (interval == .max / 2 ? 1_000_000_000 + interval : nil))
        }
        _ = answered(&requests, .success(2), at: .max)
        #expect(requests.nextInstant == nil)
    }
}
