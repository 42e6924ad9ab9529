/// Why a list may lack processes.
public enum ProcessGap: String, Sendable, Hashable, CaseIterable {
    /// There were more than ``WalkLimits/maximumCount``.
    case countLimit
    /// ``WalkLimits/maximumDuration`` was over before all were looked at.
    case timeLimit
    /// `/proc` hides processes from the caller, or whose children they are (`hidepid`), or a cgroup's list may not be read.
    case hidden
    /// The cgroup has processes outside of the caller's pid namespace, which have no id in it; on v1, where the kernel leaves
    /// them out of its list, it may have.
    case otherNamespace
}
