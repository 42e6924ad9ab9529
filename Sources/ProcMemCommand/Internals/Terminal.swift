#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Standard output and standard error of the command.
enum Terminal {
    /// A failed write to standard output: the disk is full, or the reader of the pipe has exited.
    struct OutputFailure: Error {
        let errorNumber: Int32

        var description: String {
            let reason = unsafe strerror(errorNumber).map { unsafe ", \(String(cString: $0))" } ?? ""
            return "standard output: cannot be written (errno \(errorNumber)\(reason))"
        }
    }

    /// The number of columns of the terminal; `nil` if standard output is not a terminal, in which case lines are not
    /// cut.
    static var width: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        if let columns = unsafe getenv("COLUMNS"), let width = unsafe Int(String(cString: columns)), width > 0 {
            return width
        }
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Prints lines, each cut to the width of the terminal.
    static func print(_ lines: [String]) throws(OutputFailure) {
        let width = width
        try print(text: lines.map { $0.cut(to: width) }.joined(separator: "\n"))
    }

    /// Prints a text unchanged, followed by a newline. The output is not buffered, so that the reader of a pipe
    /// receives it immediately.
    static func print(text: String) throws(OutputFailure) {
        if let error = failure(ofWriting: text + "\n", to: STDOUT_FILENO) { throw OutputFailure(errorNumber: error) }
    }

    /// Writes the bytes of a screen.
    static func draw(_ text: String) throws(OutputFailure) {
        if let error = failure(ofWriting: text, to: STDOUT_FILENO) { throw OutputFailure(errorNumber: error) }
    }

    /// Prints metrics. Without a sample, it prints nothing.
    static func print(_ metrics: PrometheusText) throws(OutputFailure) {
        if let error = failure(ofWriting: metrics.text, to: STDOUT_FILENO) { throw OutputFailure(errorNumber: error) }
    }

    /// Prints an error message on one line.
    static func printError(_ message: String) {
        _ = failure(ofWriting: "procmem: \(message.printable)\n", to: STDERR_FILENO)
    }

    /// Lets the signals of a terminal, and of a supervisor, end the command. A program that is started by a thread which
    /// blocks signals, such as one of libdispatch, inherits the mask of that thread.
    static func unblockSignals() {
        var signals = sigset_t()
        _ = unsafe sigemptyset(&signals)
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGPIPE] { _ = unsafe sigaddset(&signals, signal) }
        _ = unsafe sigprocmask(SIG_UNBLOCK, &signals, nil)
    }

    /// Writes the whole text, and returns the error number if that fails.
    ///
    /// A parent process may have made the descriptor non-blocking, which affects every process that shares it. Then the
    /// command waits until the reader has made room.
    static func failure(ofWriting text: String, to descriptor: Int32) -> Int32? {
        var text = text
        return text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let rest = unsafe UnsafeBufferPointer(rebasing: bytes[done...])
                let count = unsafe write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    done += count
                } else if count < 0, errno == EAGAIN {
                    var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    if unsafe poll(&room, 1, -1) < 0, errno != EINTR { return errno }
                } else if count == 0 || errno != EINTR {
                    return count == 0 ? EIO : errno
                }
            }
            return nil
        }
    }
}
