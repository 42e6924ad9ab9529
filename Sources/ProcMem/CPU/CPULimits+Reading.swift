extension CPULimits {
    /// The limits of the calling process.
    ///
    /// Read anew at each call: a container's limits can change while it runs. The files are `/proc/self/cgroup`, `cpu.max`
    /// (v2) or `cpu.cfs_quota_us` and `cpu.cfs_period_us` (v1) of every level, and `/sys/devices/system/cpu/online`; before
    /// Linux 6.11, and where the hierarchy is not whole at its usual place, `/proc/self/mountinfo` too. What cannot be read
    /// is left out of the answer, `complete` is then `false`, and `warnings` tells why.
    ///
    /// The cost is three system calls for each file and four more. It grows with the number of levels, and with that of
    /// mounts where these are read. No privileges are needed.
    ///
    /// - Parameter root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` only where no source tells the CPUs, which happens below a directory that has neither
    ///   `proc/self/status` nor `sys/devices/system/cpu/online`.
    public static func current(in root: KernelRoot = .live) throws(ProcMemError) -> CPULimits {
        try CPULimits(of: .current, in: root, countsOnline: true)
    }

    /// The limits of another process, as ``current(in:)`` tells those of the caller.
    ///
    /// All of the answer is about one process, also where the id passes to another one meanwhile. A thread's id gives the
    /// mask of that thread. A zombie answers with the mask that it had and the cgroup that it was in; on v1 the kernel names
    /// the root for it, unless other threads of it run on: they tell. The cost is that of ``current(in:)`` and eight system
    /// calls. No privileges are needed unless `/proc` hides the process.
    ///
    /// - Parameters:
    ///   - processID: The process's id in the caller's pid namespace.
    ///   - root: Where the kernel's files are.
    /// - Throws: ``ProcMemError`` with `invalidArgument` for an id below 1, `noSuchProcess` where there is none, `exited` where
    ///   it ended meanwhile, `permissionDenied` for one that `/proc` hides, `procUnavailable` without `/proc`,
    ///   `outOfResources` without descriptors; below a directory also what ``current(in:)`` throws.
    public init(of processID: Int32, in root: KernelRoot = .live) throws(ProcMemError) {
        let process = try ProcessSelector(validating: processID, in: root)
        self = try ProcessIdentity.holding(process, in: root) { () throws(ProcMemError) in
            try CPULimits(of: process, in: root, countsOnline: true)
        }
    }

    /// - Parameter countsOnline: Whether to ask for the online CPUs, which the count itself does not need.
    init(of process: ProcessSelector, in root: KernelRoot, countsOnline: Bool) throws(ProcMemError) {
        var warnings: [String] = []
        affinity = try AffinityLookup.affinity(of: process, in: root, warnings: &warnings)
        let policy = AffinityLookup.policy(of: process, in: root)
        self.policy = policy
        onlineCount = countsOnline ? (try? AffinityLookup.online(in: root))?.count : nil

        let lookup = CgroupHierarchy.find(.cpu, of: process, in: root)
        warnings += lookup.warnings
        var isComplete = lookup.isComplete
        var levels: [Level] = []
        var binding: Level.Quota?
        if let hierarchy = lookup.hierarchy {
            for number in 0..<hierarchy.levelCount {
                let reading = Self.read(level: number, of: hierarchy, in: root)
                warnings += reading.warnings
                isComplete = isComplete && reading.isVisible
                levels.append(reading.level)
                guard let quota = reading.level.quota else { continue }
                if let known = binding, !quota.isTighter(than: known.quota) { continue }
                binding = Level.Quota(
                    quota: quota,
                    cgroup: reading.level.cgroup,
                    cgroupVersion: hierarchy.version,
                    isEnforced: policy?.isBoundByQuota ?? true
                )
            }
        }
        self.levels = levels
        quota = binding
        complete = isComplete
        self.warnings = warnings
    }
}
