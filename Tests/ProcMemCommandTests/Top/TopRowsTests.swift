import Testing

@testable import ProcMem
@testable import ProcMemCommand

@Suite struct TopRowsTests {
    private let space = Key.character(" ")

    @Test func equalWorkersAreOneRow() {
        let model = TopFixture.model()
        #expect(model.commands == ["server", "▸ 4 × python3  4.00 MiB private each", "sh", "sleep"])
        let group = model.rows.rows[1]
        #expect(group.cell(.uss) == "16.0 MiB")
        #expect(group.mark(of: .uss) == "")
        // The sum counts a page for each process that maps it.
        #expect(group.mark(of: .rss) + group.cell(.rss) == "Σ400 MiB")
        #expect(group.mark(of: .common) + group.cell(.common) == "Σ384 MiB")
    }

    @Test func twoWorkersAreNotFolded() {
        #expect(TopFixture.model(TopFixture.pool(workers: 2)).rows.rows.count == 5)
    }

    @Test func workersWithChildrenOrOtherNamesOrParentsAreNotFolded() {
        let names = (0..<4).map { TopFixture.process(20 + $0, "worker-\($0)", parent: 10, depth: 1) }
        let root = TopFixture.process(10, "server")
        #expect(TopFixture.model([root] + names).rows.rows.count == 5)
        let parents = (0..<3).flatMap { index in
            [
                TopFixture.process(20 + index, parent: 10, depth: 1),
                TopFixture.process(30 + index, parent: 20 + index, depth: 2),
            ]
        }
        #expect(TopFixture.model([root] + parents).rows.rows.count == 7)
    }

    /// Workers need not follow each other in the order of the tree.
    @Test func workersApartFromEachOther() {
        let processes = [
            TopFixture.process(10, "server"), TopFixture.process(20, parent: 10, depth: 1),
            TopFixture.process(90, "sh", parent: 10, depth: 1), TopFixture.process(21, parent: 10, depth: 1),
            TopFixture.process(22, parent: 10, depth: 1),
        ]
        #expect(TopFixture.model(processes).commands == ["server", "▸ 3 × python3  4.00 MiB private each", "sh"])
    }

    @Test func workersOfDifferentSizes() {
        let workers = [2, 4, 9].map { TopFixture.process(20 + Int32($0), parent: 10, depth: 1, uss: $0) }
        let model = TopFixture.model([TopFixture.process(10, "server")] + workers)
        #expect(model.commands[1] == "▸ 3 × python3  2.00–9.00 MiB private each")
    }

    /// A sum that lacks a process is a lower bound, and is marked as one.
    @Test func aSumOverUnknownFigures() {
        let workers = [nil, 4, 4, nil].enumerated().map { index, uss in
            TopFixture.process(
                20 + Int32(index),
                parent: 10,
                depth: 1,
                uss: uss,
                source: uss == nil ? .statm : .smapsRollup
            )
        }
        let model = TopFixture.model([TopFixture.process(10, "server")] + workers)
        let group = model.rows.rows[1]
        #expect(group.mark(of: .uss) + group.cell(.uss) == "≥8.00 MiB")
        #expect(group.cell(.source) == "a/c")
        // Half of the figures is not a typical one.
        #expect(model.commands[1] == "▸ 4 × python3  100 MiB RSS each")
        let unknown = TopFixture.model([TopFixture.process(10, uss: nil, source: .statm)])
        #expect(unknown.rows.rows[0].cell(.uss) == "–")
        #expect(unknown.rows.rows[0].cell(.common) == "–")
    }

    @Test func spaceUnfoldsAndFolds() {
        var model = TopFixture.model()
        model.type(.down, space)
        #expect(model.commands.count == 8)
        #expect(model.commands[1].hasPrefix("▾ 4 × python3"))
        #expect(model.rows.rows[2].depth == 2)
        // In a process of the group, space folds the group and selects it.
        model.type(.down, .down, space)
        #expect(model.commands.count == 4)
        #expect(model.selected == 1)
    }

