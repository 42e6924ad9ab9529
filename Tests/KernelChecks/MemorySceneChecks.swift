import Foundation
import ProcMem
import TestSupport

/// The distinct memory of fork families, in every mode, compared with their page frame numbers.
enum MemorySceneChecks {
    private static let size = 64 << 20

    private struct Scene {
        let name: String
        /// The arguments of the program ProcessStates.
        let words: [String]
        /// Whether the kernel uses huge pages wherever it can.
        var isHuge = false
    }

    private static let scenes = [
        Scene(name: "one process", words: ["hold", "\(size)"]),
        Scene(name: "idle workers", words: ["tree", "8", "\(size)"]),
        Scene(name: "workers that rewrite a part", words: ["rewriting", "6", "\(size)"]),
        Scene(name: "workers of workers", words: ["lines", "\(size)"]),
        Scene(name: "a shared segment", words: ["shmem", "6", "\(size)"]),
        Scene(name: "a parent that frees its memory", words: ["freeing", "6", "\(size)"]),
        Scene(name: "workers that allocate and free", words: ["churning", "6", "\(size)"]),
        Scene(name: "workers in batches", words: ["batches", "8", "\(size)"]),
        Scene(name: "one memory of two processes", words: ["vm-sharer", "\(size)"]),
        Scene(name: "memory in a large reservation", words: ["sparse", "\(8 << 30)", "\(size)"]),
        Scene(name: "pages of zeros", words: ["some-zeros", "\(size)"]),
        Scene(name: "many mappings", words: ["mappings", "2000"]),
        Scene(name: "huge pages", words: ["huge", "\(size)"], isHuge: true),
        Scene(name: "workers that rewrite a part in huge pages", words: ["huge-tree", "6", "\(size)"], isHuge: true),
        Scene(name: "small pages, huge ones for the rest", words: ["rewriting", "4", "\(size)"], isHuge: true),
    ]

    static let all: [Check] = scenes.enumerated().flatMap { number, scene in
        [false, true].map { asNobody in
            let name = "memory/\(scene.name)\(asNobody ? ", read by a user" : "")"
            // A short run has each scene in only one of the two ways.
            return Check(name, isThorough: asNobody == (number % 2 == 0)) {
                try expectTrue(scene, asNobody: asNobody)
            }
        }
    }

    private static func expectTrue(_ scene: Scene, asNobody: Bool) throws {
        let enabled = "/sys/kernel/mm/transparent_hugepage/enabled"
        try Files.write(scene.isHuge ? "always" : "never", to: enabled)
        defer { try? Files.write("madvise", to: enabled) }
        let words = (asNobody ? ["as-nobody"] : []) + scene.words
        let child = try ChildProcess(running: BuiltProduct.url(of: "ProcessStates").path, words)
        try child.waitUntilReady(in: scene.name)
        let scope = ProcessScope.tree(root: child.pid)
        func measure(_ mode: MemoryMode) throws -> MemorySnapshot {
            asNobody
                ? try Rights.asNobody { try memorySnapshot(of: scope, mode: mode) }
                : try memorySnapshot(of: scope, mode: mode)
        }
        if scene.words[0].hasPrefix("huge") {
            let huge = try Files.number(after: "AnonHugePages", in: "/proc/\(child.pid)/smaps_rollup") << 10
            try expect(huge >= size * 3 / 4, "\(huge) bytes are in huge pages")
        }
        let pids = try measure(.cheap).processes.map(\.pid)
        let truth = try PageFrames.distinctBytes(of: pids)
        var text: [String] = []

        let cheap = try measure(.cheap).total.distinctBytes
        // One fault may have mapped a huge page: bounds from faults are not proven then.
        if scene.words[0] == "huge-tree" { try expect(!cheap.isProven, "cheap: proven, with huge pages") }
        try expectBounds(cheap, truth, "cheap")
        text.append("cheap \(width(cheap, truth))")

        let accurate = try measure(.accurate).total
        // No other process maps their memory, apart from files, of which the sum has the processes' share.
        let sum = try require(accurate.distinctBytes.estimate, "accurate: an estimate")
        try expect(abs(sum - truth) <= truth / 20 + 4 << 20, "accurate: \(sum), the truth is \(truth)")

        var errors: [Double] = []
        for mode in [MemoryMode.sampled(reads: 64), .sampled(reads: 256), .within(.milliseconds(20))] {
            let snapshot = try measure(mode)
            // The budget may be exhausted before all processes were found.
            if case .within = mode, !snapshot.isComplete { continue }
            try expect(snapshot.total.unavailableCount, is: 0, "\(mode): processes without figures")
            let distinct = snapshot.total.distinctBytes
            // For a sum of PSS the bounds are the sum itself, which lacks the share of processes outside.
            let isPSS = distinct.estimate == snapshot.total.pssBytes
            if !isPSS { try expectBounds(distinct, truth, "\(mode)") }
            let estimate = try require(distinct.estimate, "\(mode): an estimate")
            errors.append(abs(Double(estimate) / Double(truth) - 1))
            // A user does not see which of several versions of a page the workers map. A reading with a budget may be a
            // cheap one.
            let isBlind = asNobody && scene.words[0] == "batches"
            let allowed = isPSS ? truth / 20 + 4 << 20 : mode.isSampled && !isBlind ? truth / 10 : .max
            try expect(abs(estimate - truth) <= allowed, "\(mode): estimate \(estimate), the truth is \(truth)")
        }
        text.append("sampled off by \(errors.map { String(format: "%.1f %%", $0 * 100) }.joined(separator: ", "))")
        try expectOwn(child.pid, measure)
        print(text.joined(separator: "; "))
    }

    private static func expectBounds(_ distinct: DistinctMemory, _ truth: Int, _ what: String) throws {
        let upper = try require(distinct.upper, "\(what): an upper bound")
        // PSS is rounded down for each process, and a page table's worth of pages may be added meanwhile.
        let slack = distinct.isProven ? 0 : truth / 50 + 1 << 20
        try expect(
            distinct.lower - slack <= truth && truth <= upper + slack,
            "\(what): bounds \(distinct.lower)...\(upper)\(distinct.isProven ? ", isProven" : ""), the truth is \(truth)"
        )
    }

    /// The sampled USS of the root agrees with an accurate reading.
    private static func expectOwn(_ pid: Int32, _ measure: (MemoryMode) throws -> MemorySnapshot) throws {
        func uss(_ mode: MemoryMode) throws -> (bytes: Int, error: Int) {
            let process = try require(measure(mode).processes.first { $0.pid == pid }, "the root")
            return (try require(process.usage.ussBytes, "USS by \(mode)"), process.usage.source.standardErrorBytes ?? 0)
        }
        let known = try uss(.accurate).bytes
        let sampled = try (0..<5).map { _ in try uss(.sampled(reads: 256)) }
        let misses = sampled.count { abs($0.bytes - known) > 3 * $0.error + known / 100 + 256 << 10 }
        try expect(misses <= 1, "USS is \(known), by samples \(sampled)")
    }

    private static func width(_ distinct: DistinctMemory, _ truth: Int) -> String {
        let upper = distinct.upper ?? .max
        let (below, above) = (Double(distinct.lower) / Double(truth) - 1, Double(upper) / Double(truth) - 1)
        return String(format: "%+.1f…%+.1f %%", below * 100, above * 100) + (distinct.isProven ? " proven" : "")
    }
}

extension MemoryMode {
    fileprivate var isSampled: Bool {
        guard case .sampled = self else { return false }
        return true
    }
}
