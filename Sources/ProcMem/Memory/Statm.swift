/// `/proc/PID/statm`: the size of a process in pages, here in bytes.
///
/// The counters are exact since Linux 6.16; from 6.2 to 6.15 each may be off by some pages per CPU. Before, a thread keeps what
/// up to 64 of its faults have brought to itself, 16 pages of a file each: on 6.1 a program of 1.7 MiB showed 4 KiB, one of
/// 16 MiB was 8 KiB short. The fields `lib` and `dt` of the file have been 0 since Linux 2.6 and are left out.
public struct Statm: Sendable, Hashable {
    /// `size`: the virtual memory that is mapped, in bytes.
    public let sizeBytes: Int
    /// `resident`: RSS in bytes.
    public let residentBytes: Int
    /// `shared`: the part of RSS that is backed by files or is shared memory, in bytes.
    public let sharedBytes: Int
    /// `text`: the program's code, in bytes of virtual memory.
    public let textBytes: Int
    /// `data`: private writable mappings and the stack, in bytes of virtual memory.
    public let dataBytes: Int
}

extension Statm {
    // Seven numbers of at most 20 digits.
    static let shape = FileShape(expectedBytes: 256, limitBytes: 4096, isOneLine: true)

    /// The record in the bytes of a `statm` file.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - pageSizeBytes: The page size of the system that wrote it.
    /// - Throws: ``ProcMemError`` with `malformed` for less than seven numbers, or one above 2^60 bytes.
    public init(parsing bytes: Span<UInt8>, pageSizeBytes: Int) throws(ProcMemError) {
        do {
            self = try Statm(validating: bytes, pageSizeBytes: pageSizeBytes)
        } catch {
            throw ProcMemError(.malformed(error, found: bytes.excerpt), path: "statm")
        }
    }

    init(validating bytes: Span<UInt8>, pageSizeBytes: Int) throws(Malformation) {
        var index = 0
        sizeBytes = try Self.nextBytes(bytes, at: &index, pageSizeBytes)
        residentBytes = try Self.nextBytes(bytes, at: &index, pageSizeBytes)
        sharedBytes = try Self.nextBytes(bytes, at: &index, pageSizeBytes)
        textBytes = try Self.nextBytes(bytes, at: &index, pageSizeBytes)
        _ = try Self.nextBytes(bytes, at: &index, pageSizeBytes)
        dataBytes = try Self.nextBytes(bytes, at: &index, pageSizeBytes)
        _ = try Self.nextBytes(bytes, at: &index, pageSizeBytes)
    }

    private static func nextBytes(
        _ bytes: Span<UInt8>,
        at index: inout Int,
        _ pageSizeBytes: Int
    ) throws(Malformation) -> Int {
        guard var field = bytes.nextField(at: &index) else { throw Malformation("seven numbers of pages") }
        // A sum over per-CPU counters can come out below zero for a moment; the kernel itself shows that as 0.
        let isNegative = bytes[field.lowerBound] == 0x2D
        if isNegative { field = field.lowerBound + 1..<field.upperBound }
        guard let size = bytes.sizeBytes(in: field, unitBytes: pageSizeBytes) else {
            throw Malformation("seven numbers of pages that fit into memory")
        }
        return isNegative ? 0 : size
    }

    /// Whether there is no memory behind the process: it is a kernel thread, or it has ended.
    var isEmpty: Bool { sizeBytes == 0 && residentBytes == 0 }
}
