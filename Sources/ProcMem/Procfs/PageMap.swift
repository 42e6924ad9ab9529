/// An open `/proc/PID/pagemap`. It refers to the address space that the process had when the file was opened.
struct PageMap: ~Copyable {
    private let file: FileDescriptor
    private let pageSizeBytes: Int

    init(_ file: consuming FileDescriptor, pageSizeBytes: Int) {
        self.file = file
        self.pageSizeBytes = pageSizeBytes
    }

    /// Passes the entries of a range of pages of the address space to a closure.
    ///
    /// - Throws: `ESRCH` if the address space no longer exists: the process has exited or executed another program. The
    ///   kernel then reports the end of the file, also within the range.
    borrowing func read(_ pages: Range<Int>, _ body: (Span<UInt64>) -> Void) throws(FileReadError) {
        let isWhole: Bool
        do {
            isWhole = try Syscalls.withWords(of: file, from: pages.lowerBound, count: pages.count) { words in
                guard words.count == pages.count else { return false }
                body(words)
                return true
            }
        } catch {
            throw .system(error)
        }
        guard isWhole else { throw .system(.noSuchProcess) }
    }

    /// Returns the first page within a range that is in memory; `nil` if there is none.
    ///
    /// - Throws: `ENOTTY` before Linux 6.7.
    borrowing func firstPresent(in pages: Range<Int>) throws(Errno) -> Int? {
        try Syscalls.firstPages(of: .present, in: pages, maximumCount: 1, pageSizeBytes: pageSizeBytes, of: file)?
            .lowerBound
    }

    /// Returns the runs of pages within a range that are in memory; `nil` if there are `maximumCount` or more.
    ///
    /// - Throws: `ENOTTY` before Linux 6.7.
    borrowing func presentRuns(
        in pages: Range<Int>,
        maximumCount: Int,
        maximumPageCount: Int
    ) throws(Errno) -> [Range<Int>]? {
        try Syscalls.presentPages(
            in: pages,
            maximumCount: maximumCount,
            maximumPageCount: maximumPageCount,
            pageSizeBytes: pageSizeBytes,
            of: file
        )
    }

    /// Returns the runs of pages within a range that are the kernel's zero page; `nil` before Linux 6.7, which does not
    /// report them.
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

/// One word of `/proc/PID/pagemap`, which describes one page of a process.
struct PageEntry: Hashable, Sendable {
    let word: UInt64

    /// Bit 63: whether the page is in memory and mapped.
    var isPresent: Bool { word >> 63 & 1 == 1 }
    /// Bit 61: whether the page belongs to a file or to shared memory.
    var isOfFile: Bool { word >> 61 & 1 == 1 }
    /// Bit 56: whether the page is mapped exactly once. Requires Linux 4.2.
    var isExclusive: Bool { word >> 56 & 1 == 1 }
    /// Bits 0 to 54: the page frame number; 0 without `CAP_SYS_ADMIN`.
    var frame: UInt64 { word & ((1 << 55) - 1) }
}

/// The number of page table entries that refer to a page frame, from `/proc/kpagecount`.
///
/// It shows whether a page is mapped at addresses that were not sampled. Each frame costs one system call. Reading the
/// file requires `CAP_SYS_ADMIN`, like the page frame numbers themselves.
final class FrameMapCounts {
    private let file: FileDescriptor

    /// Returns `nil` if the file cannot be opened.
    init?(in root: SystemRoot) {
        guard let file = try? root.open(ProcPath(file: "/proc/kpagecount")) else { return nil }
        self.file = file
    }

    /// Returns the number of entries that refer to a frame; `nil` if the kernel does not report it.
    func mapCount(of frame: UInt64) -> Int? {
        let count = try? Syscalls.withWords(of: file, from: Int(clamping: frame), count: 1) { words in
            words.isEmpty ? nil : Int(clamping: words[0])
        }
        return count ?? nil
    }
}
