import CLinux

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Detects that the reader of standard output has exited, while the command waits for a change.
///
/// A failed write shows it too, but the next change that is printed may be hours away.
enum OutputWatch {
    // Why nonisolated(unsafe): only the thread that prints uses it.
    nonisolated(unsafe) private static var isStarted = false

    /// Starts, once, a thread that ends the command when standard output, a pipe or a socket, has no reader any more. The command
    /// ends as at a failed write: by `SIGPIPE`, or with a message and status 1 if that signal is ignored.
    ///
    /// If no thread can be created, the next write ends the command. To be called after the first line has been printed: if
    /// the process may create only one more thread, it is the one that waits for changes.
    static func start() {
        guard unsafe !isStarted else { return }
        unsafe isStarted = true
        var file = stat()
        guard unsafe fstat(STDOUT_FILENO, &file) == 0, [S_IFIFO, S_IFSOCK].contains(file.st_mode & S_IFMT) else {
            return
        }
        _ = unsafe procmem_start_thread(
            { _ in
                OutputWatch.run()
                return nil
            },
            nil,
            nil
        )
    }

    private static func run() {
        // No event is requested: the kernel reports errors and hang-ups always.
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        while true {
            let count = unsafe poll(&output, 1, -1)
            if count > 0 { break }
            guard count == 0 || errno == EINTR || errno == EAGAIN else { return }
        }
        // Only a signal that this thread does not block is delivered before `raise` returns.
        var signals = sigset_t()
        _ = unsafe sigemptyset(&signals)
        _ = unsafe sigaddset(&signals, SIGPIPE)
        _ = unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(SIGPIPE)
        Terminal.printError(Terminal.OutputFailure(errorNumber: EPIPE).description)
        _exit(1)
    }
}
