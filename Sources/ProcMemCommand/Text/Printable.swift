extension String {
    /// The text with `?` in place of each character that would move the cursor, change colours or reverse the text
    /// direction.
    ///
    /// A process chooses its own name, and a container chooses the names of its cgroups. They must not control the
    /// terminal.
    var printable: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                        "?"
                    default: scalar
                    }
                }
            )
        )
    }

    /// Returns the text cut to a number of terminal columns. A text that was cut ends in `…`.
    func cut(to width: Int?) -> String {
        guard let width, width > 0, displayColumns > width else { return self }
        var room = width - 1
        let kept = prefix { character in
            room -= character.unicodeScalars.reduce(0) { $0 + $1.displayColumns }
            return room >= 0
        }
        return kept + "…"
    }
}

extension [String] {
    /// Returns the parts of a sentence on one line, or on several lines if the terminal is too narrow for one.
    ///
    /// A line ends between two parts where possible. A part that does not fit on a line of its own ends between two
    /// words.
    ///
    /// - Parameters:
    ///   - width: The number of columns of the terminal; `nil` for one line.
    ///   - indentation: The number of spaces in front of each line but the first.
    func sentence(fitting width: Int?, indentation: Int = 2) -> [String] {
        guard let width else { return [joined(separator: " ")] }
        var lines: [String] = []
        let pieces = flatMap { part in
            part.displayColumns + indentation <= width
                ? [part] : part.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        }
        for part in pieces {
            if let last = lines.last, last.displayColumns + 1 + part.displayColumns <= width {
                lines[lines.count - 1] = last + " " + part
            } else {
                lines.append((lines.isEmpty ? "" : String(repeating: " ", count: indentation)) + part)
            }
        }
        return lines
    }
}
