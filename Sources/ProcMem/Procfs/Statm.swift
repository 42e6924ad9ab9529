/// `/proc/PID/statm`: the sizes of a process, which the kernel reports in pages, converted to bytes.
///
/// The counters are exact since Linux 6.16. From 6.2 to 6.15, each counter may differ by some pages per CPU. Before
/// 6.2, a thread adds its counts to those of the process only after up to 64 page faults, and one fault may map 16
/// pages of a file: on 6.1, `resident` was 4 KiB for a program of 1.7 MiB, and 8 KiB too small for a program of 16 MiB.
/// The fields `lib` and `dt` of the file are omitted: they have been 0 since Linux 2.6.
public struct Statm: Sendable, Hashable {
    /// `size`: the size of the mapped virtual memory, in bytes.
    public let sizeBytes: Int
    /// `resident`: the resident set size (RSS), in bytes.
    public let residentBytes: Int
    /// `shared`: the part of RSS that consists of pages of files and of shared memory, in bytes.
    ///
    /// Linux computes `resident` as the sum of this part and the anonymous part, so that this part is never larger. A
    /// file below a ``SystemRoot`` may contradict this: the fields are reported as they are, and
    /// ``MemoryUsage/sharedBytes`` is `nil` then.
    public let sharedBytes: Int
    /// `text`: the size of the program's code, in bytes of virtual memory.
    public let textBytes: Int
    /// `data`: the size of the private writable mappings and the stack, in bytes of virtual memory.
    public let dataBytes: Int
}

extension Statm {
    // Seven numbers of at most 20 digits.
    static let readOptions = FileReadOptions(expectedBytes: 256, limitBytes: 4096, isOnePiece: true)

    /// Parses the contents of a `statm` file.
    ///
    /// - Parameters:
    ///   - bytes: The contents of the file.
    ///   - pageSizeBytes: The page size of the system that wrote the file.
    /// - Throws: ``ProcMemError`` with `malformed` for fewer than seven numbers, or a size above 2^60 bytes.
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
        guard var field = bytes.nextField(at: &index) else { throw ParseError("seven sizes in pages") }
        // A sum of per-CPU counters can be below zero for a moment; the kernel itself reports it as 0.
        let isNegative = bytes[field.lowerBound] == UInt8(ascii: "-")
        if isNegative { field = field.lowerBound + 1..<field.upperBound }
        guard let size = bytes.sizeBytes(in: field, unitBytes: pageSizeBytes) else {
            throw ParseError("seven sizes in pages, each at most 2^60 bytes")
        }
        return isNegative ? 0 : size
    }

    /// Whether the process has no memory: it is a kernel thread, or it has exited.
    var isEmpty: Bool { sizeBytes == 0 && residentBytes == 0 }
}

extension Statm {
    init(at path: ProcPath, in root: SystemRoot) throws(FileReadError) {
        self = try root.read(path, Self.readOptions) { (bytes) throws(ParseError) in
            try Statm(validating: bytes, pageSizeBytes: root.pageSizeBytes)
        }
    }

    /// Reads the sizes of a process.
    ///
    /// Three system calls, independent of the size of the process, and no allocation. No privileges are required unless
    /// `/proc` hides the process.
    ///
    /// - Parameters:
    ///   - pid: The process's id in the caller's pid namespace. A thread's id yields the sizes of its process.
    ///   - root: The location of the kernel's files.
    /// - Throws: ``ProcMemError``: `kernelThread` or `zombie` for a process without memory, where the file contains
    ///   zeros (a zombie with running threads has memory); `noSuchProcess`, `exited`, `permissionDenied`, `malformed`.
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
