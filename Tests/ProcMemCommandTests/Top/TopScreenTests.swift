import Foundation
import TestSupport
import Testing

@testable import ProcMem
@testable import ProcMemCommand

@Suite struct TopScreenTests {
    @Test(arguments: [20, 40, 80, 200], [1, 5, 10, 24, 60]) func theScreenIsFilled(_ width: Int, _ height: Int) {
        for trees in [1, 3, 30] {
            var model = TopFixture.model(trees: trees, width: width, height: height)
            for focus in 0..<3 {
                if focus == 1 { model.type(.character("/"), .character("p")) }
                if focus == 2 { model.type(.enter, .character("h"), .pageDown) }
                let frame = TopScreen.frame(model)
                #expect(frame.lines.count <= height)
                #expect(frame.lines.allSatisfy { $0.columns <= width && $0.columns == $0.text.displayColumns })
            }
        }
    }

    @Test func wide() {
        let lines = TopFixture.model(width: 200).lines
        #expect(lines[0].hasPrefix("procmem top  within 5 ms every 1 s  "))
        #expect(lines[0].hasSuffix("own – CPU, –"))
        #expect(lines[1].hasPrefix("10 server  230 MiB (200–260)  7 processes"))
        #expect(lines[1].hasSuffix("ΣRSS 603 MiB"))
        #expect(lines[3] == "█ private 26.0 MiB  = shared 174 MiB  ? uncertain 60.0 MiB  not proven: samples")
        #expect(
            lines[4].split(separator: " ") == ["PID", "PRIVATE", "±", "COMMON", "RSS", "CPU", "%", "SOURCE", "COMMAND"]
        )
        #expect(lines[5].contains("  a       server   "))
        #expect(lines[6].hasSuffix("├─ ▸ 4 × python3  4.00 MiB private each"))
        #expect(lines[8].hasSuffix("   └─ sleep"))
        #expect(lines[23].hasPrefix("q quit"))
    }

    /// The columns that matter most stay.
    @Test func narrow() {
        let lines = TopFixture.model(width: 40, height: 10).lines
        #expect(lines.count == 10)
        #expect(lines[0].hasPrefix("within 5 ms"))
        #expect(lines[4].split(separator: " ") == ["PID", "PRIVATE", "CPU", "%", "COMMAND"])
        #expect(lines[5].hasPrefix("   10   9.00 MiB       –  server"))
        #expect(lines[9].hasPrefix("10 server: "))
    }

    @Test func theModesHaveColumnsOfTheirOwn() {
        var model = TopFixture.model(width: 100)
        model.type(.character("m"))
        #expect(model.mode == .cheap)
        let columns = model.columns.columns.map(\.column)
        #expect(columns == [.pid, .anon, .shared, .rss, .cpu, .source, .command])
    }

    /// The reason for a figure that is not known is in the line about the row.
    @Test func reasons() {
        let foreign = TopFixture.process(10, uss: nil, source: .statm, unavailable: .permissionDenied)
        #expect(
            TopFixture.model([foreign]).lines[22]
                .hasPrefix("10 python3: permission denied (run as the owner, or with CAP_SYS_PTRACE)")
        )
        let waiting = TopFixture.process(10, uss: nil, source: .statm)
        #expect(TopFixture.model([waiting]).lines[22].contains("PRIVATE, COMMON: no read fitted into the budget yet"))
        let selection = MemorySelection(columns: [.pid, .pss, .command])
        var model = TopFixture.model([waiting], selection)
        model.type(.character("m"))
        #expect(model.lines[22].contains("PSS: not read in mode cheap (m changes it)"))
    }

    /// A process chooses its name: it must neither control the terminal nor move the columns.
    @Test func hostileNames() {
        let names = [
            "\u{1B}[2J\u{1B}[31m\nred", "日本語日本語日本語日本語日本語日本語", "\u{202E}evil", "a\u{301}\u{302}", "\u{7}\u{9B}2J",
        ]
        let processes = names.enumerated().map { TopFixture.process(10 + Int32($0), $1, depth: $0 == 0 ? 0 : 1) }
        for width in [40, 60] {
            let frame = TopScreen.frame(TopFixture.model(processes, width: width))
            #expect(frame.lines.allSatisfy { $0.columns <= width })
            #expect(
                frame.lines.allSatisfy {
                    $0.text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
                }
            )
            #expect(!frame.lines.contains { $0.text.contains("\u{202E}") })
        }
    }

    @Test func manyTreesHaveOneLineEach() {
        let lines = TopFixture.model(trees: 30, width: 100, height: 24).lines
        #expect(lines[1].hasPrefix("10 server ["))
        #expect(lines[8].hasPrefix("17 server ["))
        #expect(lines[9].hasPrefix("and 22 more trees  █ private  = shared  ? uncertain"))
        #expect(lines[10].contains("PRIVATE"))
    }

    /// The width of the bar is the limit of the container, and the soft limit has a mark.
    @Test func theLimitOfTheContainer() throws {
        let system = try Systems.container()
        var model = TopFixture.model(width: 100)
        model.trees[0].container = try ContainerMemory.current(in: SystemRoot(directory: system.directory.path))
        let bar = model.lines[2]
        #expect(bar.hasSuffix("] of 4.00 GiB, soft limit 3.00 GiB"))
        let cells = Array(bar.dropFirst().prefix { $0 != "]" })
        // The soft limit is three quarters of the limit.
        #expect(cells.firstIndex(of: "|") == cells.count * 3 / 4)
        // 200 MiB to 260 MiB of 4 GiB.
        #expect(cells.filter { $0 == "█" || $0 == "=" || $0 == "?" }.count == 4)
        model.size = (40, 10)
        #expect(model.lines[2].hasSuffix("] of 4.00 GiB"))
        #expect(model.lines[2].contains("|"))
    }

    /// A list that was cut short is not shown as the whole tree.
    @Test func missingProcesses() {
        for (trees, line, text) in [
            (1, 1, "at least 7 processes: the time limit was reached"), (30, 1, " ≥230 MiB"),
        ] {
            var model = TopFixture.model(trees: trees)
            let snapshot = TopFixture.snapshot(TopFixture.pool(), gaps: [.timeLimit])
            _ = model.take(TopFixture.pass([("10", .success(snapshot))]))
            #expect(model.lines[line].contains(text))
        }
    }

    @Test func theEndOfATree() {
        var model = TopFixture.model()
        // The root has exited; its workers remain.
        _ = model.take(TopFixture.pass([("10", .success(TopFixture.snapshot(Array(TopFixture.pool().dropFirst()))))]))
        #expect(model.lines[1].contains("10 has exited; its descendants remain"))
        #expect(!model.hasEnded)
        let gone = ProcMemError(.noSuchProcess, path: "/proc/10")
        #expect(model.take(TopFixture.pass([("10", .failure(gone))])) == ["10"])
        #expect(model.hasEnded)
        #expect(model.failure == nil)
        #expect(model.lines[1] == "10 server  no process is left")
        #expect(model.lines[5] == "no process is left; q quits")
    }

    @Test func aTreeThatNeverExisted() {
        let scope = NamedScope(name: "10", kind: .tree(10))
        var model = TopModel([scope], MemorySelection(), every: .seconds(1), budget: .milliseconds(5))
        _ = model.take(TopFixture.pass([("10", .failure(ProcMemError(.noSuchProcess, path: "/proc/10")))]))
        #expect(model.failure?.code == .noSuchProcess)
    }

    @Test func selectionScrolls() {
        let processes = (0..<100).map { TopFixture.process(10 + $0, "p\($0)", depth: $0 == 0 ? 0 : 1) }
        var model = TopFixture.model(processes, height: 20)
        let height = model.listHeight
        model.type(.pageDown)
        #expect(model.selected == height)
        model.type(.end)
        #expect(model.selected == 99)
        #expect(model.visible.upperBound == 100)
        model.type(.down, .pageUp)
        #expect(model.selected == 99 - height)
        #expect(model.visible.contains(model.selected))
        model.type(.home, .up)
        #expect(model.visible == 0..<height)
        model.type(.end)
        model.size = (100, 8)
        model.scroll()
        #expect(model.visible.contains(99))
        model.size = (100, 200)
        model.scroll()
        #expect(model.visible == 0..<100)
    }

    @Test func theBudgetChanges() {
        var model = TopFixture.model()
        model.type(.character("+"), .character("+"))
        #expect(model.mode == .within(.milliseconds(20)))
        for _ in 0..<20 { model.type(.character("-")) }
        #expect(model.mode == .within(.microseconds(500)))
    }
}

