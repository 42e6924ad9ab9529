/// `/proc/PID/pagemap`, open: it belongs to the memory that the process had when it was opened.
struct PageMap: ~Copyable {
    private let file: FileDescriptor
    private let pageSizeBytes: Int

    init(_ file: consuming FileDescriptor, pageSizeBytes: Int) {
        self.file = file
        self.pageSizeBytes = pageSizeBytes
    }

    /// Hands over what is behind a range of pages.
    ///
    /// - Throws: `ESRCH` where that memory is gone: the process has ended or executed another program.
    borrowing func read(_ pages: Range<Int>, _ body: (Span<UInt64>) -> Void) throws(FileReadError) {
        let isThere: Bool
        do {
            isThere = try Syscalls.withWords(of: file, from: pages.lowerBound, count: pages.count) { words in
                body(words)
                return !words.isEmpty
            }
        } catch {
            throw .system(error)
        }
        guard isThere else { throw .system(.noSuchProcess) }
    }

    /// The first page within a range that is in memory; `nil` for none.
    ///
    /// - Throws: `ENOTTY` before Linux 6.7.
    borrowing func firstPresent(in pages: Range<Int>) throws(Errno) -> Int? {
        try Syscalls.firstPages(of: .present, in: pages, maximumCount: 1, pageSizeBytes: pageSizeBytes, of: file)?
            .lowerBound
    }

    /// The runs of pages within a range that are the kernel's page of zeros; `nil` where it does not tell, before Linux 6.7.
    borrowing func zeros(in pages: Range<Int>) -> [Range<Int>]? {
        var zeros: [Range<Int>] = []
        var rest = pages
        while !rest.isEmpty {
            let run: Range<Int>?
            do {
                run = try Syscalls.firstPages(
                    of: .zeros,
                    in: rest,
                    maximumCount: 0,
                    pageSizeBytes: pageSizeBytes,
                    of: file
                )
            } catch { return nil }
            guard let run, !run.isEmpty else { break }
            zeros.append(run)
            rest = min(rest.upperBound, max(rest.lowerBound + 1, run.upperBound))..<rest.upperBound
        }
        return zeros
    }
}

/// One word of `/proc/PID/pagemap`: what is behind a page of a process.
struct PageEntry: Hashable, Sendable {
    let word: UInt64

    /// Bit 63: in memory, and mapped.
    var isPresent: Bool { word >> 63 & 1 == 1 }
    /// Bit 61: of a file, or of shared memory.
    var isOfFile: Bool { word >> 61 & 1 == 1 }
    /// Bit 56: mapped here and nowhere else. Since Linux 4.2.
    var isExclusive: Bool { word >> 56 & 1 == 1 }
    /// Bits 0 to 54: where in memory; 0 without `CAP_SYS_ADMIN`.
    var frame: UInt64 { word & ((1 << 55) - 1) }
}
