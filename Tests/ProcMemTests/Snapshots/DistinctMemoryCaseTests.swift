import Foundation
import ProcMem
import TestSupport
import Testing

/// Process trees of which a mode once reported a false bound as proven.
@Suite(.pageFrames, .serialized)
struct DistinctMemoryCaseTests {
    private static let size = 32 << 20

    private func started(_ words: any CustomStringConvertible...) throws -> MemoryScene.Running {
        let scene = MemoryScene(words[0].description, words: words.map(\.description))
        do {
            return try scene.start()
        } catch let unavailable as MemoryScene.Unavailable {
            try Test.cancel("\(unavailable.reason)")
        }
    }

    private func result(
        _ running: MemoryScene.Running,
        _ scope: ProcessScope? = nil,
        modes: [MemoryMode] = BoundsProperty.modes
    ) throws -> BoundsProperty.Result {
        let scope = scope ?? .trees(roots: running.children.map(\.pid))
        let result = try BoundsProperty.check([("the processes", scope)], modes: modes)
        #expect(result.violations.isEmpty)
        return result
    }

    /// Whether the bounds contain the truth. Those of samples are two standard errors wide, and miss it now and then.
    private func contains(_ reading: BoundsProperty.Reading, _ truth: ClosedRange<Int>) -> Bool {
        let isSampled = reading.distinct.assumptions.contains(.samplesAreRepresentative)
        let tolerance = isSampled ? truth.upperBound / 40 : 0
        return reading.distinct.lower <= truth.upperBound + tolerance
            && reading.distinct.upper ?? .max >= truth.lowerBound - tolerance
    }

    /// PSS has a ninth of the pages that nine processes map. The distinct memory of one process has all of them.
    @Test func oneOfNineWorkers() throws {
        let running = try started("tree", 8, Self.size)
        let worker = try #require(running.pids.last)
        let result = try result(running, .process(worker))
        #expect(result.truth.lowerBound >= Self.size)
        for reading in result.readings {
            #expect(contains(reading, result.truth))
            #expect(reading.distinct.lower >= Self.size)
            #expect(try #require(reading.distinct.estimate) >= Self.size)
        }
        for reading in result.readings where reading.mode == .accurate {
            #expect(try #require(reading.total.pssBytes) < Self.size / 4)
        }
    }

    /// Most of its pages are those of libraries, which other processes map as well.
    @Test func anIdleProcess() throws {
        let running = try started("hold", 4096)
        let result = try result(running)
        for reading in result.readings { #expect(contains(reading, result.truth)) }
        let accurate = try #require(result.readings.first { $0.mode == .accurate })
        #expect(try #require(accurate.distinct.upper) > accurate.distinct.lower)
    }

    /// The kernel truncates the PSS of each process to whole KiB.
    @Test func manyIdleWorkers() throws {
        let running = try started("tree", 500, 4096)
        let result = try result(running, modes: [.accurate, .cheap])
        for reading in result.readings {
            #expect(contains(reading, result.truth))
            #expect(try #require(reading.distinct.upper) > reading.distinct.lower)
        }
    }

    /// A worker that the caller may not trace has a hidden layout. It may have all of its pages from any other process.
    @Test(arguments: ["hidden-workers", "hidden-parent", "other-layouts"])
    func hiddenAndChangedLayouts(_ state: String) throws {
        let running = try started(state, 4, Self.size)
        for reading in try result(running).readings where reading.distinct.isProven {
            #expect(reading.distinct.lower < 2 * Self.size, "\(reading)")
        }
        // Whether a layout was changed is not visible; whether it is hidden is.
        guard state != "other-layouts" else { return }
        let result = try result(running)
        for reading in result.readings { #expect(reading.distinct.lower <= result.truth.upperBound, "\(reading)") }
    }

    /// Faults are missing: the family has more pages than faults, so that its faults bound nothing.
    @Test(arguments: ["adopted", "lent"]) func processesThatExitedUnseen(_ state: String) throws {
        let result = try result(started(state, 3, 3 * Self.size))
        #expect(result.truth.lowerBound >= 3 * Self.size)
        for reading in result.readings { #expect(contains(reading, result.truth), "\(reading)") }
    }

    /// A fork copies pinned pages without a fault.
    @Test func pinnedPages() throws {
        let size = 4 << 20
        let running = try started("pinned", 10, size)
        let result = try result(running, .processes(running.pids))
        #expect(result.truth.lowerBound >= 11 * size)
        for reading in result.readings where !contains(reading, result.truth) {
            #expect(!reading.distinct.isProven)
            // Samples miss the truth in a few of a hundred readings.
            let assumptions: Set = [DistinctMemory.Assumption.faultsAreComplete, .samplesAreRepresentative]
            #expect(!assumptions.isDisjoint(with: reading.distinct.assumptions), "\(reading)")
        }
        // PSS shows that faults are missing.
        for reading in result.readings where reading.mode == .accurate {
            #expect(contains(reading, result.truth), "\(reading)")
            #expect(!reading.distinct.assumptions.contains(.faultsAreComplete), "\(reading)")
        }
    }

    /// Each process that shares an address space reports all of its PSS. Only an accurate reading compares siblings.
    @Test func siblingsWithOneAddressSpace() throws {
        let running = try started("vm-siblings", 3, Self.size)
        let result = try result(running, .processes(running.children[0].ids))
        #expect(result.truth.upperBound < 2 * Self.size)
        for reading in result.readings where !contains(reading, result.truth) {
            let assumptions: Set = [DistinctMemory.Assumption.addressSpacesAreSeparate, .samplesAreRepresentative]
            #expect(!assumptions.isDisjoint(with: reading.distinct.assumptions), "\(reading)")
        }
    }

    /// Samples overrule the bounds from faults of which some are missing.
    @Test func orphanedWorkers() throws {
        let result = try result(started("orphaned", 8, 2 * Self.size), modes: [.sampled(reads: 64)])
        let truth = result.truth.lowerBound
        for reading in result.readings {
            #expect(abs(try #require(reading.distinct.estimate) - truth) < truth / 10, "\(reading)")
            #expect(contains(reading, result.truth), "\(reading)")
            #expect(try #require(reading.distinct.upper) > reading.distinct.lower)
        }
    }

    /// Pages stay charged to the cgroup in which they were faulted in, when the processes move.
    @Test(.memoryCgroups) func pagesChargedElsewhere() throws {
        let (first, second) = try (Cgroup.make(.memory), Cgroup.make(.memory))
        let parent = try first.child(state: "rewriting", 3, Self.size)
        for id in parent.ids { try second.take(id) }
        for mode in [MemoryMode.cheap, .accurate, .sampled(reads: 64)] {
            let snapshot = try memorySnapshot(of: .cgroup(of: parent.pid), mode: mode)
            #expect(snapshot.processes.map(\.pid) == [parent.pid])
            let unattributed = try #require(snapshot.cgroupCharge?.unattributedBytes)
            // The workers, in the second cgroup, map pages that the first one is charged for: no process of the first does.
            let charged = try first.chargedBytes()
            let truth = try PageFrames.distinctBytes(of: [parent.pid])
            let inNone = max(0, charged - truth)
            #expect(unattributed.lower <= inNone + Self.size / 16, "\(mode): \(unattributed), \(inNone) in no process")
            #expect(unattributed.upper >= inNone, "\(mode): \(unattributed), \(inNone) in no process")
            let distinct = snapshot.total.distinctBytes
            #expect(distinct.lower <= truth && truth <= distinct.upper ?? .max)
        }
        withExtendedLifetime((parent, first, second)) {}
    }
}
