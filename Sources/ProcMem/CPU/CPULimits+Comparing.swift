extension CPULimits {
    /// Whether two answers allow and explain the same. The warnings may differ: their text quotes what was found.
    func isEquivalent(to other: CPULimits) -> Bool {
        affinity == other.affinity && quota == other.quota && levels == other.levels && policy == other.policy
            && onlineCount == other.onlineCount && complete == other.complete
    }
}
