import Foundation
import Testing

/// Pages whose code blocks are executed by tests: each block must be in the source of one of these tests.
struct ExecutedBlocksTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

    /// Spaces and line breaks do not count: the lines of a page are shorter, and its blocks are indented less.
    private static func compact(_ text: some StringProtocol) -> String { String(text.filter { !$0.isWhitespace }) }

    @Test(arguments: [
        (
            "Sources/ProcMem/ProcMem.docc/TestingWithFixtures.md",
            ["DocumentationTests/TestingWithFixturesTests.swift"], 7
        ),
        (
            "Documentation/CProcps.md",
            ["CProcpsTests/Libproc2ExampleTests.swift", "CProcpsTests/LibprocpsExampleTests.swift"], 20
        ),
    ])
    func everyBlockIsInATest(_ page: String, _ tests: [String], _ count: Int) throws {
        let sources = try tests.map { test in
            Self.compact(try String(contentsOf: Self.root.appending(path: "Tests/\(test)"), encoding: .utf8))
        }
        let text = try String(contentsOf: Self.root.appending(path: page), encoding: .utf8)
        let blocks = text.split(separator: "```swift\n").dropFirst().compactMap { $0.split(separator: "```").first }
        #expect(blocks.count == count)
        for block in blocks {
            let code = Self.compact(block.split(separator: "\n").filter { !$0.hasPrefix("import ") }.joined())
            #expect(sources.contains { $0.contains(code) }, "\(page): \(block)")
        }
    }
}
