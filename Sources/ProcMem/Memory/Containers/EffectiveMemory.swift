/// How much memory this process can count on: the smallest limit of its cgroups, the machine's memory at most.
///
/// In a container with 4 GiB on a machine of 256 GiB this is 4 GiB: the size to measure caches and heaps by.
/// ``ContainerMemory`` explains the number, and tells how much of it is used.
///
/// Read anew at each call: `/proc/meminfo`, `/proc/self/cgroup`, the limit of every level and on v1 `memory.stat`, three
/// system calls each: 0.1 ms at three levels. A file that is missing, unreadable or malformed counts as no limit. No
/// privileges are needed.
///
/// - Parameter root: Where the kernel's files are.
/// - Returns: The memory in bytes; `nil` where there is no limit and `/proc/meminfo` cannot be read.
public func effectiveMemoryBytes(in root: KernelRoot = .live) -> Int? {
    (try? ContainerMemory(of: .current, in: root, .limitsAlone))?.effectiveMemoryBytes
}
