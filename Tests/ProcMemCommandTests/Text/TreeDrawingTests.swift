import Testing

@testable import ProcMemCommand

@Suite struct TreeDrawingTests {
    @Test(
        arguments: [
            ([], []), ([0], [""]), ([0, 0, 0], ["", "", ""]), ([0, 1], ["", "└─ "]),
            ([0, 1, 1], ["", "├─ ", "└─ "]),
            ([0, 1, 2, 2, 1, 2], ["", "├─ ", "│  ├─ ", "│  └─ ", "└─ ", "   └─ "]),
            // Two trees, and a child whose level begins anew below another parent.
            ([0, 1, 0, 1, 2], ["", "└─ ", "", "└─ ", "   └─ "]),
            ([0, 1, 2, 1], ["", "├─ ", "│  └─ ", "└─ "]),
            // What no walk gives: a level left out.
            ([0, 2, 1], ["", "│  └─ ", "└─ "]), ([3], ["      └─ "]),
        ] as [([Int], [String])]
    )
    func linesLeadFromParentToChild(_ depths: [Int], _ prefixes: [String]) {
        #expect(TreeDrawing(depths: depths).prefixes == prefixes)
    }

    @Test func aChainIsNotLongerThanALine() {
        let prefixes = TreeDrawing(depths: Array(0..<100_000)).prefixes
        #expect(prefixes[17] == String(repeating: "   ", count: 16) + "└─ ")
        #expect(prefixes[18] == "…" + String(repeating: "   ", count: 16) + "└─ ")
        #expect(prefixes.map(\.count).max() == 52)
    }
}
