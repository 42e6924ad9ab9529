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
    static let readOptions = FileReadOptions(expectedBytes: 256, limitBytes: 4096, isOneLine: true)

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

    init(validating bytes: Span<UInt8>, pageSizeBytes: Int) throws(ParseError) {
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
    ) throws(ParseError) -> Int {
        guard var field = bytes.nextField(at: &index) else { throw ParseError("seven numbers of pages") }
        // A sum over per-CPU counters can come out below zero for a moment; the kernel itself shows that as 0.
        let isNegative = bytes[field.lowerBound] == UInt8(ascii: "-")
        if isNegative { field = field.lowerBound + 1..<field.upperBound }
        guard let size = bytes.sizeBytes(in: field, unitBytes: pageSizeBytes) else {
            throw ParseError("seven numbers of pages that fit into memory")
        }
        return isNegative ? 0 : size
    }

    /// Whether there is no memory behind the process: it is a kernel thread, or it has ended.
    var isEmpty: Bool { sizeBytes == 0 && residentBytes == 0 }
}

extension Statm {
    init(at path: ProcPath, in root: SystemRoot) throws(FileReadError) {
        self = try root.read(path, Self.readOptions) { (bytes) throws(ParseError) in
            try Statm(validating: bytes, pageSizeBytes: root.pageSizeBytes)
        }
    }

    /// The sizes of a process.
    ///
    /// Three system calls, about 5 µs, whatever the size of the process; no allocation. No privileges are needed unless
    /// `/proc` hides the process.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace. A thread's id gives the sizes of its process.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError``: `kernelThread` and `zombie` for what has no memory, where the file shows zeros (a
    ///   zombie whose other threads run on has); `noSuchProcess`, `exited`, `permissionDenied`, `malformed`.
    public init(of pid: Int32, in root: SystemRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: pid, in: root)
        let path = ProcPath(process, "statm")
        do {
            let statm = try Statm(at: path, in: root)
            self =
                try statm.isEmpty
                ? ProcessDirectory(process, in: root).statmOfThreads(pageSizeBytes: root.pageSizeBytes) : statm
        } catch {
            throw ProcMemError(explaining: error, at: path, of: process, in: root)
        }
    }
}
