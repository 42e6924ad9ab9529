/// The rule by which the affinity mask and the quota become a number of CPUs.
struct CPURule {
    let affinityCount: Int
    /// The tightest quota; `nil` where there is none, or it is not enforced.
    let quota: CPUQuota?

    var limitedBy: CPULimits.Limit {
        quota.map { $0.isTighter(than: affinityCount) } == true ? .quota : .affinity
    }

    var effectiveCPUs: Double {
        min(quota?.cpus ?? .infinity, Double(affinityCount))
    }

    func effectiveCPUCount(rounding: Rounding) -> Int {
        max(1, min(affinityCount, quota?.cpuCount(rounding: rounding) ?? .max))
    }
}
