extension String {
    /// The text with what would move the cursor, change colours or turn the reading direction made visible.
    ///
    /// A process names itself as it likes: its name is not to be trusted with a terminal.
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

    /// At most so many columns of a terminal, with a mark where characters are missing.
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
