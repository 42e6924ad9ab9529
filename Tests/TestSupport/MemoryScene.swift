import Foundation
package import ProcMem

/// Processes whose distinct memory is known by their page frames and does not change, to compare every mode with.
package struct MemoryScene: CustomStringConvertible, Sendable {
    package let name: String
    /// A state of the program ProcessStates, with its arguments.
    package let words: [String]
    /// The number of times that the program is started.
    package let count: Int

    package init(_ name: String, _ words: any CustomStringConvertible..., count: Int = 1) {
        self.init(name, words: words.map(\.description), count: count)
    }

    package init(_ name: String, words: [String], count: Int = 1) {
        self.name = name
        self.words = words
        self.count = count
    }

    package var description: String { name }

    private static let small = 16 << 20

    /// The scenes that need no setting of the system.
    package static let all = [
        MemoryScene("one process", "hold", small),
        MemoryScene("one process that reads zeros", "some-zeros", small),
        MemoryScene("unrelated processes", "hold", small, count: 3),
        MemoryScene("idle workers", "tree", 8, small),
        MemoryScene("500 idle workers", "tree", 500, 4096),
        MemoryScene("300 workers that rewrite a part", "rewriting", 300, 256 << 10),
        MemoryScene("two families of one program", "rewriting", 2, small, count: 2),
        MemoryScene("workers that rewrite a part", "rewriting", 4, small),
        MemoryScene("workers that free their memory", "churning", 4, small),
        MemoryScene("a parent that freed its memory", "freeing", 4, small),
        MemoryScene("workers of workers", "lines", small),
        MemoryScene("generations", "batches", 8, small),
        MemoryScene("shared memory", "shmem", 4, small),
        MemoryScene("shared memory that is mapped twice", "shmem-twice", 3, small),
        MemoryScene("a private file", "private-file", 4, small),
        MemoryScene("hidden workers", "hidden-workers", 4, small),
        MemoryScene("a hidden parent", "hidden-parent", 4, small),
        MemoryScene("other layouts", "other-layouts", 4, small),
        MemoryScene("adopted workers", "adopted", 3, 3 * small),
        MemoryScene("orphaned workers", "orphaned", 5, small),
        MemoryScene("a lent address space", "lent", 3, 2 * small),
        MemoryScene("one address space of two processes", "vm-sharer", small),
        MemoryScene("one address space of siblings", "vm-siblings", 3, small),
        MemoryScene("pinned pages", "pinned", 10, 4 << 20),
        MemoryScene("pages that another process wrote", "written-by-parent", 3, small),
        MemoryScene("populated pages", "populated", 3, small),
        MemoryScene("moved pages", "moved", 4, small),
        MemoryScene("lazily freed pages", "lazily-freed", 4, small),
        MemoryScene("scattered pages", "scattered", 8, 256 << 20),
        MemoryScene("a chain of programs", "exec-chain", 2, small),
        MemoryScene("huge pages", "huge-tree", 4, 2 * small),
    ]

    /// Starts the processes as user 65534, so that this user may read them.
    ///
    /// - Throws: ``Unavailable`` where this kernel does not have the state.
    package func start() throws -> Running {
        let program = try BuiltProduct.url(of: "ProcessStates").path
        let children = try (0..<count).map { _ in
            let child = try ChildProcess(running: program, ["as-nobody"] + words)
            do {
                try child.waitUntilReady(in: name)
            } catch ChildProcess.Failure.notReady(_, let said) where said.hasPrefix("unavailable") {
                throw Unavailable(reason: "\(name): \(said)")
            }
            return child
        }
        return try Running(children)
    }

    package struct Unavailable: Error {
        package let reason: String
    }

    /// The processes of a scene that has been started.
    package struct Running {
        package let children: [ChildProcess]
        /// All processes.
        package let pids: [Int32]
        private let trees: ProcessScope

        package init(_ children: [ChildProcess]) throws {
            self.children = children
            trees = .trees(roots: children.map(\.pid))
            pids = try processList(of: trees).processes.map(\.pid)
            try ChildProcess.waitUntilStill(pids)
        }

        /// Sets of processes, by a name. Scopes of one set follow each other.
        package var scopes: [[(name: String, scope: ProcessScope)]] {
            var sets = [[("tree", trees), ("all pids", ProcessScope.processes(pids))]]
            if pids.count > 1 {
                let last = pids[pids.count - 1]
                sets.append([("the last process", .processes([last]))])
                let rest = Array(pids.dropFirst())
                if rest.count > 1 { sets.append([("all but the first", .processes(rest))]) }
            }
            return sets
        }
    }
}

