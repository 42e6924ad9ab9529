import Testing

@testable import ProcMemCommand

@Suite struct TableTests {
    @Test func numbersToTheRightAndTextToTheLeft() {
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

    @Test func namesAlone() {
        #expect(Table([Table.Column(title: "A"), Table.Column(title: "B", isNumber: true)]).lines == ["A  B"])
    }
}

@Suite struct PrintableTests {
    @Test(arguments: [
        ("python3", "python3"), ("größer 日本", "größer 日本"), ("a\u{1B}[31mb", "a?[31mb"), ("a\nb\tc\0", "a?b?c?"),
        ("\u{9B}2J", "?2J"), ("\u{202E}txt", "?txt"), ("\u{200B}", "?"), ("\u{2028}", "?"), ("\u{7F}", "?"),
        ("\r\n", "??"), ("", ""),
    ])
    func whatMovesTheCursorIsShownAsAMark(_ text: String, _ printed: String) {
        #expect(text.printable == printed)
    }

    @Test(arguments: [
        (5, "abc", "abc"), (3, "abc", "abc"), (2, "abc", "a…"), (1, "abc", "…"), (1, "a", "a"), (1, "", ""),
    ])
    func aLineThatIsTooLongEndsInAMark(_ width: Int, _ line: String, _ printed: String) {
        #expect(line.cut(to: width) == printed)
    }

    @Test func withoutAWidthNothingIsCut() {
        #expect(String(repeating: "a", count: 10_000).cut(to: nil).count == 10_000)
    }
}
