import ProcMem

/// The answer of `procmem cpu` for programs.
struct CPUReport: Encodable {
    struct Affinity: Encodable {
        let count: Int
        let cpus: String
    }

    struct Quota: Encodable {
        let cpus: Double
        let quotaMicroseconds: Int
        let periodMicroseconds: Int
        let cgroup: String
        let cgroupVersion: Int
        let enforced: Bool
    }

    let effectiveCPUCount: Int
    let effectiveCPUs: Double
    let limitedBy: String
    let affinity: Affinity
    @Nullable var onlineCount: Int?
    @Nullable var quota: Quota?
    let complete: Bool
    let warnings: [String]

    init(_ limits: CPULimits, rounding: Rounding) {
        effectiveCPUCount = limits.effectiveCPUCount(rounding: rounding)
        effectiveCPUs = limits.effectiveCPUs
        limitedBy = limits.limitedBy.rawValue
        affinity = Affinity(count: limits.affinity.count, cpus: limits.affinity.description)
        onlineCount = limits.onlineCount
        quota = limits.quota.map {
            Quota(
                cpus: $0.quota.cpus,
                quotaMicroseconds: $0.quota.quotaMicroseconds,
                periodMicroseconds: $0.quota.periodMicroseconds,
                cgroup: $0.cgroup,
                cgroupVersion: $0.cgroupVersion.rawValue,
                enforced: $0.isEnforced
            )
        }
        complete = limits.complete
        warnings = limits.warnings
    }
}
