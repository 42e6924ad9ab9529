import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// The distinct memory of several processes by samples, compared with the page frame numbers of the live processes.
@Suite(.pageFrames, .serialized)
struct SampledScenesTests {
    private static let size = 128 << 20
    private static let runs = BuildMode.isOptimized ? 20 : 8

    struct Scene: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Starts the processes; the arguments are placed before the name of the state.
        let start: @Sendable (_ prefix: [String]) throws -> [ChildProcess]
        var scope: @Sendable ([ChildProcess]) -> ProcessScope = { .tree(root: $0[0].pid) }
        /// Whether only frame numbers show which processes map the same page.
        var needsFrames = false

        init(
            _ name: String,
            needsFrames: Bool = false,
            scope: (@Sendable ([ChildProcess]) -> ProcessScope)? = nil,
            start: @escaping @Sendable ([String]) throws -> [ChildProcess]
        ) {
            testDescription = name
            self.start = start
            self.needsFrames = needsFrames
            if let scope { self.scope = scope }
        }
    }

    private static func child(_ words: [String]) throws -> ChildProcess {
        switch words.count {
        case 2: try ChildProcess(state: words[0], words[1])
        case 3: try ChildProcess(state: words[0], words[1], words[2])
        default: try ChildProcess(state: words[0], words[1], words[2], words[3])
        }
    }

    static let scenes = [
        Scene("tree") { [try child($0 + ["tree", "8", "\(size)"])] },
        Scene("rewriting") { [try child($0 + ["rewriting", "6", "\(size)"])] },
        Scene("lines") { [try child($0 + ["lines", "\(size)"])] },
        Scene("shmem") { [try child($0 + ["shmem", "6", "\(size)"])] },
        Scene("freeing") { [try child($0 + ["freeing", "6", "\(size)"])] },
        Scene("churning") { [try child($0 + ["churning", "6", "\(size)"])] },
        Scene("batches", needsFrames: true) { [try child($0 + ["batches", "8", "\(size)"])] },
        // The scope does not contain the family's root: no parent is known.
        Scene("a family without its root", scope: { .processes($0[0].ids) }) {
            [try child($0 + ["tree", "4", "\(size)"])]
        },
        Scene("unrelated processes", scope: { .processes($0.map(\.pid)) }) { prefix in
            try (0..<4).map { _ in try child(prefix + ["hold", "\(size / 4)"]) }
        },
        Scene("the same addresses", scope: { .trees(roots: $0.map(\.pid)) }) { prefix in
            let program = try BuiltProduct.url(of: "ProcessStates").path
            return try (0..<2).map { _ in
                let arguments = ["-R", program] + prefix + ["tree", "3", "\(size / 2)"]
                let child = try ChildProcess(running: "/usr/bin/setarch", arguments)
                try child.waitUntilReady(in: "tree")
                return child
            }
        },
        Scene("one that executes after the fork") { prefix in
            let program = try BuiltProduct.url(of: "ProcessStates").path
            // A shell gives a background process an empty standard input.
            let script = "exec 3<&0; for i in 1 2; do \"$0\" \"$@\" hold \(size / 2) <&3 & done; wait"
            let child = try ChildProcess(running: "/bin/sh", ["-c", script, program] + prefix)
            try #require(child.line() == "ready" && child.line() == "ready")
            try ChildProcess.waitUntilStill(processList(of: .tree(root: child.pid)).processes.map(\.pid))
            return [child]
        },
    ]

    private func expectTrue(_ scene: Scene, asNobody: Bool) throws {
        let children = try scene.start(asNobody ? ["as-nobody"] : [])
        let scope = scene.scope(children)
        let pids = try memorySnapshot(of: scope, mode: .cheap).processes.map(\.pid)
        let truth = try PageFrames.distinctBytes(of: pids)
        #expect(truth > Self.size * 9 / 10)
        var errors: [Double] = []
        var widths: [Double] = []
        var misses = 0
        for _ in 0..<Self.runs {
            let measure = { try memorySnapshot(of: scope, mode: .sampled(reads: 64)) }
            let snapshot = asNobody ? try Rights.asNobody(measure) : try measure()
            let distinct = snapshot.total.distinctBytes
            let (estimate, upper) = try (#require(distinct.estimate), #require(distinct.upper))
            #expect(distinct.lower <= estimate && estimate <= upper)
            // Only bounds from counters are proven.
            if distinct.isProven { #expect((distinct.lower...upper).contains(truth)) }
            errors.append(abs(Double(estimate) / Double(truth) - 1))
            widths.append(Double(upper - distinct.lower) / Double(truth))
            if !(distinct.lower...upper).contains(truth) { misses += 1 }
        }
        #expect(misses <= max(1, Self.runs / 20), "of \(Self.runs)")
        let (error, width) = (errors.sorted()[Self.runs / 2], widths.sorted()[Self.runs / 2])
        if asNobody, scene.needsFrames {
            // If the samples do not settle it, the bounds are wide.
            #expect(width > 0.2)
        } else {
            // The processes of one scene have the same mappings in all runs, so their errors depend on each other: in one of
            // 300 scenes the median was 3.3 %. The errors over many scenes are measured by `scripts/bench estimator`.
            #expect(error <= 0.045)
        }
        withExtendedLifetime(children) {}
    }

    @Test(arguments: scenes) func withFrames(_ scene: Scene) throws {
        try expectTrue(scene, asNobody: false)
    }

    /// The same without frame numbers, as a user without privileges over its own processes. The shell of the last one
    /// is root's.
    @Test(arguments: scenes.dropLast()) func withoutFrames(_ scene: Scene) throws {
        try expectTrue(scene, asNobody: true)
    }

    /// The file exists, and may be read.
    @Test func aUserSeesNoFrames() throws {
        let child = try ChildProcess(state: "as-nobody", "hold", Self.size)
        let pid = child.pid
        let frame = try Rights.asNobody { () -> UInt64? in
            let map = try ProcessDirectory(.id(pid), in: .live).open(ProcessMemoryPaths().pagemap)
            let maps = try ProcessDirectory(.id(pid), in: .live).open(ProcessMemoryPaths().maps)
            let pages = try #require(try maps.memoryMappings(pageSizeBytes: Int(getpagesize())).first?.pages)
            var frame: UInt64?
            try PageMap(map, pageSizeBytes: Int(getpagesize())).read(pages) { words in
                for number in 0..<words.count where PageEntry(word: words[number]).isPresent {
                    frame = PageEntry(word: words[number]).frame
                }
            }
            return frame
        }
        #expect(frame == 0)
    }
}
