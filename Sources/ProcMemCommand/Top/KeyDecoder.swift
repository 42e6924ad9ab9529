/// A key of a terminal.
enum Key: Hashable {
    case character(Character)
    case up, down, pageUp, pageDown, home, end
    case enter, escape, backspace
    /// The key that redraws a screen, ctrl-L.
    case redraw
}

/// Decodes the bytes that a terminal sends for keys: UTF-8, and the sequences of xterm, the Linux console, tmux and rxvt.
struct KeyDecoder {
    /// The bytes of a key that is not complete.
    private var pending: [UInt8] = []

    /// Whether bytes wait for the rest of their key. If none arrives soon, an escape byte is the escape key.
    var isWaiting: Bool { !pending.isEmpty }

    /// Returns the keys that the bytes complete.
    mutating func keys(from bytes: some Sequence<UInt8>) -> [Key] {
        pending += bytes
        var keys: [Key] = []
        var rest = pending[...]
        while !rest.isEmpty, let (key, count) = Self.first(of: rest) {
            if let key { keys.append(key) }
            rest = rest.dropFirst(count)
        }
        // A sequence that never ends must not hide all keys after it.
        pending = rest.count > 32 ? [] : Array(rest)
        return keys
    }

    /// Returns the keys of bytes that have waited for too long.
    mutating func keysAfterTimeout() -> [Key] {
        defer { pending = [] }
        return pending == [Self.escape] ? [.escape] : []
    }

    private static let escape: UInt8 = 0x1B

    /// Returns the first key, or `nil` for a sequence without a meaning, with the number of its bytes; `nil` if bytes are
    /// missing.
    private static func first(of bytes: ArraySlice<UInt8>) -> (Key?, Int)? {
        guard let byte = bytes.first else { return nil }
        switch byte {
        case escape: return sequence(bytes)
        case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return (.enter, 1)
        case 0x08, 0x7F: return (.backspace, 1)
        case 0x0C: return (.redraw, 1)
        case ..<0x20: return (nil, 1)
        case ..<0x80: return (.character(Character(Unicode.Scalar(byte))), 1)
        default: return character(bytes, startingWith: byte)
        }
    }

    private static func character(_ bytes: ArraySlice<UInt8>, startingWith byte: UInt8) -> (Key?, Int)? {
        let count = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 1
        let following = bytes.dropFirst().prefix(count - 1)
        // A byte that does not continue the character is the next key.
        let valid = following.prefix { $0 & 0xC0 == 0x80 }
        guard valid.count == following.count else { return (nil, 1 + valid.count) }
        guard following.count == count - 1 else { return nil }
        let text = String(validating: bytes.prefix(count), as: UTF8.self)
        return (text?.first.map(Key.character), count)
    }

    private static func sequence(_ bytes: ArraySlice<UInt8>) -> (Key?, Int)? {
        guard let kind = bytes.dropFirst().first else { return nil }
        switch kind {
        case UInt8(ascii: "["): return controlSequence(bytes)
        case UInt8(ascii: "O"):
            guard let last = bytes.dropFirst(2).first else { return nil }
            return (letters[last], 3)
        // Another key follows the escape key.
        case escape: return (.escape, 1)
        // A key with Alt.
        default: return (nil, 2)
        }
    }

    private static func controlSequence(_ bytes: ArraySlice<UInt8>) -> (Key?, Int)? {
        let body = bytes.dropFirst(2)
        // The keys F1 to F5 of the Linux console have one more bracket.
        if body.first == UInt8(ascii: "[") { return body.count > 1 ? (nil, 4) : nil }
        guard let end = body.firstIndex(where: { !(0x20...0x3F).contains($0) }) else { return nil }
        let count = end - bytes.startIndex + 1
        guard (0x40...0x7E).contains(body[end]) else { return (nil, count - 1) }
        if body[end] != UInt8(ascii: "~") { return (letters[body[end]], count) }
        let number = body[..<end].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return (numbers[String(decoding: number, as: UTF8.self)], count)
    }

    private static let letters: [UInt8: Key] = [
        UInt8(ascii: "A"): .up, UInt8(ascii: "B"): .down, UInt8(ascii: "H"): .home, UInt8(ascii: "F"): .end,
        UInt8(ascii: "M"): .enter,
    ]

    private static let numbers: [String: Key] = [
        "1": .home, "7": .home, "4": .end, "8": .end, "5": .pageUp, "6": .pageDown,
    ]
}
