/// How the processes of a list were found.
public enum ProcessSearch: String, Sendable, Hashable, CaseIterable {
    /// The caller named them.
    case named
    /// Through `/proc/PID/task/TID/children`, one small file for each thread.
    case childrenFiles
    /// By a look at every process that `/proc` shows.
    case scan
    /// Through `cgroup.procs` of a cgroup and of those below it.
    case cgroupFiles
}
