#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where the command's output goes.
enum Terminal {
    /// Standard output takes no more: the disk is full, or nobody is there any more to read it.
    struct OutputFailure: Error {}

    /// Columns to fit into; `nil` where the output goes to no terminal, and lines may be as long as they are.
    static var width: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        if let columns = unsafe getenv("COLUMNS"), let width = unsafe Int(String(cString: columns)), width > 0 {
            return width
        }
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Prints lines, each cut to the terminal's width.
    static func print(_ lines: [String]) throws(OutputFailure) {
        let width = width
        try print(text: lines.map { $0.cut(to: width) }.joined(separator: "\n"))
    }

    /// Prints a text as it is, and a line's end. Without a buffer: what is printed into a pipe arrives at once.
    static func print(text: String) throws(OutputFailure) {
        guard writeAll(text + "\n", to: STDOUT_FILENO) else { throw OutputFailure() }
    }

    /// Prints one line about what went wrong.
    static func printError(_ message: String) {
        _ = writeAll("procmem: \(message.printable)\n", to: STDERR_FILENO)
    }

    private static func writeAll(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count {
                let rest = unsafe UnsafeBufferPointer(rebasing: bytes[done...])
                let count = unsafe write(descriptor, rest.baseAddress, rest.count)
                guard count >= 0 || errno == EINTR else { return false }
                done += max(0, count)
            }
            return true
        }
    }
}
