import Testing

@testable import ProcMemCommand

@Suite struct TableTests {
    @Test func numbersAreRightAlignedAndTextIsLeftAligned() {
        var table = Table([
            Table.Column(title: "PID", isNumber: true), Table.Column(title: "NAME"), Table.Column(title: "NOTE"),
        ])
        table.add(["1", "init", ""])
        table.add(["12345", "a longer name", "here"])
        #expect(
            table.lines == [
                "  PID  NAME           NOTE",
                "    1  init",
                "12345  a longer name  here",
            ]
        )
    }

    @Test(
        arguments: [
            (nil, "    1  100 MiB   0 B  a long command"), (38, "    1  100 MiB   0 B  a long command"),
            (36, "    1  100 MiB   0 B  a long command"), (35, "    1  100 MiB  a long command"),
            (30, "    1  100 MiB  a long command"), (29, "    1  a long command"), (5, "    1  a long command"),
        ] as [(Int?, String)]
    )
    func theHighestRankIsLeftOutFirst(_ width: Int?, _ line: String) {
        var table = Table([
            Table.Column(title: "PID", isNumber: true), Table.Column(title: "RSS", isNumber: true, rank: 1),
            Table.Column(title: "SWAP", isNumber: true, rank: 2), Table.Column(title: "COMMAND"),
        ])
        table.add(["1", "100 MiB", "0 B", "a long command"])
        table.add(["12345", "", "", ""])
        let lines = table.lines(fitting: width)
        #expect(lines[1] == line)
        #expect(lines[0].hasSuffix("  COMMAND"))
    }

    @Test func wideCharactersTakeTwoColumns() {
        var table = Table([Table.Column(title: "NAME"), Table.Column(title: "NOTE")])
        table.add(["日本", "a"])
        table.add(["e\u{301}🚀", "b"])
        #expect(table.lines == ["NAME  NOTE", "日本  a", "e\u{301}🚀   b"])
        #expect(table.lines(fitting: 6).map(\.displayColumns) == [10, 7, 7])
    }

    @Test func aTableWithoutRows() {
        #expect(Table([Table.Column(title: "A"), Table.Column(title: "B", isNumber: true)]).lines == ["A  B"])
    }
}

@Suite struct PrintableTests {
    @Test(arguments: [
        ("python3", "python3"), ("größer 日本", "größer 日本"), ("a\u{1B}[31mb", "a?[31mb"), ("a\nb\tc\0", "a?b?c?"),
        ("\u{9B}2J", "?2J"), ("\u{202E}txt", "?txt"), ("\u{200B}", "?"), ("\u{2028}", "?"), ("\u{7F}", "?"),
        ("\r\n", "??"), ("", ""),
    ])
    func controlCharactersAreReplaced(_ text: String, _ printed: String) {
        #expect(text.printable == printed)
    }

    @Test(arguments: [
        (6, "日本語", "日本語"), (5, "日本語", "日本…"), (4, "日本語", "日…"), (2, "日本語", "…"), (4, "a日b", "a日b"),
        (3, "a日b", "a…"), (2, "e\u{301}e\u{301}", "e\u{301}e\u{301}"), (2, "🚀🚀", "…"), (3, "🚀🚀", "🚀…"),
        (5, "abc", "abc"), (3, "abc", "abc"), (2, "abc", "a…"), (1, "abc", "…"), (1, "a", "a"), (1, "", ""),
    ])
    func aLineThatIsTooLongIsCut(_ width: Int, _ line: String, _ printed: String) {
        #expect(line.cut(to: width) == printed)
    }

    @Test func withoutAWidthTheTextIsNotCut() {
        #expect(String(repeating: "a", count: 10_000).cut(to: nil).count == 10_000)
    }
}

@Suite struct DisplayColumnsTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("größer", 6), ("日本", 4), ("かな", 4), ("カナ", 4), ("한글", 4), ("ＡＢ", 4), ("ｶﾅ", 2), ("𠀀", 2),
        ("🚀", 2), ("🇯🇵", 2), ("e\u{301}", 1), ("a\u{20DD}", 1), ("\u{3099}", 0), ("a\u{200D}b", 2), ("│├─…µ", 5),
        ("©", 1),
    ])
    func widths(_ text: String, _ columns: Int) {
        #expect(text.displayColumns == columns)
    }
}