/// The properties that every snapshot of unchanged processes has, in every mode and for every user.
package enum BoundsProperty {
    package static let modes: [MemoryMode] = [
        .cheap, .accurate, .sampled(reads: 64), .within(.milliseconds(10)), .within(.milliseconds(100)),
    ]

    /// What one snapshot reports.
    package struct Reading: CustomStringConvertible {
        package let mode: MemoryMode
        package let isRoot: Bool
        package let scope: String
        package let total: MemoryTotal

        package var distinct: DistinctMemory { total.distinctBytes }

        /// Whether the bounds are proven, or rely on one property of the kernel alone: that PSS is no average. A kernel whose
        /// configuration is not visible cannot prove it. It is so on all kernels that the tests run on.
        package var isProven: Bool {
            if distinct.isProven { return true }
            return distinct.assumptions == [.pssIsExact] && distinct.upper != nil
                && SystemRoot.live.isPSSEstimated != true
        }

        package var description: String {
            let estimate = distinct.estimate.map(String.init) ?? "none"
            let upper = distinct.upper.map(String.init) ?? "none"
            let proof =
                distinct.isProven ? "proven" : distinct.assumptions.map(\.rawValue).sorted().joined(separator: "+")
            return
                "\(mode) of \(scope) as \(isRoot ? "root" : "a user"): \(estimate) (\(distinct.lower)...\(upper), \(proof))"
        }
    }

    /// The snapshots of one set of processes, and its distinct memory by page frames.
    package struct Result {
        package let readings: [Reading]
        /// Counted before and after the snapshots.
        package let truth: ClosedRange<Int>
        /// Descriptions of the readings that do not have the properties; empty where all have.
        package let violations: [String]
    }

    /// Measures one set of processes in every mode as root and as an ordinary user.
    package static func check(
        _ scopes: [(name: String, scope: ProcessScope)],
        modes: [MemoryMode] = modes,
        repeating count: Int = 1
    ) throws -> Result {
        guard let first = scopes.first else { return Result(readings: [], truth: 0...0, violations: []) }
        let pids = try processList(of: first.scope).processes.map(\.pid)
        let before = try PageFrames.distinctBytes(of: pids)
        var readings: [Reading] = []
        for (name, scope) in scopes {
            for mode in modes {
                for _ in 0..<count {
                    let total = try memorySnapshot(of: scope, mode: mode).total
                    readings.append(Reading(mode: mode, isRoot: true, scope: name, total: total))
                    let totalOfUser = try Rights.asNobody { try memorySnapshot(of: scope, mode: mode).total }
                    readings.append(Reading(mode: mode, isRoot: false, scope: name, total: totalOfUser))
                }
            }
        }
        let after = try PageFrames.distinctBytes(of: pids)
        let truth = min(before, after)...max(before, after)
        return Result(readings: readings, truth: truth, violations: violations(readings, truth))
    }

    private static func violations(_ readings: [Reading], _ truth: ClosedRange<Int>) -> [String] {
        var violations: [String] = []
        for reading in readings {
            let distinct = reading.distinct
            let upper = distinct.upper ?? .max
            if distinct.lower > upper { violations.append("lower above upper: \(reading)") }
            if let estimate = distinct.estimate, estimate < distinct.lower || estimate > upper {
                violations.append("estimate outside of the bounds: \(reading)")
            }
            let figures = [
                reading.total.rssBytes, reading.total.pssBytes, reading.total.ussBytes, reading.total.swapBytes,
            ]
            if (figures + [distinct.lower, distinct.estimate, distinct.upper]).contains(where: { $0 ?? 0 < 0 }) {
                violations.append("negative: \(reading)")
            }
            if distinct.isProven, distinct.upper == nil || !distinct.assumptions.isEmpty {
                violations.append("proven without an upper bound, or with assumptions: \(reading)")
            }
            if reading.isProven, distinct.lower > truth.upperBound || upper < truth.lowerBound {
                violations.append("proven and false, the truth is \(truth): \(reading)")
            }
        }
        let proven = readings.filter(\.isProven)
        for (index, one) in proven.enumerated() {
            for other in proven[..<index]
            where one.distinct.lower > other.distinct.upper ?? .max || other.distinct.lower > one.distinct.upper ?? .max
            {
                violations.append("proven intervals that do not overlap: \(one); \(other)")
            }
        }
        return violations
    }
}
