import Foundation

/// The distinct memory of processes, counted by the frames of all pages that they map. The kernel shows frames only to root.
package enum PageFrames {
    /// Returns the distinct memory in bytes: each frame once, in pages of anonymous memory, files, shared memory and hugetlbfs.
    ///
    /// Pages that KSM merged have one frame and count once. The page of zeros does not count, because neither RSS nor PSS
    /// counts it. Nor do frames that are no memory of the system, such as those of devices.
    package static func distinctBytes(of pids: [Int32]) throws -> Int {
        var frames: Set<UInt64> = []
        for pid in pids { try collect(pid, &frames) }
        let file = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw CocoaError(.fileReadNoPermission) }
        defer { close(file) }
        return frames.count { isCounted($0, file) } * pageSize
    }

    private static let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

    private static func collect(_ pid: Int32, _ frames: inout Set<UInt64>) throws {
        let file = open("/proc/\(pid)/pagemap", O_RDONLY | O_CLOEXEC)
        // A zombie has no page tables.
        guard file >= 0 || errno == ESRCH else { throw CocoaError(.fileReadNoPermission) }
        defer { close(file) }
        let chunk = 1 << 16
        let entries = UnsafeMutablePointer<UInt64>.allocate(capacity: chunk)
        defer { entries.deallocate() }
        for line in try KernelFile.text("/proc/\(pid)/maps").split(separator: "\n") {
            // Every process maps these pages of the kernel, and RSS does not count them.
            if line.contains(" [vvar") || line.hasSuffix("[vsyscall]") { continue }
            let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { Int($0, radix: 16) }
            guard ends.count == 2 else { continue }
            var page = ends[0] / pageSize
            let end = ends[1] / pageSize
            while page < end {
                let bytes = pread(file, entries, min(chunk, end - page) * 8, off_t(page * 8))
                guard bytes >= 8 else { break }
                let count = bytes / 8
                var index = 0
                while index < count {
                    // Bit 63: the page is in memory. The lower 55 bits are the frame.
                    if entries[index] >> 63 == 1 { frames.insert(entries[index] & ((1 << 55) - 1)) }
                    index += 1
                }
                page += count
            }
        }
    }

    /// Returns whether a frame is a page of memory other than the page of zeros.
    private static func isCounted(_ frame: UInt64, _ pageFlags: Int32) -> Bool {
        var flags: UInt64 = 0
        guard pread(pageFlags, &flags, 8, off_t(frame * 8)) == 8 else { return false }
        let (noPage, zeroPage) = (flags >> 20 & 1, flags >> 24 & 1)
        return noPage == 0 && zeroPage == 0
    }

    /// Whether the kernel shows frames to this process, and the pages of a process are few enough to be read: a
    /// sanitizer reserves terabytes of address space.
    package static let areVisible: Bool = !BuildMode.isSanitized && isFrameVisible

    /// Whether the kernel shows the frame of a page of this process.
    private static var isFrameVisible: Bool {
        let file = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        let page = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        defer { page.deallocate() }
        page.initialize(to: 1)
        var entry: UInt64 = 0
        guard pread(file, &entry, 8, off_t(Int(bitPattern: page) / pageSize * 8)) == 8 else { return false }
        return entry & ((1 << 55) - 1) != 0 && access("/proc/kpageflags", R_OK) == 0
    }
}