    @Test func spaceFoldsATree() {
        var model = TopFixture.model()
        model.type(space)
        #expect(model.commands == ["▸ server +6 below"])
        #expect(model.rows.rows[0].cell(.uss) == "26.0 MiB")
        #expect(model.rows.rows[0].cell(.pid) == "10")
        model.type(space)
        #expect(model.commands.count == 4)
    }

    @Test func theSelectedRowIsKeptFromPassToPass() {
        var model = TopFixture.model()
        model.type(.down, .down)
        let processes = [TopFixture.process(10, "server"), TopFixture.process(15, "new", parent: 10, depth: 1)]
        _ = model.take(
            TopFixture.pass([("10", .success(TopFixture.snapshot(processes + TopFixture.pool().dropFirst())))])
        )
        #expect(model.selectedRow?.memory.command == "sh")
        #expect(model.selected == 3)
        // The selected process has exited: a neighbour is selected.
        _ = model.take(TopFixture.pass([("10", .success(TopFixture.snapshot(processes)))]))
        #expect(model.selected == 1)
    }

    @Test func filters() {
        var model = TopFixture.model()
        model.type(.character("/"), .character("S"), .character("L"), .character("E"))
        #expect(model.commands == ["sleep"])
        // Its parent is not shown, so that it is the root.
        #expect(model.rows.rows[0].depth == 0)
        model.type(.enter, .character("q"), .character("/"), .backspace, .backspace, .backspace)
        #expect(model.commands.count == 4)
        model.type(.character("9"), .enter)
        #expect(model.commands == ["sh", "sleep"])
        #expect(model.rows.rows[1].depth == 1)
        model.type(.character("/"), .character("x"))
        #expect(model.commands.isEmpty)
        #expect(model.lines.contains { $0.contains("no process matches \"9x\"") })
        // Escape restores the filter from before, and then removes it.
        model.type(.escape)
        #expect(model.commands == ["sh", "sleep"])
        model.type(.escape)
        #expect(model.commands.count == 4)
    }

    @Test func sorts() {
        var model = TopFixture.model()
        model.type(.character("s"))
        #expect(model.commands.first?.hasPrefix("▸ 4 × python3") == true)
        #expect(model.rows.rows.allSatisfy { $0.depth == 0 })
        #expect(model.settings.sorting == .rss)
        for _ in 0..<100 where model.settings.sorting != .pid { model.type(.character("s")) }
        #expect(model.rows.rows.map { $0.memory.processes[0].pid } == [91, 90, 20, 10])
        model.type(.character("t"))
        #expect(model.commands[0] == "server")
    }

    @Test func byCommand() {
        var model = TopFixture.model(TopFixture.pool(), MemorySelection(sorting: .uss, isByCommand: true))
        // A single process is not a group.
        #expect(model.commands == ["▸ 4 × python3  4.00 MiB private each", "server", "sh", "sleep"])
        #expect(model.rows.rows[0].cell(.count) == "4")
        model.type(space)
        #expect(model.rows.rows.count == 8)
    }

    /// The trees of a process and of its descendant overlap: each process has one row.
    @Test func overlappingTrees() {
        #expect(TopFixture.model(trees: 2).rows.rows.count == 4)
    }

    @Test func kernelThreadsHaveNoRow() {
        let thread = TopFixture.process(
            2,
            "kthreadd",
            rss: nil,
            uss: nil,
            source: .unavailable(.kernelThread),
            unavailable: .kernelThread
        )
        #expect(TopFixture.model([thread] + TopFixture.pool()).rows.rows.count == 4)
    }

    /// Arranging the rows of many processes must not delay the keys. Only visible rows are formatted.
    @Test func manyProcesses() {
        let processes = (1...20_000).map { TopFixture.process(Int32($0), "p\($0)", depth: $0 == 1 ? 0 : 1) }
        let clock = ContinuousClock()
        let time = clock.measure {
            let model = TopFixture.model(processes)
            #expect(model.rows.rows.count == 20_000)
            #expect(model.lines.count == 24)
        }
        #expect(time < .seconds(10))
    }
}
