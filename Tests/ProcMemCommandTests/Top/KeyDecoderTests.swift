import Testing

@testable import ProcMemCommand

@Suite struct KeyDecoderTests {
    private func keys(_ text: String) -> [Key] {
        var decoder = KeyDecoder()
        let keys = decoder.keys(from: text.utf8)
        #expect(!decoder.isWaiting)
        return keys
    }

    @Test func characters() {
        #expect(keys("q /ä€🙂") == ["q", " ", "/", "ä", "€", "🙂"].map(Key.character))
        #expect(keys("\r\n\u{7F}\u{08}\u{0C}") == [.enter, .enter, .backspace, .backspace, .redraw])
        #expect(keys("\u{01}\u{00}x") == [.character("x")])
    }

    /// xterm, the Linux console, tmux and rxvt, with and without application mode, and with modifiers.
    @Test(
        arguments: [
            ("[A", Key.up), ("OA", .up), ("[B", .down), ("OB", .down), ("[1;5B", .down), ("[5~", .pageUp),
            ("[6~", .pageDown), ("[5;2~", .pageUp), ("[H", .home), ("OH", .home), ("[1~", .home), ("[7~", .home),
            ("[F", .end), ("OF", .end), ("[4~", .end), ("[8~", .end), ("OM", .enter),
        ]
    )
    func sequences(_ sequence: String, _ key: Key) {
        #expect(keys("\u{1B}" + sequence) == [key])
        #expect(keys("q\u{1B}\(sequence)q") == [.character("q"), key, .character("q")])
    }

    /// Keys without a meaning here are one sequence, none of whose bytes is a key of its own.
    @Test(arguments: ["[15~", "[2~", "[C", "OP", "[[A", "[200~", "[?62;22c", "x", "[1;3D"])
    func otherSequences(_ sequence: String) {
        #expect(keys("\u{1B}\(sequence)q") == [.character("q")])
    }

    /// A read may end within a key.
    @Test(arguments: ["\u{1B}[5~", "\u{1B}OA", "🙂", "\u{1B}[1;5B"]) func splitKeys(_ text: String) {
        var decoder = KeyDecoder()
        let bytes = Array(text.utf8)
        for byte in bytes.dropLast() {
            #expect(decoder.keys(from: [byte]).isEmpty)
            #expect(decoder.isWaiting)
        }
        #expect(decoder.keys(from: [bytes[bytes.count - 1]]) == keys(text))
        #expect(!decoder.isWaiting)
    }

    @Test func anEscapeByteThatNothingFollowsIsTheKey() {
        var decoder = KeyDecoder()
        #expect(decoder.keys(from: [0x1B]).isEmpty)
        #expect(decoder.isWaiting)
        #expect(decoder.keysAfterTimeout() == [.escape])
        #expect(!decoder.isWaiting)
        #expect(keys("\u{1B}\u{1B}[A") == [.escape, .up])
    }

    @Test func invalidBytesDoNotHideOtherKeys() {
        var decoder = KeyDecoder()
        #expect(decoder.keys(from: [0xFF, 0x80, 0xC3, 0x71]) == [.character("q")])
        #expect(decoder.keys(from: [0xE2, 0x71]) == [.character("q")])
        #expect(decoder.keys(from: "q".utf8) == [.character("q")])
        // A sequence without an end.
        #expect(decoder.keys(from: "\u{1B}[".utf8 + Array(repeating: UInt8(ascii: "1"), count: 100)).isEmpty)
        #expect(decoder.keys(from: "q".utf8) == [.character("q")])
    }
}
