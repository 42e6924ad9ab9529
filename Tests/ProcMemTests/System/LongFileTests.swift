import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// Files read line by line through a buffer of 65,536 bytes.
@Suite(.timeLimit(.minutes(10))) struct LongFileTests {
    private func lines(of text: String) throws -> Result<[String], FileReadError> {
        let tree = try FixtureTree(["/file": text])
        return Result { () throws(FileReadError) in
            let file = try tree.root().open("/file".nulTerminated.span)
            var lines: [String] = []
            try file.forEachLine(limitBytes: .max) { lines.append($0.text(in: $1)) }
            return lines
        }
    }

    @Test(
        arguments: [
            ("", []), ("\n", [""]), ("one", ["one"]), ("one\n", ["one"]), ("one\n\ntwo", ["one", "", "two"]),
        ] as [(String, [String])]
    )
    func shortFilesAreLinesToo(_ text: String, _ expected: [String]) throws {
        #expect(try lines(of: text) == .success(expected))
    }

    @Test(arguments: [65_533, 65_534, 65_535], ["", "\n", "\nz", "\nz\n"])
    func aLineThatEndsWithTheBufferIsWhole(_ length: Int, _ rest: String) throws {
        let line = String(repeating: "x", count: length)
        let expected = [line] + (rest.contains("z") ? ["z"] : [])
        #expect(try lines(of: line + rest) == .success(expected))
    }

    @Test(arguments: [1, 2, 3, 65_530, 65_534, 65_535])
    func aLineAcrossTheBufferIsWhole(_ beginning: Int) throws {
        let first = String(repeating: "x", count: beginning - 1)
        let second = String(repeating: "y", count: 65_535)
        #expect(try lines(of: "\(first)\n\(second)\nz\n") == .success([first, second, "z"]))
    }

    @Test func manyBuffersLoseNothing() throws {
        // Lengths without a common factor with the buffer.
        let expected = (0..<3000).map { String(repeating: "abcdefghi", count: $0 % 47) + "\($0)" }
        #expect(try lines(of: expected.joined(separator: "\n")) == .success(expected))
    }

    @Test(arguments: [65_536, 65_537, 200_000], [0, 3])
    func aLineThatDoesNotFitIsRefused(_ length: Int, _ linesBefore: Int) throws {
        let before = String(repeating: "short\n", count: linesBefore)
        let found = try lines(of: before + String(repeating: "x", count: length) + "\nz\n")
        let quotation = "\"" + String(repeating: "x", count: 80) + "\"…"
        #expect(found == .failure(.malformed(ParseError("lines shorter than 65,536 bytes"), found: quotation)))
    }

    @Test(arguments: [(1000, true), (1001, false), (200_000, false)]) func aFileWithoutEndIsRefused(
        _ count: Int,
        _ fits: Bool
    )
        throws
    {
        let tree = try FixtureTree(["/file": String(repeating: "1234567\n", count: count)])
        let file = try tree.root().open("/file".nulTerminated.span)
        do {
            var lines = 0
            try file.forEachLine(limitBytes: 8000) { (_, _) in lines += 1 }
            #expect(fits && lines == count)
        } catch {
            #expect(!fits && error == .tooLarge(limitBytes: 8000))
        }
    }

    @Test func aFileThatGrowsMeanwhileIsReadToItsNewEnd() throws {
        let line = String(repeating: "x", count: 99)
        let tree = try FixtureTree(["/file": String(repeating: line + "\n", count: 1000)])
        let file = try tree.root().open("/file".nulTerminated.span)
        let writer = try #require(FileHandle(forWritingAtPath: tree.directory.path + "/file"))
        try writer.seekToEnd()
        var count = 0
        try file.forEachLine(limitBytes: .max) { (bytes, range) throws(ParseError) in
            count += 1
            if count == 1 { try? writer.write(contentsOf: Data(String(repeating: line + "\n", count: 500).utf8)) }
            guard range.count == 99 else { throw ParseError("whole lines") }
        }
        #expect(count == 1500)
    }

    @Test func aComplaintQuotesTheLine() throws {
        let tree = try FixtureTree(["/file": "one\ntwo\nthree\n"])
        let file = try tree.root().open("/file".nulTerminated.span)
        #expect(throws: FileReadError.malformed(ParseError("no two"), found: "\"two\"")) {
            try file.forEachLine(limitBytes: .max) { (bytes, range) throws(ParseError) in
                if bytes.equals("two", in: range) { throw ParseError("no two") }
            }
        }
    }
}
