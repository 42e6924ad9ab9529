/// The memory limit of the cgroup that a process is in, and of every cgroup above it that is visible.
public struct ContainerMemory: Sendable, Hashable {
    /// The smallest limit in bytes; `nil` where no visible level has one.
    ///
    /// From `memory.max` (v2) or `memory.limit_in_bytes` (v1) of every level. A limit at or above the machine's memory is
    /// none: v1 shows a number near 2^63 for no limit.
    public let limitBytes: Int?
    /// The cgroup that sets the limit, as `/proc/PID/cgroup` names it; `nil` where there is no limit.
    public let limitCgroup: String?
    /// The process's own cgroup, as `/proc/PID/cgroup` names it; `nil` where none is visible.
    public let cgroup: String?
    /// The interface that the memory controller is on; `nil` where none is visible.
    public let cgroupVersion: CgroupVersion?
    /// The machine's memory in bytes, `MemTotal` of `/proc/meminfo`; `nil` where that cannot be read.
    public let machineBytes: Int?
    /// Whether every level from the process's own cgroup up to the mount's root could be seen.
    public let complete: Bool
    /// What was odd: the file, and what was found there.
    public let warnings: [String]

    /// The memory that can be counted on: the limit, or the machine's memory; `nil` where neither is known.
    public var effectiveMemoryBytes: Int? { limitBytes ?? machineBytes }
}

extension ContainerMemory {
    /// The memory limit of the calling process.
    ///
    /// Read anew at each call. What cannot be read is left out of the answer, ``complete`` is then `false`, and
    /// ``warnings`` tells why. The cost is three system calls for each file, and grows with the number of levels and of
    /// mounts. No privileges are needed.
    ///
    /// - Parameter root: Where the kernel's files are.
    public static func current(in root: KernelRoot = .live) -> ContainerMemory {
        ContainerMemory(of: .current, in: root)
    }

    init(of process: ProcessSelector, in root: KernelRoot) {
        let machineBytes = MemoryInformation.totalBytes(in: root)
        let lookup = CgroupHierarchy.find(.memory, of: process, in: root)
        var warnings = lookup.warnings
        var isComplete = lookup.isComplete
        var binding: (bytes: Int, cgroup: String)?
        if let hierarchy = lookup.hierarchy {
            let file: StaticString = hierarchy.version == .v2 ? "memory.max" : "memory.limit_in_bytes"
            for level in 0..<hierarchy.levelCount {
                let reading = CgroupLevelFile(
                    file,
                    level: level,
                    of: hierarchy,
                    in: root,
                    MemoryLimitFile.init(parsing:)
                )
                isComplete = isComplete && reading.isVisible
                if let warning = reading.warning { warnings.append(warning) }
                guard let bytes = reading.value?.limitBytes, bytes < machineBytes ?? .max,
                    bytes < binding?.bytes ?? .max
                else { continue }
                binding = (bytes, reading.cgroup)
            }
        }
        limitBytes = binding?.bytes
        limitCgroup = binding?.cgroup
        cgroup = lookup.hierarchy?.cgroup(atLevel: 0)
        cgroupVersion = lookup.hierarchy?.version
        self.machineBytes = machineBytes
        complete = isComplete
        self.warnings = warnings
    }
}

/// How much memory this process can count on: the smallest limit of its cgroups, the machine's memory at most.
///
/// Read anew at each call, as ``ContainerMemory/current(in:)`` does, which explains the number.
///
/// - Parameter root: Where the kernel's files are.
/// - Returns: The memory in bytes; `nil` where there is no limit and `/proc/meminfo` cannot be read.
public func effectiveMemoryBytes(in root: KernelRoot = .live) -> Int? {
    ContainerMemory.current(in: root).effectiveMemoryBytes
}
