/// A line of standard input.
enum InputLine: Sendable, Equatable {
    case text(String)
    /// The line is longer than ``LineSplitter/maximumBytes``. It is not kept.
    case tooLong
    /// The line is not UTF-8, or has a control character.
    case notText
}

/// Divides bytes into lines. What is kept is limited, whatever the writer sends.
struct LineSplitter {
    /// The longest line: a path of the kernel has at most 4,096 bytes.
    static let maximumBytes = 8192

    private var bytes: [UInt8] = []
    private var isTooLong = false

    /// Returns the lines that end in the bytes. A line that does not end is kept for the next call.
    mutating func lines(in read: some Sequence<UInt8>) -> [InputLine] {
        var lines: [InputLine] = []
        for byte in read {
            if byte == UInt8(ascii: "\n") {
                lines.append(isTooLong ? .tooLong : Self.line(bytes))
                bytes.removeAll(keepingCapacity: true)
                isTooLong = false
            } else if bytes.count < Self.maximumBytes {
                bytes.append(byte)
            } else {
                isTooLong = true
            }
        }
        return lines
    }

    private static func line(_ bytes: [UInt8]) -> InputLine {
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { return .notText }
        return .text(text)
    }
}

/// A line by which a program that has started `procmem watch --control` changes the scopes.
enum ControlLine: Equatable {
    case add(NamedScope)
    case remove(name: String)

    /// - Parameter text: `add NAME=SCOPE` or `remove NAME`.
    init(parsing text: String) throws(NamedScope.ParseError) {
        let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        switch (words[0], words.count) {
        case ("add", 2): self = .add(try NamedScope(parsing: words[1]))
        case ("remove", 2):
            if let problem = NamedScope.problem(ofName: words[1]) { throw NamedScope.ParseError(message: problem) }
            self = .remove(name: words[1])
        default:
            let shown = text.printable.cut(to: 80)
            throw NamedScope.ParseError(message: "\"\(shown)\" is neither add NAME=SCOPE nor remove NAME")
        }
    }

    /// Returns the line.
    static func parsing(_ line: InputLine) throws(NamedScope.ParseError) -> ControlLine {
        switch line {
        case .text(let text): try ControlLine(parsing: text)
        case .tooLong:
            throw NamedScope.ParseError(message: "the line is longer than \(LineSplitter.maximumBytes) bytes")
        case .notText:
            throw NamedScope.ParseError(message: "the line is not UTF-8, or has a control character")
        }
    }
}
