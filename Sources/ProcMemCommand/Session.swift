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
        root == .live ? rootPID.map { .tree(root: $0) } ?? .currentTree : .currentTree
    }

    /// The root of that tree on the live system; `nil` if it is the calling process.
    static var rootPID: Int32? {
        [getsid(0), getppid()].first { (try? memoryUsage(of: $0, mode: .cheap))?.rssBytes != nil }
    }
}
