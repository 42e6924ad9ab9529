/// The files of the tree that ``Sysroot`` builds: those of cgroup v2 and of v1, of three processes, and of the machine.
enum SysrootFiles {
    static let all = [
        "/proc/17/stat", "/proc/17/statm", "/proc/17/status", "/proc/17/cgroup", "/proc/17/mountinfo",
        "/proc/17/smaps_rollup", "/proc/17/maps", "/proc/17/task/17/children", "/proc/18/stat", "/proc/18/statm",
        "/proc/18/smaps_rollup", "/proc/meminfo", "/sys/devices/system/cpu/online", "/sys/fs/cgroup/a/cpu.max",
        "/sys/fs/cgroup/a/b/cpu.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup/a/memory.current",
        "/sys/fs/cgroup/a/memory.stat", "/sys/fs/cgroup/a/b/memory.max", "/sys/fs/cgroup/a/b/memory.high",
        "/sys/fs/cgroup/a/b/memory.current", "/sys/fs/cgroup/a/b/memory.stat", "/sys/fs/cgroup/a/b/memory.events",
        "/sys/fs/cgroup/a/b/memory.pressure", "/sys/fs/cgroup/a/b/cgroup.procs", "/sys/fs/cgroup/a/b/cpu.stat",
        // What was added later follows, so that the parts of earlier inputs keep their files.
        "/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/a/cpu.cfs_period_us",
        "/sys/fs/cgroup/cpu/a/cpu.stat", "/sys/fs/cgroup/cpu/a/cpuacct.stat", "/sys/fs/cgroup/cpu/a/cpuacct.usage",
        "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "/sys/fs/cgroup/memory/a/memory.memsw.limit_in_bytes",
        "/sys/fs/cgroup/memory/a/memory.soft_limit_in_bytes", "/sys/fs/cgroup/memory/a/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/a/memory.kmem.usage_in_bytes", "/sys/fs/cgroup/memory/a/memory.max_usage_in_bytes",
        "/sys/fs/cgroup/memory/a/memory.failcnt", "/sys/fs/cgroup/memory/a/memory.oom_control",
        "/sys/fs/cgroup/memory/a/memory.use_hierarchy", "/sys/fs/cgroup/memory/a/memory.stat",
        "/sys/fs/cgroup/memory/a/cgroup.procs", "/proc/17/smaps", "/proc/17/pagemap", "/proc/17/limits",
        "/proc/18/maps", "/proc/18/pagemap", "/proc/18/status", "/proc/18/task/18/children", "/proc/19/stat",
        "/proc/19/statm", "/proc/19/maps", "/proc/19/pagemap", "/proc/uptime", "/proc/vmstat", "/proc/loadavg",
        "/proc/cgroups", "/proc/sys/kernel/osrelease", "/sys/devices/system/cpu/isolated",
        "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/kernel/mm/ksm/run", "/sys/kernel/mm/ksm/pages_sharing",
        "/sys/fs/cgroup/a/b/memory.swap.max", "/sys/fs/cgroup/a/b/memory.swap.current",
        "/sys/fs/cgroup/a/b/memory.swap.events", "/sys/fs/cgroup/a/b/memory.events.local",
        "/sys/fs/cgroup/a/b/memory.peak", "/sys/fs/cgroup/a/b/cgroup.controllers", "/sys/fs/cgroup/a/b/cgroup.events",
        "/sys/fs/cgroup/a/b/cpu.stat.local",
    ]

    /// The first page whose entry in `pagemap` an input determines: address 0x400000 with pages of 4,096 bytes.
    static let firstPage = 0x400

    /// Returns the contents of a file, and the offset at which they begin. In `pagemap`, a byte stands for the entry of one
    /// page: its highest three bits are the bits 63, 61 and 56, the others are the page frame number.
    static func contents(of file: String, from part: ArraySlice<UInt8>) -> (bytes: [UInt8], offset: Int) {
        guard file.hasSuffix("/pagemap") else { return (Array(part), 0) }
        let words = part.map { byte in
            let byte = UInt64(byte)
            return (byte >> 7 & 1) << 63 | (byte >> 6 & 1) << 61 | (byte >> 5 & 1) << 56 | (byte & 0x1F)
        }
        return (words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }, firstPage * 8)
    }
}
