import Testing

@testable import ProcMem

@Suite struct ConcurrentWorkTests {
    @Test(arguments: [0, 1, 7, 64, 1000]) func resultsInTheOrderOfTheList(count: Int) {
        let list = Array(0..<count)
        let work = ConcurrentWork(on: list, minimumCountPerThread: 1)
        #expect(work.results(on: "procmem-test") { Array($0) }.flatMap(\.self) == list)
    }

    @Test(arguments: [0, 2, 100]) func aListThatIsTooShortIsNotDivided(minimum: Int) {
        let work = ConcurrentWork(on: [1, 2, 3], minimumCountPerThread: minimum)
        #expect(!work.isDivided)
        #expect(work.results(on: "procmem-test") { $0.count } == [3])
    }

    @Test(
        .enabled(if: ConcurrentWork(on: [1, 2], minimumCountPerThread: 1).isDivided),
        .timeLimit(.minutes(10))
    )
    func anotherThreadTakesThePartsOfADelayedOne() {
        let work = ConcurrentWork(on: Array(0..<64), minimumCountPerThread: 32)
        let finished = Monitor(0)
        let results = work.results(on: "procmem-test") { part in
            if part.first == 0 {
                let seen = finished.wait(until: nil) { count in count == 64 - part.count ? count : nil }
                #expect(seen == 64 - part.count)
            } else {
                finished.withLock { $0 += part.count }
            }
            return part.count
        }
        #expect(results.count > 2)
        #expect(results.reduce(0, +) == 64)
    }
}
