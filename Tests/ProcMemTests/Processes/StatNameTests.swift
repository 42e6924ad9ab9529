#if Procps
    import Testing

    @testable import ProcMem

    @Suite("The name in /proc/PID/stat")
    struct StatNameTests {
        private static let rest = " S 1 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 99 100\n"

        @Test(
            "The name lies between the first ( and the last ), whatever it holds",
            arguments: ["sh", "", ") R 1 (", "a b", "x\ny", "(((", ")))", "17 (sh) S 1"]
        )
        func name(_ name: String) throws {
            let bytes = Array("17 (\(name))\(Self.rest)".utf8)
            let parsed = try StatName(parsing: bytes.span)
            #expect(parsed.pid == 17)
            #expect(parsed.command == name)
            #expect(parsed.startTicks == 4711)
        }

        @Test("Bytes that are not UTF-8 are replaced")
        func notUTF8() throws {
            let bytes = Array("17 (a".utf8) + [0xFF, 0xC3] + Array("b)\(Self.rest)".utf8)
            #expect(try StatName(parsing: bytes.span).command == "a\u{FFFD}\u{FFFD}b")
        }

        @Test(
            "Anything else is malformed, and nothing traps",
            arguments: [
                "", "(", ")", ")(", "17", "17 (", "17 sh) S", "(sh)\(rest)", "x (sh)\(rest)", "-1 (sh)\(rest)",
                "99999999999 (sh)\(rest)", "17 (sh)", "17 (sh) S 1 2 3",
                "17 (sh) S 1 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 -5 99",
                "17 (sh) S 1 17 17 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 99999999999999999999 99",
            ]
        )
        func malformed(_ text: String) {
            let bytes = Array(text.utf8)
            #expect(throws: Malformation.self) { try StatName(parsing: bytes.span) }
        }
    }
#endif
