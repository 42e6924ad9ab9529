@testable import ProcMem
@testable import ProcMemCommand

/// Values for the tests of the view. Sizes are in MiB.
enum TopFixture {
    static func process(
        _ pid: Int32,
        _ command: String? = "python3",
        parent: Int32 = 1,
        depth: Int = 0,
        rss: Int? = 100,
        uss: Int? = 4,
        source: MemorySource = .smapsRollup,
        unavailable: UnavailableReason? = nil
    ) -> ProcessMemory {
        ProcessMemory(
            pid: pid,
            parentPID: parent,
            command: command,
            startTimeTicks: 1000,
            userTicks: 0,
            systemTicks: 0,
            depth: depth,
            usage: MemoryUsage(
                rssBytes: rss.map { $0 << 20 },
                ussBytes: uss.map { $0 << 20 },
                source: source,
                unavailable: unavailable
            ),
            sharesMemoryWith: nil,
            mayShareMemoryWith: nil
        )
    }

    /// A server with workers, and a shell with a child.
    static func pool(workers: Int = 4) -> [ProcessMemory] {
        [process(10, "server", rss: 200, uss: 9)]
            + (0..<workers).map { process(20 + Int32($0), parent: 10, depth: 1, uss: 4) }
            + [
                process(90, "sh", parent: 10, depth: 1, rss: 2, uss: 1),
                process(91, "sleep", parent: 90, depth: 2, rss: 1, uss: 0),
            ]
    }

    static func snapshot(
        _ processes: [ProcessMemory],
        lower: Int = 200,
        upper: Int? = 260,
        mode: MemoryMode = .within(.milliseconds(5)),
        gaps: Set<ProcessGap> = []
    ) -> MemorySnapshot {
        let distinct = DistinctMemory(
            estimate: upper.map { (($0 + lower) / 2) << 20 },
            lower: lower << 20,
            upper: upper.map { $0 << 20 },
            isProven: false,
            assumptions: [.samplesAreRepresentative]
        )
        return MemorySnapshot(
            mode: mode,
            elapsed: .milliseconds(2),
            processes: processes,
            total: MemoryTotal(processes, holding: distinct),
            cgroupCharge: nil,
            search: .named,
            gaps: gaps
        )
    }

    static func pass(_ results: [(String, Result<MemorySnapshot, ProcMemError>)]) -> MultiScopeSampler.Pass {
        MultiScopeSampler.Pass(
            readings: results.map { MultiScopeSampler.Reading(name: $0.0, result: $0.1) },
            elapsed: .milliseconds(3)
        )
    }

    /// A view that has measured trees with the same processes.
    static func model(
        _ processes: [ProcessMemory] = pool(),
        trees: Int = 1,
        width: Int = 100,
        height: Int = 24,
        _ selection: MemorySelection = MemorySelection()
    ) -> TopModel {
        let scopes = (0..<trees).map { NamedScope(name: "\(10 + $0)", kind: .tree(10 + Int32($0))) }
        var model = TopModel(scopes, selection, every: .seconds(1), budget: .milliseconds(5))
        model.size = (width, height)
        _ = model.take(pass(scopes.map { ($0.name, .success(snapshot(processes))) }))
        return model
    }
}

extension TopModel {
    mutating func type(_ keys: Key...) { for key in keys { _ = handle(key) } }

    var commands: [String] {
        rows.rows.map { $0.commandLine(branch: "", reasonHasColumn: false).text }
    }

    var lines: [String] { TopScreen.frame(self).lines.map(\.text) }
}
