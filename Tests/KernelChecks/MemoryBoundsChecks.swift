import Foundation
import ProcMem
import TestSupport

/// The properties of distinct memory in every mode, for root and for an ordinary user, on this kernel.
enum MemoryBoundsChecks {
    private static let size = 16 << 20

    static let all =
        MemoryScene.all.map { scene in
            Check("bounds/\(scene)", isThorough: true, timeLimit: .seconds(240)) { try expectNoFalseProof(scene) }
        } + [
            Check("bounds/equal programs that KSM merges", timeLimit: .seconds(120)) {
                try expectBoundsWithMergedPages()
            },
            Check("bounds/merged pages of a process whose parent has exited", timeLimit: .seconds(120)) {
                try expectBoundsWithInheritedMergedPages()
            },
            Check("bounds/hugetlb pages of forked workers", timeLimit: .seconds(60)) { try expectBoundsWithHugetlb() },
        ]

    @discardableResult
    private static func expectNoFalseProof(
        _ scene: MemoryScene,
        after prepare: (MemoryScene.Running) throws -> Void = { _ in }
    ) throws -> [BoundsProperty.Result] {
        let running: MemoryScene.Running
        do {
            running = try scene.start()
        } catch let unavailable as MemoryScene.Unavailable {
            throw Skipped(unavailable.reason)
        }
        try prepare(running)
        let results = try running.scopes.map { try BoundsProperty.check($0) }
        let violations = results.flatMap(\.violations)
        try expect(violations.isEmpty, violations.joined(separator: "; "))
        withExtendedLifetime(running) {}
        return results
    }

    /// Three programs with equal pages. What is merged counts once, and the bounds are not called proven without it.
    private static func expectBoundsWithMergedPages() throws {
        let folder = "/sys/kernel/mm/ksm"
        guard Files.exists("\(folder)/run") else { throw Skipped("the kernel has no KSM") }
        defer { try? Files.write("2", to: "\(folder)/run") }
        let scene = MemoryScene("equal programs", "mergeable", size, count: 3)
        let results = try expectNoFalseProof(scene) { _ in
            try Files.write("10000", to: "\(folder)/pages_to_scan")
            try Files.write("1", to: "\(folder)/run")
            let saved = 2 * size / Int(sysconf(Int32(_SC_PAGESIZE)))
            let isMerged = try Waiting.until { try Files.number("\(folder)/pages_sharing") >= saved * 9 / 10 }
            try Files.write("0", to: "\(folder)/run")
            let merged = try Files.number("\(folder)/pages_sharing")
            try expect(isMerged, "KSM merged \(merged) of \(saved) pages")
        }
        let truth = results[0].truth
        try expect(truth.upperBound < 2 * size, "the truth is \(truth): the pages were not merged")
        let accurate = results[0].readings.filter { $0.mode == .accurate }
        for reading in accurate {
            try expect(reading.distinct.lower <= truth.upperBound, "too high a lower bound: \(reading)")
            try expect(reading.distinct.upper ?? .max >= truth.lowerBound, "too low an upper bound: \(reading)")
        }
        print("truth \(truth); \(results[0].readings.prefix(6).map(\.description).joined(separator: "; "))")
    }

    /// A child that inherited merged pages, of which no counter of KSM reports that it maps them.
    private static func expectBoundsWithInheritedMergedPages() throws {
        let folder = "/sys/kernel/mm/ksm"
        guard Files.exists("\(folder)/run") else { throw Skipped("the kernel has no KSM") }
        defer { try? Files.write("2", to: "\(folder)/run") }
        // Slowly enough to stop between the end of the records of the process that exited and the scan of its child.
        try Files.write("100", to: "\(folder)/pages_to_scan")
        try Files.write("50", to: "\(folder)/sleep_millisecs")
        try Files.write("1", to: "\(folder)/run")
        var sharing = 0
        let results = try expectNoFalseProof(MemoryScene("merged pages", "merged-orphan", size)) { _ in
            let isForgotten = try Waiting.until {
                sharing = try Files.number("\(folder)/pages_sharing")
                return sharing < 1000
            }
            try Files.write("0", to: "\(folder)/run")
            try expect(isForgotten, "pages_sharing is still \(sharing)")
        }
        let child = results.first { $0.readings.contains { $0.scope == "the last process" } }
        let truth = try require(child?.truth, "no set with the child alone")
        print("pages_sharing \(sharing), truth \(truth)")
        try expect(truth.upperBound < size / 2, "the truth is \(truth): the pages were not merged")
    }

    private static func expectBoundsWithHugetlb() throws {
        let file = "/proc/sys/vm/nr_hugepages"
        guard Files.exists(file) else { throw Skipped("the kernel has no hugetlbfs") }
        let before = try Files.text(file)
        defer { try? Files.write(before, to: file) }
        // A private mapping of a forked process reserves pages for copies when it writes.
        try Files.write("8", to: file)
        guard try Files.number(file) == 8 else { throw Skipped("8 huge pages cannot be reserved") }
        let hugeBytes = try Files.number(after: "Hugepagesize", in: "/proc/meminfo") << 10
        let results = try expectNoFalseProof(MemoryScene("hugetlb", "hugetlb", 3, 4 * hugeBytes))
        let truth = results[0].truth
        try expect(truth.lowerBound >= 4 * hugeBytes, "the truth is \(truth): without the huge pages")
        for reading in results[0].readings {
            try expect(reading.distinct.upper ?? .max >= truth.lowerBound, "without the huge pages: \(reading)")
        }
        print("truth \(truth); \(results[0].readings.prefix(6).map(\.description).joined(separator: "; "))")
    }
}