@Suite struct MemoryBarTests {
    private func text(_ bar: MemoryBar, _ width: Int, scale: Int?, mark: Int? = nil) -> String {
        bar.line(width: width, scale: scale, mark: mark).text
    }

    @Test func parts() {
        let bar = MemoryBar(lower: 600, upper: 700, ussBytes: 200, isUSSComplete: true)
        #expect(text(bar, 10, scale: 1000) == "██====?···")
        #expect(text(bar, 10, scale: 1000, mark: 800) == "██====?·|·")
        #expect(text(bar, 10, scale: 1000, mark: 1000) == "██====?··|")
        // A soft limit below what is used.
        #expect(text(bar, 10, scale: 1000, mark: 300) == "██=|==?···")
        // More than the limit, and no limit.
        #expect(text(bar, 10, scale: 500) == "████======")
        #expect(text(bar, 7, scale: nil) == "██====?")
    }

    @Test func unknownFigures() {
        // USS is not known of each process: the rest may be private too.
        let some = MemoryBar(lower: 600, upper: 700, ussBytes: 200, isUSSComplete: false)
        #expect(text(some, 10, scale: 1000) == "██▒▒▒▒?···")
        let none = MemoryBar(lower: 600, upper: 700, ussBytes: nil, isUSSComplete: false)
        #expect(text(none, 10, scale: 1000) == "▒▒▒▒▒▒?···")
        // Without an upper bound.
        let open = MemoryBar(lower: 600, upper: nil, ussBytes: 600, isUSSComplete: true)
        #expect(text(open, 10, scale: 1000) == "██████?···")
        #expect(text(MemoryBar(lower: 0, upper: 0, ussBytes: 0, isUSSComplete: true), 4, scale: 10) == "····")
    }

