import Testing

@testable import ProcMemCommand

@Suite struct TreeDrawingTests {
    @Test(
        arguments: [
            ([], []), ([0], [""]), ([0, 0, 0], ["", "", ""]), ([0, 1], ["", "└─ "]),
            ([0, 1, 1], ["", "├─ ", "└─ "]),
            ([0, 1, 2, 2, 1, 2], ["", "├─ ", "│  ├─ ", "│  └─ ", "└─ ", "   └─ "]),
            // Two trees, each with a child.
            ([0, 1, 0, 1, 2], ["", "└─ ", "", "└─ ", "   └─ "]),
            ([0, 1, 2, 1], ["", "├─ ", "│  └─ ", "└─ "]),
            // A missing level, which no walk of processes returns.
            ([0, 2, 1], ["", "│  └─ ", "└─ "]), ([3], ["      └─ "]),
        ] as [([Int], [String])]
    )
    func branchesConnectParentAndChild(_ depths: [Int], _ prefixes: [String]) {
        #expect(TreeDrawing(depths: depths).prefixes == prefixes)
    }

    @Test func deepTreesAreAbbreviated() {
        let prefixes = TreeDrawing(depths: Array(0..<100_000)).prefixes
        #expect(prefixes[17] == String(repeating: "   ", count: 16) + "└─ ")
        #expect(prefixes[18] == "…" + String(repeating: "   ", count: 16) + "└─ ")
        #expect(prefixes.map(\.count).max() == 52)
    }
}
