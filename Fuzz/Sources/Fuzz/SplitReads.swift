import Foundation

@testable import ProcMem

/// A file that is read in pieces: the first byte of the input chooses their size, the rest is the file. The result must be
/// that of one read.
enum SplitReads {
    @Sendable static func agree(_ input: ArraySlice<UInt8>) -> Bool {
        guard let first = input.first else { return true }
        let contents = Array(input.dropFirst())
        let whole = reading(contents, inPiecesOf: first) { (file) throws(FileReadError) in
            // A small buffer, so that longer files continue on the heap.
            try file.withContents(FileReadOptions(expectedBytes: 256, limitBytes: 1 << 20)) { bytes in
                bytes.bytes(in: 0..<bytes.count)
            }
        }
        let sums = reading(contents, inPiecesOf: first) { (file) throws(FileReadError) in try SmapsRollup.summed(file) }
        return whole == contents && sums == (try? SmapsRollup(parsing: contents.span, isSmaps: true))
    }

    /// Passes a file that returns at most one piece for each read. Its size is a power of 2, so that it fits the buffers.
    private static func reading<R>(
        _ contents: [UInt8],
        inPiecesOf choice: UInt8,
        _ body: (borrowing FileDescriptor) throws(FileReadError) -> R
    ) -> R? {
        var ends: [Int32] = [-1, -1]
        // A read of a socket of packets returns one packet.
        guard socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0 else { fatalError("no socket") }
        let file = FileDescriptor(adopting: ends[0])
        // The socket holds some 200 packets.
        var size = 1 << Int(choice % 6)
        while contents.count / size > 128 { size *= 2 }
        for start in stride(from: 0, to: contents.count, by: size) {
            let piece = contents[start..<min(start + size, contents.count)]
            let sent = piece.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
            precondition(sent == piece.count)
        }
        close(ends[1])
        return try? body(file)
    }
}
