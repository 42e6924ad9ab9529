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

    struct Level: Encodable {
        let cgroup: String
        let path: String
        @Nullable var quotaMicroseconds: Int?
        @Nullable var periodMicroseconds: Int?
        @Nullable var cpus: Double?
        /// Whether the values are known, and not merely missing.
        let known: Bool
    }

    let effectiveCPUCount: Int
    let effectiveCPUs: Double
    let limitedBy: String
    let affinity: Affinity
    @Nullable var onlineCount: Int?
    @Nullable var quota: Quota?
    let levels: [Level]
    let swiftPoolWidth: Int
    @Nullable var throttling: ThrottlingReport?
    let complete: Bool
    let warnings: [String]

    init(_ limits: CPULimits, _ observation: ThrottlingObservation? = nil, rounding: Rounding) {
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
        levels = limits.levels.map {
            Level(
                cgroup: $0.cgroup,
                path: $0.path,
                quotaMicroseconds: $0.quota?.quotaMicroseconds,
                periodMicroseconds: $0.quota?.periodMicroseconds,
                cpus: $0.quota?.cpus,
                known: $0.isKnown
            )
        }
        swiftPoolWidth = limits.swiftPoolWidth
        throttling = observation.map { ThrottlingReport($0, under: limits) }
        complete = limits.complete
        warnings = limits.warnings
    }
}
