import Foundation
import TestSupport
import Testing

@testable import ProcMem

/// A file is read completely, or not at all.
@Suite(.timeLimit(.minutes(10))) struct FileContentsTests {
    private static let bytes = [UInt8]((0..<200_000).map { UInt8(truncatingIfNeeded: $0 % 251) })

    private func contents(
        of bytes: some Sequence<UInt8>,
        _ readOptions: FileReadOptions
    ) throws -> Result<[UInt8], FileReadError> {
        let tree = try FixtureTree()
        try tree.write(Data(bytes), to: "/file")
        return Result { () throws(FileReadError) in
            try tree.root().read("/file".nulTerminated.span, readOptions) { $0.bytes(in: 0..<$0.count) }
        }
    }

    @Test(arguments: [0, 1, 63, 64, 65, 127, 128, 129, 4095, 4096, 4097, 8192, 100_000], [false, true])
    func everySizeUpToTheLimitIsReadWhole(_ size: Int, _ isOnePiece: Bool) throws {
        let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: 100_000, isOnePiece: isOnePiece)
        // Without a newline, one line ends where the file ends.
        let expected = Self.bytes.prefix(size).map { $0 == 0x0A ? 0x20 : $0 }
        #expect(try contents(of: expected, readOptions) == .success(expected))
    }

    @Test(arguments: [0, 1, 62, 63, 64, 65, 4095, 4096, 9999])
    func oneLineEndsWithItsNewlineWherever(_ size: Int) throws {
        let line = [UInt8](repeating: 0x61, count: size) + [0x0A]
        let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: 10_000, isOnePiece: true)
        #expect(try contents(of: line, readOptions) == .success(line))
    }

    @Test(arguments: [(1000, 999), (1000, 1000), (4096, 4096), (64, 64)] as [(Int, Int)])
    func theLimitItselfIsAllowed(_ limit: Int, _ size: Int) throws {
        let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: limit)
        let expected = Array(Self.bytes.prefix(size))
        #expect(try contents(of: expected, readOptions) == .success(expected))
    }

    @Test(arguments: [(1000, 1001), (4096, 4097), (64, 65), (5000, 200_000)] as [(Int, Int)], [false, true])
    func aByteMoreIsRefusedAndNotCut(_ sizes: (limit: Int, size: Int), _ isOnePiece: Bool) throws {
        let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: sizes.limit, isOnePiece: isOnePiece)
        let found = try contents(of: repeatElement(0x61, count: sizes.size), readOptions)
        #expect(found == .failure(.tooLarge(limitBytes: sizes.limit)))
    }

    @Test func aFileWithoutEndIsRefused() throws {
        let zeros = SystemRoot.live
        #expect(throws: FileReadError.tooLarge(limitBytes: 65536)) {
            try zeros.read("/dev/zero".nulTerminated.span, FileReadOptions(expectedBytes: 64, limitBytes: 65536)) {
                $0.count
            }
        }
    }

    @Test func aParsersComplaintQuotesTheBeginning() throws {
        let tree = try FixtureTree(["/file": "junk\n" + String(repeating: "x", count: 10_000)])
        let parseError = ParseError("sense")
        for expectedBytes in [64, 16384] {
            let readOptions = FileReadOptions(expectedBytes: expectedBytes, limitBytes: 65536)
            let quotation = "\"junk\\n" + String(repeating: "x", count: 75) + "\"…"
            #expect(throws: FileReadError.malformed(parseError, found: quotation)) {
                try tree.root().read("/file".nulTerminated.span, readOptions) { (_) throws(ParseError) in
                    throw parseError
                }
            }
        }
    }

    @Test func aReaderThatGetsPiecesWaitsForTheEnd() throws {
        let expected = Array(Self.bytes.prefix(3000))
        let pipe = try WrittenPipe(pieces: expected.chunks(of: 7), pauseMicroseconds: 20)
        let readOptions = FileReadOptions(expectedBytes: 64, limitBytes: 65536)
        #expect(try pipe.reader().withContents(readOptions) { $0.bytes(in: 0..<$0.count) } == expected)
    }

    @Test func aReaderOfOneLineDoesNotWaitForTheEnd() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[1]) }
        let line = Array("max 100000\n".utf8)
        try #require(write(ends[1], line, line.count) == line.count)
        // If the pipe is empty but open, a read fails instead of waiting.
        try #require(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        let readOptions = FileReadOptions(expectedBytes: 128, limitBytes: 4096, isOnePiece: true)
        #expect(try FileDescriptor(adopting: ends[0]).withContents(readOptions) { $0.bytes(in: 0..<$0.count) } == line)
    }

    @Test func aFileThatGrowsIsReadToItsNewEnd() throws {
        let tree = try FixtureTree(["/file": "1\n2\n"])
        let path = tree.directory.path + "/file"
        let file = try tree.root().open("/file".nulTerminated.span)
        let writer = try #require(FileHandle(forWritingAtPath: path))
        try writer.seekToEnd()
        try writer.write(contentsOf: Data("3\n".utf8))
        let text = try file.withContents(FileReadOptions(expectedBytes: 4, limitBytes: 64)) {
            $0.text(in: 0..<$0.count)
        }
        #expect(text == "1\n2\n3\n")
    }
}

extension Array {
    fileprivate func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}

/// A pipe into which a thread writes piece by piece, and which it then closes.
private struct WrittenPipe {
    private let readEnd: Int32

    init(pieces: [[UInt8]], pauseMicroseconds: UInt32) throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        readEnd = ends[0]
        let writeEnd = ends[1]
        Thread.detachNewThread {
            for piece in pieces {
                _ = piece.withUnsafeBytes { write(writeEnd, $0.baseAddress, $0.count) }
                usleep(pauseMicroseconds)
            }
            close(writeEnd)
        }
    }

    /// The read end, which its owner closes.
    func reader() -> FileDescriptor { FileDescriptor(adopting: readEnd) }
}
