extension CPUThrottling {
    /// The throttling of the calling process's cgroup.
    ///
    /// The files are `cpu.stat` and `cpu.stat.local` of the process's cgroup, which is found as
    /// ``CPULimits/current(in:)`` finds it. What cannot be read is `nil`, and ``warnings`` tells why. The cost is about
    /// that of ``effectiveCPUCount(rounding:minimum:in:)`` with two levels. No privileges are needed.
    ///
    /// - Parameter root: Where the kernel's files are.
    public static func current(in root: KernelRoot = .live) -> CPUThrottling {
        CPUThrottling(of: .current, in: root)
    }

    /// The throttling of another process's cgroup, as ``current(in:)`` tells that of the caller's.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` where there is none, `exited` where
    ///   it ended meanwhile, `permissionDenied` for one that `/proc` hides, `procUnavailable` without `/proc`,
    ///   `outOfResources` without descriptors.
    public init(of processID: Int32, in root: KernelRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: processID, in: root)
        self = try ProcessIdentity.holding(process, in: root) { CPUThrottling(of: process, in: root) }
    }

    private init(of process: ProcessSelector, in root: KernelRoot) {
        let lookup = CgroupHierarchy.find(.cpu, of: process, in: root)
        var warnings = lookup.warnings
        var cgroup: String?
        var own: CPUStat?
        var local: CPUStat?
        // Where the own cgroup is out of sight, what can be seen is another's.
        if let hierarchy = lookup.hierarchy, hierarchy.reachesOwnCgroup {
            for level in 0..<hierarchy.levelCount {
                let stat = CgroupLevelFile(
                    "cpu.stat",
                    level: level,
                    of: hierarchy,
                    in: root,
                    shape: CPUStat.shape,
                    CPUStat.init(parsing:)
                )
                warnings += stat.warning.map { [$0] } ?? []
                // Without the controller a cgroup's processes are accounted for by the one above it.
                if stat.warning == nil, stat.value?.isEmpty ?? true { continue }
                cgroup = stat.cgroup
                own = stat.value
                let localStat = CgroupLevelFile(
                    "cpu.stat.local",
                    level: level,
                    of: hierarchy,
                    in: root,
                    shape: CPUStat.shape,
                    CPUStat.init(parsing:)
                )
                // What the first file was warned about, a missing cgroup, need not be said twice.
                if stat.isVisible { warnings += localStat.warning.map { [$0] } ?? [] }
                local = localStat.value
                break
            }
        }
        self.cgroup = own == nil && local == nil ? nil : cgroup
        periods = own?.periods
        throttledPeriods = own?.throttledPeriods
        throttledMicroseconds = own?.throttledMicroseconds
        localThrottledMicroseconds = local?.throttledMicroseconds
        self.warnings = warnings
    }
}
