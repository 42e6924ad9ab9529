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

    /// At most so many characters, with a mark where some are missing.
    func cut(to width: Int?) -> String {
        guard let width, count > width, width > 0 else { return self }
        return prefix(width - 1) + "…"
    }
}
