import CLinux

/// Access to `/proc/PID/pagemap`.
extension Syscalls {
    /// Passes the words of a file, starting at the word with index `first`, to a closure. There are fewer than
    /// requested only if the file ends, or if a read returns less than a word. A read that ends early is continued.
    static func withWords<R>(
        of file: borrowing FileDescriptor,
        from first: Int,
        count: Int,
        _ body: (Span<UInt64>) -> R
    ) throws(Errno) -> R {
        let descriptor = file.rawValue
        let size = MemoryLayout<UInt64>.size
        return try unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { (words) throws(Errno) in
            let bytes = UnsafeMutableRawBufferPointer(words)
            var filled = 0
            while filled < count {
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[(filled * size)...])
                // A word that was cut is read again: the kernel accepts whole words only.
                let read = try unsafe read(descriptor, into: rest, from: (first + filled) * size) / size
                if read == 0 { break }
                filled += read
            }
            return body(unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: words[..<filled])))
        }
    }

    enum PageKind {
        /// Pages that are in memory and mapped.
        case present
        /// The kernel's zero page, or its huge zero page, which backs memory that was read but never written.
        case zeros

        fileprivate var mask: UInt64 { UInt64(self == .present ? PROCMEM_PAGE_PRESENT : PROCMEM_PAGE_OF_ZEROS) }
    }

    /// Returns the first run of pages of a kind within a range of pages; `nil` if there is none.
    ///
    /// - Parameter maximumCount: The maximum length of the run in pages; 0 for no maximum.
    static func firstPages(
        of kind: PageKind,
        in pages: Range<Int>,
        maximumCount: Int,
        pageSizeBytes: Int,
        of map: borrowing FileDescriptor
    ) throws(Errno) -> Range<Int>? {
        try scan(
            pages,
            for: kind,
            maximumPageCount: maximumCount,
            maximumRunCount: 1,
            pageSizeBytes: pageSizeBytes,
            map
        ) { $0.first }
    }

    /// Returns the runs of pages in memory within a range of pages, in ascending order.
    ///
    /// The scan is complete if the kernel returns fewer runs than there is room for. The kernel's own report of where it
    /// stopped (`walk_end`) may be out of date.
    ///
    /// - Parameters:
    ///   - pages: The range.
    ///   - maximumCount: The number of runs for which there is room.
    ///   - maximumPageCount: The number of pages after which the kernel ends the scan.
    ///   - pageSizeBytes: The system's page size.
    ///   - map: The open `pagemap`.
    /// - Returns: `nil` if there may be more runs.
    static func presentPages(
        in pages: Range<Int>,
        maximumCount: Int,
        maximumPageCount: Int,
        pageSizeBytes: Int,
        of map: borrowing FileDescriptor
    ) throws(Errno) -> [Range<Int>]? {
        try scan(
            pages,
            for: .present,
            maximumPageCount: maximumPageCount,
            maximumRunCount: maximumCount,
            pageSizeBytes: pageSizeBytes,
            map
        ) { $0.count < maximumCount ? Array($0) : nil }
    }

    /// Passes the runs of pages of a kind within a range of pages to a closure.
    ///
    /// The corresponding C constant is `PAGEMAP_SCAN`. The kernel skips the range of a missing page table in one step.
    /// The request is newer than the filters in use, so it is not made under a seccomp filter, and the error is
    /// ``Errno/noFunction``.
    ///
    /// - Parameters:
    ///   - maximumPageCount: The maximum number of pages in all runs; 0 for no maximum.
    ///   - maximumRunCount: The maximum number of runs.
    private static func scan<R>(
        _ pages: Range<Int>,
        for kind: PageKind,
        maximumPageCount: Int,
        maximumRunCount: Int,
        pageSizeBytes: Int,
        _ map: borrowing FileDescriptor,
        _ body: (LazyMapCollection<Range<Int>, Range<Int>>) -> R
    ) throws(Errno) -> R {
        guard !isFiltered else { throw .noFunction }
        let (start, startOverflows) = pages.lowerBound.multipliedReportingOverflow(by: pageSizeBytes)
        let (end, endOverflows) = pages.upperBound.multipliedReportingOverflow(by: pageSizeBytes)
        guard !startOverflows, !endOverflows, start >= 0, maximumRunCount > 0 else { throw .invalidArgument }
        let descriptor = map.rawValue
        return try unsafe withUnsafeTemporaryAllocation(of: procmem_page_range.self, capacity: maximumRunCount) {
            (runs) throws(Errno) in
            let count = try retrying {
                unsafe procmem_scan_pages(
                    descriptor,
                    UInt64(start),
                    UInt64(end),
                    kind.mask,
                    UInt64(maximumPageCount),
                    runs.baseAddress,
                    UInt64(maximumRunCount)
                )
            }
            return body(
                (0..<min(Int(count), maximumRunCount)).lazy.map { index in
                    let run = unsafe runs[index]
                    let first = Int(clamping: run.start) / pageSizeBytes
                    return first..<max(first, Int(clamping: run.end) / pageSizeBytes)
                }
            )
        }
    }
}
