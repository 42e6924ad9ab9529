import ProcMem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The processes to report if the command line names none.
enum Session {
    /// Returns the process tree of the session leader: the login shell, the shell of a terminal window, or the first
    /// process of a container. If the leader has exited or may not be read, it is the tree of the parent process; if
    /// the parent may not be read either, or below a directory, the tree of the calling process.
    static func scope(in root: SystemRoot) -> ProcessScope {
        guard root == .live else { return .currentTree }
        for candidate in [getsid(0), getppid()]
        where (try? memoryUsage(of: candidate, mode: .cheap))?.rssBytes != nil {
            return .tree(root: candidate)
        }
        return .currentTree
    }
}