    /// Memory that is less than a column is not shown as none.
    @Test func smallSizes() {
        let bar = MemoryBar(lower: 1, upper: 1, ussBytes: 1, isUSSComplete: true)
        #expect(text(bar, 10, scale: 1 << 40) == "█·········")
        #expect(text(bar, 0, scale: 10) == "")
        let huge = MemoryBar(lower: .max, upper: .max, ussBytes: .max, isUSSComplete: true)
        #expect(text(huge, 3, scale: .max) == "███")
    }
}

@Suite struct ScreenWriterTests {
    private func frame(_ lines: [StyledLine]) -> Frame { Frame(width: 10, height: 3, lines: lines) }

    @Test func onlyChangedLinesAreWritten() {
        var writer = ScreenWriter(hasColors: true)
        var screen = ScreenModel(width: 10, height: 3)
        screen.feed(Array("\u{1B}[?1049h".utf8))
        let first = frame([StyledLine("one"), StyledLine("two", .bold), StyledLine("0123456789")])
        screen.feed(Array(writer.output(for: first).utf8))
        #expect(screen.lines == ["one", "two", "0123456789"])
        #expect(writer.output(for: first) == "")
        let second = frame([StyledLine("one"), StyledLine("t"), StyledLine("0123456789")])
        let output = writer.output(for: second)
        #expect(output == "\u{1B}[?2026h\u{1B}[2;1H\u{1B}[0mt\u{1B}[0m\u{1B}[K\u{1B}[?2026l")
        screen.feed(Array(output.utf8))
        #expect(screen.lines == ["one", "t", "0123456789"])
        // Fewer lines: the others become empty.
        screen.feed(Array(writer.output(for: frame([StyledLine("one")])).utf8))
        #expect(screen.lines == ["one", "", ""])
        writer.forget()
        #expect(writer.output(for: frame([StyledLine("one")])).contains("\u{1B}[2J"))
        #expect(screen.unknown.isEmpty)
    }

    @Test func aNewSizeIsDrawnAgain() {
        var writer = ScreenWriter(hasColors: true)
        _ = writer.output(for: frame([StyledLine("one")]))
        #expect(writer.output(for: Frame(width: 11, height: 3, lines: [StyledLine("one")])).contains("\u{1B}[2J"))
    }

    @Test func withoutColors() {
        let style = Style(color: .green, isBold: true)
        #expect(style.sequence(hasColors: true) == "\u{1B}[0;1;32m")
        #expect(style.sequence(hasColors: false) == "\u{1B}[0;1m")
    }

    @Test func linesAreCut() {
        var line = StyledLine("ab", .bold)
        line.append("日本語")
        #expect(line.columns == 8)
        #expect(line.cut(to: 8).text == "ab日本語")
        #expect(line.cut(to: 7).text == "ab日本…")
        #expect(line.cut(to: 6).text == "ab日…")
        #expect(line.cut(to: 3).text == "ab…")
        #expect(line.cut(to: 2).text == "a…")
        #expect(line.cut(to: 0).text == "")
        #expect(line.filled(to: 10) { $0.isReversed = true }.columns == 10)
        #expect(StyledLine("left").with(right: StyledLine("right"), width: 12).text == "left   right")
        #expect(StyledLine("left").with(right: StyledLine("right"), width: 8).text == "l… right")
    }
}
