import Foundation
import TestSupport
import Testing

@testable import ProcMem

extension WatcherTests {
    /// Changes in a tree of files, which are replaced or written in place.
    @Suite(.timeLimit(.minutes(5))) struct ContainerMemoryChangesTests {
        /// So rare that only a notification can have reported a change.
        static let never = Duration.seconds(3600)
        private static let mib = ContainerSystem.mib

        private static func v2(limit: Int = 512 * mib, usage: Int = 64 * mib) -> ContainerSystem {
            let own = ContainerSystem.v2Cgroup("/cg/a/b", limit: "\(limit)", usage: usage)
            let parent = ContainerSystem.v2Cgroup("/cg/a", limit: "\(1024 * mib)", usage: 200 * mib)
            return .v2(own.merging(parent) { $1 })
        }

        private static func changes(
            _ tree: FixtureTree,
            below thresholds: [AvailableThreshold] = [],
            pressure: PressureThreshold? = nil,
            notified: Bool = false
        ) -> ContainerMemoryChanges {
            ContainerMemoryChanges(
                below: thresholds,
                pressure: pressure,
                pollInterval: notified ? never : .milliseconds(20),
                in: tree.root(),
                usesNotification: notified
            )
        }

        @Test(arguments: [true, false]) func limitsOfEveryLevel(_ notified: Bool) async throws {
            let tree = try Self.v2().tree()
            var changes = Self.changes(tree, notified: notified).makeAsyncIterator()
            let start = try #require(try await changes.next())
            #expect(start.cause == .start && start.warnings.isEmpty)
            #expect(start.memory.limitBytes == 512 * Self.mib && start.pressure?.some.avg10 == 1.5)
            try tree.write("\(900 * Self.mib)\n", to: "/cg/a/memory.max")
            var change = try #require(try await changes.next())
            var expected = ContainerMemoryChange.LimitChange(
                cgroup: "/a",
                earlierBytes: 1024 * Self.mib,
                laterBytes: 900 * Self.mib
            )
            #expect(change.cause == .limit(expected))
            #expect(change.memory.limitBytes == 512 * Self.mib)
            try tree.write("\(300 * Self.mib)\n", to: "/cg/a/b/memory.high")
            change = try #require(try await changes.next())
            expected = .init(cgroup: "/a/b", earlierBytes: nil, laterBytes: 300 * Self.mib)
            #expect(change.cause == .softLimit(expected))
            #expect(change.memory.highBytes == 300 * Self.mib)
            try tree.write("max\n", to: "/cg/a/b/memory.max")
            change = try #require(try await changes.next())
            #expect(change.cause.name == "limit")
            #expect(change.memory.limitBytes == 900 * Self.mib)
        }

        /// The kernel does not notify of events on v1: their counts are read twenty times in each interval.
        @Test func eventsOfV1BetweenTwoPolls() async throws {
            let tree = try ContainerSystem.v1(ContainerSystem.v1Cgroup("/cg/a/b", usage: Self.mib)).tree()
            var changes = ContainerMemoryChanges(pollInterval: .seconds(100), in: tree.root()).makeAsyncIterator()
            #expect(try await changes.next()?.cause == .start)
            // In place, as a kernel file changes.
            let file = try #require(FileHandle(forWritingAtPath: tree.directory.path + "/cg/a/b/memory.failcnt"))
            let begin = ContinuousClock.now
            try file.write(contentsOf: Data("4\n".utf8))
            #expect(try await changes.next()?.cause == .limitHit(count: 1))
            // The poll of all files comes much later.
            #expect(ContinuousClock.now - begin < .seconds(90))
        }

        @Test(arguments: [true, false]) func countedEvents(_ notified: Bool) async throws {
            let tree = try Self.v2().tree()
            var changes = Self.changes(tree, notified: notified).makeAsyncIterator()
            #expect(try await changes.next()?.memory.events.oomKill == 5)
            let events = "low 1\nhigh 4\nmax 3\noom 5\noom_kill 7\noom_group_kill 6\n"
            try tree.write(events, to: "/cg/a/b/memory.events")
            #expect(try await changes.next()?.cause == .oomKill(count: 2))
            #expect(try await changes.next()?.cause == .highBreached(count: 2))
            try tree.write(events.replacing("max 3", with: "max 4"), to: "/cg/a/b/memory.events")
            #expect(try await changes.next()?.cause == .limitHit(count: 1))
        }

        @Test func eventsOfV1() async throws {
            let tree = try ContainerSystem.v1(ContainerSystem.v1Cgroup("/cg/a/b", usage: Self.mib)).tree()
            var changes = Self.changes(tree).makeAsyncIterator()
            #expect(try await changes.next()?.pressure == nil)
            try tree.write("4\n", to: "/cg/a/b/memory.failcnt")
            #expect(try await changes.next()?.cause == .limitHit(count: 1))
            try tree.write("oom_kill_disable 0\nunder_oom 0\noom_kill 8\n", to: "/cg/a/b/memory.oom_control")
            #expect(try await changes.next()?.cause == .oomKill(count: 3))
            try tree.write("\(64 * Self.mib)\n", to: "/cg/a/b/memory.limit_in_bytes")
            let limit = ContainerMemoryChange.LimitChange(cgroup: "/a/b", earlierBytes: nil, laterBytes: 64 * Self.mib)
            #expect(try await changes.next()?.cause == .limit(limit))
        }

        @Test func thresholds() async throws {
            let tree = try Self.v2().tree()
            let (bytes, share) = (AvailableThreshold.bytes(100 * Self.mib), AvailableThreshold.share(0.5))
            var changes = Self.changes(tree, below: [bytes, share]).makeAsyncIterator()
            #expect(try await changes.next()?.cause == .start)
            try tree.write("\(400 * Self.mib)\n", to: "/cg/a/b/memory.current")
            let change = try #require(try await changes.next())
            #expect(change.cause == .availableBelow(share))
            #expect(change.memory.availableBytes ?? .max < 256 * Self.mib)
            try tree.write("\(500 * Self.mib)\n", to: "/cg/a/b/memory.current")
            #expect(try await changes.next()?.cause == .availableBelow(bytes))
            try tree.write("\(Self.mib)\n", to: "/cg/a/b/memory.current")
            #expect(try await changes.next()?.cause == .availableAbove(bytes))
            #expect(try await changes.next()?.cause == .availableAbove(share))
        }

        @Test func belowFromTheStart() async throws {
            let tree = try Self.v2(usage: 500 * Self.mib).tree()
            var changes = Self.changes(tree, below: [.share(0.2)]).makeAsyncIterator()
            #expect(try await changes.next()?.cause == .start)
            #expect(try await changes.next()?.cause == .availableBelow(.share(0.2)))
        }

        /// No trigger is written to a file that is not a kernel's: its `total` is polled.
        @Test(arguments: [true, false]) func polledPressure(_ notified: Bool) async throws {
            let tree = try Self.v2().tree()
            let pressure = PressureThreshold(share: 0.1, window: .milliseconds(500))
            var changes = Self.changes(tree, pressure: pressure, notified: notified).makeAsyncIterator()
            let start = try #require(try await changes.next())
            #expect(start.cause == .start && start.warnings.isEmpty)
            let file = tree.directory.path + "/cg/a/b/memory.pressure"
            #expect(try String(contentsOfFile: file, encoding: .utf8).hasPrefix("some avg10=1.50"))
            let later =
                "some avg10=9.00 avg60=0.50 avg300=0.10 total=904000\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=1000\n"
            try tree.write(later, to: "/cg/a/b/memory.pressure")
            let change = try #require(try await changes.next())
            #expect(change.cause == .pressure && change.pressure?.some.avg10 == 9)
        }

        @Test func whyThePressureIsNotKnown() async throws {
            let threshold = PressureThreshold(share: 0.1)
            let v1 = try ContainerSystem.v1(ContainerSystem.v1Cgroup("/cg/a/b")).tree()
            var changes = Self.changes(v1, pressure: threshold).makeAsyncIterator()
            #expect(
                try await changes.next()?.warnings == [
                    "memory.pressure: requires a visible cgroup of v2 below the root, with the memory controller"
                ]
            )
            var system = Self.v2()
            system.files["/cg/a/b/memory.pressure"] = nil
            let withoutPSI = try system.tree()
            changes = Self.changes(withoutPSI, pressure: threshold).makeAsyncIterator()
            let warning = try #require(try await changes.next()?.warnings.first)
            #expect(
                warning.hasSuffix(
                    "/cg/a/b/memory.pressure: does not exist: requires Linux 4.20; psi=0 or cgroup.pressure disables it"
                )
            )
            // Pressure that was not asked for is no reason to warn.
            changes = Self.changes(withoutPSI).makeAsyncIterator()
            #expect(try await changes.next()?.warnings == [])
            // Counting is switched on later.
            changes = Self.changes(withoutPSI, pressure: .init(share: 0.1, window: .zero)).makeAsyncIterator()
            #expect(try await changes.next()?.cause == .start)
            let text =
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
            try withoutPSI.write(text, to: "/cg/a/b/memory.pressure")
            try await LeftBehind.readsAgain()
            try withoutPSI.write(text.replacing("total=0", with: "total=9000000"), to: "/cg/a/b/memory.pressure")
            // The file exists now, which ends the warning.
            var change = try #require(try await changes.next())
            #expect(change.cause == .warnings && change.warnings == [])
            change = try #require(try await changes.next())
            #expect(change.cause == .pressure && change.warnings == [])
        }

        @Test func aLateRequestLosesNoEvent() async throws {
            let tree = try Self.v2().tree()
            var changes = Self.changes(tree, below: [.share(0.5)]).makeAsyncIterator()
            #expect(try await changes.next()?.cause == .start)
            for kills in 6...8 {
                try tree.write("low 1\nhigh 2\nmax 3\noom 4\noom_kill \(kills)\n", to: "/cg/a/b/memory.events")
                try tree.write("\((kills % 2) * 400 * Self.mib)\n", to: "/cg/a/b/memory.current")
                try await LeftBehind.readsAgain()
            }
            #expect(try await changes.next()?.cause == .oomKill(count: 3))
            // The available memory fell and rose again before the request: only this limit is left.
            try tree.write("\(2 * Self.mib)\n", to: "/cg/a/memory.high")
            #expect(try await changes.next()?.cause.name == "softLimit")
        }

        @Test func aMoveIsPolled() async throws {
            var system = Self.v2()
            system.files.merge(ContainerSystem.v2Cgroup("/cg/a/c", limit: "\(96 * Self.mib)")) { $1 }
            let tree = try system.tree()
            var changes = Self.changes(tree).makeAsyncIterator()
            #expect(try await changes.next()?.cause == .start)
            try tree.write("0::/a/c\n", to: "/proc/self/cgroup")
            let change = try #require(try await changes.next())
            #expect(change.cause == .moved && change.memory.limitBytes == 96 * Self.mib)
            try tree.write("\(64 * Self.mib)\n", to: "/cg/a/c/memory.max")
            #expect(try await changes.next()?.memory.limitBytes == 64 * Self.mib)
        }

        @Test func theEncodingHasEveryName() throws {
            var reading = ContainerMemoryReader.Reading(isComplete: true)
            reading.limitBytes = 1000
            func names(_ cause: ContainerMemoryChange.Cause) throws -> [String: Any] {
                let change = ContainerMemoryChange(cause: cause, memory: reading, pressure: nil, warnings: ["w"])
                let data = try JSONEncoder().encode(change)
                return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            }
            let start = try names(.start)
            #expect(start["cause"] as? String == "start" && start["earlierBytes"] is NSNull && start["count"] is NSNull)
            let limit = try names(.limit(.init(cgroup: "/a", earlierBytes: nil, laterBytes: 7)))
            #expect(limit["cgroup"] as? String == "/a" && limit["earlierBytes"] is NSNull)
            #expect(limit["laterBytes"] as? Int == 7 && limit["warnings"] as? [String] == ["w"])
            #expect(try names(.oomKill(count: 3))["count"] as? Int == 3)
            #expect(try names(.availableBelow(.share(0.25)))["thresholdBytes"] as? Int == 250)
            let causes: [ContainerMemoryChange.Cause] = [
                .start, .moved, .pressure, .oomKill(count: 1), .limitHit(count: 1), .highBreached(count: 1),
                .softLimit(.init()), .availableAbove(.bytes(1)),
            ]
            for cause in causes { #expect(Set(try names(cause).keys) == Set(start.keys), "\(cause)") }
        }
    }
}
