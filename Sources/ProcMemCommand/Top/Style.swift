/// How a text is shown.
struct Style: Hashable {
    /// One of the 16 colours of the terminal, whose user chooses how they appear.
    enum Color: Int {
        case red = 31
        case green, yellow, blue, magenta, cyan
    }

    var color: Color?
    var isBold = false
    var isFaint = false
    var isReversed = false

    static let plain = Style()
    static let bold = Style(isBold: true)
    static let faint = Style(isFaint: true)
    static let reversed = Style(isReversed: true)

    /// The escape sequence that starts the style, from any other style.
    ///
    /// - Parameter hasColors: Whether colours are used. The other attributes always are.
    func sequence(hasColors: Bool) -> String {
        var codes = ["0"]
        if isBold { codes.append("1") }
        if isFaint { codes.append("2") }
        if isReversed { codes.append("7") }
        if hasColors, let color { codes.append("\(color.rawValue)") }
        return "\u{1B}[" + codes.joined(separator: ";") + "m"
    }
}

/// A line of a screen: texts with their styles.
struct StyledLine: Hashable {
    struct Part: Hashable {
        var text: String
        var style: Style
    }

    private(set) var parts: [Part] = []
    /// The number of terminal columns.
    private(set) var columns = 0

    init() {}

    init(_ text: String, _ style: Style = .plain) { append(text, style) }

    /// The text without styles.
    var text: String { parts.map(\.text).joined() }

    mutating func append(_ text: String, _ style: Style = .plain) {
        guard !text.isEmpty else { return }
        columns += text.displayColumns
        if let last = parts.last, last.style == style {
            parts[parts.count - 1].text += text
        } else {
            parts.append(Part(text: text, style: style))
        }
    }

    mutating func append(_ line: StyledLine) {
        for part in line.parts { append(part.text, part.style) }
    }

    /// Returns the line cut to a number of columns.
    func cut(to width: Int) -> StyledLine {
        guard columns > width else { return self }
        var result = StyledLine()
        for part in parts {
            let room = width - result.columns
            if part.text.displayColumns < room || room <= 0 {
                if room > 0 { result.append(part.text, part.style) }
                continue
            }
            // Something follows, or this part is too long.
            let isLast = part == parts.last && part.text.displayColumns <= room
            result.append(isLast ? part.text : (part.text + "…").cut(to: room), part.style)
            break
        }
        return result
    }

    /// Returns the line with all parts in another style, filled with spaces to a number of columns.
    func filled(to width: Int, _ change: (inout Style) -> Void) -> StyledLine {
        var result = StyledLine()
        var style = Style.plain
        for part in cut(to: width).parts {
            style = part.style
            change(&style)
            result.append(part.text, style)
        }
        style = .plain
        change(&style)
        result.append(String(repeating: " ", count: max(0, width - result.columns)), style)
        return result
    }

    /// Returns the line with another one at the right end. The left one is cut if both do not fit.
    func with(right: StyledLine, width: Int) -> StyledLine {
        let right = right.cut(to: width)
        var result = cut(to: max(0, width - right.columns - 1))
        result.append(String(repeating: " ", count: max(0, width - right.columns - result.columns)))
        result.append(right)
        return result
    }
}

/// The whole screen at one moment.
struct Frame: Hashable {
    var width: Int
    var height: Int
    /// At most ``height`` lines, each at most ``width`` columns.
    var lines: [StyledLine] = []
}

/// What the terminal shows, and what must be written to show something else.
struct ScreenWriter {
    let hasColors: Bool
    private var shown: Frame?

    init(hasColors: Bool) { self.hasColors = hasColors }

    /// Forgets what the terminal shows: the next frame is written as a whole.
    mutating func forget() { shown = nil }

    /// Returns what to write, in one piece, so that the terminal shows a frame: the lines that have changed; empty if none
    /// has.
    mutating func output(for frame: Frame) -> String {
        let old = shown.flatMap { $0.width == frame.width && $0.height == frame.height ? $0 : nil }
        shown = frame
        var output = old == nil ? "\u{1B}[0m\u{1B}[2J" : ""
        for row in 0..<frame.height {
            let line = row < frame.lines.count ? frame.lines[row] : StyledLine()
            let oldLine = old.map { row < $0.lines.count ? $0.lines[row] : StyledLine() }
            guard line != oldLine ?? StyledLine() else { continue }
            output += "\u{1B}[\(row + 1);1H"
            for part in line.parts { output += part.style.sequence(hasColors: hasColors) + part.text }
            output += "\u{1B}[0m"
            // At the right margin, the cursor is still on the last character, which would be erased.
            if line.columns < frame.width { output += "\u{1B}[K" }
        }
        guard !output.isEmpty else { return "" }
        // A terminal that knows synchronized updates shows all lines at once; others ignore the mode.
        return "\u{1B}[?2026h" + output + "\u{1B}[?2026l"
    }
}
