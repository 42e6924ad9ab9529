import CLinux

/// What `/proc/PID/pagemap` says.
extension Syscalls {
    /// Hands over the words of a file from one on: fewer than asked for where it ends, and none where it has ended.
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
        /// In memory and mapped.
        case present
        /// The kernel's page of zeros, or its huge one, which stands for memory that was read and never written.
        case zeros

        fileprivate var mask: UInt64 { UInt64(self == .present ? PROCMEM_PAGE_PRESENT : PROCMEM_PAGE_OF_ZEROS) }
    }

    /// The first run of pages of a kind within a range of pages; `nil` for none.
    ///
    /// The corresponding C constant is `PAGEMAP_SCAN`. Whole page tables that are not there are passed over in one step.
    ///
    /// - Parameter maximumCount: How many pages the run may have; 0 for any number.
    static func firstPages(
        of kind: PageKind,
        in pages: Range<Int>,
        maximumCount: Int,
        pageSizeBytes: Int,
        of map: borrowing FileDescriptor
    ) throws(Errno) -> Range<Int>? {
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
