/// Why a list may lack processes.
public enum ProcessGap: String, Sendable, Hashable, CaseIterable {
    /// There were more than ``WalkLimits/maximumCount``.
    case countLimit
    /// ``WalkLimits/maximumDuration`` was over before all were looked at.
    case timeLimit
    /// `/proc` hides processes from the caller, or whose children they are: it is mounted with `hidepid`.
    case hidden
    /// The cgroup has processes outside of the caller's pid namespace, which have no id in it.
    case otherNamespace
}
