import Foundation

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
        if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 {
            return columns
        }
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Prints one line at once, also into a pipe.
    static func printNow(_ line: String) {
        print(line)
        fflush(nil)
    }

    /// Prints one line about what went wrong.
    static func printError(_ message: String) {
        FileHandle.standardError.write(Data("procmem: \(message.printable)\n".utf8))
    }

    static func exit(_ status: Int32) -> Never {
        Glibc.exit(status)
    }
}

extension String {
    /// The text with what would move the cursor, change colours or turn the reading direction made visible.
    ///
    /// A process names itself as it likes: its name is not to be trusted with a terminal.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: "?"
                    default: scalar
                    }
                }
            )
        )
    }
}
