#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where the command's output goes.
enum Terminal {
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
    static func print(_ lines: [String]) {
        let width = width
        for line in lines { Swift.print(line.cut(to: width)) }
    }

    /// Prints one line at once, also into a pipe.
    static func printNow(_ line: String) {
        Swift.print(line)
        fflush(nil)
    }

    /// Prints one line about what went wrong.
    static func printError(_ message: String) {
        var line = "procmem: \(message.printable)\n"
        line.withUTF8 { bytes in
            _ = unsafe write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}
