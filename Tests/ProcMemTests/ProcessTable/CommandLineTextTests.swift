#if Procps
    import Testing

    @testable import ProcMem

    @Suite("The text of /proc/PID/cmdline")
    struct CommandLineTextTests {
        @Test(
            "Arguments are separated by spaces, and NULs behind the last one are left out",
            arguments: [
                ("", nil), ("\0", nil), ("\0\0\0", nil), ("sh\0", "sh"), ("sh", "sh"), ("sh\0-c\0a b\0", "sh -c a b"),
                ("a\0\0b\0", "a  b"), ("nginx: worker\0\0\0\0", "nginx: worker"), ("-\0", "-"), ("a\nb\0", "a\nb"),
            ] as [(String, String?)]
        )
        func text(_ bytes: String, _ expected: String?) {
            let text = CommandLineText(parsing: Array(bytes.utf8).span).text
            #expect(text == expected)
        }

        @Test("Bytes that are not UTF-8 are replaced")
        func notUTF8() {
            let bytes: [UInt8] = [0x61, 0xFF, 0x62, 0]
            let text = CommandLineText(parsing: bytes.span).text
            #expect(text == "a\u{FFFD}b")
        }
    }
#endif
