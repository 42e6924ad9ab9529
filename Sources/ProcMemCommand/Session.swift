import ProcMem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The processes that a person at a shell means by "here".
enum Session {
    /// What is looked at where no process is named: the tree of the session's leader, which is the login shell, the shell
    /// of a terminal window or a container's first process; of the parent where the leader has gone or may not be looked
    /// at.
    static func scope(in root: SystemRoot) -> ProcessScope {
        guard root == .live else { return .currentTree }
        for candidate in [getsid(0), getppid()]
        where (try? memoryUsage(of: candidate, mode: .cheap))?.rssBytes != nil {
            return .tree(root: candidate)
        }
        return .currentTree
    }
}
