extension CPULimits {
    /// One level, read: what it says, whether it is visible, and what was odd.
    typealias LevelReading = (level: Level, isVisible: Bool, warnings: [String])

    static func read(level: Int, of hierarchy: CgroupHierarchy, in root: KernelRoot) -> LevelReading {
        switch hierarchy.version {
        case .v2:
            let file = CgroupLevelFile("cpu.max", level: level, of: hierarchy, in: root, CFSLimit.init(parsing:))
            return reading(file, quota: file.value?.quota, [file.warning])
        case .v1:
            let file = CgroupLevelFile(
                "cpu.cfs_quota_us",
                level: level,
                of: hierarchy,
                in: root,
                CFSQuota.init(parsing:)
            )
            guard let quota = file.value?.quotaMicroseconds else { return reading(file, quota: nil, [file.warning]) }
            let period = CgroupLevelFile(
                "cpu.cfs_period_us",
                level: level,
                of: hierarchy,
                in: root,
                CFSPeriod.init(parsing:)
            )
            guard let periodMicroseconds = period.value?.periodMicroseconds else {
                let warning = period.warning ?? "\(period.path): is missing beside a quota of \(quota) microseconds"
                return reading(file, quota: nil, [warning], isVisible: period.isVisible)
            }
            let limit = CPUQuota(quotaMicroseconds: quota, periodMicroseconds: periodMicroseconds)
            return reading(file, quota: limit, [])
        }
    }

    private static func reading<Value>(
        _ file: CgroupLevelFile<Value>,
        quota: CPUQuota?,
        _ warnings: [String?],
        isVisible: Bool? = nil
    ) -> LevelReading {
        let warnings = warnings.compactMap(\.self)
        let level = Level(cgroup: file.cgroup, path: file.path, quota: quota, isKnown: warnings.isEmpty)
        return (level, isVisible ?? file.isVisible, warnings)
    }
}
