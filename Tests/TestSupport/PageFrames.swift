import Foundation

/// The true memory of processes: the page frames that they map, each counted once. Only root sees frame numbers.
package enum PageFrames {
    /// Returns the distinct memory in bytes, of the pages that RSS counts.
    package static func distinctBytes(of pids: [Int32]) throws -> Int {
        var frames: Set<UInt64> = []
        for pid in pids { try collect(pid, &frames) }
        let zeros = try zeroFrames(frames)
        return (frames.count - zeros) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func collect(_ pid: Int32, _ frames: inout Set<UInt64>) throws {
        let pageSize = UInt64(sysconf(Int32(_SC_PAGESIZE)))
        let file = open("/proc/\(pid)/pagemap", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw CocoaError(.fileReadNoPermission) }
        defer { close(file) }
        for line in try KernelFile.text("/proc/\(pid)/maps").split(separator: "\n") {
            // The kernel maps these pages into every process, and RSS does not count them.
            if line.hasSuffix("[vvar]") || line.hasSuffix("[vvar_vclock]") || line.hasSuffix("[vdso]") { continue }
            let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard ends.count == 2, ends[1] < 1 << 47 else { continue }
            var entries = [UInt64](repeating: 0, count: Int((ends[1] - ends[0]) / pageSize))
            let count = pread(file, &entries, entries.count * 8, off_t(ends[0] / pageSize * 8))
            for entry in entries.prefix(max(0, count) / 8) where entry >> 63 == 1 {
                frames.insert(entry & ((1 << 55) - 1))
            }
        }
    }

    /// The number of these that are the kernel's zero page, which RSS does not count.
    private static func zeroFrames(_ frames: Set<UInt64>) throws -> Int {
        let file = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw CocoaError(.fileReadNoPermission) }
        defer { close(file) }
        return frames.count { frame in
            var flags: UInt64 = 0
            return pread(file, &flags, 8, off_t(frame * 8)) == 8 && flags >> 24 & 1 == 1
        }
    }

    /// Whether this process sees frame numbers.
    package static let areVisible: Bool = (try? distinctBytes(of: [getpid()])).map { $0 > 1 << 20 } ?? false
}
