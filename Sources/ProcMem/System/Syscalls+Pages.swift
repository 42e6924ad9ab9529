import CLinux

/// Access to `/proc/PID/pagemap`.
extension Syscalls {
    /// Passes the words of a file, starting at the word with index `first`, to a closure. There are fewer than
    /// requested at the end of the file, and none after it.
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
            let filled = try unsafe read(descriptor, into: bytes, from: first * size) / size
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
    /// The corresponding C constant is `PAGEMAP_SCAN`. The kernel skips the range of a missing page table in one step.
    /// The request is newer than the filters in use, so it is not made under a seccomp filter, and the error is
    /// ``Errno/noFunction``.
    ///
    /// - Parameter maximumCount: The maximum length of the run in pages; 0 for no maximum.
    static func firstPages(
        of kind: PageKind,
        in pages: Range<Int>,
        maximumCount: Int,
        pageSizeBytes: Int,
        of map: borrowing FileDescriptor
    ) throws(Errno) -> Range<Int>? {
        guard !isFiltered else { throw .noFunction }
        let (start, startOverflows) = pages.lowerBound.multipliedReportingOverflow(by: pageSizeBytes)
        let (end, endOverflows) = pages.upperBound.multipliedReportingOverflow(by: pageSizeBytes)
        guard !startOverflows, !endOverflows, start >= 0, end >= start else { throw .invalidArgument }
        let descriptor = map.rawValue
        var range = procmem_page_range()
        let count = try retrying {
            unsafe procmem_scan_pages(
                descriptor,
                UInt64(start),
                UInt64(end),
                kind.mask,
                UInt64(maximumCount),
                &range,
                1
            )
        }
        guard count > 0 else { return nil }
        let first = Int(clamping: range.start) / pageSizeBytes
        return first..<max(first, Int(clamping: range.end) / pageSizeBytes)
    }
}
