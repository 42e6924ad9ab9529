extension StringProtocol {
    /// The number of terminal columns that the text occupies.
    ///
    /// Each scalar counts on its own, as in terminals. The C library's `wcwidth` is not used, because it knows no wide
    /// characters in the C locale.
    var displayColumns: Int { unicodeScalars.reduce(0) { $0 + $1.displayColumns } }
}

extension Unicode.Scalar {
    /// The number of columns: 2 for wide East Asian characters and emoji, 0 for marks that combine with the character
    /// before.
    var displayColumns: Int {
        if isASCII { return 1 }
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: return isWide ? 2 : 1
        }
    }

    /// The ranges with the Unicode property East_Asian_Width Wide or Fullwidth, without emoji.
    private static var wideRanges: [ClosedRange<UInt32>] {
        [
            0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0xA4CF,
            0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6B, 0xFF01...0xFF60,
            0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x3FFFD,
        ]
    }

    private var isWide: Bool {
        // A flag is two regional indicators, and two columns wide: each indicator counts as one column.
        let isRegion = (0x1F1E6...0x1F1FF).contains(value)
        return properties.isEmojiPresentation && !isRegion || Self.wideRanges.contains { $0.contains(value) }
    }
}
